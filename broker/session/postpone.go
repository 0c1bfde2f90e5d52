package session

import (
	"slices"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/vhost"
	"github.com/lepusmq/lepus/queue"
)

// postponed is a message that is to wait at exchanges, for so many milliseconds.
type postponed struct {
	at      []*vhost.Waiting
	delay   int64
	message queue.Message
}

// postponed makes what was received a message that is to wait: the delay is
// told in its head, so that it is not asked for again.
func (ch *channel) postponed(body []byte) postponed {
	c := &ch.content
	late := postponed{at: ch.route.Waits, delay: ch.route.Delay}
	ch.s.slab.Put(&late.message, c.route, amqp.AppendWaited(nil, c.head), body)
	ch.mark(&late.message)
	return late
}

// put has the message wait. Each exchange confirms it.
func (p *postponed) put(confirm queue.Confirmer, publish uint64) {
	p.message.Retain(len(p.at) - 1)
	for _, at := range p.at {
		at.Put(&queue.Publication{Message: p.message, Confirm: confirm, Publish: publish}, p.delay)
	}
}

// postpone has a message wait at exchanges, and gives it to the queues that it
// has come to already. Its publisher is confirmed when all have it, after what
// was staged has been noted. Called with work held.
func (ch *channel) postpone(queues []*queue.Queue, body []byte) {
	s := ch.s
	s.flushStage()
	late := ch.postponed(body)
	now := make([]queue.Publication, 1)
	p := &now[0]
	ch.awaitConfirm(p)
	s.noteConfirms(now, len(late.at)+len(queues))
	late.put(p.Confirm, p.Publish)
	if len(queues) == 0 {
		s.notePressure(nil)
		return
	}
	ch.pack(p, body)
	if p.Persistent && ch.route.Durable > 1 {
		p.Fanout = queue.NewFanout(ch.route.Durable)
	}
	p.Retain(len(queues) - 1)
	for _, q := range queues {
		q.PublishBy(&ch.route.Flow.Origin, now)
	}
	s.notePressure(queues)
}

// join has the message wait as a part of a group.
func (p *postponed) join(to *queue.Group) {
	p.message.Retain(len(p.at) - 1)
	for _, at := range p.at {
		at.Join(to, p.message, p.delay)
	}
}

// keep makes what is to wait outlast the next message.
func (p *postponed) keep() { p.at = slices.Clone(p.at) }
