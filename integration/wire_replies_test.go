package integration

import (
	"strings"
	"testing"
)

// A refusal is one method on channel 1 and the channel.close it gets. In method and text, {n} is a name that does not
// exist, {q} an exclusive queue of this connection, {x} a direct exchange, {l} an exclusive queue of another connection.
type refusal struct {
	name   string
	id     methodID
	args   []any
	code   uint16
	text   string
	props  []byte // of the message, for basic.publish
	fresh  bool   // the channel has declared no queue
	bound  bool   // {q} is bound to {x}
	before []byte // sent first on channel 1, one method that has a reply

	consumer bits // of a consumer a on {q}; nil: none
}

type refusalNames struct{ n, q, x, l string }

func (n refusalNames) fill(s string) string {
	return strings.NewReplacer("{n}", n.n, "{q}", n.q, "{x}", n.x, "{l}", n.l).Replace(s)
}

func (n refusalNames) fillArgs(args []any) []any {
	filled := make([]any, len(args))
	for i, arg := range args {
		filled[i] = arg
		if s, ok := arg.(string); ok {
			filled[i] = n.fill(s)
		}
	}
	return filled
}

// testRefusals runs each refusal on a connection of its own and checks that the connection survives it.
func testRefusals(t *testing.T, refusals []refusal) {
	t.Helper()
	url := brokerURL(t)
	owner := connect(t, url)
	names := refusalNames{x: owner.exchange("direct", nil), l: unique(t)}
	_, err := owner.QueueDeclare(names.l, false, false, true, false, nil)
	owner.must(err)
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) {
			p := dialPeer(t, url).open()
			names := names
			names.n, names.q = unique(t), unique(t)
			p.call(queueDeclare, queueDeclareOk, uint16(0), names.q, exclusive, table{})
			if r.fresh {
				p.call(channelClose, channelCloseOk, uint16(200), "", uint32(0))
				p.openChannel(1)
			}
			if r.bound {
				p.call(queueBind, queueBindOk, uint16(0), names.q, names.x, "k", plain, table{})
			}
			if r.consumer != nil {
				p.call(basicConsume, basicConsumeOk, uint16(0), names.q, "a", r.consumer, table{})
			}
			if r.before != nil {
				p.send(r.before)
				p.next()
			}
			p.send(methodFrame(1, r.id, names.fillArgs(r.args)...))
			if r.id == basicPublish {
				p.send(headerFrame(1, 0, append(r.props, properties(0)...)[:max(2, len(r.props))]))
			}
			p.expectClose(1, r.code, cut(names.fill(r.text)), r.id)
			p.openChannel(1)
			p.alive()
		})
	}
}

// cut shortens a reply text as RabbitMQ does when it does not fit a short string.
func cut(text string) string {
	if len(text) > 255 {
		return text[:252] + "..."
	}
	return text
}

// args is the fields of a method as they are on the wire.
func args(a ...any) []any { return a }

var (
	passive   = bits{true}
	exclusive = bits{false, false, true}
	plain     = bits{}
)

