package vhost

import (
	"fmt"
	"slices"

	"github.com/lepusmq/lepus/amqp"
)

// The tag of long strings: where a name is wanted, a byte array is none.
const longstr = 'S'

// queueType is a type of queue, and as a set of them, who knows an argument.
type queueType uint8

const (
	classic queueType = 1 << iota
	quorum
	stream
)

func (t queueType) String() string {
	switch t {
	case quorum:
		return "quorum"
	case stream:
		return "stream"
	}
	return "classic"
}

const (
	typeArgument       = "x-queue-type"
	deadLetterArgument = "x-dead-letter-exchange"
)

// typeOf returns the type of queue that arguments ask for; ok is false if they
// ask for one that there is not.
func typeOf(args amqp.Table) (t queueType, ok bool) {
	v, asked := args.Get(typeArgument)
	if !asked {
		return classic, true
	}
	switch s, _ := v.Str(); {
	case v.Tag() != longstr:
	case s == "classic":
		return classic, true
	case s == "quorum":
		return quorum, true
	}
	return classic, false
}

// argument is an argument of queue.declare that means something.
type argument struct {
	key   string
	types queueType // those that know it
	// check returns what is wrong with a value, "" if nothing is.
	check func(v amqp.Value, args amqp.Table) amqp.ArgFault
}

// arguments are all that mean something, in the order in which RabbitMQ checks
// them. What most of them do is not decided here. There are no streams; their
// arguments are here because no other queue can have them. The table never
// changes.
var arguments = []argument{
	{"x-expires", classic | quorum, checkExpires},
	{"x-message-ttl", classic | quorum, checkPeriod},
	{deadLetterArgument, classic | quorum, checkText},
	{"x-dead-letter-routing-key", classic | quorum, checkDeadLetterKey},
	{"x-dead-letter-strategy", quorum, oneOf(amqp.BadDeadLetterStrategy, "at-most-once", "at-least-once")},
	{"x-max-length", classic | quorum, checkSize},
	{"x-max-length-bytes", classic | quorum | stream, checkSize},
	{"x-max-in-memory-length", quorum, checkSize},
	{"x-max-in-memory-bytes", quorum, checkSize},
	{"x-max-priority", classic, checkPriority},
	{"x-overflow", classic | quorum, oneOf(amqp.BadOverflow, "drop-head", "reject-publish", "reject-publish-dlx")},
	{"x-queue-mode", classic, checkMode},
	{"x-queue-version", classic, checkVersion},
	{"x-single-active-consumer", classic | quorum, checkBool},
	{"x-consumer-timeout", classic | quorum, checkSize},
	{"x-consumer-disconnected-timeout", quorum, checkSize},
	{typeArgument, classic | quorum | stream, nil}, // checked before all others
	{"x-quorum-initial-group-size", quorum, checkCount},
	{"x-delivery-limit", classic | quorum, checkInteger},
	{"x-delayed-retry-type", classic | quorum, oneOf("invalid_delayed_retry_type", "disabled", "all", "failed", "returned")},
	{"x-delayed-retry-min", classic | quorum, checkSize},
	{"x-delayed-retry-max", classic | quorum, checkSize},
	{"x-max-age", stream, nil},
	{"x-stream-max-segment-size-bytes", stream, nil},
	{"x-stream-filter-size-bytes", stream, nil},
	{"x-initial-cluster-size", stream, nil},
	{"x-queue-master-locator", classic, nil},
	{"x-queue-leader-locator", classic | quorum | stream,
		oneOf(amqp.BadLeaderLocator, "client-local", "balanced", "random", "least-leaders", "min-masters")},
	{"x-member-placement-tag", quorum, checkText},
}

// checkArguments returns the error for arguments that a new queue of the name
// cannot have, and its type.
func (v *VHost) checkArguments(name string, args amqp.Table) (queueType, error) {
	if dlx, ok := args.Get(deadLetterArgument); ok && dlx.Tag() != longstr {
		return 0, amqp.WrongQueueArgType(v.name, name, deadLetterArgument, dlx)
	}
	t, ok := typeOf(args)
	if !ok {
		return 0, amqp.InvalidQueueArg(v.name, name, typeArgument, typeFault(args))
	}
	for i := range arguments {
		a := &arguments[i]
		if a.types&t == 0 || a.check == nil {
			continue
		}
		if value, ok := args.Get(a.key); ok {
			if fault := a.check(value, args); fault != "" {
				return 0, amqp.InvalidQueueArg(v.name, name, a.key, fault)
			}
		}
	}
	for _, f := range args {
		if a := findArgument(f.Key); a != nil && a.types&t == 0 {
			return 0, amqp.UnsupportedQueueArg(v.name, name, f.Key, t.String())
		}
	}
	return t, nil
}

func findArgument(key string) *argument {
	i := slices.IndexFunc(arguments, func(a argument) bool { return a.key == key })
	if i < 0 {
		return nil
	}
	return &arguments[i]
}

