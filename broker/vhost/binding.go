package vhost

import (
	"errors"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/exchange"
	"github.com/lepusmq/lepus/queue"
	"github.com/lepusmq/lepus/store"
)

// Binding leads from an exchange to a queue or to another exchange.
type Binding struct {
	Source, Destination string
	ToExchange          bool // the destination is an exchange
	Key                 string
	Arguments           amqp.Table
}

// wanted returns the binding as the graph has it, or the error for one that
// nobody may make or remove.
func (b *Binding) wanted() (exchange.Binding, error) {
	x := exchange.Binding{
		Source: CleanName(b.Source), Destination: CleanName(b.Destination),
		ToExchange: b.ToExchange, Key: b.Key, Arguments: b.Arguments,
	}
	if x.Source == "" || x.ToExchange && x.Destination == "" {
		return x, amqp.DefaultExchange()
	}
	if !x.ToExchange && IsReplyQueue(x.Destination) {
		return x, amqp.ReplyQueueBinding()
	}
	return x, nil
}

// Bind makes a binding, unless there is the same already. The reply for one
// between a durable exchange and a durable destination comes when it is durable.
// Errors: 403, 404, 405, 406.
func (v *VHost) Bind(user OwnerID, b Binding, reply func(error)) {
	x, err := b.wanted()
	if err != nil {
		reply(err)
		return
	}
	v.mu.Lock()
	g := v.graph.Load()
	if same := g.Find(&x); same != nil {
		err := v.mayBind(user, &x)
		v.mu.Unlock()
		if err != nil {
			reply(err)
			return
		}
		v.unsynced.await(same.ID, func() { reply(nil) })
		return
	}
	durable := v.durable(g, &x)
	if durable {
		x.ID = v.store.NewID()
	}
	next, err := g.Bind(x)
	if err != nil {
		err = v.bindError(&x, err)
	} else if err = v.mayBind(user, &x); err == nil {
		err = v.mayLead(g, &x)
	}
	if err != nil {
		v.mu.Unlock()
		reply(err)
		return
	}
	var changes []store.Definition
	if durable {
		changes = append(changes, store.Definition{Kind: store.KindBinding, ID: x.ID, Value: v.encodeBinding(g, &x)})
	}
	c := v.record(changes, func() { reply(nil) })
	to, past := v.publishBound(next, &x)
	v.bindingCreated(user, &x)
	v.mu.Unlock()
	v.replayTo(&x, to, past)
	c.visible()
}

// publishBound makes a new binding visible, and returns what its destination is
// to be sent, and which queue that is if it is one. The caller holds the lock.
func (v *VHost) publishBound(next *exchange.Graph, x *exchange.Binding) (to *queue.Queue, past []queue.Publication) {
	h := historyAt(next.Exchange(x.Source))
	if h == nil {
		v.publish(next)
		return nil, nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	v.publish(next)
	if !x.ToExchange {
		to = v.queues[x.Destination].queue
	}
	return to, h.replay()
}

// Unbind removes a binding, and its source if that was to go with its last one.
// It is no error if there is no such binding. Errors: 403, 405.
func (v *VHost) Unbind(user OwnerID, b Binding, reply func(error)) {
	x, err := b.wanted()
	if err != nil {
		reply(err)
		return
	}
	v.mu.Lock()
	g := v.graph.Load()
	if g.Find(&x) == nil {
		v.mu.Unlock()
		reply(nil)
		return
	}
	if err := v.mayBind(user, &x); err != nil {
		v.mu.Unlock()
		reply(err)
		return
	}
	next, gone := g.Unbind(x)
	c := v.record(v.ends(gone), func() { reply(nil) })
	v.publish(next)
	v.mu.Unlock()
	c.visible()
}

// mayBind returns the error for a binding to another connection's exclusive
// queue. The caller holds the lock.
func (v *VHost) mayBind(user OwnerID, x *exchange.Binding) error {
	if x.ToExchange {
		return nil
	}
	return v.mayUse(user, v.queues[x.Destination])
}

// mayLead returns the error for a queue to which the type of the source cannot
// lead. The caller holds the lock.
func (v *VHost) mayLead(g *exchange.Graph, x *exchange.Binding) error {
	if x.ToExchange || g.Exchange(x.Source).Routing() != exchange.LocalRandom {
		return nil
	}
	if t, _ := typeOf(v.queues[x.Destination].args); t != classic {
		return amqp.WrongBindingQueueType(t.String())
	}
	return nil
}

// durable reports whether both ends of a binding are there and durable. The
// caller holds the lock.
func (v *VHost) durable(g *exchange.Graph, x *exchange.Binding) bool {
	from := g.Exchange(x.Source)
	if from == nil || !from.Durable {
		return false
	}
	if x.ToExchange {
		to := g.Exchange(x.Destination)
		return to != nil && to.Durable
	}
	to := v.queues[x.Destination]
	return to != nil && to.queue.Durable()
}

// bindError is what a client sees of an error of the graph.
func (v *VHost) bindError(x *exchange.Binding, err error) error {
	switch {
	case errors.Is(err, exchange.ErrNoSource):
		return amqp.NoExchange(v.name, x.Source)
	case errors.Is(err, exchange.ErrNoDestination) && x.ToExchange:
		return amqp.NoExchange(v.name, x.Destination)
	case errors.Is(err, exchange.ErrNoDestination):
		return amqp.NoQueue(v.name, x.Destination)
	}
	return err // the arguments, in RabbitMQ's words
}
