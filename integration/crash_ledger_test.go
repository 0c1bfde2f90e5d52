package integration

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// ledger is what the clients of a broker know about its messages, and so what a crash may and may not change. An entry
// stands for one message in one queue. Methods may be called from any goroutine.
type ledger struct {
	mu      sync.Mutex
	entries map[entryKey]*entry
}

type entryKey struct {
	queue, id string
}

type entry struct {
	confirmed bool      // or its transaction committed
	delivered bool      // to anybody, ever
	acked     time.Time // when the ack was sent; zero: never
	group     string    // its transaction, "" if none
}

// lateAck is how old an ack may be and still be lost in a crash.
const lateAck = time.Second

func newLedger() *ledger { return &ledger{entries: map[entryKey]*entry{}} }

func (l *ledger) at(queue, id string, change func(e *entry)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := entryKey{queue, id}
	e := l.entries[key]
	if e == nil {
		e = &entry{}
		l.entries[key] = e
	}
	change(e)
}

// sent notes that a message is on its way to queues, as part of a transaction unless group is empty.
func (l *ledger) sent(id, group string, queues []string) {
	for _, q := range queues {
		l.at(q, id, func(e *entry) { e.group = group })
	}
}

func (l *ledger) confirmed(id string, queues []string) {
	for _, q := range queues {
		l.at(q, id, func(e *entry) { e.confirmed = true })
	}
}

// delivered notes a delivery and returns what is wrong with it, "" if nothing is.
func (l *ledger) delivered(queue string, d amqp.Delivery) string {
	id, ok := identify(d.Body)
	if !ok {
		return fmt.Sprintf("queue %s delivered a body of %d bytes that nobody sent: %.60q", queue, len(d.Body), d.Body)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entries[entryKey{queue, id}]
	switch {
	case e == nil:
		return fmt.Sprintf("queue %s delivered %s, which was not sent to it", queue, id)
	case e.delivered && !d.Redelivered:
		return fmt.Sprintf("queue %s delivered %s again, not marked as redelivered", queue, id)
	}
	e.delivered = true
	return ""
}

func (l *ledger) acked(queue, id string) {
	l.at(queue, id, func(e *entry) { e.acked = time.Now() })
}

// recovered compares all that a queue held after a crash, in its order, with what it must and may have held. The
// entries of what is gone are removed.
func (l *ledger) recovered(t testing.TB, queue string, held []amqp.Delivery, crash time.Time) {
	t.Helper()
	there := map[string]bool{}
	last := map[string]int{}
	for _, d := range held {
		if wrong := l.delivered(queue, d); wrong != "" {
			t.Error(wrong)
			continue
		}
		id, _ := identify(d.Body)
		if there[id] {
			t.Errorf("queue %s holds %s twice", queue, id)
		}
		there[id] = true
		publisher, n := split(id)
		if before, ok := last[publisher]; ok && n <= before {
			t.Errorf("queue %s holds %s-%d behind %s-%d", queue, publisher, n, publisher, before)
		}
		last[publisher] = n
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, e := range l.entries {
		switch {
		case key.queue != queue:
		case there[key.id]:
			if !e.acked.IsZero() && crash.Sub(e.acked) > lateAck {
				t.Errorf("queue %s holds %s, acknowledged %v before the crash", queue, key.id, crash.Sub(e.acked))
			}
			// It survived a crash once: it is as good as confirmed, and its ack is void.
			e.confirmed, e.acked = true, time.Time{}
		default:
			if e.confirmed && e.acked.IsZero() {
				t.Errorf("queue %s lost %s: confirmed, never acknowledged", queue, key.id)
			}
		}
	}
}

// forget drops what a crash took, after checking that it took the unsettled part of each transaction whole or not at
// all. held is what each queue has.
func (l *ledger) forget(t testing.TB, held map[string][]amqp.Delivery) {
	t.Helper()
	there := map[entryKey]bool{}
	for queue, deliveries := range held {
		for _, d := range deliveries {
			id, _ := identify(d.Body)
			there[entryKey{queue, id}] = true
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	type parts struct{ kept, lost []string }
	groups := map[string]parts{}
	for key, e := range l.entries {
		if e.group != "" && e.acked.IsZero() {
			g := groups[e.group]
			if there[key] {
				g.kept = append(g.kept, key.queue+"/"+key.id)
			} else {
				g.lost = append(g.lost, key.queue+"/"+key.id)
			}
			groups[e.group] = g
		}
		if !there[key] {
			delete(l.entries, key)
		}
	}
	for name, g := range groups {
		if len(g.kept) > 0 && len(g.lost) > 0 {
			t.Errorf("transaction %s came back in part: with %v, without %v", name, g.kept, g.lost)
		}
	}
}

// The body of a message says who published it and which number it has; the rest follows from that, so that damage shows.

func newID(publisher string, n int) string { return fmt.Sprintf("%s-%d", publisher, n) }

func split(id string) (publisher string, n int) {
	at := strings.LastIndexByte(id, '-')
	_, _ = fmt.Sscan(id[at+1:], &n)
	return id[:at], n
}

// composed is the body of message id: most are short, some long, a few of many frames.
func composed(id string) []byte {
	_, n := split(id)
	size := n * 7919 % 2000
	if n%50 == 0 {
		size = 300_000
	}
	return []byte(id + " " + strings.Repeat(id[:1], size))
}

// identify returns the id of a message, if its body is what was composed for it.
func identify(body []byte) (string, bool) {
	id, _, ok := strings.Cut(string(body[:min(len(body), 100)]), " ")
	return id, ok && strings.Contains(id, "-") && string(composed(id)) == string(body)
}
