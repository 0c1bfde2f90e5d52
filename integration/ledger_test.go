package integration

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

// ledger is what the clients of a broker know about its messages, and so what it may and may not do with them, crashes
// included. Methods may be called from any goroutine.
type ledger struct {
	complaints atomic.Int64

	mu      sync.Mutex
	life    int  // of the broker: how often it has ended
	orderly bool // it last ended in order
	entries map[entryKey]*entry
}

type entryKey struct {
	queue, id string
}

// entry stands for one message in one queue. Who sends a message says what kind it is by transient, late and group; the
// ledger fills in the rest.
type entry struct {
	transient bool
	late      bool   // it waits before it comes to the queue
	group     string // its transaction, "" if none
	life      int    // in which it was sent
	confirmed bool   // or its transaction committed
	delivered bool   // to anybody, ever
	out       bool   // delivered in this life and not returned to the queue since
	acked     bool
	stored    bool // its ack: no crash undoes it
}

// gone says whether a crash has taken a message, as it does with those that are not persistent.
func (e *entry) gone(life int) bool { return e.transient && e.life < life }

func newLedger() *ledger { return &ledger{entries: map[entryKey]*entry{}} }

// complain fails the test. Only the first complaints are told: where one message is lost there are often thousands.
func (l *ledger) complain(t testing.TB, format string, args ...any) {
	t.Helper()
	if l.complaints.Add(1) <= 20 {
		t.Errorf(format, args...)
	}
}

func (l *ledger) each(queue string, ids []string, change func(e *entry)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		if e := l.entries[entryKey{queue, id}]; e != nil {
			change(e)
		}
	}
}

// sent notes that a message of this kind is on its way to queues.
func (l *ledger) sent(id string, kind entry, queues ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	kind.life = l.life
	for _, q := range queues {
		e := kind
		l.entries[entryKey{q, id}] = &e
	}
}

func (l *ledger) confirmed(id string, queues ...string) {
	for _, q := range queues {
		l.each(q, []string{id}, func(e *entry) { e.confirmed = true })
	}
}

// delivered notes a delivery and returns what is wrong with it, "" if nothing is.
func (l *ledger) delivered(queue string, d *amqp.Delivery) string {
	id, ok := identify(d.Body)
	if !ok {
		return fmt.Sprintf("queue %s delivered a body of %d bytes that nobody sent: %.60q", queue, len(d.Body), d.Body)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entries[entryKey{queue, id}]
	switch {
	case e == nil:
		return fmt.Sprintf("queue %s delivered %s, which was not sent to it or is long settled", queue, id)
	case e.gone(l.life):
		return fmt.Sprintf("queue %s delivered %s, which is not persistent, after a crash", queue, id)
	case e.out && e.acked:
		return fmt.Sprintf("queue %s delivered %s again after its ack", queue, id)
	case e.out:
		return fmt.Sprintf("queue %s delivered %s twice, without a return in between", queue, id)
	case e.acked && e.stored:
		return fmt.Sprintf("queue %s delivered %s after a crash, though its ack was stored before", queue, id)
	case e.delivered && !d.Redelivered:
		return fmt.Sprintf("queue %s delivered %s again, not marked as redelivered", queue, id)
	}
	e.delivered, e.out = true, true
	e.acked = false // a crash undid it
	if e.life < l.life {
		e.confirmed = true // what survived a crash will survive the next
	}
	return ""
}

// returned notes that messages are to go back to their queue.
func (l *ledger) returned(queue string, ids ...string) {
	l.each(queue, ids, func(e *entry) { e.out = false })
}

// acked notes that acks are to be sent.
func (l *ledger) acked(queue string, ids ...string) {
	l.each(queue, ids, func(e *entry) { e.acked = true })
}

// stored notes that no crash can undo these acks.
func (l *ledger) stored(queue string, ids ...string) {
	l.each(queue, ids, func(e *entry) { e.stored = e.acked })
}

// crashed begins a new life of the broker.
func (l *ledger) crashed() { l.begin(false) }

// stopped begins a new life of a broker that ended in order, so that acks are stored.
func (l *ledger) stopped() { l.begin(true) }

func (l *ledger) begin(orderly bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.life++
	l.orderly = orderly
	for _, e := range l.entries {
		e.out = false
		e.stored = e.stored || orderly && e.acked
		if e.late && !orderly {
			// It is delivered before the disk knows that it has come to the queue, and comes there anew if it never does.
			e.delivered = false
		}
	}
}

// marked returns what is wrong with a recovered message's mark of redelivery, "" if nothing is: after a crash all have
// it but those that may have come to the queue since, else those that were delivered before.
func (l *ledger) marked(queue, id string, redelivered bool) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entries[entryKey{queue, id}]
	if e == nil || e.late && !redelivered && !e.delivered || redelivered == (e.delivered || !l.orderly) {
		return ""
	}
	return fmt.Sprintf("queue %s: %s is recovered with redelivered %v", queue, id, redelivered)
}

// hungUp notes that whoever had unsettled messages of a queue is gone.
func (l *ledger) hungUp(queue string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, e := range l.entries {
		if key.queue == queue && !e.acked {
			e.out = false
		}
	}
}

// wantCount checks how many messages a queue has that nobody consumes.
func (l *ledger) wantCount(t testing.TB, queue string, got int) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	atLeast, atMost := 0, 0
	for key, e := range l.entries {
		if key.queue != queue || e.gone(l.life) || e.acked && (e.stored || e.out) {
			continue
		}
		atMost++
		if e.confirmed && !e.acked {
			atLeast++
		}
	}
	if got < atLeast || got > atMost {
		l.complain(t, "queue %s has %d messages, want %d to %d", queue, got, atLeast, atMost)
	}
}

// wantAll compares all that a queue has, in its order, with what it must and may have.
func (l *ledger) wantAll(t testing.TB, queue string, held []amqp.Delivery) {
	t.Helper()
	there := map[string]bool{}
	order := order{}
	for i := range held {
		id, _ := identify(held[i].Body)
		if wrong := l.marked(queue, id, held[i].Redelivered); wrong != "" {
			l.complain(t, "%s", wrong)
		}
		if wrong := l.delivered(queue, &held[i]); wrong != "" {
			l.complain(t, "%s", wrong)
			continue
		}
		there[id] = true
		if wrong := order.next(id); wrong != "" {
			l.complain(t, "queue %s: %s", queue, wrong)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, e := range l.entries {
		if key.queue == queue && !there[key.id] && e.confirmed && !e.acked && !e.gone(l.life) {
			l.complain(t, "queue %s lost %s: confirmed, never acknowledged", queue, key.id)
		}
	}
}

// forget drops what a crash took, after checking that it took the unsettled part of each transaction whole or not at
// all. held is everything in those queues that were read.
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
		if _, read := held[key.queue]; !read {
			continue
		}
		if e.group != "" && !e.acked {
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
			l.complain(t, "transaction %s came back in part: with %v, without %v", name, g.kept, g.lost)
		}
	}
}

// wantSettled checks that everything confirmed was delivered and acknowledged, and forgets it.
func (l *ledger) wantSettled(t testing.TB) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, e := range l.entries {
		if !e.acked {
			l.complain(t, "queue %s is empty and lost %s: confirmed %v, delivered %v", key.queue, key.id, e.confirmed, e.delivered)
		}
	}
	clear(l.entries)
}

func (l *ledger) size() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.entries)
}

// unsettled is how many messages are not acknowledged yet.
func (l *ledger) unsettled() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries {
		if !e.acked {
			n++
		}
	}
	return n
}
