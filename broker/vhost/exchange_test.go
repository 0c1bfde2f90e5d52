package vhost

import (
	"testing"

	"github.com/lepusmq/lepus/amqp"
)

func args(key string, v amqp.Value) amqp.Table { return amqp.Table{{Key: key, Value: v}} }

func TestDeclareExchange(t *testing.T) {
	f := newFixture(t)
	spec := ExchangeSpec{Name: "x\r\n", Type: "topic", AutoDelete: true, Arguments: args("alternate-exchange", amqp.String("a"))}
	f.ok(f.exchange(spec))
	f.ok(f.exchange(spec))
	f.ok(f.exchange(ExchangeSpec{Name: "x", Passive: true}))
	f.ok(f.exchange(ExchangeSpec{Name: "x", Type: "nonsense", Passive: true, Durable: true}))

	like := func(change func(*ExchangeSpec)) error {
		s := spec
		change(&s)
		return f.exchange(s)
	}
	f.ok(like(func(s *ExchangeSpec) {
		s.Arguments = append(amqp.Table{{Key: "nonsense", Value: amqp.Int32(1)}}, s.Arguments...)
	}))
	const inequivalent = "PRECONDITION_FAILED - inequivalent arg "
	f.refused(like(func(s *ExchangeSpec) { s.Type = "fanout" }),
		inequivalent+"'type' for exchange 'x' in vhost '/': received 'fanout' but current is 'topic'")
	f.refused(like(func(s *ExchangeSpec) { s.Durable = true }),
		inequivalent+"'durable' for exchange 'x' in vhost '/': received 'true' but current is 'false'")
	f.refused(like(func(s *ExchangeSpec) { s.AutoDelete = false }),
		inequivalent+"'auto_delete' for exchange 'x' in vhost '/': received 'false' but current is 'true'")
	f.refused(like(func(s *ExchangeSpec) { s.Internal = true }),
		inequivalent+"'internal' for exchange 'x' in vhost '/': received 'true' but current is 'false'")
	f.refused(like(func(s *ExchangeSpec) { s.Arguments = nil }),
		inequivalent+"'alternate-exchange' for exchange 'x' in vhost '/': received none but current is the value 'a' of type 'longstr'")
	f.refused(like(func(s *ExchangeSpec) { s.Arguments = args("alternate-exchange", amqp.String("b")) }),
		inequivalent+"'alternate-exchange' for exchange 'x' in vhost '/': received 'b' but current is 'a'")
}

func TestDeclareExchangeRefused(t *testing.T) {
	f := newFixture(t)
	for _, c := range []struct {
		spec ExchangeSpec
		text string
	}{
		{ExchangeSpec{Name: "x", Type: "bogus"}, "PRECONDITION_FAILED - unknown exchange type 'bogus'"},
		{ExchangeSpec{Name: "amq.new", Type: "bogus"}, "PRECONDITION_FAILED - unknown exchange type 'bogus'"},
		{ExchangeSpec{Name: "", Type: "direct"}, "ACCESS_REFUSED - operation not permitted on the default exchange"},
		{ExchangeSpec{Name: "\n", Passive: true}, "ACCESS_REFUSED - operation not permitted on the default exchange"},
		{ExchangeSpec{Name: "amq.new", Type: "direct"}, "ACCESS_REFUSED - exchange name 'amq.new' contains reserved prefix 'amq.*'"},
		{ExchangeSpec{Name: "amq.new", Passive: true}, "NOT_FOUND - no exchange 'amq.new' in vhost '/'"},
		{ExchangeSpec{Name: "x", Type: "direct", Arguments: args("alternate-exchange", amqp.Int32(1))},
			"PRECONDITION_FAILED - invalid type 'signedint' for arg 'alternate-exchange' in exchange 'x' in vhost '/'"},
		{ExchangeSpec{Name: "amq.topic", Type: "topic"},
			"PRECONDITION_FAILED - inequivalent arg 'durable' for exchange 'amq.topic' in vhost '/': received 'false' but current is 'true'"},
	} {
		f.refused(f.exchange(c.spec), c.text)
	}
	f.ok(f.exchange(ExchangeSpec{Name: "amq.topic", Type: "topic", Durable: true}))
	f.refused(f.exchange(ExchangeSpec{Name: "x", Passive: true}), "NOT_FOUND - no exchange 'x' in vhost '/'")
}

func TestDeleteExchange(t *testing.T) {
	f := newFixture(t)
	f.ok(f.deleteExchange("none", true))
	f.refused(f.deleteExchange("", false), "ACCESS_REFUSED - operation not permitted on the default exchange")
	f.refused(f.deleteExchange("amq.direct", false), "ACCESS_REFUSED - deletion of system exchange 'amq.direct' in vhost '/' not allowed")
	f.refused(f.deleteExchange("amq.none", false), "ACCESS_REFUSED - deletion of system exchange 'amq.none' in vhost '/' not allowed")
	f.queue("q")
	f.ok(f.exchange(ExchangeSpec{Name: "x", Type: "fanout"}))
	f.ok(f.exchange(ExchangeSpec{Name: "source", Type: "fanout", AutoDelete: true}))
	f.ok(f.bind(me, Binding{Source: "x", Destination: "q"}))
	f.ok(f.bind(me, Binding{Source: "source", Destination: "x", ToExchange: true}))
	f.refused(f.deleteExchange("x", true), "PRECONDITION_FAILED - exchange 'x' in vhost '/' in use")
	f.ok(f.unbind(me, Binding{Source: "x", Destination: "q"}))
	f.ok(f.deleteExchange("\rx", true)) // a binding to it is no use of it
	f.refused(f.exchange(ExchangeSpec{Name: "x", Passive: true}), "NOT_FOUND - no exchange 'x' in vhost '/'")
	f.refused(f.exchange(ExchangeSpec{Name: "source", Passive: true}), "NOT_FOUND - no exchange 'source' in vhost '/'")
}
