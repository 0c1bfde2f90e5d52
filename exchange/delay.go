package exchange

import "github.com/lepusmq/lepus/amqp"

// An exchange has messages wait that ask for it with a header, before it routes
// them, if it is of the type [Delayed] or has the argument [DelayedArgument].
const (
	// Delayed is the type of exchange that RabbitMQ's plugin for delayed messages
	// has. The argument says by which other type it routes.
	Delayed             = "x-delayed-message"
	DelayedTypeArgument = "x-delayed-type"
	// DelayedArgument, if it is true, has an exchange of any type do the same.
	DelayedArgument = "x-delayed"
)

// Delays reports whether messages may wait at the exchange.
func (x *Exchange) Delays() bool {
	if x.Type == Delayed {
		return true
	}
	v, _ := x.Arguments.Get(DelayedArgument)
	on, _ := v.Bool()
	return on
}

// Routing returns the type by which the exchange routes.
func (x *Exchange) Routing() string {
	if x.Type != Delayed {
		return x.Type
	}
	v, _ := x.Arguments.Get(DelayedTypeArgument)
	typ, _ := v.Str()
	return typ
}

// CheckDelayed returns an *amqp.Error if an exchange of the type cannot have
// these arguments, as far as they are about delays.
func CheckDelayed(typ string, args amqp.Table) error {
	if typ != Delayed {
		return nil
	}
	v, _ := args.Get(DelayedTypeArgument)
	switch inner, ok := v.Str(); {
	case !ok:
		return amqp.NoDelayedType()
	case inner == Delayed:
		return amqp.DelayedTwice()
	case !KnownType(inner):
		return amqp.UnknownExchangeType(inner)
	}
	return nil
}

// Waits returns the exchanges, each once, at which the message is to wait for
// [Result.Delay] before it goes on from there.
func (r *Result) Waits() []*Exchange { return r.waits }

// Delay is how long the message asks to wait, in milliseconds.
func (r *Result) Delay() int64 { return r.delay }

// wait has the message wait at an exchange if it asks for that.
func (r *Result) wait(x *Exchange) bool {
	if r.delay == 0 {
		r.delay = amqp.Delay(r.table())
	}
	if r.delay > 0 {
		r.waits = append(r.waits, x)
	}
	return r.delay > 0
}
