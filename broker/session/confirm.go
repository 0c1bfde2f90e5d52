package session

import (
	"github.com/lepusmq/lepus/amqp"
)

// confirms are the publishes of a channel that are not confirmed yet: a ring
// by publish number of how many queues are still to answer. One that was
// confirmed before its predecessors stays, as told, until they are.
type confirms struct {
	missing []int32       // a power of two
	low     uint64        // the lowest that is not confirmed
	next    uint64        // the next to be added
	room    chan struct{} // the reader waits for low to rise; nil if it does not
	done    uint64        // how many were confirmed
}

// maxOvertaken is how far publishes may overtake the lowest that is not
// confirmed before the connection is read no further. A message that is acked
// before it is written is confirmed at once; on a slow disk that could be any
// number, and clients keep what they are told out of order.
const maxOvertaken = 4096

const (
	smallConfirms = 16
	// told marks a publish of which the client knows what became of it, refused
	// one that a queue did not take when all have answered. What is below that is
	// such a publish for which so many queues more are still to answer.
	told    = -1
	refused = -2
)

func (c *confirms) at(publish uint64) *int32 {
	return &c.missing[publish&uint64(len(c.missing)-1)]
}

// add notes a publish, the numbers rising by one, for which so many queues
// must answer.
func (c *confirms) add(publish uint64, queues int) {
	if publish-c.low >= uint64(len(c.missing)) {
		old := *c
		c.missing = make([]int32, max(smallConfirms, 2*len(old.missing)))
		for p := old.low; p < old.next; p++ {
			*c.at(p) = *old.at(p)
		}
	}
	*c.at(publish) = int32(queues)
	c.next = publish + 1
}

// settle notes one answer for each publish from first to last, and appends
// what the client can be told to buf: one ack for all up to the lowest that is
// outstanding, single ones beyond it.
func (c *confirms) settle(buf []byte, channel uint16, first, last uint64) []byte {
	for p := first; p <= last; p++ {
		if n := c.at(p); *n > 0 {
			*n--
		} else {
			*n++
		}
	}
	return c.tell(buf, channel, first, last)
}

// refuse notes that a queue has not taken a publish; like settle otherwise.
func (c *confirms) refuse(buf []byte, channel uint16, publish uint64) []byte {
	if n := c.at(publish); *n > 0 {
		*n = refused - (*n - 1)
	} else {
		*n++
	}
	return c.tell(buf, channel, publish, publish)
}

// tell appends what the client can be told after answers for the publishes from
// first to last.
func (c *confirms) tell(buf []byte, channel uint16, first, last uint64) []byte {
	news, newest, done := 0, uint64(0), uint64(0)
ring:
	for ; c.low < c.next; c.low++ {
		switch n := *c.at(c.low); {
		case n == 0:
			news, newest, done = news+1, c.low, done+1
		case n == told:
		case n == refused:
			// An ack must not seem to be one for it.
			if news > 0 {
				buf, news = appendAck(buf, channel, newest, news > 1), 0
			}
			buf = appendNack(buf, channel, c.low)
		default:
			break ring
		}
	}
	if news > 0 {
		buf = appendAck(buf, channel, newest, news > 1)
	}
	for p := max(first, c.low); p <= last; p++ {
		switch n := c.at(p); *n {
		case 0:
			*n = told
			done++
			buf = appendAck(buf, channel, p, false)
		case refused:
			*n = told
			buf = appendNack(buf, channel, p)
		}
	}
	c.done += done
	if c.low == c.next && len(c.missing) > spanRing {
		c.missing = nil
	}
	if c.next-c.low < maxOvertaken {
		c.makeRoom()
	}
	return buf
}

// outstanding is how many publishes the client has not been told of.
func (c *confirms) outstanding() int {
	n := 0
	for p := c.low; p < c.next; p++ {
		if *c.at(p) != told {
			n++
		}
	}
	return n
}

func (c *confirms) makeRoom() {
	if c.room != nil {
		close(c.room)
		c.room = nil
	}
}

// unconfirmed returns a Go channel that is closed when publishes no longer run
// ahead of their confirms, or nil when they do not.
func (ch *channel) unconfirmed() <-chan struct{} {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	c := &ch.confirms
	if ch.ended || c.next-c.low < maxOvertaken {
		return nil
	}
	if c.room == nil {
		c.room = make(chan struct{})
	}
	return c.room
}

// appendAck appends a basic.ack frame.
func appendAck(buf []byte, channel uint16, tag uint64, multiple bool) []byte {
	buf, at := amqp.BeginFrame(buf, amqp.FrameMethod, channel)
	m := amqp.BasicAck{DeliveryTag: tag, Multiple: multiple}
	return amqp.EndFrame(m.Append(buf), at)
}

// appendNack appends a basic.nack frame.
func appendNack(buf []byte, channel uint16, tag uint64) []byte {
	buf, at := amqp.BeginFrame(buf, amqp.FrameMethod, channel)
	m := amqp.BasicNack{DeliveryTag: tag}
	return amqp.EndFrame(m.Append(buf), at)
}

// confirmSelect puts the channel into confirm mode.
func (ch *channel) confirmSelect(m *amqp.ConfirmSelect) *amqp.Error {
	switch ch.mode {
	case transactional:
		return amqp.TxToConfirm()
	case plain:
		ch.mode = confirming
		ch.confirms.low, ch.confirms.next = 1, 1
	}
	if !m.NoWait {
		ch.send(&amqp.ConfirmSelectOk{})
	}
	return nil
}

// Confirm implements queue.Confirmer.
func (ch *channel) Confirm(first, last uint64) {
	if lone := ch.settled(first, last, false); !lone {
		ch.s.out.kick()
	}
}

// ConfirmNow implements store.Sender.
func (ch *channel) ConfirmNow(first, last uint64) {
	if lone := ch.settled(first, last, false); !lone {
		ch.s.out.flush()
	}
}

// Refuse implements queue.Refuser.
func (ch *channel) Refuse(publish uint64) {
	if lone := ch.settled(publish, publish, true); !lone {
		ch.s.out.kick()
	}
}

// settled notes one answer for each publish from first to last, of which a refused
// one is the only one, and appends to the outbox what the client can be told now.
// It reports whether that is left to the reader to send.
func (ch *channel) settled(first, last uint64, refused bool) (lone bool) {
	ch.mu.Lock()
	lone = first == last && first == ch.lone
	before := ch.confirms.done
	if !ch.ended {
		if buf, ok := ch.s.out.begin(); ok {
			if refused {
				buf = ch.confirms.refuse(buf, ch.id, first)
			} else {
				buf = ch.confirms.settle(buf, ch.id, first, last)
			}
			ch.s.out.commit(buf)
		}
	}
	confirmed := ch.confirms.done - before // with a refused one, others that were behind it
	ch.mu.Unlock()
	if confirmed > 0 {
		ch.s.vhost.Confirmed(confirmed)
	}
	return lone
}
