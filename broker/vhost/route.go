package vhost

import (
	"bytes"
	"slices"

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
	// Replies are the requesters to whom the message goes, because it was published
	// to the address of a direct reply; with copies there may be queues, too.
	// Mostly empty, and valid as Queues are.
	Replies []Replier
	// Blind says that there are keys in the headers of the message that are not
	// for receivers, and Fault what is wrong with keys in headers; nil if nothing
	// is. They are of the last message that had headers.
	Blind bool
	Fault *amqp.Error

	// Flow is what the exchange counts in that the message was published to. Valid
	// as Queues are.
	Flow *Flow

	// Head is the properties of the message as on the wire. Whoever routes sets it
	// before, or leaves it nil: then no exchange can route by a property.
	Head []byte

	result exchange.Result
	memory memories
	routed uint64 // the version of the topology by which the message was routed
	copies amqp.Copies
	keys   [][]byte // of a message with copies, for the time of a call
	// What was asked for last, and of which version of the topology; that is 0
	// if the answer cannot be used again. An idle channel must not keep an old
	// topology alive, so it is not the graph itself.
	version       uint64
	exchange, key []byte
}

// Repeats says that a message goes where the last one of r went, and nothing need
// be looked up: it is published to the same place, its headers name no further
// keys, and the topology is still the same. The arguments are those of
// [VHost.Route].
func (v *VHost) Repeats(r *Route, exchange, key, headers []byte) bool {
	return headers == nil && v.lastTime(r, exchange, key)
}

// lastTime says that a message is published to the same place as the last one, and
// goes there still.
func (v *VHost) lastTime(r *Route, exchange, key []byte) bool {
	return v.graph.Load().Version() == r.version && bytes.Equal(key, r.key) && bytes.Equal(exchange, r.exchange)
}

// Route finds the queues for a message that is published to an exchange and
// leaves them in r. headers is the table of its headers as on the wire, with its
// length before it, or nil; they may name further keys. Nothing is kept of the
// arguments, and if it is the same place as last time, and the topology is still
// the same, nothing is looked up. Errors: 403 if clients may not publish to the
// exchange, 404.
func (v *VHost) Route(r *Route, exchange, key, headers []byte) error {
	copied := headers != nil && r.copied(key, headers)
	if copied {
		defer r.forgetKeys()
	}
	if !copied && v.lastTime(r, exchange, key) {
		return nil
	}
	g := v.graph.Load()
	r.version, r.Queues, r.Durable, r.Waits, r.Replies = 0, r.Queues[:0], 0, r.Waits[:0], r.Replies[:0]
	r.memory.reset()
	x := g.ExchangeNamed(exchange)
	if x == nil {
		return amqp.NoExchange(v.name, string(exchange))
	}
	r.Flow = flowOf(x)
	if len(exchange) == 0 {
		if answers := r.answers(v, key, copied); answers && !copied {
			return nil
		}
	}
	if x.Internal {
		return amqp.InternalExchange(v.name, x.Name)
	}
	r.from(g, x, key, headers, copied)
	if !copied && !r.result.Once() {
		r.version = g.Version()
		r.exchange = append(r.exchange[:0], exchange...)
		r.key = append(r.key[:0], key...)
	}
	return nil
}

// answers finds the requesters to whom a message goes with its key, or with all
// that are in r, and reports whether there are any.
func (r *Route) answers(v *VHost, key []byte, copied bool) bool {
	if !copied {
		if to := v.replies.find(key); to != nil {
			r.Replies = append(r.Replies, to)
		}
		return len(r.Replies) > 0
	}
	for _, key := range r.keys {
		if to := v.replies.find(key); to != nil && !slices.Contains(r.Replies, to) {
			r.Replies = append(r.Replies, to)
		}
	}
	return len(r.Replies) > 0
}

// from adds where a message goes from an exchange; copied says that all its keys
// are in r.
func (r *Route) from(g *exchange.Graph, x *exchange.Exchange, key, headers []byte, copied bool) {
	r.routed = g.Version()
	r.result.Properties, r.result.Gate = r.Head, &r.memory
	if copied {
		g.RouteKeys(&r.result, x, r.keys, headers)
	} else {
		g.Route(&r.result, x, key, headers)
	}
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

// copied reads the copies in headers, and reports whether there are any: then
// all keys of the message are in r.
func (r *Route) copied(key, headers []byte) bool {
	r.Fault = r.copies.Parse(headers)
	r.Blind = r.copies.Blind
	if r.Fault != nil || !r.copies.Any() {
		return false
	}
	r.keys = append(append(append(r.keys[:0], key), r.copies.CC...), r.copies.BCC...)
	return true
}

// forgetKeys lets go of the message that the keys are in.
func (r *Route) forgetKeys() {
	clear(r.keys)
	r.copies.Forget()
}
