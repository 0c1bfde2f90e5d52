package amqp

import "fmt"

// The replies about the arguments of declare, bind and consume.

// InequivalentQueue is a queue declared again with another flag: field is
// "durable" or "auto_delete".
func InequivalentQueue(vhost, queue, field string, received, current bool) *Error {
	return inequivalent(queueIn(vhost, queue), field, received, current)
}

// InequivalentExchange is an exchange declared again with another type or flag:
// field is "type", "durable", "auto_delete" or "internal", received and current
// are strings or bools.
func InequivalentExchange(vhost, exchange, field string, received, current any) *Error {
	return inequivalent(exchangeIn(vhost, exchange), field, received, current)
}

func inequivalent(what, field string, received, current any) *Error {
	return Errorf(PreconditionFailed, "inequivalent arg '%s' for %s: received '%v' but current is '%v'",
		field, what, received, current)
}

// InequivalentQueueArg is a queue declared again with another value of the
// argument key, which it looks up in both tables.
func InequivalentQueueArg(vhost, queue, key string, received, current Table) *Error {
	return inequivalentArg(queueIn(vhost, queue), key, received, current)
}

// InequivalentExchangeArg is an exchange declared again with another value of
// the argument key, which it looks up in both tables.
func InequivalentExchangeArg(vhost, exchange, key string, received, current Table) *Error {
	return inequivalentArg(exchangeIn(vhost, exchange), key, received, current)
}

func inequivalentArg(what, key string, received, current Table) *Error {
	r, hasR := received.Get(key)
	c, hasC := current.Get(key)
	show := func(v Value, has bool) string {
		switch {
		case !has:
			return "none"
		case hasR && hasC:
			return "'" + v.Text() + "'"
		}
		return "the value '" + v.Text() + "' of type '" + v.TypeName() + "'"
	}
	return Errorf(PreconditionFailed, "inequivalent arg '%s' for %s: received %s but current is %s",
		key, what, show(r, hasR), show(c, hasC))
}

// ArgFault says what is wrong with the value of an argument, as RabbitMQ shows
// it at the end of the text.
type ArgFault string

// The faults that do not depend on the value.
const (
	NoDeadLetterExchange  ArgFault = "routing_key_but_no_dlx_defined"
	BadOverflow           ArgFault = "invalid_overflow"
	BadDeadLetterStrategy ArgFault = "invalid_dlx_strategy"
	BadLeaderLocator      ArgFault = "invalid_queue_locator_arg"
	BadMaxAge             ArgFault = "invalid_max_age"
)

// NotInteger is a value that must be an integer.
func NotInteger(v Value) ArgFault { return ArgFault(`"expected integer, got ` + v.TypeName() + `"`) }

// WrongType is a value that must be a string or a bool.
func WrongType(v Value) ArgFault { return ArgFault("{unacceptable_type," + v.TypeName() + "}") }

// NegativeValue is an integer below zero.
func NegativeValue(n int64) ArgFault { return ArgFault(fmt.Sprintf("{value_negative,%d}", n)) }

// ZeroValue is a zero that may not be.
func ZeroValue() ArgFault { return "{value_zero,0}" }

// TooLargeValue is a period of more than ten years.
func TooLargeValue(n int64) ArgFault { return ArgFault(fmt.Sprintf("{value_too_large,%d}", n)) }

// MaxValueExceeded is a priority above 255.
func MaxValueExceeded(n int64) ArgFault { return ArgFault(fmt.Sprintf("{max_value_exceeded,%d}", n)) }

// UnsupportedQueueType is an x-queue-type that there is not.
func UnsupportedQueueType(typ string) ArgFault {
	return ArgFault(`"unsupported queue type '` + typ + `'"`)
}

// UnsupportedQueueMode is an x-queue-mode that there is not.
func UnsupportedQueueMode(mode string) ArgFault {
	return ArgFault(`"unsupported queue mode '` + mode + `'"`)
}

// UnsupportedQueueVersion is an x-queue-version that there is not.
func UnsupportedQueueVersion(n int64) ArgFault {
	return ArgFault(fmt.Sprintf(`"unsupported queue version '%d'"`, n))
}

// InvalidQueueArg is an argument of a queue or a consumer with a bad value.
func InvalidQueueArg(vhost, queue, key string, fault ArgFault) *Error {
	return Errorf(PreconditionFailed, "invalid arg '%s' for %s: %s", key, queueIn(vhost, queue), fault)
}

// UnsupportedQueueArg is an argument that only other types of queue have.
// queueType is "classic", "quorum" or "stream".
func UnsupportedQueueArg(vhost, queue, key, queueType string) *Error {
	return Errorf(PreconditionFailed, "invalid arg '%s' for %s of queue type rabbit_%s_queue",
		key, queueIn(vhost, queue), queueType)
}

// InvalidQueueProperty is a flag that the type of queue cannot have: property
// is "non-durable", "exclusive" or "auto-delete".
func InvalidQueueProperty(vhost, queue, property string) *Error {
	return Errorf(PreconditionFailed, "invalid property '%s' for %s", property, queueIn(vhost, queue))
}

// WrongQueueArgType is an x-dead-letter-exchange that is no string.
func WrongQueueArgType(vhost, queue, key string, v Value) *Error {
	return wrongArgType(queueIn(vhost, queue), key, v)
}

// WrongExchangeArgType is an alternate-exchange that is no string.
func WrongExchangeArgType(vhost, exchange, key string, v Value) *Error {
	return wrongArgType(exchangeIn(vhost, exchange), key, v)
}

func wrongArgType(what, key string, v Value) *Error {
	return Errorf(PreconditionFailed, "invalid type '%s' for arg '%s' in %s", v.TypeName(), key, what)
}

// BadMatch is a binding to a headers exchange with a bad x-match argument.
func BadMatch(v Value) *Error {
	if v.Tag() != tagString {
		return Errorf(PreconditionFailed, "Invalid x-match field type %s (value %s); expected longstr",
			v.TypeName(), v.term())
	}
	return Errorf(PreconditionFailed,
		"Invalid x-match field value %s; expected all, any, all-with-x, or any-with-x", v.term())
}

// TooManyWildcards is a binding to a topic exchange with so many # in its key
// that matching it would be slow.
func TooManyWildcards(key string, n, most int) *Error {
	return Errorf(PreconditionFailed, "Topic binding key '%s' uses %d '#' wildcards, at most %d are allowed", key, n, most)
}