func TestQueueArgumentsRefused(t *testing.T) {
	t.Parallel()
	declare := func(name, text string, args ...field) refusal {
		return refusal{name: name, id: queueDeclare, args: []any{uint16(0), "{n}", exclusive, table(args)}, code: 406,
			text: "PRECONDITION_FAILED - invalid arg '" + args[0].key + "' for queue '{n}' in vhost '/': " + text}
	}
	const notInteger = `"expected integer, got longstr"`
	var refusals []refusal
	for _, key := range []string{"x-message-ttl", "x-expires", "x-max-length", "x-max-length-bytes", "x-max-priority"} {
		refusals = append(refusals,
			declare(key+" as a string", notInteger, str(key, "10")),
			declare(key+" negative", "{value_negative,-1}", i32(key, -1)))
	}
	testRefusals(t, append(refusals,
		declare("x-message-ttl too large", "{value_too_large,315360000001}", i64("x-message-ttl", 315360000001)),
		declare("x-expires zero", "{value_zero,0}", i32("x-expires", 0)),
		declare("x-expires too large", "{value_too_large,315360000001}", i64("x-expires", 315360000001)),
		declare("x-max-priority too large", "{max_value_exceeded,256}", i32("x-max-priority", 256)),
		declare("x-overflow unknown", "invalid_overflow", str("x-overflow", "bogus")),
		declare("x-overflow as a number", "{unacceptable_type,long}", i64("x-overflow", 1)),
		refusal{name: "x-dead-letter-exchange as a number", id: queueDeclare,
			args: args(uint16(0), "{n}", exclusive, table{i32("x-dead-letter-exchange", 1)}), code: 406,
			text: "PRECONDITION_FAILED - invalid type 'signedint' for arg 'x-dead-letter-exchange' in queue '{n}' in vhost '/'"},
		declare("x-dead-letter-routing-key as a number", "{unacceptable_type,signedint}",
			i32("x-dead-letter-routing-key", 1), str("x-dead-letter-exchange", "x")),
		declare("x-dead-letter-routing-key alone", "routing_key_but_no_dlx_defined", str("x-dead-letter-routing-key", "k")),
		declare("x-single-active-consumer as a string", "{unacceptable_type,longstr}", str("x-single-active-consumer", "true")),
		declare("x-queue-type unknown", `"unsupported queue type 'bogus'"`, str("x-queue-type", "bogus")),
		declare("x-queue-type as a number", "{unacceptable_type,signedint}", i32("x-queue-type", 1)),
		declare("x-queue-version as a string", notInteger, str("x-queue-version", "2")),
		declare("x-message-ttl as a boolean", `"expected integer, got bool"`, boolean("x-message-ttl", true)),
		declare("x-message-ttl as a table", `"expected integer, got table"`, nested("x-message-ttl")),
		refusal{name: "argument of another queue type", id: queueDeclare,
			args: args(uint16(0), "{n}", exclusive, table{i32("x-max-in-memory-length", 3)}), code: 406,
			text: "PRECONDITION_FAILED - invalid arg 'x-max-in-memory-length' for queue '{n}' in vhost '/' of queue type rabbit_classic_queue"},
		declare("x-message-ttl void", `"expected integer, got void"`, void("x-message-ttl")),
	))
}

