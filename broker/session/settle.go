package session

import (
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
	taken, err := ch.take(tag, multiple)
	if err != nil {
		return err
	}
	if ch.mode == transactional {
		ch.tx.settle(taken, how)
		return nil
	}
	ch.settle(taken, how)
	return nil
}

// recover returns all unacked messages to their queues.
func (ch *channel) recover(requeue, reply bool) *amqp.Error {
	if !requeue {
		return amqp.RecoverInPlace()
	}
	ch.mu.Lock()
	taken := ch.unacked.takeTo(everything, ch.s.settling[:0])
	if ch.takenBack > 0 {
		taken = ch.dropTakenBack(taken)
	}
	ch.mu.Unlock()
	ch.settle(taken, returned)
	if reply {
		ch.send(&amqp.BasicRecoverOk{})
	}
	return nil
}

// take removes the deliveries that a tag names from those outstanding. What it
// returns is valid until the next call.
func (ch *channel) take(tag uint64, multiple bool) ([]unacked, *amqp.Error) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	out := ch.s.settling[:0]
	switch {
	case multiple && tag == 0:
		out = ch.unacked.takeTo(everything, out)
	case multiple && ch.unacked.has(tag):
		out = ch.unacked.takeTo(tag, out)
	case multiple:
		return nil, amqp.UnknownDeliveryTag(tag)
	default:
		u, ok := ch.unacked.take(tag)
		if !ok {
			return nil, amqp.UnknownDeliveryTag(tag)
		}
		out = append(out, u)
	}
	if ch.takenBack > 0 {
		out = ch.dropTakenBack(out)
	}
	ch.s.settling = out
	return out, nil
}

// settle tells the queues what became of deliveries.
func (ch *channel) settle(taken []unacked, how fate) {
	if how == acked {
		ch.sent.Ack += uint64(len(taken))
	}
	counted := 0
	for i := 0; i < len(taken); {
		from := taken[i].from
		batch := ch.s.batch[:0]
		for ; i < len(taken) && taken[i].from == from; i++ {
			batch = append(batch, taken[i].settlement())
			if !taken[i].free {
				counted++
			}
		}
		ch.s.batch = batch
		q := from.queue
		switch how {
		case acked:
			from.acked += uint64(len(batch))
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