// sameArgument reports whether two tables have the same value of an argument,
// or both none.
func sameArgument(key string, one, other amqp.Table) bool {
	a, hasA := one.Get(key)
	b, hasB := other.Get(key)
	return hasA == hasB && a.Equivalent(b)
}

// inequivalent returns the argument, of those that mean something to a queue
// with the arguments current, in which others differ; "" if there is none.
func inequivalent(current, received amqp.Table) string {
	t, _ := typeOf(current)
	for i := range arguments {
		a := &arguments[i]
		if a.types&t == 0 || sameArgument(a.key, current, received) {
			continue
		}
		if a.key == typeArgument && t == classic {
			// Classic is what a queue is that does not say.
			if asked, ok := typeOf(received); ok && asked == classic {
				continue
			}
		}
		return a.key
	}
	return ""
}

// nameArgument returns an argument that names something.
func nameArgument(args amqp.Table, key string) (name string, ok bool) {
	v, ok := args.Get(key)
	if !ok || v.Tag() != longstr {
		return "", false
	}
	return v.Str()
}

// typeFault says what is wrong with the type that arguments ask for.
func typeFault(args amqp.Table) amqp.ArgFault {
	v, _ := args.Get(typeArgument)
	if v.Tag() != longstr {
		return amqp.WrongType(v)
	}
	s, _ := v.Str()
	return amqp.UnsupportedQueueType(s)
}

// The longest period: ten years, in milliseconds.
const maxPeriod = 10 * 365 * 24 * 60 * 60 * 1000

func checkInteger(v amqp.Value, _ amqp.Table) amqp.ArgFault {
	if _, ok := v.Int(); !ok {
		return amqp.NotInteger(v)
	}
	return ""
}

func checkSize(v amqp.Value, args amqp.Table) amqp.ArgFault {
	if fault := checkInteger(v, args); fault != "" {
		return fault
	}
	if n, _ := v.Int(); n < 0 {
		return amqp.NegativeValue(n)
	}
	return ""
}

func checkCount(v amqp.Value, args amqp.Table) amqp.ArgFault {
	if fault := checkSize(v, args); fault != "" {
		return fault
	}
	if n, _ := v.Int(); n == 0 {
		return amqp.ZeroValue()
	}
	return ""
}

func checkPeriod(v amqp.Value, args amqp.Table) amqp.ArgFault {
	if fault := checkSize(v, args); fault != "" {
		return fault
	}
	if n, _ := v.Int(); n > maxPeriod {
		return amqp.TooLargeValue(n)
	}
	return ""
}

func checkExpires(v amqp.Value, args amqp.Table) amqp.ArgFault {
	if fault := checkCount(v, args); fault != "" {
		return fault
	}
	return checkPeriod(v, args)
}

func checkPriority(v amqp.Value, args amqp.Table) amqp.ArgFault {
	if fault := checkSize(v, args); fault != "" {
		return fault
	}
	if n, _ := v.Int(); n > 255 {
		return amqp.MaxValueExceeded(n)
	}
	return ""
}

func checkVersion(v amqp.Value, args amqp.Table) amqp.ArgFault {
	if fault := checkSize(v, args); fault != "" {
		return fault
	}
	if n, _ := v.Int(); n != 1 && n != 2 {
		return amqp.ArgFault(fmt.Sprintf(`"unsupported queue version '%d'"`, n))
	}
	return ""
}

func checkBool(v amqp.Value, _ amqp.Table) amqp.ArgFault {
	if _, ok := v.Bool(); !ok {
		return amqp.WrongType(v)
	}
	return ""
}

func checkText(v amqp.Value, _ amqp.Table) amqp.ArgFault {
	if v.Tag() != longstr {
		return amqp.WrongType(v)
	}
	return ""
}

func checkDeadLetterKey(v amqp.Value, args amqp.Table) amqp.ArgFault {
	if fault := checkText(v, args); fault != "" {
		return fault
	}
	if _, ok := args.Get(deadLetterArgument); !ok {
		return amqp.NoDeadLetterExchange
	}
	return ""
}

func checkMode(v amqp.Value, args amqp.Table) amqp.ArgFault {
	if fault := checkText(v, args); fault != "" {
		return fault
	}
	if s, _ := v.Str(); s != "default" && s != "lazy" {
		return amqp.UnsupportedQueueMode(s)
	}
	return ""
}

// oneOf makes a check for a string that must be one of a few.
func oneOf(fault amqp.ArgFault, allowed ...string) func(amqp.Value, amqp.Table) amqp.ArgFault {
	return func(v amqp.Value, args amqp.Table) amqp.ArgFault {
		if wrong := checkText(v, args); wrong != "" {
			return wrong
		}
		if s, _ := v.Str(); !slices.Contains(allowed, s) {
			return fault
		}
		return ""
	}
}
