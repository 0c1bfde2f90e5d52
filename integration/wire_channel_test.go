package integration

import (
	"bytes"
	"testing"
)

// refusedMethods are single methods that end the connection, and the close each gets.
var refusedMethods = map[string]struct {
	send []byte
	want reply
}{
	"second channel.open": {methodFrame(1, channelOpen, ""), reply{504, "CHANNEL_ERROR - second 'channel.open' seen", channelOpen}},
	"declare on a channel never opened": {methodFrame(2, queueDeclare, uint16(0), "", bits{}, table{}),
		reply{504, "CHANNEL_ERROR - expected 'channel.open'", queueDeclare}},
	"publish on a channel never opened": {message(9, "", "x", "x"), reply{504, "CHANNEL_ERROR - expected 'channel.open'", basicPublish}},
	"close of a channel never opened": {methodFrame(2, channelClose, uint16(200), "", uint32(0)),
		reply{504, "CHANNEL_ERROR - expected 'channel.open'", channelClose}},

	"connection.open again":    {methodFrame(0, connectionOpen, "/", "", bits{}), wrongState(connectionOpen)},
	"tune-ok again":            {methodFrame(0, connectionTuneOk, uint16(2047), uint32(131072), uint16(0)), wrongState(connectionTuneOk)},
	"start-ok again":           {methodFrame(0, connectionStartOk, table{}, "PLAIN", long(""), "en_US"), wrongState(connectionStartOk)},
	"close-ok unasked":         {methodFrame(0, connectionCloseOk), wrongState(connectionCloseOk)},
	"channel.open on 0":        {methodFrame(0, channelOpen, ""), wrongState(channelOpen)},
	"basic.qos on 0":           {methodFrame(0, basicQos, uint32(0), uint16(0), bits{}), wrongState(basicQos)},
	"connection.open on 1":     {methodFrame(1, connectionOpen, "/", "", bits{}), unimplemented(connectionOpen)},
	"connection.close on 1":    {methodFrame(1, connectionClose, uint16(200), "", uint32(0)), unimplemented(connectionClose)},
	"channel.close-ok unasked": {methodFrame(1, channelCloseOk), unimplemented(channelCloseOk)},
	"queue.declare-ok":         {methodFrame(1, queueDeclareOk, "q", uint32(0), uint32(0)), unimplemented(queueDeclareOk)},
	"basic.qos-ok":             {methodFrame(1, basicQosOk), unimplemented(basicQosOk)},
	"basic.consume-ok":         {methodFrame(1, basicConsumeOk, "c"), unimplemented(basicConsumeOk)},
	"channel.flow-ok":          {methodFrame(1, channelFlowOk, bits{true}), unimplemented(channelFlowOk)},

	"channel.flow off":        {methodFrame(1, channelFlow, bits{false}), reply{540, "NOT_IMPLEMENTED - active=false", channelFlow}},
	"immediate":               {bytes.Join([][]byte{publishFrame(1, "", "x", false, true), headerFrame(1, 0, properties(0))}, nil), reply{540, "NOT_IMPLEMENTED - immediate=true", basicPublish}},
	"prefetch size":           {methodFrame(1, basicQos, uint32(1), uint16(0), bits{}), reply{540, "NOT_IMPLEMENTED - prefetch_size!=0 (1)", basicQos}},
	"recover without requeue": {methodFrame(1, basicRecover, bits{false}), reply{540, "NOT_IMPLEMENTED - requeue=false", basicRecover}},
	"recover-async without requeue": {methodFrame(1, basicRecoverAsync, bits{false}),
		reply{540, "NOT_IMPLEMENTED - requeue=false", basicRecoverAsync}},
}

func wrongState(id methodID) reply {
	return reply{504, "CHANNEL_ERROR - unexpected method in connection state running", id}
}

func unimplemented(id methodID) reply {
	return reply{503, "COMMAND_INVALID - unimplemented method", id}
}

func TestRefusedMethods(t *testing.T) {
	t.Parallel()
	url := brokerURL(t)
	for name, tt := range refusedMethods {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := dialPeer(t, url).open()
			p.send(tt.send)
			p.expectReply(0, tt.want)
		})
	}
}

