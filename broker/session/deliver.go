package session

import (
	"encoding/binary"
	"errors"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/vhost"
	"github.com/lepusmq/lepus/queue"
)

// Deliver implements queue.Sink.
func (ch *channel) Deliver(q *queue.Queue, batch []queue.Delivery) (full bool) {
	if ch.s.vhost.Tracing() {
		ch.traceDeliveries(q, batch)
	}
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if ch.ended {
		return true
	}
	out := ch.s.out
	buf, ok := out.begin()
	if !ok {
		return true
	}
	var again, noAck uint64
	from := batch[0].Consumer.Label.(*consumer).from
	for i := range batch {
		d := &batch[i]
		ch.tag++
		if d.Redelivered() {
			again++
		}
		buf = out.turn(ch.appendDelivery(buf, d.Consumer.Label.(*consumer), d))
		if d.Slot != 0 {
			ch.unacked.push(&unacked{from: from, seq: d.Seq, tag: ch.tag, slot: d.Slot})
		} else {
			noAck++
		}
	}
	ch.given.delivered(uint64(len(batch))-noAck, noAck, again)
	from.given.delivered(uint64(len(batch))-noAck, noAck, again)
	if out.commit(buf) {
		var last *queue.Consumer
		for i := range batch {
			if c := batch[i].Consumer; c != last {
				full = out.pause(c.Label.(*consumer)) || full
				last = c
			}
		}
	}
	return full
}

// Full implements queue.Sink.
func (ch *channel) Full(c *queue.Consumer) bool {
	out := ch.s.out
	return out.full.Load() && out.pause(c.Label.(*consumer))
}

// Flush implements queue.Sink.
func (ch *channel) Flush() { ch.s.out.flush() }

// appendDelivery appends basic.deliver with its content.
func (ch *channel) appendDelivery(buf []byte, c *consumer, d *queue.Delivery) []byte {
	buf, at := amqp.BeginFrame(buf, amqp.FrameMethod, ch.id)
	buf = append(buf, c.start...)
	buf = binary.BigEndian.AppendUint64(buf, ch.tag)
	buf = append(buf, bit(d.Redelivered()))
	buf = append(buf, d.Route()...)
	buf = amqp.EndFrame(buf, at)
	head := d.Head()
	if d.Redelivered() {
		head = headOf(c.queue, d)
	}
	return ch.appendContent(buf, &d.Message, head)
}

// appendContent appends the header and body frames of a message.
func (ch *channel) appendContent(buf []byte, m *queue.Message, head []byte) []byte {
	body := m.Body()
	if m.Has(queue.Blind) {
		head = amqp.AppendWithoutHeader(nil, head, amqp.BlindCopyHeader)
	}
	buf = amqp.AppendHeader(buf, ch.id, amqp.BasicPublishID.Class(), uint64(len(body)), head)
	if len(body) >= refSize {
		return ch.s.out.reference(buf, ch.id, m, ch.s.frameMax)
	}
	return amqp.AppendBody(buf, ch.id, body, ch.s.frameMax)
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// basicGet fetches one message.
func (ch *channel) basicGet(m *amqp.BasicGet) *amqp.Error {
	if m.Queue == vhost.ReplyQueue {
		return amqp.ReplyQueueGet(ch.s.vhost.Name(), m.Queue)
	}
	q, err := ch.readableQueue(m.Queue)
	if err != nil {
		return err
	}
	if q.SingleActive() && q.Quorum() {
		return amqp.SingleActiveGet(ch.s.vhost.Name(), q.QueueName()).For(amqp.BasicGetID)
	}
	ch.ask()
	q.Get(ch, m.NoAck, func(d *queue.Delivery, ready int, ok bool, err error) {
		if errors.Is(err, queue.ErrDeleted) {
			err = amqp.NoQueue(ch.s.vhost.Name(), q.QueueName())
		}
		if err == nil {
			ch.got(q, d, ready, ok)
		}
		ch.answer(nil, err, amqp.BasicGetID)
	})
	return nil
}

// got sends what was fetched.
func (ch *channel) got(q *queue.Queue, d *queue.Delivery, ready int, ok bool) {
	if ok && ch.s.vhost.Tracing() {
		ch.traceDeliveries(q, []queue.Delivery{*d})
	}
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if ch.ended {
		if ok && d.Slot != 0 {
			q.Return([]queue.Settlement{{Slot: d.Slot, Seq: d.Seq}})
		}
		return
	}
	from := ch.dealings.with(q)
	if !ok {
		ch.given.GetEmpty++
		from.given.GetEmpty++
		ch.send(&amqp.BasicGetEmpty{})
		return
	}
	ch.tag++
	ch.given.gave(d)
	from.given.gave(d)
	if d.Slot != 0 {
		ch.unacked.push(&unacked{from: from, seq: d.Seq, tag: ch.tag, slot: d.Slot, free: true})
	}
	buf, ok := ch.s.out.begin()
	if !ok {
		return
	}
	buf, at := amqp.BeginFrame(buf, amqp.FrameMethod, ch.id)
	buf = append(buf, 0, 60, 0, 71)
	buf = binary.BigEndian.AppendUint64(buf, ch.tag)
	buf = append(buf, bit(d.Redelivered()))
	buf = append(buf, d.Route()...)
	buf = binary.BigEndian.AppendUint32(buf, uint32(ready))
	buf = amqp.EndFrame(buf, at)
	ch.s.out.commit(ch.appendContent(buf, &d.Message, headOf(q, d)))
}
