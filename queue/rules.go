package queue

import (
	"time"

	"github.com/lepusmq/lepus/queue/fifo"
	"github.com/lepusmq/lepus/store"
)

// ruling is what a strand has for the queue's options. All of it is zero in a
// queue without any whose messages do not expire.
type ruling struct {
	opt *Options // nil: none
	// timer has the queue look at its head, or at its lease, at alarm; 0 is not
	// at all.
	timer *Timer
	alarm int64
	lease int64 // when an unused queue expires; 0 is never

	dead  []Dead    // of this turn
	limbo []*burial // on their way
	lost  int       // how many messages that is
}

// Refuser is a [Confirmer] that is told when a queue does not take a publish.
// Refuse comes instead of Confirm, under the same conditions.
type Refuser interface {
	Refuse(publish uint64)
}

// Configure sets the queue's options, from any goroutine. They hold for what
// comes, and for the length of the queue at once; MaxPriority, SingleActive and
// Quorum do not change.
func (q *Queue) Configure(o Options) {
	q.noteAckTimeout(&o)
	q.do(func(q *Queue) {
		s := &q.strand
		if s.deleted {
			return
		}
		had := s.opt
		s.opt = &o
		s.fifo.Rule(o.rules())
		if had == nil || had.Expires != o.Expires {
			q.renew()
		}
	})
}

// ShowsFailures says that the queue's consumers are to be told how many
// deliveries of a message have failed. For [Sink.Deliver] and the reply of
// [Queue.Get] only.
func (q *Queue) ShowsFailures() bool {
	o := q.strand.opt
	return o != nil && o.counts()
}

// now is the time of this turn, in Unix milliseconds.
func (q *Queue) now() int64 {
	s := &q.strand
	if s.now == 0 {
		s.now = time.Now().UnixMilli()
	}
	return s.now
}

// admit applies the options to a message that comes, and says whether the queue
// takes it. A message that has expired on its way still has this turn: it dies
// if no consumer is ready.
func (q *Queue) admit(p *Publication) bool {
	s := &q.strand
	if o := s.opt; o != nil {
		if o.Quorum {
			p.Persistent = true
		}
		if o.TTL.Set {
			if end := q.now() + o.TTL.N; p.Expires == 0 || end < p.Expires {
				p.Expires = end
			}
		}
		if o.Overflow != DropHead && q.full(p) {
			return false
		}
	}
	if p.Expires != 0 {
		p.Expires = max(p.Expires, q.now())
		s.fifo.Mortal()
		s.fifo.At(s.now)
	}
	return true
}

// full says that the queue would be too long with a message, also if consumers
// that are ready take what they can.
func (q *Queue) full(p *Publication) bool {
	s := &q.strand
	_, _, body := p.Lengths()
	n, bytes := q.owed()
	n, bytes = n+1, bytes+int64(body)
	if !s.fifo.Full(n, bytes) {
		return false
	}
	q.toStore()
	for q.dispatch() {
	}
	return s.fifo.Full(n, bytes)
}

// refuse has a message that was not admitted go nowhere, or die.
func (q *Queue) refuse(p *Publication) {
	s := &q.strand
	if p.Fanout != nil && p.Persistent && q.store != nil {
		// The other queues wait for this one's answer.
		q.store.Append([]store.Enqueue{{Seq: s.seq, Message: p.Message, Fanout: p.Fanout}})
		q.store.Settle([]uint64{s.seq})
		s.seq++
	}
	q.discard(p)
	if p.Confirm != nil {
		p.Confirm.(Refuser).Refuse(p.Publish)
	}
}

// discard ends a message that was not admitted.
func (q *Queue) discard(p *Publication) {
	s := &q.strand
	if s.opt.Overflow == RejectPublishDLX && q.mourns() {
		s.fifo.Doom(&fifo.Item{Seq: s.seq, Message: p.Message}, MaxLen)
		s.seq++
	} else {
		s.releaser.Release(&p.Message)
	}
}

// stale says that what would leave next has expired and cannot be buried yet.
func (q *Queue) stale() bool {
	s := &q.strand
	due := s.fifo.Due()
	return due != 0 && due <= s.now && q.crowded()
}

// reapLen is how many messages die in a turn at most.
const reapLen = turnLen

// reap ends messages that must not stay: those that have expired, those that
// make the queue too long, and those that are dying.
func (q *Queue) reap() {
	s := &q.strand
	if s.opt == nil && !s.fifo.Timed() || s.deleted {
		return
	}
	s.fifo.At(q.now())
	var i fifo.Item
	n := 0
	for ; n < reapLen && !q.crowded() && s.fifo.Expire(&i); n++ {
		q.die(&i, Expired)
	}
	if s.opt != nil {
		n += q.reapRuled(n)
	}
	if n >= reapLen || n > 0 && s.fifo.Consumers() > 0 {
		s.more = true // there may be more, and what was behind them may leave
	}
	s.fifo.Calm()
	q.setAlarm()
}

// reapRuled is the part of reap for a queue with options. n have died before.
func (q *Queue) reapRuled(n int) int {
	s := &q.strand
	var i fifo.Item
	if s.opt.Overflow == DropHead {
		for ; n < reapLen && !q.crowded() && s.fifo.Drop(&i); n++ {
			q.die(&i, MaxLen)
		}
		if s.fifo.TooLong() && s.fifo.Absent() {
			s.stalled = true
		}
	}
	for ; n < reapLen && !q.crowded(); n++ {
		why, ok := s.fifo.Dead(&i, q.mourns())
		if !ok {
			break
		}
		q.die(&i, why)
	}
	if s.fifo.Unmeasured() {
		s.stalled = true
	}
	s.fifo.Tallied(func(lane uint8, seq uint64, t fifo.Tally, due int64) {
		if q.store != nil {
			q.lane(lane).store.Delivered(seq, uint32(t), due)
		}
	})
	return n
}

// setAlarm has the clock call when there is something to do next.
func (q *Queue) setAlarm() {
	s := &q.strand
	due := s.fifo.Due()
	if due != 0 && due <= s.now {
		due = 0 // it waits for a burial, or for its turn, which comes
	}
	if s.lease != 0 && (due == 0 || s.lease < due) {
		due = s.lease
	}
	if due == 0 || s.alarm != 0 && s.alarm <= due || q.clock == nil {
		return
	}
	if s.timer == nil {
		s.timer = &Timer{Fire: func() { q.prompt((*Queue).awake) }}
	}
	s.alarm = due
	q.clock.At(due, s.timer)
}

// awake is what the clock has the strand do.
func (q *Queue) awake() {
	s := &q.strand
	s.alarm = 0
	if s.deleted || s.lease == 0 || s.lease > q.now() {
		return
	}
	s.lease = 0 // until the last consumer goes, if there are some
	if s.fifo.Consumers() == 0 && q.onExpire != nil {
		q.onExpire(q)
	}
}

// renew notes that the queue is used.
func (q *Queue) renew() {
	s := &q.strand
	s.lease = 0
	if s.opt != nil && s.opt.Expires.Set {
		s.lease = q.now() + s.opt.Expires.N
	}
}

// silence ends the timer of a queue that ends.
func (q *Queue) silence() {
	if t := q.strand.timer; t != nil {
		q.clock.Stop(t)
	}
}