func TestQueueRefusals(t *testing.T) {
	t.Parallel()
	const (
		noQueue    = "NOT_FOUND - no queue '{n}' in vhost '/'"
		noX        = "NOT_FOUND - no exchange '{n}' in vhost '/'"
		locked     = "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '{l}' in vhost '/'. It could be originally declared on another connection or the exclusive property value does not match that of the original declaration."
		reserved   = "ACCESS_REFUSED - queue name 'amq.{n}' contains reserved prefix 'amq.*'"
		none       = "NOT_FOUND - no previously declared queue"
		theDefault = "ACCESS_REFUSED - operation not permitted on the default exchange"
	)
	unequal := func(arg, received, current string) string {
		return "PRECONDITION_FAILED - inequivalent arg '" + arg + "' for queue '{q}' in vhost '/': received " + received + " but current is " + current
	}
	testRefusals(t, []refusal{
		{name: "passive declare, missing", id: queueDeclare, args: args(uint16(0), "{n}", passive, table{}), code: 404, text: noQueue},
		{name: "bind, missing queue", id: queueBind, args: args(uint16(0), "{n}", "{x}", "k", plain, table{}), code: 404, text: noQueue},
		{name: "bind, missing exchange", id: queueBind, args: args(uint16(0), "{q}", "{n}", "k", plain, table{}), code: 404, text: noX},
		{name: "purge, missing", id: queuePurge, args: args(uint16(0), "{n}", plain), code: 404, text: noQueue},
		{name: "get, missing", id: basicGet, args: args(uint16(0), "{n}", plain), code: 404, text: noQueue},
		{name: "consume, missing", id: basicConsume, args: args(uint16(0), "{n}", "", plain, table{}), code: 404, text: noQueue},

		{name: "declare, another's", id: queueDeclare, args: args(uint16(0), "{l}", exclusive, table{}), code: 405, text: locked},
		{name: "passive declare, another's", id: queueDeclare, args: args(uint16(0), "{l}", passive, table{}), code: 405, text: locked},
		{name: "bind, another's", id: queueBind, args: args(uint16(0), "{l}", "{x}", "k", plain, table{}), code: 405, text: locked},
		{name: "purge, another's", id: queuePurge, args: args(uint16(0), "{l}", plain), code: 405, text: locked},
		{name: "delete, another's", id: queueDelete, args: args(uint16(0), "{l}", plain), code: 405, text: locked},
		{name: "get, another's", id: basicGet, args: args(uint16(0), "{l}", plain), code: 405, text: locked},
		{name: "consume, another's", id: basicConsume, args: args(uint16(0), "{l}", "", plain, table{}), code: 405, text: locked},
		{name: "own exclusive as not exclusive", id: queueDeclare, args: args(uint16(0), "{q}", plain, table{}), code: 405,
			text: strings.ReplaceAll(locked, "{l}", "{q}")},

		{name: "reserved name", id: queueDeclare, args: args(uint16(0), "amq.{n}", exclusive, table{}), code: 403, text: reserved},
		{name: "no queue declared yet: bind", id: queueBind, args: args(uint16(0), "", "{x}", "k", plain, table{}), code: 404, text: none, fresh: true},
		{name: "no queue declared yet: get", id: basicGet, args: args(uint16(0), "", plain), code: 404, text: none, fresh: true},
		{name: "no queue declared yet: consume", id: basicConsume, args: args(uint16(0), "", "", plain, table{}), code: 404, text: none, fresh: true},
		{name: "no queue declared yet: purge", id: queuePurge, args: args(uint16(0), "", plain), code: 404, text: none, fresh: true},
		{name: "no queue declared yet: delete", id: queueDelete, args: args(uint16(0), "", plain), code: 404, text: none, fresh: true},
		{name: "no queue declared yet: unbind", id: queueUnbind, args: args(uint16(0), "", "{x}", "k", table{}), code: 404, text: none, fresh: true},
		{name: "passive declare without a name", id: queueDeclare, args: args(uint16(0), "", passive, table{}), code: 404, text: "NOT_FOUND - no queue '' in vhost '/'"},
		{name: "bind to the default exchange", id: queueBind, args: args(uint16(0), "{q}", "", "k", plain, table{}), code: 403, text: theDefault},
		{name: "unbind from the default exchange", id: queueUnbind, args: args(uint16(0), "{q}", "", "{q}", table{}), code: 403, text: theDefault},

		{name: "inequivalent auto_delete", id: queueDeclare, args: args(uint16(0), "{q}", bits{false, false, true, true}, table{}), code: 406,
			text: unequal("auto_delete", "'true'", "'false'")},
		{name: "inequivalent x-max-length", id: queueDeclare, args: args(uint16(0), "{q}", exclusive, table{i32("x-max-length", 5)}), code: 406,
			text: unequal("x-max-length", "the value '5' of type 'signedint'", "none")},
		{name: "inequivalent x-expires", id: queueDeclare, args: args(uint16(0), "{q}", exclusive, table{i64("x-expires", 60000)}), code: 406,
			text: unequal("x-expires", "the value '60000' of type 'long'", "none")},
		{name: "inequivalent x-message-ttl", id: queueDeclare, args: args(uint16(0), "{q}", exclusive, table{i16("x-message-ttl", 60)}), code: 406,
			text: unequal("x-message-ttl", "the value '60' of type 'short'", "none")},
		{name: "inequivalent x-dead-letter-exchange", id: queueDeclare, args: args(uint16(0), "{q}", exclusive, table{str("x-dead-letter-exchange", "d")}),
			code: 406, text: unequal("x-dead-letter-exchange", "the value 'd' of type 'longstr'", "none")},
	})
}

