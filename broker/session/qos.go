package session

import (
	"sync"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
)

// window is how many unacked deliveries a channel may have in all
// (basic.qos with global=true). It is the queue.Gate of the channel's
// consumers. Messages that were fetched with basic.get count only if they were
// outstanding when the window was set.
type window struct {
	mu      sync.Mutex
	limit   int         // 0: any number
	used    int         // let through and not settled
	refused []*consumer // wait for room
}

// Take implements queue.Gate.
func (w *window) Take(qc *queue.Consumer) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.limit > 0 && w.used >= w.limit {
		w.refused = append(w.refused, qc.Label.(*consumer))
		return false
	}
	w.used++
	return true
}

// settled makes room for n more and lets those go on who waited for it.
func (w *window) settled(n int) { w.change(func() { w.used -= n }) }

// set changes the limit, which takes effect at once. counted is how many
// outstanding messages count from now on that did not before.
func (w *window) set(limit, counted int) {
	w.change(func() {
		w.limit = limit
		w.used += counted
	})
}

func (w *window) change(f func()) {
	w.mu.Lock()
	f()
	var resume []*consumer
	if w.limit == 0 || w.used < w.limit {
		resume, w.refused = w.refused, nil
	}
	w.mu.Unlock()
	for _, c := range resume {
		c.queue.Resume(&c.Consumer)
	}
}

// basicQos sets the window of consumers to come, or that of the channel.
func (ch *channel) basicQos(m *amqp.BasicQos) *amqp.Error {
	if m.PrefetchSize != 0 {
		return amqp.PrefetchSize(m.PrefetchSize)
	}
	if m.Global {
		ch.window.set(int(m.PrefetchCount), ch.countFetched())
	} else {
		ch.prefetch = int(m.PrefetchCount)
	}
	ch.send(&amqp.BasicQosOk{})
	return nil
}

// countFetched makes fetched messages count towards the window, and returns
// how many there are.
func (ch *channel) countFetched() int {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	n := 0
	ch.unacked.each(func(u *unacked) {
		if u.free {
			u.free = false
			n++
		}
	})
	return n
}
