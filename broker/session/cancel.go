package session

import (
	"sync/atomic"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/queue"
)

// CheckConsumers ends the consumers of queues from which the user may not read
// any more. The broker calls it, from any goroutine, when it has taken a right
// from the user.
func (s *Session) CheckConsumers() {
	s.work.Lock()
	defer s.work.Unlock()
	if s.state != running || s.access.Asks() { // nobody says when it is another's that change
		return
	}
	for _, ch := range s.channels {
		for _, q := range ch.consumed() {
			if ch.mayQueue(auth.Read, q.QueueName()) != nil {
				ch.cancelAll(q, func() {})
			}
		}
	}
}

// consumed returns the queues from which the channel consumes.
func (ch *channel) consumed() []*queue.Queue {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	var queues []*queue.Queue
	for _, c := range ch.consumers {
		queues = append(queues, c.queue)
	}
	return queues
}

// cancelAll ends the consumers of a queue, tells a client that can be told, and
// then calls done. What they were given stays to be settled. Called with work
// held.
func (ch *channel) cancelAll(q *queue.Queue, done func()) {
	var ended []*consumer
	ch.mu.Lock()
	for tag, c := range ch.consumers {
		if c.queue == q {
			delete(ch.consumers, tag)
			ch.consumerDeleted(c)
			ended = append(ended, c)
		}
	}
	ch.mu.Unlock()
	var left atomic.Int64
	left.Store(1)
	last := func() {
		if left.Add(-1) == 0 {
			done()
		}
	}
	for _, c := range ended {
		left.Add(1)
		q.Cancel(&c.Consumer, func() {
			if ch.s.client.cancelNotify {
				ch.send(&amqp.BasicCancel{ConsumerTag: c.tag, NoWait: true})
				ch.s.out.kick()
			}
			last()
		})
	}
	last()
}
