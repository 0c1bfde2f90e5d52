package perf

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/lepusmq/lepus/amqp"
)

func newTestConsumer() *consumer {
	return &consumer{
		conn:  &conn{readAt: 1000},
		meter: &meter{delivery: newLatency(), confirm: newLatency()},
		queue: "q", run: 9, ackEvery: 3, last: make([]uint64, 2),
	}
}

// deliver hands a message to the consumer as frames, its body in pieces.
func (k *consumer) deliver(t *testing.T, tag uint64, redelivered bool, body []byte) {
	t.Helper()
	b := amqp.AppendMethod(nil, 1, &amqp.BasicDeliver{DeliveryTag: tag, Redelivered: redelivered})
	b = amqp.AppendHeader(b, 1, 60, uint64(len(body)), []byte{0, 0})
	for len(body) > 0 {
		n := min(len(body), 20)
		b = amqp.AppendBody(b, 1, body[:n], 0)
		body = body[n:]
	}
	c := conn{buf: b, end: len(b)}
	if err := c.each(k.frame); err != nil {
		t.Fatal(err)
	}
}

func stamped(s stamp) []byte {
	b := make([]byte, 50)
	s.put(b)
	return b
}

func TestConsumerSeesTheOrder(t *testing.T) {
	k := newTestConsumer()
	for i, s := range []stamp{
		{run: 9, producer: 0, seq: 1, at: 400},
		{run: 9, producer: 1, seq: 1, at: 400},
		{run: 9, producer: 0, seq: 5, at: 500}, // another consumer has the rest
		{run: 8, producer: 0, seq: 1},          // of another run
		{run: 9, producer: 2, seq: 1},          // of another run with the same number
	} {
		k.deliver(t, uint64(i+1), false, stamped(s))
	}
	if k.received != 5 || k.own != 3 || k.disorder != nil {
		t.Errorf("%d received, %d of its own, %v", k.received, k.own, k.disorder)
	}
	if len(k.samples) != 2 || k.samples[0] != (sample{600, 2}) || k.samples[1] != (sample{500, 1}) {
		t.Errorf("measured %v", k.samples)
	}
	k.deliver(t, 6, true, stamped(stamp{run: 9, seq: 3}))
	if k.disorder != nil {
		t.Errorf("a message that comes again is behind by right: %v", k.disorder)
	}
	k.deliver(t, 7, false, stamped(stamp{run: 9, seq: 5}))
	k.deliver(t, 8, false, stamped(stamp{run: 9, seq: 4}))
	if k.disorder == nil || !strings.Contains(k.disorder.Error(), "message 5 came after message 5") || k.meter.disorder.Load() != 2 {
		t.Errorf("%v, %d out of order", k.disorder, k.meter.disorder.Load())
	}
}

func TestConsumerAcks(t *testing.T) {
	k := newTestConsumer()
	for tag := uint64(1); tag <= 7; tag++ {
		k.deliver(t, tag, false, nil)
	}
	want := amqp.AppendMethod(nil, 1, &amqp.BasicAck{DeliveryTag: 3, Multiple: true})
	want = amqp.AppendMethod(want, 1, &amqp.BasicAck{DeliveryTag: 6, Multiple: true})
	if string(k.acks) != string(want) || k.unacked != 1 {
		t.Errorf("acks %x, and %d to come", k.acks, k.unacked)
	}
	if k.received != 7 || k.own != 0 || len(k.samples) != 0 {
		t.Errorf("%d received, %d of its own, measured %v", k.received, k.own, k.samples)
	}
}

func TestConsumerEndsWithTheBrokersReason(t *testing.T) {
	k := newTestConsumer()
	for want, m := range map[string]amqp.Method{
		"queue q is gone":                    &amqp.BasicCancel{ConsumerTag: "c"},
		"closed the channel: 404 no such":    &amqp.ChannelClose{ReplyCode: 404, ReplyText: "no such"},
		"closed the connection: 320 forced!": &amqp.ConnectionClose{ReplyCode: 320, ReplyText: "forced!"},
	} {
		if err := k.frame(amqp.Frame{Type: amqp.FrameMethod, Payload: m.Append(nil)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", m.ID(), err)
		}
	}
}

// slowContext has ended, and tells so when tell is called.
type slowContext struct {
	context.Context
	tell func()
}

func (c *slowContext) Done() <-chan struct{} { return make(chan struct{}) }
func (c *slowContext) Err() error            { return context.Canceled }

// AfterFunc is what the context package calls.
func (c *slowContext) AfterFunc(f func()) (stop func() bool) {
	c.tell = f
	return func() bool { return true }
}

// TestConsumerLeavesInOrder has a consumer see by itself that the run has ended, and
// be told so while it waits for the broker's last word.
func TestConsumerLeavesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		k := newTestConsumer()
		k.conn = &conn{sock: ours, clock: newClock(), frameMax: 4096}
		ctx := &slowContext{Context: t.Context()}
		left := make(chan error, 1)
		go func() { left <- k.consume(ctx) }()

		broker := &conn{sock: theirs, clock: newClock(), frameMax: 4096}
		if _, err := theirs.Write(amqp.AppendHeartbeat(nil)); err != nil {
			t.Fatal(err)
		}
		if err := broker.call(0, nil, new(amqp.ConnectionClose)); err != nil {
			t.Fatal(err)
		}
		ctx.tell()
		synctest.Wait()
		if err := broker.send(0, new(amqp.ConnectionCloseOk)); err != nil {
			t.Fatal(err)
		}
		if err := <-left; err != nil {
			t.Errorf("the consumer has ended with %v", err)
		}
	})
}
