package session

import (
	"sync"
	"sync/atomic"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
)

// window is how many unacked deliveries a channel may have in all
// (basic.qos with global=true). It is the queue.Gate of the channel's
// consumers. Messages that were fetched with basic.get count only if they were
// outstanding when the window was set.
type window struct {
	// limited says that there is a limit; a hint for those who fill no room.
	limited atomic.Bool

	mu      sync.Mutex
	limit   int         // 0: any number
	used    int         // let through and not settled
	turns   uint64      // how many were let through
	refused []*consumer // wait for room, who had some last behind the others
}

// Take implements queue.Gate.
func (w *window) Take(qc *queue.Consumer) bool {
	if qc.NoAck && !w.limited.Load() {
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.limit > 0 && w.used >= w.limit {
		w.refuse(qc.Label.(*consumer))
		return false
	}
	if !qc.NoAck {
		w.used++
	}
	if w.limit > 0 {
		w.turns++
		qc.Label.(*consumer).turn = w.turns
	}
	return true
}

// refuse puts a consumer where its turn is: queues share a window fairly.
func (w *window) refuse(c *consumer) {
	w.refused = append(w.refused, c)
	for i := len(w.refused) - 1; i > 0 && w.refused[i-1].turn > c.turn; i-- {
		w.refused[i-1], w.refused[i] = c, w.refused[i-1]
	}
}

// settled makes room for n more and lets those go on who waited for it.
func (w *window) settled(n int) { w.change(func() { w.used -= n }) }

// set changes the limit, which takes effect at once. counted is how many
// outstanding messages count from now on that did not before.
func (w *window) set(limit, counted int) {
	w.change(func() {
		w.limit = limit
		w.limited.Store(limit > 0)
		w.used += counted
	})
}

// most is the limit.
func (w *window) most() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.limit
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
	ch.unacked.each(func(u unacked) {
		if u.free && !u.isTakenBack() {
			u.free = false
			ch.unacked.replace(u)
			n++
		}
	})
	return n
}
