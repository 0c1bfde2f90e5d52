package store

import (
	"slices"
	"time"
)

// Queues are told what is kept when tellBytes of messages were committed since
// the last time, or after tellDelay: many messages of a queue then leave its
// memory in one turn.
const (
	tellBytes = 4 << 20
	tellDelay = 20 * time.Millisecond
)

// mark is up to where a queue's messages will be kept when a round has been
// applied.
type mark struct {
	queue *queue
	upTo  uint64
}

// written is the number below the first message that waits, for other queues or
// in a group, after everything else was taken. Called with store.mu held.
func (q *queue) written() uint64 {
	upTo := q.next - 1
	if q.head < len(q.pending) {
		upTo = min(upTo, q.pending[q.head].Seq-1)
	}
	if len(q.joined) > 0 {
		upTo = min(upTo, q.joined[0]-1)
	}
	return upTo
}

// leave takes a part's messages off those that wait in groups: the group is
// with the committer. Called with store.mu held.
func (p *part) leave() {
	q := p.queue
	rest := p.entries
	q.joined = slices.DeleteFunc(q.joined, func(seq uint64) bool {
		if len(rest) == 0 || rest[0].Seq != seq {
			return false
		}
		rest = rest[1:]
		return true
	})
	if len(q.joined) == 0 {
		q.joined = nil
	}
	q.list()
}

// keep says which messages can be loaded now that a round was applied, and has
// those told who wait for some: the goroutine that tells is woken for the first of
// them, and when there is enough to tell.
func (s *durable) keep(r *round) {
	s.mu.Lock()
	before := len(s.due)
	for i := range r.marks {
		q := r.marks[i].queue
		if upTo := r.marks[i].upTo; upTo > q.kept.Load() {
			q.kept.Store(upTo)
		}
		if q.awaited != 0 && q.awaited <= q.kept.Load() {
			s.due = append(s.due, q.onKept)
			q.awaited, q.onKept = 0, nil
		}
	}
	wake := false
	if len(s.due) > 0 {
		wake = s.untold.Add(r.cost) >= tellBytes || before == 0
	}
	s.mu.Unlock()
	clear(r.marks)
	r.marks = r.marks[:0]
	if wake {
		select {
		case s.tell <- struct{}{}:
		default:
		}
	}
}

// runTelling is the goroutine that tells queues what is kept, one after the
// other: each takes its turn meanwhile.
func (s *durable) runTelling() {
	pace := time.NewTimer(tellDelay)
	defer pace.Stop()
	var due []func()
	for {
		select {
		case <-s.quit:
			return
		case <-s.tell:
		}
		if s.untold.Load() < tellBytes {
			pace.Reset(tellDelay)
			if !s.gatherDue(pace.C) {
				return
			}
		}
		told := s.untold.Load()
		s.mu.Lock()
		due, s.due = s.due, due[:0]
		s.mu.Unlock()
		for _, f := range due {
			f()
		}
		clear(due)
		s.untold.Add(-told)
		s.makeRoom(0)
	}
}

// gatherDue waits until it is time to tell. It reports false if that never
// comes.
func (s *durable) gatherDue(late <-chan time.Time) bool {
	for s.untold.Load() < tellBytes {
		select {
		case <-s.quit:
			return false
		case <-late:
			return true
		case <-s.tell:
		}
	}
	return true
}

// Kept returns the number up to which all messages can be loaded.
func (q *queue) Kept() uint64 { return q.kept.Load() }

// Await calls f when messages up to a number can be loaded.
func (q *queue) Await(seq uint64, f func()) bool {
	q.store.mu.Lock()
	defer q.store.mu.Unlock()
	if q.kept.Load() >= seq {
		return false
	}
	q.awaited, q.onKept = seq, f
	return true
}
