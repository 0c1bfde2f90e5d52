package session

import (
	"cmp"
	"math"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
)

// ackMarks say since when deliveries wait for their acks: all up to a tag at
// least since the time at which that was the last. A delivery costs nothing for
// it; a mark is made when somebody looks.
type ackMarks struct {
	marks []ackMark
	// apart is how far marks are apart at least: longer when there are many, so
	// that long waits are known less exactly.
	apart time.Duration
}

type ackMark struct {
	tag uint64
	at  time.Time
}

// maxAckMarks bounds the marks of a channel.
const maxAckMarks = 64

// add notes that tag is the last at the moment, and forgets what is below the
// oldest that waits.
func (m *ackMarks) add(tag, oldest uint64, now time.Time) {
	for len(m.marks) > 0 && m.marks[0].tag < oldest {
		m.marks = m.marks[1:]
	}
	if len(m.marks) == 0 {
		m.apart = 0
	} else if last := m.marks[len(m.marks)-1]; last.tag == tag || now.Sub(last.at) < m.apart {
		return
	}
	if len(m.marks) == maxAckMarks {
		m.apart = 2 * now.Sub(m.marks[0].at) / maxAckMarks
		for i := range maxAckMarks / 2 {
			m.marks[i] = m.marks[2*i]
		}
		m.marks = m.marks[:maxAckMarks/2]
	}
	m.marks = append(m.marks, ackMark{tag: tag, at: now})
}

// before returns the newest delivery that has waited since then at least; 0 if there
// is none.
func (m *ackMarks) before(then time.Time) (tag uint64) {
	for i := range m.marks {
		if m.marks[i].at.After(then) {
			break
		}
		tag = m.marks[i].tag
	}
	return tag
}

// since returns the time since when a delivery has waited at least, which is one up
// to the last mark.
func (m *ackMarks) since(tag uint64) time.Time {
	i, _ := slices.BinarySearchFunc(m.marks, tag, func(m ackMark, tag uint64) int { return cmp.Compare(m.tag, tag) })
	return m.marks[i].at
}

// CheckAcks ends channels, or consumers, that have let a delivery wait for its
// ack for too long. The broker calls it from time to time, from any goroutine.
func (s *Session) CheckAcks(now time.Time) {
	s.work.Lock()
	defer s.work.Unlock()
	if s.state != running {
		return
	}
	s.look(now)
	for _, ch := range s.channels {
		// One that waits for an answer is looked at the next time.
		if !ch.closing && !ch.held.Load() {
			ch.checkAcks(now)
		}
	}
	s.out.kick()
}

func (ch *channel) checkAcks(now time.Time) {
	late, timeout := ch.findLate(now)
	if len(late) == 0 {
		return
	}
	count := 0
	for i := range late {
		count += late[i].count()
	}
	ch.log().Warn("deliveries were not acknowledged in time: the consumer is stuck, or needs longer than consumer_timeout",
		zap.String("queue", late[0].from.queue.QueueName()), zap.Int("deliveries", count), zap.Duration("timeout", timeout))
	if ch.s.cfg.Limits.cancels.Load() && ch.s.client.cancelNotify {
		ch.takeBack(late)
		return
	}
	ch.fail(amqp.AckTimeout(ch.id, timeout.Milliseconds()))
}

// findLate returns the deliveries that have waited for too long, with what was
// allowed to one of them.
func (ch *channel) findLate(now time.Time) (late []unacked, timeout time.Duration) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if ch.unacked.len == 0 {
		ch.ackMarks = ackMarks{}
		return nil, 0
	}
	// A client may have millions. None of those behind this one is late.
	newest := ch.ackMarks.before(now.Add(-ch.leastTimeout()))
	ch.unacked.eachTo(newest, func(u unacked) {
		allowed := ch.ackTimeout(u.from.queue)
		if u.isTakenBack() || allowed <= 0 || now.Sub(ch.ackMarks.since(u.tag)) < allowed {
			return
		}
		timeout = allowed
		if last := len(late) - 1; last < 0 || !late[last].add(&u) {
			late = append(late, u)
		}
	})
	ch.ackMarks.add(ch.tag, ch.unacked.oldest(), now)
	return late, timeout
}

// leastTimeout is the shortest time that any delivery may wait, except for ever.
// Called with mu held.
func (ch *channel) leastTimeout() time.Duration {
	least := time.Duration(math.MaxInt64)
	var last *queue.Queue
	ch.unacked.queues(func(q *queue.Queue) {
		if q == last {
			return
		}
		last = q
		if allowed := ch.ackTimeout(q); allowed > 0 {
			least = min(least, allowed)
		}
	})
	return least
}

// ackTimeout is how long deliveries from a queue may wait; 0 is for ever. What the
// channel's consumer has asked for comes before what the queue has. A delivery does
// not know its consumer: of several at one queue the most patient counts. Called
// with mu held.
func (ch *channel) ackTimeout(q *queue.Queue) time.Duration {
	var asked queue.Bound
	for _, c := range ch.consumers {
		if c.queue != q || !c.timeout.Set {
			continue
		}
		if c.timeout.N == 0 {
			return 0
		}
		asked = queue.Bound{Set: true, N: max(asked.N, c.timeout.N)}
	}
	if !asked.Set {
		asked = q.AckTimeout()
	}
	if asked.Set {
		return time.Duration(asked.N) * time.Millisecond
	}
	return time.Duration(ch.s.cfg.Limits.ackTimeout.Load())
}

// takeBack returns deliveries to their queues and ends the consumers that the
// channel has there. The client may still settle what it no longer has. Called
// with work held.
func (ch *channel) takeBack(late []unacked) {
	slices.SortFunc(late, func(a, b unacked) int { return cmp.Compare(a.tag, b.tag) })
	returns := map[*queue.Queue][]queue.Settlement{}
	counted := 0
	ch.mu.Lock()
	for i := range late {
		u := &late[i]
		returns[u.from.queue] = append(returns[u.from.queue], u.settlement())
		if !u.free {
			counted += u.count()
		}
		u.each(func(one unacked) { ch.unacked.replace(one.takenBack()) })
		ch.takenBack += u.count()
	}
	ch.mu.Unlock()
	// Before the consumers have ended, what is returned would be theirs again.
	for q, batch := range returns {
		ch.cancelAll(q, func() { q.Return(batch) })
	}
	if counted > 0 {
		ch.window.settled(counted)
	}
}

// takenBack is what stays of a delivery that was taken back: it takes no part in
// anything, and settling it is no error.
func (u *unacked) takenBack() unacked {
	return unacked{from: u.from, seq: u.seq, tag: u.tag, free: true}
}

func (u *unacked) isTakenBack() bool { return u.slot == 0 }

// dropTakenBack leaves out what the channel no longer has. Called with mu held,
// when there is such a thing.
func (ch *channel) dropTakenBack(taken []unacked) []unacked {
	n := len(taken)
	taken = slices.DeleteFunc(taken, func(u unacked) bool { return u.isTakenBack() })
	ch.takenBack -= n - len(taken)
	return taken
}