func TestDuplicateConsumerTag(t *testing.T) {
	t.Parallel()
	p := openPeer(t)
	q := p.queue()
	p.call(basicConsume, basicConsumeOk, uint16(0), q, "tag", bits{}, table{})
	p.send(methodFrame(1, basicConsume, uint16(0), q, "tag", bits{}, table{}))
	p.expectClose(0, 530, "NOT_ALLOWED - attempt to reuse consumer tag 'tag'", basicConsume)
}

func TestTooManyChannels(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	p.login(clientCapabilities)
	p.send(methodFrame(0, connectionTuneOk, uint16(2), uint32(8192), uint16(0)))
	p.openVhost("/")
	p.openChannel(1)
	p.openChannel(65535) // what counts is how many there are
	p.send(methodFrame(65535, channelClose, uint16(200), "", uint32(0)))
	p.expect(65535, channelCloseOk)
	p.openChannel(2)
	p.send(methodFrame(2, channelClose, uint16(200), "", uint32(0)))
	p.expect(2, channelCloseOk)
	p.openChannel(2)
	p.send(methodFrame(3, channelOpen, ""))
	p.expectClose(0, 530, "NOT_ALLOWED - number of channels opened (2) has reached the negotiated channel_max (2)", noMethod)
}

// The number of a channel is free again as soon as close-ok was sent.
func TestChannelReopened(t *testing.T) {
	t.Parallel()
	p := openPeer(t)
	for range 100 {
		p.call(channelClose, channelCloseOk, uint16(200), "goodbye", uint32(0))
		p.openChannel(1)
	}
	p.alive()
}

// After the broker closed a channel, what was still on its way to it is ignored, whatever it is, until close-ok.
func TestFramesAfterChannelClose(t *testing.T) {
	t.Parallel()
	p := openPeer(t)
	q := p.queue()
	p.openChannel(2)
	p.send(
		methodFrame(1, queueDeclare, uint16(0), "no such queue", bits{true}, table{}),
		methodFrame(1, basicAck, uint64(99), bits{false}),
		message(1, "", q, "lost"),
		message(1, "no such exchange", "", ""),
		methodFrame(1, basicConsume, uint16(0), q, "c", bits{}, table{}),
		methodFrame(1, basicQos, uint32(1), uint16(1), bits{}),
		methodFrame(1, txCommit),
		publishFrame(1, "", q), headerFrame(1, 3, properties(0)), frame(frameBody, 1, []byte("abc")),
	)
	p.expectClose(1, 404, "NOT_FOUND - no queue 'no such queue' in vhost '/'", queueDeclare)
	p.openChannel(1)
	if ready := p.ready(q); ready != 0 {
		t.Errorf("%d messages sent after the channel's end arrived", ready)
	}
	p.send(methodFrame(2, basicQos, uint32(0), uint16(1), bits{}))
	p.expect(2, basicQosOk)
}

// Both ends may close at once: the broker answers the client's close though it has sent its own.
func TestChannelClosesCross(t *testing.T) {
	t.Parallel()
	p := openPeer(t)
	p.send(
		methodFrame(1, queueDeclare, uint16(0), "no such queue", bits{true}, table{}),
		methodFrame(1, channelClose, uint16(200), "", uint32(0)),
	)
	p.expect(1, channelClose)
	p.expect(1, channelCloseOk)
	p.send(methodFrame(1, channelCloseOk))
	p.openChannel(1)
	p.alive()
}

// After the broker closed the connection it hears only close and close-ok.
func TestFramesAfterConnectionClose(t *testing.T) {
	t.Parallel()
	p := openPeer(t)
	q := p.queue()
	p.send(methodFrame(1, channelFlow, bits{false}), message(1, "", q, "lost"))
	p.expect(0, connectionClose)
	p.send(
		message(1, "", q, "lost"),
		methodFrame(1, basicQos, uint32(0), uint16(1), bits{}),
		methodFrame(2, channelOpen, ""),
		methodFrame(0, connectionOpen, "/", "", bits{}),
		methodFrame(0, connectionClose, uint16(200), "", uint32(0)),
	)
	p.expect(0, connectionCloseOk)
	p.send(methodFrame(0, connectionCloseOk))
	p.expectEnd()
}

