package session

import (
	"fmt"
	"slices"

	"github.com/lepusmq/lepus/broker/stats"
	"github.com/lepusmq/lepus/broker/vhost"
	"github.com/lepusmq/lepus/queue"
)

// maxBreakdown is how many exchanges, and how many queues, a channel tells apart in
// what it counts. Those that it came to first are forgotten first; the channel's own
// counts have everything.
const maxBreakdown = 256

// outlet is what a channel has published to an exchange. Guarded by the session's
// work.
type outlet struct {
	to     *vhost.Flow
	passed vhost.Passed
}

// outlet returns that of an exchange.
func (ch *channel) outlet(to *vhost.Flow) *outlet {
	for _, o := range ch.outlets {
		if o.to == to {
			return o
		}
	}
	o := &outlet{to: to}
	ch.outlets = appendBounded(ch.outlets, o, maxBreakdown)
	return o
}

func (o *outlet) count(p *vhost.Passed) {
	o.passed.In += p.In
	o.passed.Returned += p.Returned
	o.passed.Dropped += p.Dropped
}

// dealing is what a channel was given of a queue, and what it has acked of that. The
// reader and the strand of the queue count in different cache lines.
type dealing struct {
	queue *queue.Queue // immutable
	acked uint64       // guarded by the session's work
	_     [48]byte
	given given // guarded by the channel's mu
}

// dealings are those of a channel, the oldest first. Guarded by the channel's mu.
type dealings []*dealing

// with returns what the channel counts of a queue.
func (d *dealings) with(q *queue.Queue) *dealing {
	for _, one := range *d {
		if one.queue == q {
			return one
		}
	}
	one := &dealing{queue: q}
	*d = appendBounded(*d, one, maxBreakdown)
	return one
}

// appendBounded appends to a list that has so many at most: the first is forgotten.
func appendBounded[T any](all []T, one T, most int) []T {
	if len(all) == most {
		all = slices.Delete(all, 0, 1)
	}
	return append(all, one)
}

// Breakdown appends what the channels have counted for each exchange and queue, if
// that is wanted. Any goroutine may call it.
func (s *Session) Breakdown(all []stats.Part, wanted func(*stats.Part) bool) []stats.Part {
	s.work.Lock()
	defer s.work.Unlock()
	if s.vhost == nil {
		return all
	}
	add := func(p *stats.Part) {
		if wanted(p) {
			all = append(all, *p)
		}
	}
	for _, ch := range s.channels {
		ch.breakdown(add)
	}
	return all
}

// breakdown calls f with what the channel has counted for each exchange and queue.
// Called with work held.
func (ch *channel) breakdown(f func(*stats.Part)) {
	s := ch.s
	part := stats.Part{
		Connection: s.ID(), ConnectionName: s.Name(), Channel: fmt.Sprintf("%s (%d)", s.Name(), ch.id), Number: ch.id,
		User: s.user, VHost: s.vhost.Name(),
	}
	for _, o := range ch.outlets {
		part.Exchange = o.to.Origin.Name
		part.Messages = stats.Messages{
			Publish: o.passed.In, ReturnUnroutable: o.passed.Returned, DropUnroutable: o.passed.Dropped,
		}
		f(&part)
	}
	part.Exchange, part.OfQueue = "", true
	ch.mu.Lock()
	defer ch.mu.Unlock()
	for _, d := range ch.dealings {
		part.Queue, part.Messages = d.queue.QueueName(), d.given.messages()
		part.Messages.Ack = d.acked
		f(&part)
	}
}
