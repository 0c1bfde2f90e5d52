package store

import "slices"

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

// keep says which messages can be loaded now that a round was applied, and
// tells those who wait for some.
func (s *durable) keep(r *round) {
	var due []func()
	s.mu.Lock()
	for i := range r.marks {
		q := r.marks[i].queue
		if upTo := r.marks[i].upTo; upTo > q.kept.Load() {
			q.kept.Store(upTo)
		}
		if q.awaited != 0 && q.awaited <= q.kept.Load() {
			due = append(due, q.onKept)
			q.awaited, q.onKept = 0, nil
		}
	}
	s.mu.Unlock()
	clear(r.marks)
	r.marks = r.marks[:0]
	for _, f := range due {
		f()
	}
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
