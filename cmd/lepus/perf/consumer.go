package perf

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/lepusmq/lepus/amqp"
)

// consumer takes messages from a queue over a connection of its own. One
// goroutine runs it, and owns all of it.
type consumer struct {
	conn     *conn
	meter    *meter
	queue    string
	run      uint16
	alone    bool // no producers in this run: it measures those of another
	noAck    bool
	ackEvery uint64
	pace     *pace
	ctx      context.Context // ends the wait for pace

	// of the message that is coming
	tag       uint64
	redeliver bool
	left      uint64 // octets of the body that are to come
	stamp     stamp
	stamped   bool
	begun     bool

	handled  uint64 // the tag of the last message that came whole
	unacked  uint64 // messages behind the last ack
	acks     []byte // not yet written
	samples  samples
	received int64
	own      int64
	last     []uint64 // by producer: the number of its last message
	disorder error    // the first message that came out of order
}

// newConsumer starts to consume.
func newConsumer(c *conn, index int, o *Options, t *topology, run uint16, m *meter) (*consumer, error) {
	k := &consumer{
		conn: c, meter: m, queue: t.queue(index), run: run,
		alone: o.Producers == 0, noAck: o.AutoAck, ackEvery: uint64(max(o.AckEvery, 1)),
		pace: newPace(c.clock, o.ConsumerRate), last: make([]uint64, o.Producers),
	}
	if o.Prefetch > 0 && !o.AutoAck {
		qos := &amqp.BasicQos{PrefetchCount: uint16(o.Prefetch)}
		if err := c.call(channelID, qos, new(amqp.BasicQosOk)); err != nil {
			return nil, err
		}
	}
	consume := &amqp.BasicConsume{Queue: k.queue, NoAck: k.noAck}
	if err := c.call(channelID, consume, new(amqp.BasicConsumeOk)); err != nil {
		return nil, fmt.Errorf("consume from queue %s: %w", k.queue, err)
	}
	return k, nil
}

// consume takes messages until ctx ends, and ends the connection. It is called
// once.
func (k *consumer) consume(ctx context.Context) error {
	defer k.conn.hangUp()
	k.ctx = ctx
	interrupted := make(chan struct{})
	forget := context.AfterFunc(ctx, func() {
		_ = k.conn.sock.SetReadDeadline(time.Now())
		close(interrupted)
	})
	defer forget()
	for {
		err := k.conn.each(k.frame)
		if err == nil {
			err = k.flush()
		}
		if err == nil {
			err = k.conn.fill()
		}
		if ctx.Err() != nil && (err == nil || errors.Is(err, os.ErrDeadlineExceeded)) {
			// An interruption that is under way must not fall into the end.
			if !forget() {
				<-interrupted
			}
			return k.leave()
		}
		if err != nil {
			return err
		}
	}
}

// leave acks what is left and ends the connection in order.
func (k *consumer) leave() error {
	k.conn.expire(setupPatience)
	if k.unacked > 0 {
		k.ack(true)
	}
	if err := k.flush(); err != nil {
		return err
	}
	return k.conn.close()
}

func (k *consumer) frame(f amqp.Frame) error {
	switch f.Type {
	case amqp.FrameMethod:
		return k.method(f.Payload)
	case amqp.FrameHeader:
		var h amqp.ContentHeader
		if err := h.Decode(f.Payload); err != nil {
			return err
		}
		k.left, k.begun, k.stamped = h.BodySize, false, false
		if k.left == 0 {
			return k.complete()
		}
	case amqp.FrameBody:
		if !k.begun {
			k.begun = true
			k.stamp, k.stamped = readStamp(f.Payload)
		}
		if k.left -= min(k.left, uint64(len(f.Payload))); k.left == 0 {
			return k.complete()
		}
	}
	return nil
}

func (k *consumer) method(payload []byte) error {
	id, args, err := amqp.ParseMethod(payload)
	if err != nil {
		return err
	}
	switch id {
	case amqp.BasicDeliverID:
		var m amqp.BasicDeliver
		if err := m.Decode(args); err != nil {
			return err
		}
		k.tag, k.redeliver = m.DeliveryTag, m.Redelivered
		return nil
	case amqp.BasicCancelID:
		return fmt.Errorf("the broker cancelled the consumer: queue %s is gone", k.queue)
	}
	return closed(id, args)
}

// complete handles a message that has come whole.
func (k *consumer) complete() error {
	now := k.conn.readAt
	if k.pace != nil {
		if err := k.wait(); err != nil {
			return err
		}
		now = k.conn.clock.now()
	}
	k.received++
	k.handled = k.tag
	own := k.stamped && k.stamp.run == k.run && int(k.stamp.producer) < len(k.last)
	if k.stamped && (own || k.alone) {
		k.samples.add(now - k.stamp.at)
	}
	if own && !k.redeliver {
		k.own++
		k.order()
	}
	if k.noAck {
		return nil
	}
	if k.unacked++; k.unacked == k.ackEvery {
		k.ack(k.ackEvery > 1)
	}
	return nil
}

// wait keeps to the pace. Before it waits it says what it has done.
func (k *consumer) wait() error {
	if err := k.flush(); err != nil {
		return err
	}
	if k.pace.take(k.ctx, 1) == 0 {
		return os.ErrDeadlineExceeded
	}
	return nil
}

// order checks that each producer's messages come in the order they were sent
// in: those that another consumer got are missing, none is behind.
func (k *consumer) order() {
	last := &k.last[k.stamp.producer]
	if k.stamp.seq <= *last {
		if k.disorder == nil {
			k.disorder = fmt.Errorf("queue %s: of producer %d, message %d came after message %d",
				k.queue, k.stamp.producer, k.stamp.seq, *last)
		}
		k.meter.disorder.Add(1)
		return
	}
	*last = k.stamp.seq
}

// ack acks the last message, or all up to it.
func (k *consumer) ack(multiple bool) {
	b, at := amqp.BeginFrame(k.acks, amqp.FrameMethod, channelID)
	m := amqp.BasicAck{DeliveryTag: k.handled, Multiple: multiple}
	k.acks = amqp.EndFrame(m.Append(b), at)
	k.unacked = 0
}

// flush sends acks, and counts what was received.
func (k *consumer) flush() error {
	if k.received > 0 {
		k.meter.lastAt.Store(k.conn.readAt)
		k.meter.delivery.record(&k.samples)
		k.meter.received.Add(k.received)
		k.meter.own.Add(k.own)
		k.received, k.own = 0, 0
	}
	if len(k.acks) == 0 {
		return nil
	}
	_, err := k.conn.sock.Write(k.acks)
	k.acks = k.acks[:0]
	return err
}
