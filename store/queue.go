package store

import (
	"slices"
	"sort"
	"sync/atomic"
)

// queue is the part of the durable store that belongs to one queue: what waits
// to be written about it.
type queue struct {
	// immutable
	store *durable
	id    uint64

	// owned by the queue's strand
	confirms confirmations
	release  Releaser

	// guarded by store.mu
	next    uint64
	pending []entry // in rising order; those before head and those settled are gone
	head    int
	settled int // entries behind head that are settled
	fanouts int // entries that wait for other queues, or did
	dead    []span
	tallies []seqTally
	listed  bool // in store.touched
	// joined are the messages of groups that are not with the committer yet,
	// in rising order.
	joined []uint64
	// awaited is the number that onKept waits for; 0 if it does not.
	awaited uint64
	onKept  func()

	// kept is what Kept returns. It changes under store.mu.
	kept atomic.Uint64

	// owned by the committer
	place blockPlace
}

// entry is a message that waits to be written.
type entry struct {
	Enqueue
	settled bool
}

// entryCost is what a waiting entry takes in memory beside the message.
const entryCost = 128

// cost is what an entry counts for in the backlog.
func (e *Enqueue) cost() int64 {
	size := int64(e.Size())
	if e.Fanout != nil {
		size /= int64(e.Fanout.queues)
	}
	return size + entryCost
}

// NextSeq returns a number above all that were ever used in this queue.
func (q *queue) NextSeq() uint64 {
	q.store.mu.Lock()
	defer q.store.mu.Unlock()
	return q.next
}

// Append keeps messages.
func (q *queue) Append(entries []Enqueue) {
	if len(entries) == 0 {
		return
	}
	s := q.store
	s.mu.Lock()
	if s.err != nil {
		s.mu.Unlock()
		return
	}
	q.next = max(q.next, entries[len(entries)-1].Seq+1)
	if q.pending == nil {
		q.pending = s.spare(len(entries))
	}
	at := len(q.pending)
	q.pending = slices.Grow(q.pending, len(entries))[:at+len(entries)]
	var cost int64
	awaited := 0
	var retained retainer
	for i := range entries {
		e := &entries[i]
		retained.add(&e.Message)
		cost += e.cost()
		if e.Confirm != nil {
			awaited++
		}
		if e.Fanout != nil {
			e.Fanout.answer(q, e)
			q.fanouts++
		}
		p := &q.pending[at+i]
		p.Enqueue, p.settled = *e, false
	}
	retained.flush()
	total := s.backlog.Add(cost)
	s.await(awaited)
	wake := q.stir(awaited > 0 || total > writeSoon)
	s.mu.Unlock()
	s.wakeIf(wake)
}

// answer enters a queue for a message that several queues keep. When none is
// missing, the committer is to look after all of them. Called with store.mu
// held.
func (f *Fanout) answer(q *queue, e *Enqueue) {
	if f.targets == nil {
		f.targets = make([]target, 0, f.queues)
	}
	f.targets = append(f.targets, target{queue: q, seq: e.Seq, expires: e.Expires})
	if f.missing--; f.missing == 0 {
		for _, t := range f.targets {
			t.queue.list()
		}
	}
}

// list has the next round of the committer look after the queue. Called with
// store.mu held.
func (q *queue) list() {
	if !q.listed {
		q.listed = true
		q.store.touched = append(q.store.touched, q)
	}
}

// stir has the committer look after the queue: at once or soon. It is called
// with store.mu held; if it returns true, the caller wakes the committer.
func (q *queue) stir(now bool) (wake bool) {
	q.list()
	return q.store.stir(now)
}

// Settle forgets messages for good.
func (q *queue) Settle(seqs []uint64) {
	s := q.store
	s.mu.Lock()
	if s.err != nil {
		s.mu.Unlock()
		return
	}
	at := q.head
	var cost int64
	for _, seq := range seqs {
		var found bool
		if at, found = q.find(at, seq); found {
			cost += q.skip(at, &q.confirms, &q.release)
		} else {
			q.kill(span{seq, seq})
		}
	}
	q.tidy()
	wake := false
	if cost > 0 {
		s.shrink(cost)
	}
	if len(q.dead) > 0 {
		wake = q.stir(false)
	}
	s.mu.Unlock()
	q.tell()
	s.wakeIf(wake)
}

