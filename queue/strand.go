package queue

import (
	"slices"
	"sync"

	"github.com/lepusmq/lepus/queue/fifo"
	"github.com/lepusmq/lepus/store"
)

// strand is what belongs to whoever drains the mailbox.
type strand struct {
	fifo    fifo.Machine
	seq     uint64 // of the next message
	urgent  []urgent
	inbox   []command
	at      int   // of the next command in inbox
	more    bool  // there is more to dispatch
	gets    []get // that wait for a message on hold, in order
	used    bool  // there was a consumer
	deleted bool
	closed  bool    // deleted for this run of the broker only: what the store has stays
	stalled bool    // the next command waits for a message that is being read
	stored  int     // messages that the store has of the queue
	able    bool    // a consumer could have taken more at the end of the last turn
	rested  int64   // about when the last run ended, in Unix milliseconds
	counted int64   // of the budget
	alone   int64   // of the budget, too: delivered messages that nobody keeps
	wanted  int64   // what is being read, in bytes
	now     int64   // Unix milliseconds; 0 if this turn has not asked yet
	main    lane    // of the main priority
	lanes   []*lane // of others, by priority; nil if there were no such messages
	ruling

	// flow counts what came and went; nil as long as nothing did.
	flow *flow

	// distinct is nil unless the queue is to have each key once.
	distinct *distinct

	*scratch
}

// scratch is room that only a running strand needs.
type scratch struct {
	deliveries []Delivery
	// What the keepers of one lane are to be told.
	gathered uint8
	enqueues []store.Enqueue
	settled  [3][]uint64 // by keeper
	spilled  []store.Enqueue

	touched  []Sink
	releaser store.Releaser
	confirm  confirmRun
	blocks   fifo.Blocks
}

var scratches = sync.Pool{New: func() any {
	return &scratch{deliveries: make([]Delivery, 0, turnLen)}
}}

// keepScratch is the room above which a scratch is not used again.
const keepScratch = 4 * turnLen

// open readies the strand to run.
func (q *Queue) open() {
	s := &q.strand
	q.frame()
	if s.scratch == nil {
		s.scratch = scratches.Get().(*scratch)
		s.gathered = q.priorities.main
		s.fifo.Lend(&s.blocks)
	}
}

// close ends a run of turns: what was delivered is sent.
func (s *strand) close() {
	s.flush()
	s.fifo.Lend(nil)
	if cap(s.enqueues) <= keepScratch && cap(s.settled[fifo.Store]) <= keepScratch && cap(s.spilled) <= keepScratch {
		scratches.Put(s.scratch)
	}
	s.scratch = nil
}

// flush sends what was delivered.
func (s *strand) flush() {
	for _, t := range s.touched {
		t.Flush()
	}
	clear(s.touched)
	s.touched = s.touched[:0]
}

// turn does what was taken from the mailbox: all that is urgent, some of the
// inbox, and the deliveries that follow.
func (q *Queue) turn() {
	s := &q.strand
	s.now = 0
	if s.opt != nil || s.fifo.Timed() {
		s.fifo.At(q.now())
	}
	for i := range s.urgent {
		q.hurry(&s.urgent[i])
	}
	q.getAgain()
	first, published, load := s.at, 0, int64(0)
	for s.at < len(s.inbox) && s.at-first < turnLen && !s.stalled {
		c := &s.inbox[s.at]
		s.at++
		if c.do == nil {
			load += c.load()
			q.accept(&c.Publication)
			published++
			continue
		}
		q.catchUp()
		if !s.stalled {
			c.do(q)
		}
		if s.stalled {
			s.at-- // its turn comes again
		} else {
			load += c.load()
		}
	}
	q.toStore()
	s.more = q.dispatch()
	q.reap()
	q.toStore()
	q.bury()
	q.page()
	s.releaser.Flush()
	s.confirm.flush()
	if published > 0 {
		s.count().Publish += uint64(published)
	}
	if able := s.fifo.Next() != nil; able != s.able {
		s.nowAble(able)
	}
	if load > 0 {
		q.weigh(-load)
	}
}

// catchUp gives what came before a request its effect.
func (q *Queue) catchUp() {
	q.toStore()
	for q.dispatch() {
	}
	q.reap()
	q.toStore()
}

// hurry does one thing of the urgent lane.
func (q *Queue) hurry(u *urgent) {
	s := &q.strand
	switch u.outcome {
	case acked, rejected, returned, failed:
		for at, seq := range u.all {
			q.dispose(at, seq, u.outcome)
		}
	case resumed:
		s.fifo.Resume(u.consumer)
	case detached:
		if s.fifo.Detach(u.sink) > 0 {
			q.consumersWent()
		}
	case asked:
		if u.do != nil {
			u.do(q)
		}
	}
}

// dispose does what is to become of an unacked message.
func (q *Queue) dispose(at Slot, seq uint64, how outcome) {
	s := &q.strand
	switch {
	case how == acked:
		if q.settleOne(at, seq) {
			s.flow.Ack++ // it was delivered: there is a flow
		}
	case how != rejected:
		s.fifo.Return(at, seq, how == failed)
	case q.mourns():
		s.fifo.Reject(at, seq)
	case q.settleOne(at, seq):
		s.flow.Dropped[Rejected]++ // it was delivered: there is a flow
	}
}

// settleOne ends an unacked message, and reports whether there is such a one.
func (q *Queue) settleOne(at Slot, seq uint64) bool {
	var i fifo.Item
	ok := q.strand.fifo.Settle(at, seq, &i)
	if ok {
		q.forget(&i)
	}
	return ok
}