// A channel's error leaves the connection's other channels alone.
func TestSoftErrorStaysOnItsChannel(t *testing.T) {
	t.Parallel()
	p := openPeer(t)
	q := p.queue()
	p.openChannel(2)
	p.call(basicConsume, basicConsumeOk, uint16(0), q, "c", bits{}, table{})
	p.send(methodFrame(2, basicAck, uint64(1), bits{false}))
	p.expectClose(2, 406, "PRECONDITION_FAILED - unknown delivery tag 1", basicAck)
	p.send(message(1, "", q, "still here"))
	p.expect(1, basicDeliver)
	if _, body := p.content(1); body != "still here" {
		t.Errorf("got %q", body)
	}
}

// Small courtesies that some clients ask for.
func TestCourtesies(t *testing.T) {
	t.Parallel()
	p := openPeer(t)
	if ticket := p.call(accessRequest, accessRequestOk, "/data", bits{false, false, true, true, true}).uint16(); ticket != 1 {
		t.Errorf("ticket %d, want 1", ticket)
	}
	if active := p.call(channelFlow, channelFlowOk, bits{true}).octet(); active != 1 {
		t.Errorf("flow-ok says %d, want 1", active)
	}
	p.send(methodFrame(0, connectionSecret, long("new secret"), "because"))
	p.expect(0, connectionSecretOk)
	if tag := p.call(basicCancel, basicCancelOk, "no such consumer", bits{false}).str(); tag != "no such consumer" {
		t.Errorf("cancel-ok for %q", tag)
	}
	p.alive()
}

// Exclusive queues are gone before close-ok is sent.
func TestExclusiveQueueGoneAtCloseOk(t *testing.T) {
	t.Parallel()
	url := brokerURL(t)
	owner, other := dialPeer(t, url).open(), dialPeer(t, url).open()
	for range 20 {
		q := owner.queue()
		owner.send(methodFrame(0, connectionClose, uint16(200), "", uint32(0)))
		owner.expect(0, connectionCloseOk)
		other.send(methodFrame(1, queueDeclare, uint16(0), q, bits{true}, table{}))
		other.expectClose(1, 404, "NOT_FOUND - no queue '"+q+"' in vhost '/'", queueDeclare)
		other.openChannel(1)
		owner = dialPeer(t, url).open()
	}
}

// Every channel of a full connection works.
func TestManyChannels(t *testing.T) {
	t.Parallel()
	p := openPeer(t)
	q := p.queue()
	var opens, publishes []byte
	for n := uint16(2); n <= p.tune.channelMax; n++ {
		opens = append(opens, methodFrame(n, channelOpen, "")...)
		publishes = append(publishes, message(n, "", q, "x")...)
	}
	p.send(opens)
	for range p.tune.channelMax - 1 {
		if f := p.next(); f.method() != channelOpenOk {
			t.Fatalf("got %v, want channel.open-ok", f)
		}
	}
	p.send(publishes)
	p.call(basicConsume, basicConsumeOk, uint16(0), q, "", bits{false, true}, table{})
	for range p.tune.channelMax - 1 {
		p.expect(1, basicDeliver)
		p.content(1)
	}
}

// A channel that was closed by an error confirms nothing any more.
func TestNoConfirmAfterChannelClose(t *testing.T) {
	t.Parallel()
	p := openPeer(t)
	p.openChannel(2)
	q := unique(t)
	p.call(queueDeclare, queueDeclareOk, uint16(0), q, bits{false, true}, table{})
	p.send(methodFrame(2, confirmSelect, bits{}))
	p.expect(2, confirmSelectOk)
	var burst []byte
	for range 200 {
		burst = append(burst, publishFrame(2, "", q)...)
		burst = append(burst, headerFrame(2, 0, properties(fieldDeliveryMode, byte(2)))...)
	}
	p.send(burst, message(2, q+" is no exchange", "", "x"))
	for f := p.next(); f.method() != channelClose; f = p.next() {
		if f.method() != basicAck || f.channel != 2 {
			t.Fatalf("got %v, want a confirm", f)
		}
	}
	// When all of it is stored, its confirms would have come too, before this answer.
	eventually(t, func() bool { return p.ready(q) == 200 }, func() string { return "what was published before the error is not there" })
	p.send(methodFrame(2, channelCloseOk))
	p.call(queueDelete, queueDeleteOk, uint16(0), q, bits{})
}