// SettleBelow settles all but the messages excepted.
func (q *queue) SettleBelow(seq uint64, except []uint64) {
	s := q.store
	s.mu.Lock()
	if s.err != nil {
		s.mu.Unlock()
		return
	}
	var cost int64
	kept := except
	for at := q.head; at < len(q.pending) && q.pending[at].Seq < seq; at++ {
		for len(kept) > 0 && kept[0] < q.pending[at].Seq {
			kept = kept[1:]
		}
		if !q.pending[at].settled && (len(kept) == 0 || kept[0] != q.pending[at].Seq) {
			cost += q.skip(at, &q.confirms, &q.release)
		}
	}
	q.tidy()
	s.shrink(cost)
	from := uint64(0)
	for _, e := range except {
		if e >= seq {
			break
		}
		if e > from {
			q.kill(span{from, e - 1})
		}
		from = e + 1
	}
	if from < seq {
		q.kill(span{from, seq - 1})
	}
	wake := q.stir(false)
	s.mu.Unlock()
	q.tell()
	s.wakeIf(wake)
}

// Delivered records how often a message has been delivered, and when it may be
// again.
func (q *queue) Delivered(seq uint64, count uint32, due int64) {
	s := q.store
	s.mu.Lock()
	wake := false
	if s.err == nil {
		q.tallies = append(q.tallies, seqTally{seq, tally{count, due}})
		wake = q.stir(false)
	}
	s.mu.Unlock()
	s.wakeIf(wake)
}

// Join adds the queue's part to a group.
func (q *queue) Join(g *Group, entries []Enqueue, settled []uint64) {
	s := q.store
	s.mu.Lock()
	if s.err != nil {
		s.mu.Unlock()
		return
	}
	var cost int64
	for i := range entries {
		e := &entries[i]
		q.next = max(q.next, e.Seq+1)
		e.Retain(1)
		cost += e.cost()
		q.joined = append(q.joined, e.Seq)
		if e.Fanout != nil {
			e.Fanout.answer(q, e)
		}
	}
	s.backlog.Add(cost)
	s.mu.Unlock()
	g.join(part{queue: q, entries: slices.Clone(entries), settled: slices.Clone(settled)})
}

// find looks for a message that waits, from the at-th entry on first, and
// returns its place. Called with store.mu held.
func (q *queue) find(at int, seq uint64) (int, bool) {
	if at < len(q.pending) && q.pending[at].Seq != seq {
		// Messages are mostly settled in order.
		at++
	}
	if at >= len(q.pending) || q.pending[at].Seq != seq {
		waiting := q.pending[q.head:]
		at = q.head + sort.Search(len(waiting), func(i int) bool { return waiting[i].Seq >= seq })
	}
	return at, at < len(q.pending) && q.pending[at].Seq == seq && !q.pending[at].settled
}

// skip settles an entry that was not written and returns what it cost. Whom to
// tell and what to give back is gathered. Called with store.mu held.
func (q *queue) skip(at int, confirms *confirmations, release *Releaser) int64 {
	e := &q.pending[at]
	cost := e.cost()
	if f := e.Fanout; f != nil {
		i := slices.IndexFunc(f.targets, func(t target) bool { return t.queue == q })
		f.targets = slices.Delete(f.targets, i, i+1)
		q.fanouts--
	}
	confirms.add(e.Confirm, e.Publish)
	release.Release(&e.Message)
	*e = entry{Enqueue: Enqueue{Seq: e.Seq}, settled: true}
	q.settled++
	return cost
}

// tidy removes settled entries: those in front at once, others when they are
// the most. Called with store.mu held.
func (q *queue) tidy() {
	for q.head < len(q.pending) && q.pending[q.head].settled {
		q.head++
		q.settled--
	}
	switch {
	case q.head == len(q.pending):
		q.store.keepSpare(q.pending)
		q.pending, q.head = nil, 0
	case q.settled > len(q.pending)/2:
		q.pending = slices.DeleteFunc(q.pending, func(e entry) bool { return e.settled })
		q.head, q.settled = 0, 0
	case q.head > len(q.pending)/2:
		q.pending = slices.Delete(q.pending, 0, q.head)
		q.head = 0
	}
}

// kill adds to the ranges that are to be recorded as dead. Called with
// store.mu held.
func (q *queue) kill(d span) {
	if n := len(q.dead); n > 0 && q.dead[n-1].last+1 == d.first {
		q.dead[n-1].last = d.last
		return
	}
	q.dead = append(q.dead, d)
}

// tell confirms what was settled before it was written, and gives back its
// memory. Called by the strand without locks.
func (q *queue) tell() {
	q.release.Flush()
	q.confirms.send()
}

// retainer takes references of many messages with one atomic operation per
// run of messages from the same chunk.
type retainer struct {
	chunk *Chunk
	n     int64
}

func (r *retainer) add(m *Message) {
	if m.chunk != r.chunk {
		r.flush()
		r.chunk = m.chunk
	}
	r.n++
}

func (r *retainer) flush() {
	if r.chunk != nil && r.n > 0 {
		r.chunk.retain(r.n)
	}
	r.n = 0
}
