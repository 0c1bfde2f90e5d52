package queue

import (
	"slices"

	"github.com/lepusmq/lepus/queue/fifo"
)

// maxLimbo is how many dead messages may be on their way elsewhere. Others wait:
// the expired in the queue, where nobody gets them, the rejected dying.
const maxLimbo = 1024

// burial is dead messages on their way to a dead letter exchange.
type burial struct {
	n      int
	bytes  int64   // of their bodies
	stored []place // those that the store still has
}

// place is where in the queue a message was.
type place struct {
	lane uint8
	seq  uint64
}

// mourns says that dead messages go somewhere.
func (q *Queue) mourns() bool {
	o := q.strand.opt
	return o != nil && o.DeadLetter != nil && q.undertake != nil
}

// DeadLetter is where dead messages of the queue go now; ok is false if nowhere.
// AtLeastOnce is only set if the queue refuses what is too much, as RabbitMQ wants
// it. Only for those whom the strand calls: Config.Bury and [Queue.Soon].
func (q *Queue) DeadLetter() (to DeadLetter, ok bool) {
	o := q.strand.opt
	if o == nil || o.DeadLetter == nil {
		return DeadLetter{}, false
	}
	to = *o.DeadLetter
	to.AtLeastOnce = to.AtLeastOnce && o.Overflow == RejectPublish
	return to, true
}

// Soon has the strand call f, and tell it whether the queue has ended: for a
// message that Config.Bury could not get rid of. It may be called from any
// goroutine.
func (q *Queue) Soon(f func(ended bool)) {
	q.prompt(func(q *Queue) { f(q.strand.deleted) })
}

// owed is how many dead messages still count for the length of the queue: those
// of which none may be lost.
func (q *Queue) owed() (n, bytes int64) {
	to, _ := q.DeadLetter()
	if !to.AtLeastOnce {
		return 0, 0
	}
	for _, b := range q.strand.limbo {
		n, bytes = n+int64(b.n), bytes+b.bytes
	}
	return n, bytes
}

// crowded says that no more messages may die for now.
func (q *Queue) crowded() bool {
	s := &q.strand
	return s.lost+len(s.dead) >= maxLimbo && q.mourns()
}

// overdue says that messages should have died and could not yet: what publishes
// to the queue is to wait a little.
func (q *Queue) overdue() bool {
	s := &q.strand
	return s.opt != nil && (s.fifo.Dying() > maxLimbo || q.crowded() && s.fifo.TooLong())
}

// die ends a message that has left the queue: it is buried at the end of the
// turn, or dropped.
func (q *Queue) die(i *fifo.Item, why Reason) {
	s := &q.strand
	if !q.mourns() {
		s.count().Dropped[why]++
		q.forget(i)
		return
	}
	if s.distinct != nil {
		s.distinct.forget(i.Seq)
	}
	if i.Kept == fifo.Overflow {
		q.gather(i.Lane)
		s.settled[i.Kept] = append(s.settled[i.Kept], i.Seq)
	}
	if i.Kept == fifo.Store {
		s.stored--
	}
	s.dead = append(s.dead, Dead{
		Delivered: i.Count.Failures(), Reason: why, Seq: i.Seq, Lane: i.Lane, Stored: i.Kept == fifo.Store, Message: i.Message,
	})
}

// bury hands over what has died in this turn: each on its own if it may stay for
// long, so that it holds up no other.
func (q *Queue) bury() {
	s := &q.strand
	if len(s.dead) == 0 {
		return
	}
	dead := s.dead
	s.dead = nil
	if to, _ := q.DeadLetter(); !to.AtLeastOnce {
		q.buryAll(dead)
		return
	}
	for i := range dead {
		q.buryAll(dead[i : i+1 : i+1])
	}
}

func (q *Queue) buryAll(dead []Dead) {
	s := &q.strand
	b := &burial{n: len(dead)}
	for i := range dead {
		if dead[i].Stored {
			b.stored = append(b.stored, place{dead[i].Lane, dead[i].Seq})
		}
		_, _, body := dead[i].Lengths()
		b.bytes += int64(body)
	}
	s.limbo = append(s.limbo, b)
	s.lost += b.n
	if !q.undertake(q, dead, func() { q.prompt(func(q *Queue) { q.buried(b) }) }) {
		q.buried(b)
		for i := range dead {
			s.releaser.Release(&dead[i].Message)
		}
	}
}

// buried notes that dead messages have arrived.
func (q *Queue) buried(b *burial) {
	s := &q.strand
	if i := slices.Index(s.limbo, b); i >= 0 {
		s.limbo = slices.Delete(s.limbo, i, i+1)
		s.lost -= b.n
	}
	if len(s.limbo) == 0 {
		s.limbo = nil
	}
}

// mourned appends the messages of a lane on their way that the store still has.
func (s *strand) mourned(lane uint8, seqs []uint64) []uint64 {
	for _, b := range s.limbo {
		for _, g := range b.stored {
			if g.lane == lane {
				seqs = append(seqs, g.seq)
			}
		}
	}
	for i := range s.dead {
		if d := &s.dead[i]; d.Stored && d.Lane == lane {
			seqs = append(seqs, d.Seq)
		}
	}
	return seqs
}
