package exchange

import (
	"math/rand/v2"

	"github.com/lepusmq/lepus/amqp"
)

// LocalRandom is the type of exchange that leads to a random queue of the node.
const LocalRandom = "x-local-random"

// random leads to one of its bindings, whatever the message is.
type random struct {
	all bag
}

func (t random) add(b *Binding) table       { return random{t.all.set(b.seq, b)} }
func (t random) remove(b *Binding) table    { return random{t.all.del(b.seq)} }
func (t random) each(f func(*Binding) bool) { eachOf(t.all, f) }

func (t random) route(g *Graph, r *Result) {
	r.once = true
	if n := t.all.len(); n > 0 {
		r.follow(g, t.all.at(rand.IntN(n)))
	}
}

// checkLocalBinding returns an *amqp.Error if a local random exchange cannot
// have the binding. Which queues it may lead to is their owner's business.
func checkLocalBinding(b *Binding) error {
	switch {
	case b.Key != "":
		return amqp.NonEmptyBindingKey(b.Key)
	case b.ToExchange:
		return amqp.NoBindingQueue()
	}
	return nil
}
