package vhost

import (
	"slices"
	"sync"
	"time"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/exchange"
	"github.com/lepusmq/lepus/queue"
)

// burial takes messages that died in a queue to where its dead letters go, as
// one group: each is settled in its queue and kept in the queues that it goes to,
// and at the exchanges where it waits or, after a crash, neither. It runs on the
// queue's strand.
type burial struct {
	vhost  *VHost
	queue  *queue.Queue
	letter *queue.DeadLetter
	graph  *exchange.Graph
	to     *exchange.Exchange // nil if it is not there
	only   []*queue.Queue     // those that are still to have a letter; nil: all
	now    int64              // seconds since 1970
	group  queue.Group
	// complained is what has been complained of in this burial.
	complained complaint

	*gravedigger
}

// gravedigger is the memory for a burial.
type gravedigger struct {
	result exchange.Result
	memory memories
	copies amqp.Copies
	keys   [][]byte
	head   []byte
}

// gravediggers are those that are idle.
var gravediggers = sync.Pool{New: func() any { return new(gravedigger) }}

// takeDead is queue.Config.Bury.
func (v *VHost) takeDead(q *queue.Queue, dead []queue.Dead, done func()) bool {
	to, _ := q.DeadLetter()
	v.deaths(q).count(dead, &to, v.graph.Load().Exchange(to.Exchange) != nil)
	if to.AtLeastOnce {
		return v.deliver(q, to, dead, done)
	}
	return v.bury(q, &to, dead, done)
}

// bury takes messages that died in a queue, in order, to where its dead letters
// go. done is called when they are safe there. It reports false, and takes
// nothing, when the vhost is being closed.
func (v *VHost) bury(q *queue.Queue, to *queue.DeadLetter, dead []queue.Dead, done func()) bool {
	if !v.beginBurial() {
		return false
	}
	defer v.burials.Done()
	b := v.newBurial(q, to)
	defer b.end()
	if b.to == nil {
		b.complain(noDeadLetterExchange, to.Exchange)
	}
	for i := range dead {
		d := &dead[i]
		b.one(d)
		if d.Stored {
			b.group.Bury(q, d)
		}
		d.Release()
	}
	b.group.Post(v.NewGroup, done)
	return true
}

func (v *VHost) newBurial(q *queue.Queue, to *queue.DeadLetter) *burial {
	b := &burial{
		vhost: v, queue: q, letter: to, graph: v.graph.Load(), now: time.Now().Unix(),
		gravedigger: gravediggers.Get().(*gravedigger),
	}
	b.to = b.graph.Exchange(to.Exchange)
	return b
}

// end gives back the memory; the group goes on.
func (b *burial) end() {
	gravediggers.Put(b.gravedigger)
	b.gravedigger = nil
}

// beginBurial reports whether a burial, or a trace, may begin, which Close then
// waits for: what it gives to queues it must give them before they are closed.
func (v *VHost) beginBurial() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return false
	}
	v.burials.Add(1)
	return true
}

// one takes one message to the queues that it goes to now, and to exchanges where
// it is to wait, and returns how many they are.
func (b *burial) one(d *queue.Dead) int {
	if b.to == nil {
		return 0
	}
	var facts amqp.Facts
	// They were checked when the message came.
	_ = amqp.CheckProperties(d.Head(), &facts)
	headers, history := b.headers(d, &facts)
	b.head = amqp.AppendRevised(b.head[:0], d.Head(), headers, amqp.HasExpiration)
	_ = amqp.CheckProperties(b.head, &facts)

	var to []exchange.Queue
	if b.route(d, &facts) {
		to = b.targets(history, d.Reason)
	}
	if len(to) > 0 {
		p := b.letterOf(d, &facts, b.head)
		durable := 0
		for _, q := range to {
			if q.(*queue.Queue).Durable() {
				durable++
			}
		}
		if p.Persistent && durable > 1 {
			p.Fanout = queue.NewFanout(durable)
		}
		p.Retain(len(to) - 1)
		for _, q := range to {
			b.group.Publish(q.(*queue.Queue), p)
		}
	}
	waits := b.postpone(d, &facts)
	b.memory.join(&b.group)
	b.memory.reset()
	clear(b.keys)
	b.copies.Forget()
	return len(to) + waits
}

