package session

import (
	"github.com/lepusmq/lepus/broker/vhost"
	"github.com/lepusmq/lepus/queue"
)

// tracePublish sends a copy of the message that was received, and routed, to the
// trace exchange. Called with work held.
func (ch *channel) tracePublish(body []byte) {
	trace := ch.s.vhost.NewTrace()
	if trace == nil {
		return
	}
	c := &ch.content
	var routed []string
	for _, q := range ch.route.Queues {
		routed = append(routed, q.QueueName())
	}
	trace.Published(&vhost.Traced{
		Route: c.route, Head: c.head, Body: body, Blind: c.facts.Headers != nil && ch.route.Blind, By: ch.actor(),
	}, routed)
	trace.Post()
}

// traceDeliveries sends copies of messages that are delivered to the trace
// exchange. Called by the strand of the queue, without mu.
func (ch *channel) traceDeliveries(q *queue.Queue, batch []queue.Delivery) {
	ch.mu.Lock()
	ended := ch.ended
	ch.mu.Unlock()
	if ended {
		return
	}
	trace := ch.s.vhost.NewTrace()
	if trace == nil {
		return
	}
	for i := range batch {
		d := &batch[i]
		trace.Delivered(&vhost.Traced{
			Route: d.Route(), Head: headOf(q, d), Body: d.Body(), Blind: d.Has(queue.Blind), By: ch.actor(),
		}, q.QueueName(), d.Redelivered())
	}
	trace.Post()
}

// actor is the channel as traces tell of it.
func (ch *channel) actor() vhost.Actor {
	return vhost.Actor{Node: ch.s.cfg.NodeName, Connection: ch.s.name, Channel: ch.id, User: ch.s.user}
}
