package vhost

import (
	"strings"
	"testing"

	"github.com/lepusmq/lepus/amqp"
)

func TestQueueArguments(t *testing.T) {
	s, n := amqp.String, amqp.Int32
	const invalid = "PRECONDITION_FAILED - invalid arg '$' for queue 'q' in vhost '/'"
	const integer = `: "expected integer, got longstr"`
	for _, c := range []struct {
		key  string
		v    amqp.Value
		text string // what follows invalid; "" if the value is fine
	}{
		{"x-expires", n(1), ""},
		{"x-expires", n(0), ": {value_zero,0}"},
		{"x-expires", n(-1), ": {value_negative,-1}"},
		{"x-expires", s("1"), integer},
		{"x-expires", amqp.Int64(315360000001), ": {value_too_large,315360000001}"},
		{"x-message-ttl", amqp.Int64(315360000000), ""},
		{"x-message-ttl", amqp.Uint8(0), ""},
		{"x-message-ttl", amqp.Float64(1.5), `: "expected integer, got double"`},
		{"x-message-ttl", amqp.Bool(true), `: "expected integer, got bool"`},
		{"x-message-ttl", amqp.Timestamp(5), `: "expected integer, got timestamp"`},
		{"x-dead-letter-exchange", s("none yet"), ""},
		{"x-dead-letter-routing-key", s("k"), ": routing_key_but_no_dlx_defined"},
		{"x-dead-letter-routing-key", n(5), ": {unacceptable_type,signedint}"},
		{"x-dead-letter-strategy", s("at-least-once"), " of queue type rabbit_classic_queue"},
		{"x-max-length", n(0), ""},
		{"x-max-length", n(-1), ": {value_negative,-1}"},
		{"x-max-length", amqp.Void(), `: "expected integer, got void"`},
		{"x-max-length-bytes", s("x"), integer},
		{"x-max-priority", n(255), ""},
		{"x-max-priority", n(256), ": {max_value_exceeded,256}"},
		{"x-max-priority", n(-1), ": {value_negative,-1}"},
		{"x-overflow", s("reject-publish-dlx"), ""},
		{"x-overflow", s("drop-tail"), ": invalid_overflow"},
		{"x-overflow", n(3), ": {unacceptable_type,signedint}"},
		{"x-queue-mode", s("lazy"), ""},
		{"x-queue-mode", s("lazyy"), `: "unsupported queue mode 'lazyy'"`},
		{"x-queue-mode", n(1), ": {unacceptable_type,signedint}"},
		{"x-queue-version", n(2), ""},
		{"x-queue-version", n(3), `: "unsupported queue version '3'"`},
		{"x-queue-version", s("1"), integer},
		{"x-single-active-consumer", amqp.Bool(true), ""},
		{"x-single-active-consumer", s("true"), ": {unacceptable_type,longstr}"},
		{"x-consumer-timeout", amqp.Int64(60000), ""},
		{"x-queue-type", s("classic"), ""},
		{"x-queue-type", n(1), ": {unacceptable_type,signedint}"},
		{"x-queue-type", s("bogus"), `: "unsupported queue type 'bogus'"`},
		{"x-queue-type", s("stream"), `: "unsupported queue type 'stream'"`},
		{"x-queue-leader-locator", s("balanced"), ""},
		{"x-queue-leader-locator", s("bogus"), ": invalid_queue_locator_arg"},
		{"x-queue-master-locator", n(1), ""},
		{"x-delivery-limit", n(-1), ""},
		{"x-delivery-limit", s("5"), integer},
		{"x-delayed-retry-type", s("failed"), ""},
		{"x-delayed-retry-type", s("some"), ": invalid_delayed_retry_type"},
		{"x-delayed-retry-min", n(-1), ": {value_negative,-1}"},
		{"x-max-age", s("1D"), " of queue type rabbit_classic_queue"},
		{"x-max-in-memory-length", n(1), " of queue type rabbit_classic_queue"},
		{"x-initial-cluster-size", n(1), " of queue type rabbit_classic_queue"},
		{"x-unknown", amqp.Void(), ""},
	} {
		f := newFixture(t)
		_, err := f.declare(me, QueueSpec{Name: "q", Arguments: args(c.key, c.v)})
		if c.text == "" {
			f.ok(err)
		} else {
			f.refused(err, strings.Replace(invalid, "$", c.key, 1)+c.text)
		}
	}
	f := newFixture(t)
	_, err := f.declare(me, QueueSpec{Name: "q", Arguments: args("x-dead-letter-exchange", n(5))})
	f.refused(err, "PRECONDITION_FAILED - invalid type 'signedint' for arg 'x-dead-letter-exchange' in queue 'q' in vhost '/'")
	_, err = f.declare(me, QueueSpec{Name: "q", Arguments: append(args("x-dead-letter-routing-key", s("k")), args("x-dead-letter-exchange", s(""))...)})
	f.ok(err)
}