func TestExchangeRefusals(t *testing.T) {
	t.Parallel()
	const (
		noX        = "NOT_FOUND - no exchange '{n}' in vhost '/'"
		theDefault = "ACCESS_REFUSED - operation not permitted on the default exchange"
	)
	unequal := func(arg, received, current string) string {
		return "PRECONDITION_FAILED - inequivalent arg '" + arg + "' for exchange '{x}' in vhost '/': received " + received + " but current is " + current
	}
	durable := bits{false, true}
	testRefusals(t, []refusal{
		{name: "passive declare, missing", id: exchangeDeclare, args: args(uint16(0), "{n}", "direct", passive, table{}), code: 404, text: noX},
		{name: "bind, missing source", id: exchangeBind, args: args(uint16(0), "{x}", "{n}", "k", plain, table{}), code: 404, text: noX},
		{name: "bind, missing destination", id: exchangeBind, args: args(uint16(0), "{n}", "{x}", "k", plain, table{}), code: 404, text: noX},
		{name: "publish, missing", id: basicPublish, args: args(uint16(0), "{n}", "k", plain), code: 404, text: noX},

		{name: "declare the default", id: exchangeDeclare, args: args(uint16(0), "", "direct", durable, table{}), code: 403, text: theDefault},
		{name: "passive declare of the default", id: exchangeDeclare, args: args(uint16(0), "", "direct", passive, table{}), code: 403, text: theDefault},
		{name: "delete the default", id: exchangeDelete, args: args(uint16(0), "", plain), code: 403, text: theDefault},
		{name: "bind from the default", id: exchangeBind, args: args(uint16(0), "{x}", "", "k", plain, table{}), code: 403, text: theDefault},
		{name: "bind to the default", id: exchangeBind, args: args(uint16(0), "", "{x}", "k", plain, table{}), code: 403, text: theDefault},
		{name: "unbind from the default", id: exchangeUnbind, args: args(uint16(0), "{x}", "", "k", plain, table{}), code: 403, text: theDefault},
		{name: "unbind to the default", id: exchangeUnbind, args: args(uint16(0), "", "{x}", "k", plain, table{}), code: 403, text: theDefault},

		{name: "reserved name", id: exchangeDeclare, args: args(uint16(0), "amq.{n}", "direct", plain, table{}), code: 403,
			text: "ACCESS_REFUSED - exchange name 'amq.{n}' contains reserved prefix 'amq.*'"},
		{name: "delete amq.direct", id: exchangeDelete, args: args(uint16(0), "amq.direct", plain), code: 403,
			text: "ACCESS_REFUSED - deletion of system exchange 'amq.direct' in vhost '/' not allowed"},
		{name: "delete amq. anything", id: exchangeDelete, args: args(uint16(0), "amq.{n}", plain), code: 403,
			text: "ACCESS_REFUSED - deletion of system exchange 'amq.{n}' in vhost '/' not allowed"},

		{name: "inequivalent type", id: exchangeDeclare, args: args(uint16(0), "{x}", "fanout", durable, table{}), code: 406,
			text: unequal("type", "'fanout'", "'direct'")},
		{name: "inequivalent durable", id: exchangeDeclare, args: args(uint16(0), "{x}", "direct", plain, table{}), code: 406,
			text: unequal("durable", "'false'", "'true'")},
		{name: "inequivalent auto_delete", id: exchangeDeclare, args: args(uint16(0), "{x}", "direct", bits{false, true, true}, table{}), code: 406,
			text: unequal("auto_delete", "'true'", "'false'")},
		{name: "inequivalent internal", id: exchangeDeclare, args: args(uint16(0), "{x}", "direct", bits{false, true, false, true}, table{}), code: 406,
			text: unequal("internal", "'true'", "'false'")},
		{name: "inequivalent alternate-exchange", id: exchangeDeclare,
			args: args(uint16(0), "{x}", "direct", durable, table{str("alternate-exchange", "other")}), code: 406,
			text: unequal("alternate-exchange", "the value 'other' of type 'longstr'", "none")},
		{name: "inequivalent amq.topic", id: exchangeDeclare, args: args(uint16(0), "amq.topic", "direct", durable, table{}), code: 406,
			text: "PRECONDITION_FAILED - inequivalent arg 'type' for exchange 'amq.topic' in vhost '/': received 'direct' but current is 'topic'"},
		{name: "alternate-exchange as a number", id: exchangeDeclare, args: args(uint16(0), "{n}", "direct", plain, table{i32("alternate-exchange", 1)}), code: 406,
			text: "PRECONDITION_FAILED - invalid type 'signedint' for arg 'alternate-exchange' in exchange '{n}' in vhost '/'"},

		{name: "delete if-unused", id: exchangeDelete, args: args(uint16(0), "{x}", bits{true}), code: 406,
			text: "PRECONDITION_FAILED - exchange '{x}' in vhost '/' in use", bound: true},
		{name: "x-match unknown", id: queueBind, args: args(uint16(0), "{q}", "amq.headers", "", plain, table{str("x-match", "most")}), code: 406,
			text: `PRECONDITION_FAILED - Invalid x-match field value <<"most">>; expected all, any, all-with-x, or any-with-x`},
		{name: "x-match as a number", id: queueBind, args: args(uint16(0), "{q}", "amq.headers", "", plain, table{i32("x-match", 1)}), code: 406,
			text: "PRECONDITION_FAILED - Invalid x-match field type signedint (value 1); expected longstr"},
	})
}

