package vhost

import (
	"strings"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/exchange"
	"github.com/lepusmq/lepus/store"
)

// ExchangeSpec is the declaration of an exchange.
type ExchangeSpec struct {
	Name, Type string
	// Passive asks only whether the exchange exists, whatever it is like.
	Passive                       bool
	Durable, AutoDelete, Internal bool
	Arguments                     amqp.Table
	// User is who declares it; empty is the broker itself.
	User string
	// Refusal is why the client may not make such an exchange if there is none
	// yet; nil if it may.
	Refusal *amqp.Error
}

// AlternateExchange returns where messages are to go that the exchange does not
// route.
func (s *ExchangeSpec) AlternateExchange() (name string, ok bool) {
	return nameArgument(s.Arguments, exchange.AlternateExchange)
}

// IsTopic says whether there is a topic exchange of that name.
func (v *VHost) IsTopic(name string) bool {
	x := v.graph.Load().Exchange(name)
	return x != nil && x.Type == "topic"
}

// DeclareExchange makes an exchange, unless there is one like it already. The
// reply for a durable one comes when it is durable. Errors: 403, 404 (passive),
// 406.
func (v *VHost) DeclareExchange(spec ExchangeSpec, reply func(error)) {
	spec.Name = CleanName(spec.Name)
	switch {
	case !spec.Passive && !exchange.KnownType(spec.Type):
		reply(amqp.UnknownExchangeType(spec.Type))
		return
	case spec.Name == "":
		reply(amqp.DefaultExchange())
		return
	}
	alternate := v.lockWithAlternate(spec.Name)
	g := v.graph.Load()
	if x := g.Exchange(spec.Name); x != nil || spec.Passive {
		v.mu.Unlock()
		v.redeclareExchange(x, &spec, reply)
		return
	}
	if v.ceiling.fullOfExchanges() {
		v.mu.Unlock()
		reply(amqp.ExchangeLimit(v.name, spec.Name, int(v.ceiling.MaxExchanges.Load())))
		return
	}
	x, err := v.newExchange(&spec)
	if err != nil {
		v.mu.Unlock()
		reply(err)
		return
	}
	x.Alternate = alternate
	var changes []store.Definition
	if x.Durable {
		x.ID = v.store.NewID()
		changes = append(changes, store.Definition{Kind: store.KindExchange, ID: x.ID, Value: v.encodeExchange(&x)})
	}
	if w := v.newWaiting(&x); w != nil {
		x.Delay = w
	}
	x.Memory, x.Flow = v.newMemory(&x), newFlow(x.Name)
	next, err := g.AddExchange(x)
	if err != nil {
		v.mu.Unlock()
		reply(amqp.UnknownExchangeType(spec.Type))
		return
	}
	c := v.record(changes, func() { reply(nil) })
	v.publish(next)
	v.exchangeCreated(&x)
	v.mu.Unlock()
	c.visible()
}

// lockWithAlternate takes the lock, and returns the alternate exchange that the
// policies give to an exchange.
func (v *VHost) lockWithAlternate(name string) string {
	for {
		current := v.policies.Load()
		alternate := v.matching(current).alternate(name)
		v.mu.Lock()
		if v.policies.Load() == current {
			return alternate
		}
		v.mu.Unlock()
	}
}

// newExchange is the exchange that a declaration wants. Errors are those of
// declarations of exchanges that do not exist yet.
func (v *VHost) newExchange(spec *ExchangeSpec) (exchange.Exchange, error) {
	if strings.HasPrefix(spec.Name, reserved) {
		return exchange.Exchange{}, amqp.ReservedExchangeName(spec.Name)
	}
	if a, ok := spec.Arguments.Get(exchange.AlternateExchange); ok && a.Tag() != longstr {
		return exchange.Exchange{}, amqp.WrongExchangeArgType(v.name, spec.Name, exchange.AlternateExchange, a)
	}
	if err := exchange.CheckDelayed(spec.Type, spec.Arguments); err != nil {
		return exchange.Exchange{}, err
	}
	if spec.Refusal != nil {
		return exchange.Exchange{}, spec.Refusal
	}
	x := exchange.Exchange{
		Name: spec.Name, Type: spec.Type,
		Durable: spec.Durable, AutoDelete: spec.AutoDelete, Internal: spec.Internal,
		Arguments: spec.Arguments, User: spec.User,
	}
	return x, exchange.CheckArguments(v.name, &x)
}

// redeclareExchange answers a declaration of x, which is nil if a passive one
// found nothing.
func (v *VHost) redeclareExchange(x *exchange.Exchange, spec *ExchangeSpec, reply func(error)) {
	if x == nil {
		reply(amqp.NoExchange(v.name, spec.Name))
		return
	}
	if !spec.Passive {
		if err := v.sameExchange(x, spec); err != nil {
			reply(err)
			return
		}
	}
	v.unsynced.await(x.ID, func() { reply(nil) })
}

// sameExchange returns the error for a declaration that is not like x.
func (v *VHost) sameExchange(x *exchange.Exchange, spec *ExchangeSpec) error {
	if x.Type != spec.Type {
		return amqp.InequivalentExchange(v.name, x.Name, "type", spec.Type, x.Type)
	}
	if x.Durable != spec.Durable {
		return amqp.InequivalentExchange(v.name, x.Name, "durable", spec.Durable, x.Durable)
	}
	if x.AutoDelete != spec.AutoDelete {
		return amqp.InequivalentExchange(v.name, x.Name, "auto_delete", spec.AutoDelete, x.AutoDelete)
	}
	if x.Internal != spec.Internal {
		return amqp.InequivalentExchange(v.name, x.Name, "internal", spec.Internal, x.Internal)
	}
	if !sameArgument(exchange.AlternateExchange, spec.Arguments, x.Arguments) {
		return amqp.InequivalentExchangeArg(v.name, x.Name, exchange.AlternateExchange, spec.Arguments, x.Arguments)
	}
	return nil
}

// DeleteExchange deletes an exchange, and with it its bindings and exchanges
// that were to go with their last binding. It is no error if there is none.
// Errors: 403, 406 with ifUnused if it has bindings.
func (v *VHost) DeleteExchange(name string, ifUnused bool, reply func(error)) {
	name = CleanName(name)
	switch {
	case name == "":
		reply(amqp.DefaultExchange())
		return
	case Predeclared(name):
		reply(amqp.SystemExchange(v.name, name))
		return
	}
	v.mu.Lock()
	g := v.graph.Load()
	x := g.Exchange(name)
	if x == nil {
		v.mu.Unlock()
		reply(nil)
		return
	}
	if ifUnused && x.Bindings() > 0 {
		v.mu.Unlock()
		reply(amqp.ExchangeInUse(v.name, name))
		return
	}
	next, gone := g.RemoveExchange(name)
	c := v.record(v.ends(gone), func() { reply(nil) })
	v.publish(next)
	v.mu.Unlock()
	c.visible()
}

// ExchangeTypes returns the names of all types that exchanges can have.
func ExchangeTypes() []string { return exchange.Types() }