// postpone has a dead letter wait at the exchanges that it has come to, and returns
// how many they are.
func (b *burial) postpone(d *queue.Dead, facts *amqp.Facts) int {
	waits := b.result.Waits()
	if len(waits) == 0 || b.only != nil {
		return 0
	}
	p := b.letterOf(d, facts, amqp.AppendWaited(nil, b.head))
	p.Retain(len(waits) - 1)
	for _, x := range waits {
		waitingAt(x).Join(&b.group, p.Message, b.result.Delay())
	}
	return len(waits)
}

// route finds where a message goes, and has exchanges on the way remember it. It
// reports false if the exchange has gone.
func (b *burial) route(d *queue.Dead, facts *amqp.Facts) bool {
	for b.to != nil {
		b.memory.reset()
		b.result.Properties, b.result.Gate = b.head, &b.memory
		b.graph.RouteKeys(&b.result, b.to, b.keys, facts.Headers)
		if !b.memory.any || b.vhost.claim(&b.memory, b.graph.Version(), func(h *history) {
			h.record(appendRoute(nil, b.letter.Exchange, b.keys[0]), b.head, d.Body(), d.Has(queue.Blind) && !b.letter.HasKey)
		}) {
			return true
		}
		b.graph = b.vhost.graph.Load()
		b.to = b.graph.Exchange(b.letter.Exchange)
	}
	return false
}

// headers returns the headers that the message has from here on, and its history,
// and leaves in keys where it goes.
func (b *burial) headers(d *queue.Dead, facts *amqp.Facts) (amqp.Table, []amqp.Value) {
	_ = b.copies.Parse(facts.Headers) // what is wrong is nobody's business any more
	exchange, key := splitRoute(d.Route())
	died := death{
		queue: b.queue.QueueName(), reason: d.Reason, time: b.now, exchange: string(exchange),
		keys: []amqp.Value{amqp.String(string(key))}, expiration: facts.Expiration,
	}
	for _, k := range b.copies.CC {
		died.keys = append(died.keys, amqp.String(string(k)))
	}
	var headers amqp.Table
	if facts.Headers != nil {
		headers, _, _ = amqp.ParseTable(facts.Headers)
	}
	b.keys = b.keys[:0]
	if b.letter.HasKey {
		b.keys = append(b.keys, []byte(b.letter.Key))
		headers = headers.Without(amqp.CopyHeader)
		if d.Has(queue.Blind) {
			headers = headers.Without(amqp.BlindCopyHeader)
		}
	} else {
		b.keys = append(append(append(b.keys, key), b.copies.CC...), b.copies.BCC...)
	}
	from := nobodys
	switch {
	case d.Has(queue.Died):
		from = brokers
	case b.vhost.before4:
		from = clients
	}
	return died.note(headers, from)
}

// targets are the queues that were found, but those where the message would go
// round for ever. They are valid until the next message.
func (b *burial) targets(history []amqp.Value, reason queue.Reason) []exchange.Queue {
	to := b.result.Queues()
	if reason == queue.Rejected && b.only == nil {
		return to
	}
	kept := to[:0]
	for _, q := range to {
		if b.only != nil && !slices.Contains(b.only, q.(*queue.Queue)) {
			continue
		}
		if reason != queue.Rejected && cycles(history, q.QueueName()) {
			b.complain(deadLetterCycle, q.QueueName())
			continue
		}
		kept = append(kept, q)
	}
	return kept
}

// letterOf makes the message that goes elsewhere, with one reference.
func (b *burial) letterOf(d *queue.Dead, facts *amqp.Facts, head []byte) queue.Publication {
	body := d.Body()
	buf := make([]byte, 0, 2+len(b.letter.Exchange)+len(b.keys[0])+len(head)+len(body))
	buf = appendRoute(buf, b.letter.Exchange, b.keys[0])
	route := len(buf)
	buf = append(append(buf, head...), body...)
	p := queue.Publication{Message: queue.Adopt(buf, route, len(head))}
	p.Persistent = facts.DeliveryMode == amqp.Persistent
	p.Priority = d.Priority
	p.Note(queue.Died)
	if d.Has(queue.Blind) && !b.letter.HasKey {
		p.Note(queue.Blind)
	}
	return p
}

// splitRoute parts the exchange of a message from its routing key.
func splitRoute(route []byte) (exchange, key []byte) {
	n := 1 + int(route[0])
	return route[1:n], route[n+1:]
}

// appendRoute appends both as short strings.
func appendRoute(buf []byte, exchange string, key []byte) []byte {
	const most = 255
	exchange, key = exchange[:min(len(exchange), most)], key[:min(len(key), most)]
	buf = append(append(buf, byte(len(exchange))), exchange...)
	return append(append(buf, byte(len(key))), key...)
}
