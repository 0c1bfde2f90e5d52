package vhost

import (
	"bytes"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/exchange"
	"github.com/lepusmq/lepus/queue"
)

// Route is where a message goes. It remembers the last one, because channels
// mostly publish to the same place again and again. It belongs to one
// goroutine; the zero Route is ready.
type Route struct {
	// Queues are valid until the next call.
	Queues []*queue.Queue
	// Durable is how many of them keep messages.
	Durable int
	// Waits is where the message is to wait for Delay milliseconds before it goes
	// on from there; it has not come to the queues behind. Valid as Queues are.
	Waits []*Waiting
	Delay int64
	// Reply is the requester to whom the message goes instead of to queues: it
	// was published to the address of a direct reply. Mostly nil.
	Reply Replier

	result exchange.Result
	// What was asked for last, and of which version of the topology; that is 0
	// if the answer cannot be used again. An idle channel must not keep an old
	// topology alive, so it is not the graph itself.
	version       uint64
	exchange, key []byte
}

// Route finds the queues for a message that is published to an exchange and
// leaves them in r. headers is the table of its headers as on the wire, with its
// length before it, or nil. Nothing is kept of the arguments, and if it is the
// same place as last time, and the topology is still the same, nothing is looked
// up. Errors: 403 if clients may not publish to the exchange, 404.
func (v *VHost) Route(r *Route, exchange, key, headers []byte) error {
	g := v.graph.Load()
	if g.Version() == r.version && bytes.Equal(key, r.key) && bytes.Equal(exchange, r.exchange) {
		return nil
	}
	r.version, r.Queues, r.Durable, r.Waits, r.Reply = 0, r.Queues[:0], 0, r.Waits[:0], nil
	if len(exchange) == 0 {
		if r.Reply = v.replies.find(key); r.Reply != nil {
			return nil
		}
	}
	x := g.ExchangeNamed(exchange)
	if x == nil {
		return amqp.NoExchange(v.name, string(exchange))
	}
	if x.Internal {
		return amqp.InternalExchange(v.name, x.Name)
	}
	r.from(g, x, key, headers)
	if !r.result.UsedHeaders() {
		r.version = g.Version()
		r.exchange = append(r.exchange[:0], exchange...)
		r.key = append(r.key[:0], key...)
	}
	return nil
}

// from adds where a message goes from an exchange.
func (r *Route) from(g *exchange.Graph, x *exchange.Exchange, key, headers []byte) {
	g.Route(&r.result, x, key, headers)
	for _, q := range r.result.Queues() {
		to := q.(*queue.Queue)
		r.Queues = append(r.Queues, to)
		if to.Durable() {
			r.Durable++
		}
	}
	r.Delay = r.result.Delay()
	for _, x := range r.result.Waits() {
		r.Waits = append(r.Waits, waitingAt(x))
	}
}
