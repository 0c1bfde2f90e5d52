package amqp

import "testing"

// TestReplies holds the texts that RabbitMQ sends. Most were received from
// RabbitMQ 3.10.8; the others are in its source or in that of a newer one.
func TestReplies(t *testing.T) {
	const (
		v = "/"
		q = "q1"
		x = "x1"
	)
	five, six := Table{{"k", Int64(5)}}, Table{{"k", Int32(6)}}
	for _, tc := range []struct {
		err  *Error
		want string
	}{
		{NoQueue(v, q), "NOT_FOUND - no queue 'q1' in vhost '/'"},
		{NoExchange(v, x), "NOT_FOUND - no exchange 'x1' in vhost '/'"},
		{NoPreviousQueue(), "NOT_FOUND - no previously declared queue"},
		{LockedQueue(v, q), "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'q1' in vhost '/'. It could be originally declared on another connection or the exclusive property value does not match that of the original declaration."},
		{QueueInUse(v, q), "PRECONDITION_FAILED - queue 'q1' in vhost '/' in use"},
		{QueueNotEmpty(v, q), "PRECONDITION_FAILED - queue 'q1' in vhost '/' not empty"},
		{ExchangeInUse(v, x), "PRECONDITION_FAILED - exchange 'x1' in vhost '/' in use"},
		{ExclusiveUse(v, q), "ACCESS_REFUSED - queue 'q1' in vhost '/' in exclusive use"},
		{SingleActiveGet(v, q), "RESOURCE_LOCKED - cannot obtain access to locked queue 'q1' in vhost '/'. basic.get operations are not supported by quorum queues with single active consumer"},
		{ReservedQueueName("amq.q"), "ACCESS_REFUSED - queue name 'amq.q' contains reserved prefix 'amq.*'"},
		{ReservedExchangeName("amq.x"), "ACCESS_REFUSED - exchange name 'amq.x' contains reserved prefix 'amq.*'"},
		{DefaultExchange(), "ACCESS_REFUSED - operation not permitted on the default exchange"},
		{SystemExchange(v, "amq.direct"), "ACCESS_REFUSED - deletion of system exchange 'amq.direct' in vhost '/' not allowed"},
		{InternalExchange(v, x), "ACCESS_REFUSED - cannot publish to internal exchange 'x1' in vhost '/'"},
		{UnknownExchangeType("nosuch"), "PRECONDITION_FAILED - unknown exchange type 'nosuch'"},
		{ServerNamedQueue("quorum"), "PRECONDITION_FAILED - Cannot declare a server-named queue for type rabbit_quorum_queue"},
		{QueueLimit(v, q, 3), "PRECONDITION_FAILED - cannot declare queue 'q1': queue limit in vhost '/' (3) is reached"},
		{ExchangeLimit(v, x, 3), "PRECONDITION_FAILED - cannot declare exchange 'x1' in vhost '/': exchange limit of 3 is reached"},
		{ReplyQueueBinding(), "ACCESS_REFUSED - cannot bind or unbind to a volatile (direct reply-to) queue"},
		{QueueAccess(v, q, "read", "u"), "ACCESS_REFUSED - read access to queue 'q1' in vhost '/' refused for user 'u'"},
		{ExchangeAccess(v, "", "write", "u"), "ACCESS_REFUSED - write access to exchange 'amq.default' in vhost '/' refused for user 'u'"},
		{TopicAccess(v, x, "a.b", "write", "u"), "ACCESS_REFUSED - write access to topic 'a.b' in exchange topic 'x1' in vhost '/' refused for user 'u'"},

		{InequivalentQueue(v, q, "durable", false, true), "PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'q1' in vhost '/': received 'false' but current is 'true'"},
		{InequivalentExchange(v, x, "type", "topic", "direct"), "PRECONDITION_FAILED - inequivalent arg 'type' for exchange 'x1' in vhost '/': received 'topic' but current is 'direct'"},
		{InequivalentExchange(v, x, "internal", true, false), "PRECONDITION_FAILED - inequivalent arg 'internal' for exchange 'x1' in vhost '/': received 'true' but current is 'false'"},
		{InequivalentQueueArg(v, q, "k", six, five), "PRECONDITION_FAILED - inequivalent arg 'k' for queue 'q1' in vhost '/': received '6' but current is '5'"},
		{InequivalentQueueArg(v, q, "k", nil, five), "PRECONDITION_FAILED - inequivalent arg 'k' for queue 'q1' in vhost '/': received none but current is the value '5' of type 'long'"},
		{InequivalentQueueArg(v, q, "k", six, nil), "PRECONDITION_FAILED - inequivalent arg 'k' for queue 'q1' in vhost '/': received the value '6' of type 'signedint' but current is none"},
		{InequivalentExchangeArg(v, x, "k", Table{{"k", String("foo")}}, nil), "PRECONDITION_FAILED - inequivalent arg 'k' for exchange 'x1' in vhost '/': received the value 'foo' of type 'longstr' but current is none"},
		{InvalidQueueArg(v, q, "x-max-length", NotInteger(String("a"))), `PRECONDITION_FAILED - invalid arg 'x-max-length' for queue 'q1' in vhost '/': "expected integer, got longstr"`},
		{InvalidQueueArg(v, q, "x-max-length", NegativeValue(-1)), "PRECONDITION_FAILED - invalid arg 'x-max-length' for queue 'q1' in vhost '/': {value_negative,-1}"},
		{InvalidQueueArg(v, q, "x-expires", ZeroValue()), "PRECONDITION_FAILED - invalid arg 'x-expires' for queue 'q1' in vhost '/': {value_zero,0}"},
		{InvalidQueueArg(v, q, "x-message-ttl", TooLargeValue(1<<60)), "PRECONDITION_FAILED - invalid arg 'x-message-ttl' for queue 'q1' in vhost '/': {value_too_large,1152921504606846976}"},
		{InvalidQueueArg(v, q, "x-max-priority", MaxValueExceeded(256)), "PRECONDITION_FAILED - invalid arg 'x-max-priority' for queue 'q1' in vhost '/': {max_value_exceeded,256}"},
		{InvalidQueueArg(v, q, "x-overflow", WrongType(Int64(1))), "PRECONDITION_FAILED - invalid arg 'x-overflow' for queue 'q1' in vhost '/': {unacceptable_type,long}"},
		{InvalidQueueArg(v, q, "x-overflow", BadOverflow), "PRECONDITION_FAILED - invalid arg 'x-overflow' for queue 'q1' in vhost '/': invalid_overflow"},
		{InvalidQueueArg(v, q, "x-dead-letter-routing-key", NoDeadLetterExchange), "PRECONDITION_FAILED - invalid arg 'x-dead-letter-routing-key' for queue 'q1' in vhost '/': routing_key_but_no_dlx_defined"},
		{InvalidQueueArg(v, q, "x-queue-type", UnsupportedQueueType("bogus")), `PRECONDITION_FAILED - invalid arg 'x-queue-type' for queue 'q1' in vhost '/': "unsupported queue type 'bogus'"`},
		{InvalidQueueArg(v, q, "x-queue-mode", UnsupportedQueueMode("foo")), `PRECONDITION_FAILED - invalid arg 'x-queue-mode' for queue 'q1' in vhost '/': "unsupported queue mode 'foo'"`},
		{InvalidQueueArg(v, q, "x-queue-version", UnsupportedQueueVersion(9)), `PRECONDITION_FAILED - invalid arg 'x-queue-version' for queue 'q1' in vhost '/': "unsupported queue version '9'"`},
		{UnsupportedQueueArg(v, q, "x-max-age", "classic"), "PRECONDITION_FAILED - invalid arg 'x-max-age' for queue 'q1' in vhost '/' of queue type rabbit_classic_queue"},
		{InvalidQueueProperty(v, q, "non-durable"), "PRECONDITION_FAILED - invalid property 'non-durable' for queue 'q1' in vhost '/'"},
		{WrongQueueArgType(v, q, "x-dead-letter-exchange", Int64(1)), "PRECONDITION_FAILED - invalid type 'long' for arg 'x-dead-letter-exchange' in queue 'q1' in vhost '/'"},
		{WrongExchangeArgType(v, x, "alternate-exchange", Int32(1)), "PRECONDITION_FAILED - invalid type 'signedint' for arg 'alternate-exchange' in exchange 'x1' in vhost '/'"},
		{BadMatch(String("foo")), `PRECONDITION_FAILED - Invalid x-match field value <<"foo">>; expected all, any, all-with-x, or any-with-x`},
		{BadMatch(Int32(4)), "PRECONDITION_FAILED - Invalid x-match field type signedint (value 4); expected longstr"},
		{TooManyWildcards("#.#", 2, 1), "PRECONDITION_FAILED - Topic binding key '#.#' uses 2 '#' wildcards, at most 1 are allowed"},

		{SecondChannelOpen(), "CHANNEL_ERROR - second 'channel.open' seen"},
		{ExpectedChannelOpen(), "CHANNEL_ERROR - expected 'channel.open'"},
		{UnimplementedMethod(), "COMMAND_INVALID - unimplemented method"},
		{FlowInactive(), "NOT_IMPLEMENTED - active=false"},
		{PrefetchSize(7), "NOT_IMPLEMENTED - prefetch_size!=0 (7)"},
		{GlobalQos(v, q), "NOT_IMPLEMENTED - queue 'q1' in vhost '/' does not support global qos"},
		{ImmediatePublish(), "NOT_IMPLEMENTED - immediate=true"},
		{RecoverInPlace(), "NOT_IMPLEMENTED - requeue=false"},
		{UnknownDeliveryTag(99), "PRECONDITION_FAILED - unknown delivery tag 99"},
		{AckTimeout(1, 1000), "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: 1000 ms. This timeout value can be configured, see consumers doc guide to learn more"},
		{ReusedConsumerTag("a"), "NOT_ALLOWED - attempt to reuse consumer tag 'a'"},
		{ConsumerLimit(3), "NOT_ALLOWED - reached maximum (3) of consumers per channel"},
		{ConfirmToTx(), "PRECONDITION_FAILED - cannot switch from confirm to tx mode"},
		{TxToConfirm(), "PRECONDITION_FAILED - cannot switch from tx to confirm mode"},
		{NotTransactional(), "PRECONDITION_FAILED - channel is not transactional"},
		{PartialCommit(), "PRECONDITION_FAILED - partial tx completion"},
		{MessageTooLarge(17, 16), "PRECONDITION_FAILED - message size 17 is larger than configured max size 16"},
		{WrongUserID([]byte("bob"), "guest"), "PRECONDITION_FAILED - user_id property set to 'bob' but authenticated user was 'guest'"},
		{WrongCopyHeader("CC", String("a")), `PRECONDITION_FAILED - invalid message: {unacceptable_type_in_header,"CC",longstr}`},
		{NoReplyConsumer(), "PRECONDITION_FAILED - fast reply consumer does not exist"},
		{ReplyConsumerAcks(), "PRECONDITION_FAILED - reply consumer cannot acknowledge"},
		{SecondReplyConsumer(), "PRECONDITION_FAILED - reply consumer already set"},
		{ReplyQueueGet(v, q), "NOT_IMPLEMENTED - basic.get not supported by volatile queue 'q1' in vhost '/'"},

		{LoginRefused("PLAIN"), "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile."},
		{TuneTooLow("frame_max", 100, 4096), "NOT_ALLOWED - negotiated frame_max = 100 is lower than the minimum allowed value (4096)"},
		{TuneTooHigh("channel_max", 5000, 2047), "NOT_ALLOWED - negotiated channel_max = 5000 is higher than the maximum allowed value (2047)"},
		{TuneTooHigh("frame_max", 0, 131072), "NOT_ALLOWED - negotiated frame_max = 0 (no limit) is higher than the maximum allowed value (131072)"},
		{NoVHost("nosuch"), "NOT_ALLOWED - vhost nosuch not found"},
		{VHostRefused("v", "u"), "NOT_ALLOWED - access to vhost 'v' refused for user 'u'"},
		{VHostDown("v", "u"), "INTERNAL_ERROR - access to vhost 'v' refused for user 'u': vhost 'v' is down"},
		{VHostConnectionLimit("v", "u", 2), "NOT_ALLOWED - access to vhost 'v' refused for user 'u': connection limit (2) is reached"},
		{UserConnectionLimit("u", 2), "NOT_ALLOWED - connection refused for user 'u': user connection limit (2) is reached"},
		{NodeConnectionLimit(2), "NOT_ALLOWED - connection refused: node connection limit (2) is reached"},
		{NodeChannelLimit(2), "NOT_ALLOWED - number of channels opened on this node has reached the maximum allowed limit of (2)"},
		{ChannelLimit(2, 2), "NOT_ALLOWED - number of channels opened (2) has reached the negotiated channel_max (2)"},
		{UserChannelLimit("u", 2), "NOT_ALLOWED - number of channels opened for user 'u' has reached the maximum allowed user limit of (2)"},
		{WrongState("running"), "CHANNEL_ERROR - unexpected method in connection state running"},
		{SecretRefused(), "NOT_ALLOWED - New secret was refused by one of the backends"},
		{Forced("broker forced connection closure with reason 'shutdown'"), "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'"},

		{MisplacedFrame(FrameHeartbeat, nil), "UNEXPECTED_FRAME - type 8, all octets = <<>>"},
		{ExpectedMethod(), "UNEXPECTED_FRAME - expected method frame, got non method frame instead"},
		{ExpectedHeader(BasicPublishID), "UNEXPECTED_FRAME - expected content header for class 60, got non content header frame instead"},
		{WrongHeaderClass(BasicPublishID, 50), "UNEXPECTED_FRAME - expected content header for class 60, got one for class 50 instead"},
		{ExpectedBody(BasicPublishID), "UNEXPECTED_FRAME - expected content body, got non content body frame instead"},
		{BodyTooLong(BasicPublishID), "FRAME_ERROR - content body frame exceeds remaining content size"},
		{BodySizeTooLarge(BasicPublishID, 1<<30, 1<<29), "FRAME_ERROR - content body size 1073741824 exceeds maximum allowed size 536870912"},
	} {
		if got := tc.err.Error(); got != tc.want {
			t.Errorf("got  %s\nwant %s", got, tc.want)
		}
	}
}

// TestErlangFloats has what Erlang/OTP 25 prints.
func TestErlangFloats(t *testing.T) {
	for want, f := range map[string]float64{
		"1.0": 1, "1.5": 1.5, "100.0": 100, "1.0e3": 1000, "12345.0": 12345, "0.001": 0.001, "1.0e-5": 1e-5, "-0.1": -0.1,
		"1.2345678901234568e17": 123456789012345680, "9.007199254740992e15": 1 << 53, "1.0e21": 1e21,
		"1.7976931348623157e308": 1.7976931348623157e308, "5.0e-324": 5e-324, "0.0": 0,
	} {
		if got := erlangFloat(f); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
