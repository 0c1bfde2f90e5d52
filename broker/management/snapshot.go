package management

import (
	"cmp"
	"slices"

	"github.com/lepusmq/lepus/broker/stats"
)

// snapshot is what the queues of a virtual host counted at one time, by their names,
// and what they had counted the time before. It is immutable.
type snapshot struct {
	at, before int64 // in milliseconds; before is 0 for the first
	counts     []stats.QueueCounts
	was        [][afterAt]int64 // as counts, before; nil for the first
}

// newSnapshot makes the next snapshot after prev, which may be nil. A queue that is
// new has no past.
func newSnapshot(at int64, counts []stats.QueueCounts, prev *snapshot) *snapshot {
	s := &snapshot{at: at, counts: counts}
	if prev == nil {
		return s
	}
	s.before, s.was = prev.at, make([][afterAt]int64, len(counts))
	old := 0
	for i := range counts {
		c := &counts[i]
		for old < len(prev.counts) && prev.counts[old].Name < c.Name {
			old++
		}
		from := c
		if old < len(prev.counts) && prev.counts[old].Name == c.Name {
			from = &prev.counts[old]
		}
		s.was[i] = messageCounts(from.Ready, from.Unacked, &from.Messages)
	}
	return s
}

// find returns where a queue is, below 0 if it is not.
func (s *snapshot) find(name string) int {
	i, ok := slices.BinarySearchFunc(s.counts, name, func(c stats.QueueCounts, name string) int { return cmp.Compare(c.Name, name) })
	if !ok {
		return -1
	}
	return i
}

// history is the two samples of a queue that are known.
func (s *snapshot) history(i int) (h history) {
	c := &s.counts[i]
	h.last = point{s.at, messageSample(c.Ready, c.Unacked, &c.Messages)}
	if s.before != 0 {
		h.prev = point{s.before, s.was[i][:]}
	}
	return h
}

// rate is by how much a number of a queue has grown each second, lately.
func (s *snapshot) rate(i, at int) rate {
	took := s.at - s.before
	if s.before == 0 || took <= 0 {
		return 0
	}
	c := &s.counts[i]
	return rate(float64(messageCounts(c.Ready, c.Unacked, &c.Messages)[at]-s.was[i][at]) * 1000 / float64(took))
}

// rateOf is rate of a queue by its name; 0 if it is not known.
func (s *snapshot) rateOf(name string, at int) rate {
	if s == nil {
		return 0
	}
	i := s.find(name)
	if i < 0 {
		return 0
	}
	return s.rate(i, at)
}
