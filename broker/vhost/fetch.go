package vhost

import (
	"errors"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
)

// Fetch is how somebody without a connection looks into a queue.
type Fetch struct {
	Queue string
	// Max is how many messages are wanted, and MaxBytes after how many bytes of
	// bodies it is enough, so that nobody's memory is filled.
	Max      int
	MaxBytes int64
	// Ack takes the messages out of the queue. Otherwise they go back: as they were,
	// as failed deliveries if Reject is set.
	Ack, Reject bool
	// Drop rejects them without putting them back.
	Drop bool
	// By is who does it, for traces.
	By Actor
}

// Fetched is a message that was in a queue.
type Fetched struct {
	Exchange, Key string
	Properties    amqp.Properties
	Body          []byte
	Redelivered   bool
	// Left is how many messages were still ready.
	Left int
}

// Fetch takes messages from a queue, the first ones, and settles them as it is told
// to. The reply brings what there was. Errors: 404, 405, and 405 for a quorum queue
// with a single active consumer.
func (v *VHost) Fetch(f Fetch, reply func([]Fetched, error)) {
	if IsReplyQueue(f.Queue) {
		reply(nil, amqp.ReplyQueueGet(v.name, f.Queue))
		return
	}
	q, err := v.Queue(0, f.Queue)
	if err != nil {
		reply(nil, err)
		return
	}
	if q.SingleActive() && q.Quorum() {
		reply(nil, amqp.SingleActiveGet(v.name, f.Queue))
		return
	}
	c := &collector{vhost: v, queue: q, want: f, reply: reply}
	c.next()
}

// collector is who fetches: the sink of what it holds until it has all. The strand
// of the queue calls it, one call after the other.
type collector struct {
	vhost *VHost
	queue *queue.Queue
	want  Fetch
	reply func([]Fetched, error)

	got   []Fetched
	held  []queue.Settlement
	bytes int64
}

func (c *collector) next() {
	if len(c.got) >= c.want.Max || c.bytes >= c.want.MaxBytes {
		c.settle()
		return
	}
	c.queue.Get(c, false, c.came)
}

// came takes what a get has brought.
func (c *collector) came(d *queue.Delivery, ready int, ok bool, err error) {
	switch {
	case errors.Is(err, queue.ErrDeleted) && len(c.got) == 0:
		c.reply(nil, amqp.NoQueue(c.vhost.name, c.queue.QueueName()))
	case err != nil || !ok:
		c.settle()
	default:
		c.trace(d)
		c.got = append(c.got, fetched(d, ready))
		c.held = append(c.held, queue.Settlement{Slot: d.Slot, Seq: d.Seq})
		c.bytes += int64(len(d.Body()))
		c.next()
	}
}

// trace sends a copy of a message to the trace exchange, if that is wanted.
func (c *collector) trace(d *queue.Delivery) {
	if !c.vhost.Tracing() {
		return
	}
	trace := c.vhost.NewTrace()
	if trace == nil {
		return
	}
	trace.Delivered(&Traced{
		Route: d.Route(), Head: d.Head(), Body: d.Body(), Blind: d.Has(queue.Blind), By: c.want.By,
	}, c.want.Queue, d.Redelivered())
	trace.Post()
}

// settle gives back what is held, or not, and ends the fetch.
func (c *collector) settle() {
	switch {
	case len(c.held) == 0:
	case c.want.Ack:
		c.queue.Ack(c.held)
	case c.want.Drop:
		c.queue.Reject(c.held)
	case c.want.Reject:
		c.queue.Fail(c.held)
	default:
		c.queue.Return(c.held)
	}
	c.reply(c.got, nil)
}

// fetched copies a delivery.
func fetched(d *queue.Delivery, ready int) Fetched {
	route := d.Route()
	n := 1 + int(route[0])
	p, _ := amqp.ParseProperties(d.Head()) // it was well formed when it came
	if d.Has(queue.Blind) {
		p.Headers = p.Headers.Without(amqp.BlindCopyHeader)
	}
	return Fetched{
		Exchange: string(route[1:n]), Key: string(route[n+1:]),
		Properties: p, Body: append([]byte(nil), d.Body()...),
		Redelivered: d.Redelivered(), Left: ready,
	}
}

// Deliver implements queue.Sink. Nothing is delivered to one that only gets.
func (c *collector) Deliver(*queue.Queue, []queue.Delivery) bool { return true }

// Full implements queue.Sink.
func (c *collector) Full(*queue.Consumer) bool { return true }

// Flush implements queue.Sink.
func (c *collector) Flush() {}

// Cancelled implements queue.Sink.
func (c *collector) Cancelled(*queue.Consumer) {}
