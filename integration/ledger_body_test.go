package integration

import (
	"fmt"
	"strings"
)

// The body of a message says who published it and which number it has; the rest follows from that, so that damage shows.

func newID(publisher string, n int) string { return fmt.Sprintf("%s-%d", publisher, n) }

func split(id string) (publisher string, n int) {
	at := strings.LastIndexByte(id, '-')
	_, _ = fmt.Sscan(id[at+1:], &n)
	return id[:at], n
}

// composed is the body of message id: most are short, some long, a few of many frames. What a backlog is made of (its
// publishers are d...) is 1 KiB each.
func composed(id string) []byte {
	_, n := split(id)
	size := n * 7919 % 2000
	switch {
	case id[0] == 'd':
		size = 1024
	case n%250 == 0:
		size = 300_000
	case n%250 == 125:
		size = 100 << 10
	}
	return []byte(id + " " + strings.Repeat(id[:1], size))
}

// identify returns the id of a message, if its body is what was composed for it.
func identify(body []byte) (string, bool) {
	id, _, ok := strings.Cut(string(body[:min(len(body), 100)]), " ")
	return id, ok && strings.Contains(id, "-") && string(composed(id)) == string(body)
}

// order is the last number seen of each publisher.
type order map[string]int

// next returns what is wrong with the order if id comes now, "" if nothing is.
func (o order) next(id string) string {
	publisher, n := split(id)
	before, seen := o[publisher]
	o[publisher] = n
	if seen && n <= before {
		return fmt.Sprintf("%s came after %s", id, newID(publisher, before))
	}
	return ""
}
