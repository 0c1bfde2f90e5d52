package vhost

import (
	"cmp"
	"slices"

	"github.com/lepusmq/lepus/broker/stats"
	"github.com/lepusmq/lepus/exchange"
)

// ExchangeNames returns the names of all exchanges, sorted.
func (v *VHost) ExchangeNames() []string {
	var all []string
	v.graph.Load().EachExchange(func(x *exchange.Exchange) bool {
		all = append(all, x.Name)
		return true
	})
	slices.Sort(all)
	return all
}

// ExchangeStats returns all that is to be said of an exchange; ok is false if
// there is no such exchange.
func (v *VHost) ExchangeStats(name string) (s stats.Exchange, ok bool) {
	x := v.graph.Load().Exchange(name)
	if x == nil {
		return stats.Exchange{}, false
	}
	s = stats.Exchange{
		Name: x.Name, VHost: v.name, Type: x.Type,
		Durable: x.Durable, AutoDelete: x.AutoDelete, Internal: x.Internal, Arguments: x.Arguments, User: x.User,
		Messages: *flowOf(x).counts(),
	}
	s.Messages.Publish = 0
	a, _ := v.ExchangePolicies(name)
	s.Policy, s.OperatorPolicy, s.Effective = a.Policy, a.OperatorPolicy, a.Definition
	if w := waitingAt(x); w != nil {
		s.Delayed = w.Pending()
	}
	return s, true
}

// Bindings returns all bindings, by source, destination and key.
func (v *VHost) Bindings() []stats.Binding {
	g := v.graph.Load()
	var all []stats.Binding
	g.EachExchange(func(x *exchange.Exchange) bool {
		x.EachBinding(func(b *exchange.Binding) bool {
			all = append(all, v.binding(b))
			return true
		})
		return true
	})
	return v.inOrder(v.appendDefault(all, g))
}

// QueueBindings returns the bindings of a queue; ok is false if there is no such
// queue.
func (v *VHost) QueueBindings(name string) (all []stats.Binding, ok bool) {
	g := v.graph.Load()
	if g.Queue(name) == nil {
		return nil, false
	}
	all = append(v.bindingsTo(g, name, false), v.byName(name))
	return v.inOrder(all), true
}

// ExchangeBindings returns the bindings from an exchange or to it; ok is false if
// there is no such exchange.
func (v *VHost) ExchangeBindings(name string, asSource bool) (all []stats.Binding, ok bool) {
	g := v.graph.Load()
	x := g.Exchange(name)
	switch {
	case x == nil:
		return nil, false
	case !asSource:
		all = v.bindingsTo(g, name, true)
	case name == "":
		all = v.appendDefault(nil, g)
	default:
		x.EachBinding(func(b *exchange.Binding) bool {
			all = append(all, v.binding(b))
			return true
		})
	}
	return v.inOrder(all), true
}

func (v *VHost) bindingsTo(g *exchange.Graph, name string, toExchange bool) (all []stats.Binding) {
	g.EachBindingTo(name, toExchange, func(b *exchange.Binding) bool {
		all = append(all, v.binding(b))
		return true
	})
	return all
}

func (v *VHost) binding(b *exchange.Binding) stats.Binding {
	return stats.Binding{
		Source: b.Source, VHost: v.name, Destination: b.Destination, ToExchange: b.ToExchange,
		RoutingKey: b.Key, Arguments: b.Arguments,
	}
}

// byName is the binding of a queue with the default exchange.
func (v *VHost) byName(queue string) stats.Binding {
	return stats.Binding{VHost: v.name, Destination: queue, RoutingKey: queue}
}

func (v *VHost) appendDefault(all []stats.Binding, g *exchange.Graph) []stats.Binding {
	g.EachQueue(func(q exchange.Queue) bool {
		all = append(all, v.byName(q.QueueName()))
		return true
	})
	return all
}

func (v *VHost) inOrder(all []stats.Binding) []stats.Binding {
	slices.SortFunc(all, func(a, b stats.Binding) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Destination, b.Destination), cmp.Compare(a.RoutingKey, b.RoutingKey))
	})
	return all
}