func TestQuorumQueue(t *testing.T) {
	s, n := amqp.String, amqp.Int32
	f := newFixture(t)
	quorum := args("x-queue-type", s("quorum"))
	with := func(key string, v amqp.Value) amqp.Table { return append(args(key, v), quorum...) }
	for _, c := range []struct {
		spec QueueSpec
		text string
	}{
		{QueueSpec{Durable: true}, "Cannot declare a server-named queue for type rabbit_quorum_queue"},
		{QueueSpec{Name: "q"}, "invalid property 'non-durable' for queue 'q' in vhost '/'"},
		{QueueSpec{Name: "q", Durable: true, AutoDelete: true}, "invalid property 'auto-delete' for queue 'q' in vhost '/'"},
		{QueueSpec{Name: "q", Durable: true, Exclusive: true}, "invalid property 'exclusive-owner' for queue 'q' in vhost '/'"},
		{QueueSpec{Name: "q", Exclusive: true, AutoDelete: true}, "invalid property 'auto-delete' for queue 'q' in vhost '/'"},
		{QueueSpec{Name: "q", Durable: true, Arguments: with("x-max-priority", n(1))},
			"invalid arg 'x-max-priority' for queue 'q' in vhost '/' of queue type rabbit_quorum_queue"},
		{QueueSpec{Name: "q", Durable: true, Arguments: with("x-queue-mode", s("lazy"))},
			"invalid arg 'x-queue-mode' for queue 'q' in vhost '/' of queue type rabbit_quorum_queue"},
		{QueueSpec{Name: "q", Durable: true, Arguments: with("x-dead-letter-strategy", s("bogus"))},
			"invalid arg 'x-dead-letter-strategy' for queue 'q' in vhost '/': invalid_dlx_strategy"},
		{QueueSpec{Name: "q", Durable: true, Arguments: with("x-quorum-initial-group-size", n(0))},
			"invalid arg 'x-quorum-initial-group-size' for queue 'q' in vhost '/': {value_zero,0}"},
		{QueueSpec{Name: "q", Durable: true, Arguments: with("x-max-in-memory-length", n(-1))},
			"invalid arg 'x-max-in-memory-length' for queue 'q' in vhost '/': {value_negative,-1}"},
		{QueueSpec{Name: "q", Durable: true, Arguments: with("x-delivery-limit", s("many"))},
			`invalid arg 'x-delivery-limit' for queue 'q' in vhost '/': "expected integer, got longstr"`},
	} {
		if c.spec.Arguments == nil {
			c.spec.Arguments = quorum
		}
		_, err := f.declare(me, c.spec)
		f.refused(err, "PRECONDITION_FAILED - "+c.text)
	}
	_, err := f.declare(me, QueueSpec{Name: "q", Durable: true, Arguments: with("x-delivery-limit", n(-1))})
	f.ok(err)
	_, err = f.declare(me, QueueSpec{Name: "q", Durable: true})
	f.refused(err, "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue 'q' in vhost '/': "+
		"received none but current is the value 'quorum' of type 'longstr'")
	_, err = f.declare(me, QueueSpec{Name: "q", Durable: true, Arguments: args("x-queue-type", s("classic"))})
	f.refused(err, "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue 'q' in vhost '/': received 'classic' but current is 'quorum'")
}

func TestSameArguments(t *testing.T) {
	base := amqp.Table{
		{Key: "x-message-ttl", Value: amqp.Int32(5)},
		{Key: "x-dead-letter-exchange", Value: amqp.String("a")},
		{Key: "x-unknown", Value: amqp.Int32(1)},
	}
	f := newFixture(t)
	_, err := f.declare(me, QueueSpec{Name: "q", Arguments: base})
	f.ok(err)
	const inequivalent = "PRECONDITION_FAILED - inequivalent arg '$' for queue 'q' in vhost '/': "
	for _, c := range []struct {
		key  string
		v    *amqp.Value // nil takes the argument away
		text string
	}{
		{"x-message-ttl", ptr(amqp.Int8(5)), ""},
		{"x-message-ttl", ptr(amqp.Int64(5)), ""},
		{"x-message-ttl", nil, "received none but current is the value '5' of type 'signedint'"},
		{"x-message-ttl", ptr(amqp.Int64(6)), "received '6' but current is '5'"},
		{"x-message-ttl", ptr(amqp.String("5")), "received '5' but current is '5'"},
		{"x-message-ttl", ptr(amqp.Float64(5)), "received '5.0' but current is '5'"},
		{"x-dead-letter-exchange", ptr(amqp.String("b")), "received 'b' but current is 'a'"},
		{"x-expires", ptr(amqp.Int32(5000)), "received the value '5000' of type 'signedint' but current is none"},
		{"x-queue-type", ptr(amqp.String("classic")), ""},
		{"x-queue-type", ptr(amqp.String("quorum")), "received the value 'quorum' of type 'longstr' but current is none"},
		{"x-queue-type", ptr(amqp.String("bogus")), "received the value 'bogus' of type 'longstr' but current is none"},
		{"x-unknown", nil, ""},
		{"x-unknown", ptr(amqp.String("another")), ""},
		{"x-max-age", ptr(amqp.String("1D")), ""}, // not an argument of this type
	} {
		changed := amqp.Table{}
		if c.v != nil {
			changed = append(changed, amqp.Field{Key: c.key, Value: *c.v})
		}
		for _, field := range base {
			if field.Key != c.key {
				changed = append(changed, field)
			}
		}
		_, err := f.declare(other, QueueSpec{Name: "q", Arguments: changed})
		if c.text == "" {
			f.ok(err)
		} else {
			f.refused(err, strings.Replace(inequivalent, "$", c.key, 1)+c.text)
		}
	}
}

func ptr(v amqp.Value) *amqp.Value { return &v }
