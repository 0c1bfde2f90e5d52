package session

import (
	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/vhost"
	"github.com/lepusmq/lepus/queue"
)

// claim has exchanges remember the message that was received, which may route it
// anew.
func (ch *channel) claim(body []byte) *amqp.Error {
	c := &ch.content
	for !ch.s.vhost.Claim(&ch.route, c.route, c.head, body) {
		if err := ch.lookUp(); err != nil {
			return asError(err).For(amqp.BasicPublishID)
		}
	}
	return nil
}

// deduplicated publishes a message that was claimed in one group with its keys. A
// duplicate is confirmed when its original is safe. Called with work held.
func (ch *channel) deduplicated(body []byte) {
	s, queues := ch.s, ch.route.Queues
	s.flushStage()
	now := make([]queue.Publication, 1)
	p := &now[0]
	ch.pack(p, body)
	ch.awaitConfirm(p)
	s.noteConfirms(now, 1+ch.route.Known())
	safe := func(bool) {}
	if publish := p.Publish; p.Confirm != nil {
		safe = func(refused bool) {
			if refused {
				ch.Refuse(publish)
				return
			}
			ch.Confirm(publish, publish)
		}
	}
	if len(queues)+len(ch.route.Waits) == 0 && ch.content.mandatory {
		ch.run.Returned++
		ch.giveBack(&p.Message)
	}
	p.Confirm, p.Publish = nil, 0
	var group queue.Group
	if len(ch.route.Waits) > 0 {
		late := ch.postponed(body)
		late.join(&group)
	}
	addTo(&group, ch.route.Flow, queues, ch.route.Durable, p)
	ch.route.Join(&group)
	ch.route.AwaitKnown(safe)
	group.Commit(s.vhost.NewGroup, func() { safe(group.Refused()) })
	s.notePressure(queues)
}

// addTo adds a message that came by an exchange to a group, for queues of which so
// many are durable. It takes over a reference.
func addTo(group *queue.Group, from *vhost.Flow, queues []*queue.Queue, durable int, p *queue.Publication) {
	if p.Persistent && durable > 1 {
		p.Fanout = queue.NewFanout(durable)
	}
	p.Retain(len(queues))
	for _, q := range queues {
		q.CountArrival(&from.Origin)
		group.Publish(q, *p)
	}
	p.Release()
}

// commitRemembered adds a message of a transaction to its group that exchanges are
// to remember. It is routed anew: what they remember is decided now. safe is
// called for each message of which it is a duplicate; they are counted.
func (ch *channel) commitRemembered(group *queue.Group, p *txPublish, safe func(refused bool)) (known int) {
	route := p.Route()
	exchange, key := route[1:1+route[0]], route[2+route[0]:]
	var facts amqp.Facts
	_ = amqp.CheckProperties(p.Head(), &facts) // as when it came
	ch.route.Head = p.Head()
	for {
		if err := ch.s.vhost.Route(&ch.route, exchange, key, facts.Headers); err != nil {
			p.Release() // the exchange has gone since
			return 0
		}
		if ch.s.vhost.Claim(&ch.route, route, p.Head(), p.Body()) {
			break
		}
	}
	waits := ch.route.Waits
	if len(ch.route.Queues)+len(waits) == 0 && p.mandatory {
		ch.giveBack(&p.Message)
	}
	if len(waits) > 0 {
		late := postponed{at: waits, delay: ch.route.Delay, message: vhost.Waits(&p.Message)}
		late.join(group)
	}
	addTo(group, ch.route.Flow, ch.route.Queues, ch.route.Durable, &p.Publication)
	ch.route.Join(group)
	return ch.route.AwaitKnown(safe)
}
