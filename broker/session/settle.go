package session

import (
	"math"

	"github.com/lepusmq/lepus/amqp"
)

// fate is what becomes of a delivery.
type fate uint8

const (
	acked    fate = iota
	rejected      // nobody wants it
	returned      // it goes back to the queue
	failed        // so it does, and counts as a delivery in vain
)

// ack handles basic.ack.
func (ch *channel) ack(args []byte) *amqp.Error {
	m := &ch.s.acked
	if err := m.Decode(args); err != nil {
		return asError(err)
	}
	return ch.finish(m.DeliveryTag, m.Multiple, acked)
}

// nack handles basic.nack. A consumer that gives a message back has not failed:
// that is so in RabbitMQ since 4.3.
func (ch *channel) nack(m *amqp.BasicNack) *amqp.Error {
	if m.Requeue {
		return ch.finish(m.DeliveryTag, m.Multiple, returned)
	}
	return ch.finish(m.DeliveryTag, m.Multiple, rejected)
}

// reject handles basic.reject.
func (ch *channel) reject(m *amqp.BasicReject) *amqp.Error {
	if m.Requeue {
		return ch.finish(m.DeliveryTag, false, failed)
	}
	return ch.finish(m.DeliveryTag, false, rejected)
}

// finish settles the deliveries that a tag names, now or with the transaction.
func (ch *channel) finish(tag uint64, multiple bool, how fate) *amqp.Error {
	most := handful
	if how == returned || how == failed {
		most = math.MaxInt // in between others would be first in line
	}
	taken, rest, err := ch.take(tag, multiple, most)
	if err != nil {
		return err
	}
	ch.conclude(taken, how)
	for rest > 0 {
		taken, rest = ch.takeSome(rest, most)
		ch.conclude(taken, how)
	}
	return nil
}

func (ch *channel) conclude(taken []unacked, how fate) {
	if ch.mode == transactional {
		ch.tx.settle(taken, how)
		return
	}
	ch.settle(taken, how)
}

// recover returns all unacked messages to their queues.
func (ch *channel) recover(requeue, reply bool) *amqp.Error {
	if !requeue {
		return amqp.RecoverInPlace()
	}
	taken, _ := ch.takeSome(everything, math.MaxInt)
	ch.settle(taken, returned)
	if reply {
		ch.send(&amqp.BasicRecoverOk{})
	}
	return nil
}

// take removes deliveries that a tag names from those outstanding. If these are
// more than most, rest is the tag up to which takeSome returns the others. What
// is returned is valid until the next call.
func (ch *channel) take(tag uint64, multiple bool, most int) (taken []unacked, rest uint64, err *amqp.Error) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if multiple {
		switch {
		case tag == 0:
			tag = ch.tag
		case !ch.unacked.has(tag):
			return nil, 0, amqp.UnknownDeliveryTag(tag)
		}
		taken, rest = ch.takeTo(tag, most)
		return taken, rest, nil
	}
	u, ok := ch.unacked.take(tag)
	if !ok {
		return nil, 0, amqp.UnknownDeliveryTag(tag)
	}
	return ch.took(append(ch.s.settling[:0], u)), 0, nil
}

// takeSome removes the next deliveries up to a tag, most or a few more, and returns the
// tag again if there are others.
func (ch *channel) takeSome(tag uint64, most int) (taken []unacked, rest uint64) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	return ch.takeTo(tag, most)
}

// takeTo is takeSome with mu held.
func (ch *channel) takeTo(tag uint64, most int) (taken []unacked, rest uint64) {
	taken, more := ch.unacked.takeTo(tag, ch.s.settling[:0], most)
	if more {
		rest = tag
	}
	return ch.took(taken), rest
}

// took leaves out what only the client still has. Called with mu held.
func (ch *channel) took(taken []unacked) []unacked {
	if ch.takenBack > 0 {
		taken = ch.dropTakenBack(taken)
	}
	ch.s.settling = taken
	return taken
}

// settle tells the queues what became of deliveries.
func (ch *channel) settle(taken []unacked, how fate) {
	counted := 0
	for i := 0; i < len(taken); {
		from, n := taken[i].from, 0
		batch := ch.s.batch[:0]
		for ; i < len(taken) && taken[i].from == from; i++ {
			u := &taken[i]
			batch = append(batch, u.settlement())
			n += u.count()
			if !u.free {
				counted += u.count()
			}
		}
		ch.s.batch = batch
		q := from.queue
		switch how {
		case acked:
			ch.sent.Ack += uint64(n)
			from.acked += uint64(n)
			q.Ack(batch)
		case rejected:
			q.Reject(batch)
		case returned:
			q.Return(batch)
		case failed:
			q.Fail(batch)
		}
	}
	clear(taken)
	if counted > 0 {
		ch.window.settled(counted)
	}
}