func TestBasicRefusals(t *testing.T) {
	t.Parallel()
	unknownTag := func(tag string) string { return "PRECONDITION_FAILED - unknown delivery tag " + tag }
	confirm, tx := methodFrame(1, confirmSelect, plain), methodFrame(1, txSelect)
	testRefusals(t, []refusal{
		{name: "ack of an unknown tag", id: basicAck, args: args(uint64(99), plain), code: 406, text: unknownTag("99")},
		{name: "ack of unknown tags", id: basicAck, args: args(uint64(99), bits{true}), code: 406, text: unknownTag("99")},
		{name: "ack of tag 0", id: basicAck, args: args(uint64(0), plain), code: 406, text: unknownTag("0")},
		{name: "ack of the largest tag", id: basicAck, args: args(uint64(1<<64-1), plain), code: 406, text: unknownTag("18446744073709551615")},
		{name: "nack of an unknown tag", id: basicNack, args: args(uint64(1), plain), code: 406, text: unknownTag("1")},
		{name: "reject of an unknown tag", id: basicReject, args: args(uint64(1), plain), code: 406, text: unknownTag("1")},
		{name: "ack of an unknown tag in a transaction", id: basicAck, args: args(uint64(5), plain), code: 406, text: unknownTag("5"), before: tx},

		{name: "commit without select", id: txCommit, code: 406, text: "PRECONDITION_FAILED - channel is not transactional"},
		{name: "rollback without select", id: txRollback, code: 406, text: "PRECONDITION_FAILED - channel is not transactional"},
		{name: "tx after confirm", id: txSelect, code: 406, text: "PRECONDITION_FAILED - cannot switch from confirm to tx mode", before: confirm},
		{name: "confirm after tx", id: confirmSelect, args: args(plain), code: 406, text: "PRECONDITION_FAILED - cannot switch from tx to confirm mode", before: tx},

		{name: "exclusive beside another", id: basicConsume, args: args(uint16(0), "{q}", "b", bits{false, false, true}, table{}), code: 403,
			text: "ACCESS_REFUSED - queue '{q}' in vhost '/' in exclusive use", consumer: plain},
		{name: "another beside an exclusive", id: basicConsume, args: args(uint16(0), "{q}", "b", plain, table{}), code: 403,
			text: "ACCESS_REFUSED - queue '{q}' in vhost '/' in exclusive use", consumer: bits{false, false, true}},
		{name: "x-priority as a string", id: basicConsume, args: args(uint16(0), "{q}", "b", plain, table{str("x-priority", "1")}), code: 406,
			text: `PRECONDITION_FAILED - invalid arg 'x-priority' for queue '{q}' in vhost '/': "expected integer, got longstr"`},
		{name: "argument of a stream's consumer", id: basicConsume, args: args(uint16(0), "{q}", "b", plain, table{str("x-stream-offset", "first")}), code: 406,
			text: "PRECONDITION_FAILED - invalid arg 'x-stream-offset' for queue '{q}' in vhost '/' of queue type rabbit_classic_queue"},
		{name: "delete if-unused", id: queueDelete, args: args(uint16(0), "{q}", bits{true, false}), code: 406,
			text: "PRECONDITION_FAILED - queue '{q}' in vhost '/' in use", consumer: plain},
	})
}

func TestPropertiesRefused(t *testing.T) {
	t.Parallel()
	publish := func(name, text string, flags uint16, value any) refusal {
		return refusal{name: name, id: basicPublish, args: args(uint16(0), "", "{q}", plain), props: properties(flags, value),
			code: 406, text: "PRECONDITION_FAILED - " + text}
	}
	testRefusals(t, []refusal{
		publish("expiration with a unit", `invalid expiration '10x': {leftover_string,"x"}`, fieldExpiration, "10x"),
		publish("empty expiration", `invalid expiration '': no_integer`, fieldExpiration, ""),
		publish("expiration in letters", `invalid expiration 'soon': no_integer`, fieldExpiration, "soon"),
		publish("negative expiration", `invalid expiration '-1': {value_negative,-1}`, fieldExpiration, "-1"),
		publish("expiration with a fraction", `invalid expiration '1.5': {leftover_string,".5"}`, fieldExpiration, "1.5"),
		publish("expiration too large", `invalid expiration '99999999999999': {value_too_large,99999999999999}`, fieldExpiration, "99999999999999"),
		publish("another's user-id", "user_id property set to 'nobody' but authenticated user was 'guest'", fieldUserID, "nobody"),
		publish("delivery mode 7", "invalid message: {delivery_mode_unknown,7}", fieldDeliveryMode, byte(7)),
	})
}

// In RabbitMQ before 4.0 an exchange type that does not exist cost the whole connection.
func TestUnknownExchangeType(t *testing.T) {
	t.Parallel()
	p := openPeer(t)
	p.send(methodFrame(1, exchangeDeclare, uint16(0), unique(t), "bogus", plain, table{}))
	if p.legacy() {
		p.expectClose(0, 503, "COMMAND_INVALID - unknown exchange type 'bogus'", exchangeDeclare)
		return
	}
	p.expectClose(1, 406, "PRECONDITION_FAILED - unknown exchange type 'bogus'", exchangeDeclare)
}
