package queue

import (
	"encoding/binary"
	"slices"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue/fifo"
	"github.com/lepusmq/lepus/store"
)

// Priorities of quorum queues, which all have them.
const (
	topQuorumPriority  = 31
	mainQuorumPriority = 4
)

// priorities are those of a queue's messages: each has a lane of its own. The
// main one is that of messages without; it is kept in the queue's part of the
// store, and each other in a part of its own. Immutable.
type priorities struct {
	top, main uint8 // top 0: there is only one
	quorum    bool
}

func (o *Options) priorities() priorities {
	switch {
	case o.Quorum:
		return priorities{top: topQuorumPriority, main: mainQuorumPriority, quorum: true}
	case o.MaxPriority.Set:
		return priorities{top: uint8(min(max(o.MaxPriority.N, 0), 255))}
	}
	return priorities{}
}

// of is the priority under which the queue has a message.
func (p *priorities) of(m *Message) uint8 {
	if p.quorum && m.Priority == 0 {
		if head := m.Head(); len(head) < 2 || binary.BigEndian.Uint16(head)&amqp.HasPriority == 0 {
			return p.main
		}
	}
	return min(m.Priority, p.top)
}

// lane is where the messages of one priority are kept.
type lane struct {
	store store.Queue // nil if nothing is
	// overflow is nil as long as nothing was spilled.
	overflow *overflow
}

// laneOf is the priority of a message that comes. What comes after the end has
// the main one, for there is nowhere left to keep others.
func (q *Queue) laneOf(m *Message) uint8 {
	if q.strand.deleted {
		return q.priorities.main
	}
	return q.priorities.of(m)
}

// lane returns where the messages of a priority are kept; it is made if there
// were none yet.
func (q *Queue) lane(priority uint8) *lane {
	s := &q.strand
	if priority == q.priorities.main {
		return &s.main
	}
	if n := int(priority) + 1; n > len(s.lanes) {
		s.lanes = slices.Grow(s.lanes, n-len(s.lanes))[:n]
	}
	if s.lanes[priority] == nil {
		s.lanes[priority] = &lane{}
		if q.store != nil {
			s.lanes[priority].store = q.parts(PartKey(LanePart, uint64(priority)))
		}
	}
	return s.lanes[priority]
}

// eachLane calls yield for the lanes that there are.
func (q *Queue) eachLane(yield func(uint8, *lane) bool) {
	s := &q.strand
	if !yield(q.priorities.main, &s.main) {
		return
	}
	for priority, l := range s.lanes {
		if l != nil && !yield(uint8(priority), l) {
			return
		}
	}
}

// keeper returns a keeper that a message of the lane has.
func (l *lane) keeper(k fifo.Keeper) store.Queue {
	if k == fifo.Overflow {
		return l.overflow.part
	}
	return l.store
}

// written says up to where the keepers have written what they were given.
func (l *lane) written() (stored, spilled uint64) {
	if l.store != nil {
		stored = l.store.Kept()
	}
	if l.overflow != nil {
		spilled = l.overflow.part.Kept()
	}
	return stored, spilled
}

// gather has what is gathered for the keepers be of one lane: what was there for
// another is told first.
func (q *Queue) gather(priority uint8) {
	if s := &q.strand; s.gathered != priority {
		q.toStore()
		s.gathered = priority
	}
}

// settleBelow has the keepers of a lane forget all messages below a number that
// are not unacked.
func (q *Queue) settleBelow(priority uint8, seq uint64) {
	l := q.lane(priority)
	for _, k := range [...]fifo.Keeper{fifo.Store, fifo.Overflow} {
		if k == fifo.Store && l.store == nil || k == fifo.Overflow && l.overflow == nil {
			continue
		}
		except := q.strand.fifo.Unsettled(priority, k)
		if k == fifo.Store {
			except = q.strand.mourned(priority, except)
		}
		slices.Sort(except)
		l.keeper(k).SettleBelow(seq, except)
	}
}

// settleAll has the store forget all that the queue ever had.
func (q *Queue) settleAll() {
	if q.store == nil {
		return
	}
	for _, l := range q.eachLane {
		l.store.SettleBelow(q.strand.seq, nil)
	}
}

// recover makes ready what the store kept of a priority.
func (q *Queue) recover(priority uint8) {
	s := &q.strand
	l := q.lane(priority)
	s.seq = max(s.seq, l.store.NextSeq())
	if in, n := l.store.Stock(); n > 0 {
		s.stored += n
		mortal := l.store.Mortal()
		s.fifo.Recover(priority, in, n, mortal)
		q.timed = q.timed || mortal
	}
	if s.distinct != nil {
		q.recoverKeys(priority)
	}
}
