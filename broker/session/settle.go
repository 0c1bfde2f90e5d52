package session

import (
	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
)

// ack handles basic.ack.
func (ch *channel) ack(args []byte) *amqp.Error {
	m := &ch.s.acked
	if err := m.Decode(args); err != nil {
		return asError(err)
	}
	taken, err := ch.take(m.DeliveryTag, m.Multiple)
	if err != nil {
		return err
	}
	if ch.mode == transactional {
		ch.tx.settle(taken, false)
		return nil
	}
	ch.settle(taken, (*queue.Queue).Ack)
	return nil
}

// nack handles basic.nack and basic.reject.
func (ch *channel) nack(tag uint64, multiple, requeue bool) *amqp.Error {
	taken, err := ch.take(tag, multiple)
	if err != nil {
		return err
	}
	switch {
	case ch.mode == transactional:
		ch.tx.settle(taken, requeue)
	case requeue:
		ch.settle(taken, (*queue.Queue).Return)
	default:
		ch.settle(taken, (*queue.Queue).Reject)
	}
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
	ch.settle(taken, (*queue.Queue).Return)
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

// settle tells the queues what became of deliveries: how is queue.Queue's Ack,
// Reject or Return.
func (ch *channel) settle(taken []unacked, how func(*queue.Queue, []queue.Settlement)) {
	counted := 0
	for i := 0; i < len(taken); {
		q := taken[i].queue
		batch := ch.s.batch[:0]
		for ; i < len(taken) && taken[i].queue == q; i++ {
			batch = append(batch, taken[i].settlement())
			if !taken[i].free {
				counted++
			}
		}
		ch.s.batch = batch
		how(q, batch)
	}
	clear(taken)
	if counted > 0 {
		ch.window.settled(counted)
	}
}