// accept puts a message into the queue.
func (q *Queue) accept(p *Publication) {
	s := &q.strand
	if s.distinct != nil && s.distinct.duplicate(&p.Message) {
		q.dropDuplicate(p)
		return
	}
	if (s.opt != nil || p.Expires != 0) && !s.deleted && !q.admit(p) {
		q.refuse(p)
		return
	}
	seq := s.seq
	s.seq++
	kept := fifo.Nobody
	var lane uint8
	if q.priorities.top > 0 {
		lane = q.laneOf(&p.Message)
	}
	if q.store != nil && p.Persistent {
		q.gather(lane)
		kept = fifo.Store
		s.enqueues = slices.Grow(s.enqueues, 1)[:len(s.enqueues)+1]
		e := &s.enqueues[len(s.enqueues)-1]
		e.Seq, e.Message, e.Fanout, e.Confirm, e.Publish = seq, p.Message, p.Fanout, p.Confirm, p.Publish
		if s.distinct != nil {
			e.Confirm, e.Publish = s.distinct.safety.guard(seq, p.Confirm, p.Publish)
		}
	} else if p.Confirm != nil {
		s.confirm.add(p.Confirm, p.Publish)
	}
	if s.deleted {
		q.toStore()
		q.forget(&fifo.Item{Seq: seq, Message: p.Message, Lane: lane, Kept: kept})
		return
	}
	i := s.fifo.Add(seq, &p.Message, lane)
	i.Message, i.Kept = p.Message, kept
	if s.distinct != nil {
		s.distinct.add(seq, lane)
	}
}

// forget ends a message that left the queue for good.
func (q *Queue) forget(i *fifo.Item) {
	s := &q.strand
	if i.Kept != fifo.Nobody {
		q.gather(i.Lane)
		s.settled[i.Kept] = append(s.settled[i.Kept], i.Seq)
	}
	if s.distinct != nil {
		s.distinct.forget(i.Seq)
	}
	s.releaser.Release(&i.Message)
}

// toStore tells the store what has gathered. A message goes to it before its
// settlement does, and before the strand gives back its own reference: until
// then nobody else holds one.
func (q *Queue) toStore() {
	s := &q.strand
	if len(s.enqueues) > 0 {
		q.lane(s.gathered).store.Append(s.enqueues)
		s.stored += len(s.enqueues)
		s.count().DiskWrites += uint64(len(s.enqueues))
		clear(s.enqueues)
		s.enqueues = s.enqueues[:0]
	}
	if len(s.spilled) > 0 {
		q.lane(s.gathered).overflow.part.Append(s.spilled)
		s.count().DiskWrites += uint64(len(s.spilled))
		clear(s.spilled)
		s.spilled = s.spilled[:0]
	}
	for _, k := range [...]fifo.Keeper{fifo.Store, fifo.Overflow} {
		if seqs := s.settled[k]; len(seqs) > 0 {
			q.lane(s.gathered).keeper(k).Settle(seqs)
			if k == fifo.Store {
				s.stored -= len(seqs)
			}
			s.settled[k] = seqs[:0]
		}
	}
}

// dispatch hands out one batch of ready messages and reports whether there
// may be more.
func (q *Queue) dispatch() (more bool) {
	s := &q.strand
	for c := s.fifo.Next(); c != nil && c.Holder.(Sink).Full(c); c = s.fifo.Next() {
		s.fifo.Pause(c)
	}
	out, more := s.fifo.Dispatch(s.deliveries[:0], turnLen)
	for from := 0; from < len(out); {
		holder := out[from].Consumer.Holder
		to := from + 1
		for to < len(out) && out[to].Consumer.Holder == holder {
			to++
		}
		q.deliver(holder.(Sink), out[from:to])
		from = to
	}
	clear(out)
	return more
}

// deliver gives a batch to its sink.
func (q *Queue) deliver(to Sink, batch []Delivery) {
	s := &q.strand
	full := to.Deliver(q, batch)
	var again, noAck uint64
	for i := range batch {
		d := &batch[i]
		if full {
			s.fifo.Pause(d.Consumer)
		}
		if d.Redelivered() {
			again++
		}
		switch {
		case d.Slot == 0:
			noAck++
			q.forget(&d.Item)
		case d.Left:
			s.releaser.Release(&d.Message)
		}
	}
	f := s.count()
	f.Deliver += uint64(len(batch)) - noAck
	f.DeliverNoAck += noAck
	f.Redeliver += again
	for _, t := range s.touched {
		if t == to {
			return
		}
	}
	if len(s.touched) == maxTouched {
		s.flush()
	}
	s.touched = append(s.touched, to)
}

// maxTouched is how many sinks may wait for their flush.
const maxTouched = 64

// consumersWent is called when the queue has lost a consumer.
func (q *Queue) consumersWent() {
	s := &q.strand
	if s.deleted || s.fifo.Consumers() > 0 {
		return
	}
	q.renew()
	if s.used && q.onUnused != nil {
		q.onUnused(q)
	}
}

// confirmRun gathers confirms of publishes that follow each other.
type confirmRun struct {
	to          Confirmer
	first, last uint64
}

func (r *confirmRun) add(to Confirmer, publish uint64) {
	if r.to == to && publish == r.last+1 {
		r.last = publish
		return
	}
	r.flush()
	r.to, r.first, r.last = to, publish, publish
}

func (r *confirmRun) flush() {
	if r.to != nil {
		r.to.Confirm(r.first, r.last)
	}
	*r = confirmRun{}
}
