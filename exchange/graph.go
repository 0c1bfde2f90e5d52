package exchange

import (
	"errors"
	"unsafe"

	"github.com/lepusmq/lepus/amqp"
)

// Errors of [Graph.AddExchange].
var (
	ErrUnknownType = errors.New("exchange: unknown type")
	ErrExists      = errors.New("exchange: name is taken")
)

// AlternateExchange is the argument of an exchange that names the one to use
// for messages that have nowhere to go. The default exchange is never used so:
// as in RabbitMQ, only what is published to it finds queues by their names.
const AlternateExchange = "alternate-exchange"

// Graph is the exchanges, queues and bindings of a virtual host at one time. It
// is immutable: what changes it returns another one. Any goroutine may use it.
type Graph struct {
	exchanges dict[string, *Exchange]
	queues    dict[string, *target]
	seq       uint64 // of the last binding
	version   uint64
}

// Version is a number that every change makes larger by one.
func (g *Graph) Version() uint64 { return g.version }

// changed returns a copy to be changed: the next version.
func (g *Graph) changed() Graph {
	next := *g
	next.version++
	return next
}

// target is a queue and what leads to it.
type target struct {
	*end
	incoming dict[bindingID, *Binding]
}

// end is the queue of a target: the same pointer in all graphs that have the
// queue, so that routing can compare pointers.
type end struct {
	queue Queue
}

// Exchange is an exchange of a graph, with its bindings. It is immutable.
type Exchange struct {
	Name       string
	Type       string
	Durable    bool
	AutoDelete bool // it goes when its last binding does
	Internal   bool // clients may not publish to it
	Arguments  amqp.Table
	// Alternate is the alternate exchange by policy, "" if there is none. One
	// among the arguments is used instead.
	Alternate string
	// User is who has declared it; empty is the broker itself.
	User string
	// ID is a number for the owner of the graph to know the exchange by.
	ID uint64
	// Delay is for the owner of the graph to find the messages by that wait.
	Delay any
	// Memory is for the owner of the graph to find what the exchange remembers, if
	// it is of a type that does.
	Memory any
	// Flow is for the owner of the graph to count what goes through the exchange.
	Flow any

	table     table
	stateful  bool // it remembers messages
	delays    bool // messages may wait here
	outgoing  int  // bindings in the table
	incoming  dict[bindingID, *Binding]
	alternate string // the exchange for what finds no binding here
}

// Bindings returns how many bindings have the exchange as their source.
func (x *Exchange) Bindings() int { return x.outgoing }

// table is how the bindings of an exchange are kept for its type of routing. It
// is immutable.
type table interface {
	add(b *Binding) table
	remove(b *Binding) table
	each(f func(*Binding) bool)
	// route gives the bindings that match the message to the result.
	route(g *Graph, r *Result)
}

// newTable returns the empty table of an exchange, nil if there is no such
// type.
func newTable(x *Exchange) table {
	switch x.Routing() {
	case "direct":
		return direct{}
	case "fanout", RecentHistory, Deduplication:
		return fanout{}
	case "topic":
		return topic{}
	case "headers":
		return headers{}
	case ConsistentHash:
		return newConsistent(x)
	case "x-random", LocalRandom:
		return random{}
	case "x-modulus-hash":
		return modulus{}
	}
	return nil
}

// Types returns the names of all types that exchanges can have, sorted.
func Types() []string {
	return []string{
		"direct", "fanout", "headers", "topic", ConsistentHash, Delayed, LocalRandom, Deduplication,
		"x-modulus-hash", "x-random", RecentHistory,
	}
}

// KnownType reports whether there is a type of exchange of that name.
func KnownType(typ string) bool { return typ == Delayed || newTable(&Exchange{Type: typ}) != nil }

// NewGraph returns the graph of a new virtual host, which has the exchanges
// that are there from the start: the default one and those named amq.*.
func NewGraph() *Graph {
	g := &Graph{version: 1}
	g.exchanges = g.exchanges.set("", &Exchange{Type: "direct", Durable: true, table: byName{}})
	for _, x := range []Exchange{
		{Name: "amq.direct", Type: "direct"},
		{Name: "amq.fanout", Type: "fanout"},
		{Name: "amq.topic", Type: "topic"},
		{Name: "amq.headers", Type: "headers"},
		{Name: "amq.match", Type: "headers"},
		{Name: "amq.rabbitmq.trace", Type: "topic", Internal: true},
	} {
		x.Durable = true
		x.table = newTable(&x)
		g.exchanges = g.exchanges.set(x.Name, &x)
	}
	return g
}

// Exchange returns the exchange of that name, nil if there is none.
func (g *Graph) Exchange(name string) *Exchange {
	x, _ := g.exchanges.get(name)
	return x
}

// ExchangeNamed is Exchange for a name that is borrowed.
func (g *Graph) ExchangeNamed(name []byte) *Exchange { return g.Exchange(borrow(name)) }

// borrow makes a string of bytes that may change later: for looking something
// up, not to keep.
func borrow(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// Queue returns the queue of that name, nil if there is none.
func (g *Graph) Queue(name string) Queue {
	if t, ok := g.queues.get(name); ok {
		return t.queue
	}
	return nil
}

// EachExchange calls f for all exchanges, in no order, until it returns false.
func (g *Graph) EachExchange(f func(*Exchange) bool) {
	g.exchanges.each(func(_ string, x *Exchange) bool { return f(x) })
}

// Queues is how many queues there are.
func (g *Graph) Queues() int { return g.queues.len() }

// Exchanges is how many exchanges there are.
func (g *Graph) Exchanges() int { return g.exchanges.len() }

// EachBindingTo calls f for all bindings that lead to a queue or an exchange, in
// no order, until it returns false.
func (g *Graph) EachBindingTo(name string, toExchange bool, f func(*Binding) bool) {
	g.incoming(name, toExchange).each(func(_ bindingID, b *Binding) bool { return f(b) })
}

// incoming is the bindings to a destination; none if there is no such thing.
func (g *Graph) incoming(name string, toExchange bool) dict[bindingID, *Binding] {
	if toExchange {
		if x, ok := g.exchanges.get(name); ok {
			return x.incoming
		}
	} else if t, ok := g.queues.get(name); ok {
		return t.incoming
	}
	return dict[bindingID, *Binding]{}
}

// EachQueue calls f for all queues, in no order, until it returns false.
func (g *Graph) EachQueue(f func(Queue) bool) {
	g.queues.each(func(_ string, t *target) bool { return f(t.queue) })
}

// EachBinding calls f for all bindings from the exchange, in no order, until it
// returns false. The default exchange has none: that it leads to every queue
// goes without saying.
func (x *Exchange) EachBinding(f func(*Binding) bool) { x.table.each(f) }

// Find returns the binding of the graph that is the same as b, nil if there is
// none.
func (g *Graph) Find(b *Binding) *Binding {
	found, _ := g.incoming(b.Destination, b.ToExchange).get(b.id())
	return found
}
