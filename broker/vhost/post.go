package vhost

import (
	"sync/atomic"
	"time"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
)

// Post is a message that somebody publishes who has no connection.
type Post struct {
	Exchange, Key string // of at most 255 bytes each
	Properties    amqp.Properties
	Body          []byte
	By            Actor // who does it, for traces
}

// Post publishes a message as a channel does that confirms. The reply comes when
// all queues that it goes to have it safe; routed is false if there are none, or one
// of them refuses it. Errors: 403, 404, 406.
func (v *VHost) Post(m *Post, reply func(routed bool, err error)) {
	p, err := v.newPosting(m)
	if err != nil {
		reply(false, err)
		return
	}
	p.reply = reply
	if v.Tracing() {
		p.trace(m.By)
	}
	p.send()
}

// posting is a message on its way from somebody without a connection.
type posting struct {
	// immutable once it is sent
	vhost             *VHost
	route             Route
	place, head, body []byte
	facts             amqp.Facts
	expires           int64
	reply             func(bool, error)

	left    atomic.Int64 // queues, and exchanges where it waits, that do not have it yet
	refused atomic.Bool
}

func (v *VHost) newPosting(m *Post) (*posting, error) {
	p := &posting{vhost: v, place: appendRoute(nil, m.Exchange, []byte(m.Key)), head: m.Properties.Append(nil), body: m.Body}
	if err := amqp.CheckProperties(p.head, &p.facts); err != nil {
		return nil, err
	}
	if mode := p.facts.DeliveryMode; mode > amqp.Persistent || mode == 0 && p.facts.Flags&amqp.HasDeliveryMode != 0 {
		return nil, amqp.UnknownDeliveryMode(mode)
	}
	if p.facts.Expiration != nil {
		ms, err := amqp.ParseExpiration(p.facts.Expiration)
		if err != nil {
			return nil, err
		}
		p.expires = time.Now().UnixMilli() + ms
	}
	p.route.Head = p.head
	if err := p.find(m); err != nil {
		return nil, err
	}
	return p, nil
}

// find routes the message, and has exchanges remember it that do.
func (p *posting) find(m *Post) error {
	for {
		err := p.vhost.Route(&p.route, []byte(m.Exchange), []byte(m.Key), p.facts.Headers)
		if err != nil {
			return err
		}
		if p.facts.Headers != nil && p.route.Fault != nil {
			return p.route.Fault
		}
		if !p.route.Remembers() || p.vhost.Claim(&p.route, p.place, p.head, p.body) {
			return nil
		}
	}
}

// trace sends a copy to the trace exchange.
func (p *posting) trace(by Actor) {
	trace := p.vhost.NewTrace()
	if trace == nil {
		return
	}
	var routed []string
	for _, q := range p.route.Queues {
		routed = append(routed, q.QueueName())
	}
	trace.Published(&Traced{
		Route: p.place, Head: p.head, Body: p.body, Blind: p.facts.Headers != nil && p.route.Blind, By: by,
	}, routed)
	trace.Post()
}

// send gives the message to whoever is to have it. It counts for itself until all
// is sent, so that the reply comes once.
func (p *posting) send() {
	r := &p.route
	for _, replier := range r.Replies {
		m := p.message(p.head)
		replier.Reply(&m)
		replier.Flush()
		m.Release()
	}
	routed := len(r.Queues)+len(r.Waits)+len(r.Replies)+r.Known() > 0
	p.count(routed)
	if r.Deduplicates() {
		p.left.Store(int64(2 + r.Known()))
		p.sendKnown()
	} else {
		p.left.Store(int64(1 + len(r.Waits) + len(r.Queues)))
		p.sendLate(func(at *Waiting, m queue.Message) {
			at.Put(&queue.Publication{Message: m, Confirm: p}, r.Delay)
		})
		p.sendTo(func(to *queue.Queue, one queue.Publication) {
			one.Confirm = p
			to.PublishBy(&r.Flow.Origin, []queue.Publication{one})
		})
	}
	p.refused.CompareAndSwap(false, !routed)
	p.came(1)
}

// count counts the message as a mandatory one: its sender is told whether it was
// routed.
func (p *posting) count(routed bool) {
	passed := Passed{In: 1, Out: uint64(len(p.route.Queues))}
	if !routed {
		passed.Returned = 1
	}
	p.route.Flow.Add(&passed)
}

// sendTo has the message given to each of its queues.
func (p *posting) sendTo(give func(*queue.Queue, queue.Publication)) {
	queues := p.route.Queues
	if len(queues) == 0 {
		return
	}
	one := queue.Publication{Message: p.message(p.head)}
	if one.Persistent && p.route.Durable > 1 {
		one.Fanout = queue.NewFanout(p.route.Durable)
	}
	one.Retain(len(queues) - 1)
	for _, q := range queues {
		give(q, one)
	}
}

// sendLate has the message given to each exchange where it is to wait.
func (p *posting) sendLate(give func(*Waiting, queue.Message)) {
	for _, at := range p.route.Waits {
		give(at, p.message(amqp.AppendWaited(nil, p.head)))
	}
}

// sendKnown publishes in one group with what exchanges are to remember.
func (p *posting) sendKnown() {
	var group queue.Group
	p.sendTo(func(to *queue.Queue, one queue.Publication) {
		to.CountArrival(&p.route.Flow.Origin)
		group.Publish(to, one)
	})
	p.sendLate(func(at *Waiting, m queue.Message) { at.Join(&group, m, p.route.Delay) })
	p.route.Join(&group)
	p.route.AwaitKnown(p.settled)
	group.Commit(p.vhost.NewGroup, func() { p.settled(group.Refused()) })
}

// message makes the message anew, with a reference of its own.
func (p *posting) message(head []byte) queue.Message {
	buf := make([]byte, 0, len(p.place)+len(head)+len(p.body))
	buf = append(append(append(buf, p.place...), head...), p.body...)
	m := queue.Adopt(buf, len(p.place), len(head))
	m.Persistent = p.facts.DeliveryMode == amqp.Persistent
	m.Priority = p.facts.Priority
	m.Expires = p.expires
	if p.facts.Headers != nil && p.route.Blind {
		m.Note(queue.Blind)
	}
	return m
}

// Confirm implements queue.Confirmer.
func (p *posting) Confirm(first, last uint64) { p.came(int64(last - first + 1)) }

// Refuse implements queue.Refuser.
func (p *posting) Refuse(uint64) { p.settled(true) }

func (p *posting) settled(refused bool) {
	if refused {
		p.refused.Store(true)
	}
	p.came(1)
}

func (p *posting) came(n int64) {
	if p.left.Add(-n) == 0 {
		refused := p.refused.Load()
		if !refused {
			p.vhost.Confirmed(1)
		}
		p.reply(!refused, nil)
	}
}
