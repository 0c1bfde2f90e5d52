package store

import (
	"fmt"
	"slices"
	"time"
)

// round is what the committer has taken and not finished.
type round struct {
	taken    []taken
	groups   []*Group
	defines  []definitions
	moves    []move
	confirms confirmations
	release  Releaser
	cost     int64 // of the messages taken
	sync     bool  // somebody waits for the disk
	marks    []mark
	awaited  int // messages and definitions taken for which somebody waits
	encoder  encoder
	decoder  decoder
}

// taken is what one queue had pending.
type taken struct {
	queue   *queue
	entries []entry
	shared  bool // some are in several queues
	dead    []span
	tallies []seqTally
}

// run is the committer's goroutine.
func (s *durable) run() {
	for {
		select {
		case <-s.wakeup:
		case <-s.quit:
			return
		}
		s.gather()
		if s.commit(false) != nil {
			return
		}
	}
}

// commit writes all that is pending, makes it durable if anybody waits for
// that or sync says so, and tells those who wait. An error fails the store.
func (s *durable) commit(sync bool) error { return s.commitWith(nil, sync) }

// commitWith is commit of messages that move, too.
func (s *durable) commitWith(moves []move, sync bool) error {
	s.role.Lock()
	defer s.role.Unlock()
	return s.commitInRole(moves, sync)
}

// commitInRole is commitWith for who holds the role.
func (s *durable) commitInRole(moves []move, sync bool) error {
	r := &s.round
	s.mu.Lock()
	if s.err != nil && !s.closing {
		err := s.err
		s.mu.Unlock()
		return err
	}
	s.cut(r)
	s.mu.Unlock()
	r.moves = moves
	err := s.write(r, sync)
	if err != nil {
		s.fail(fmt.Errorf("store: write the log: %w", err))
		return err
	}
	return nil
}

// cut takes everything at one instant, so that what is taken is consistent: no
// group without what it settles, no settlement of a group's message without
// the group. Called with mu held.
func (s *durable) cut(r *round) {
	s.woken = false
	r.awaited = s.gathering.awaited
	s.gathering.awaited, s.gathering.expected = 0, 0
	for _, g := range s.groups {
		for i := range g.parts {
			g.parts[i].leave()
		}
	}
	for _, q := range s.touched {
		q.listed = false
		if t, ok := q.cut(); ok {
			r.taken = append(r.taken, t)
		}
	}
	r.groups, s.groups = s.groups, r.groups[:0]
	r.defines, s.defines = s.defines, r.defines[:0]
	for _, g := range r.groups {
		for i := range g.parts {
			r.skipWaiting(&g.parts[i])
		}
	}
	// What a group settles waits no more: those behind it are kept, too.
	for _, q := range s.touched {
		r.marks = append(r.marks, mark{queue: q, upTo: q.written()})
	}
	clear(s.touched)
	s.touched = s.touched[:0]
}

// skipWaiting takes a group's queue out of the messages that the group settles
// while they still wait for other queues: no dead may precede its enqueue. If
// the group is lost, so is a message that nobody was promised. Called with mu
// held.
func (r *round) skipWaiting(p *part) {
	q := p.queue
	if q.fanouts == 0 {
		return
	}
	at := q.head
	for _, seq := range p.settled {
		var found bool
		if at, found = q.find(at, seq); found {
			r.cost += q.skip(at, &r.confirms, &r.release)
		}
	}
	q.tidy()
}

// cut takes what a queue has pending, but for the messages that wait for other
// queues.
func (q *queue) cut() (t taken, ok bool) {
	t = taken{queue: q, dead: q.dead, tallies: q.tallies}
	q.dead, q.tallies = nil, nil
	switch {
	case q.head == len(q.pending):
	case q.fanouts == 0:
		t.entries = q.pending[q.head:]
		q.pending, q.head, q.settled = nil, 0, 0
	default:
		t.shared = true
		q.part(&t)
	}
	return t, len(t.entries)+len(t.dead)+len(t.tallies) > 0
}

// part takes the entries that do not wait for other queues.
func (q *queue) part(t *taken) {
	waiting := q.pending[:0]
	t.entries = q.store.spare(len(q.pending))
	q.fanouts = 0
	for _, e := range q.pending[q.head:] {
		switch {
		case e.settled:
		case e.Fanout != nil && e.Fanout.missing > 0:
			waiting = append(waiting, e)
			q.fanouts++
		default:
			t.entries = append(t.entries, e)
		}
	}
	clear(q.pending[len(waiting):])
	q.pending, q.head, q.settled = waiting, 0, 0
	if len(waiting) == 0 {
		q.pending = nil
		return
	}
	// Nor may a tally precede its enqueue.
	q.tallies = nil
	t.tallies = slices.DeleteFunc(t.tallies, func(c seqTally) bool {
		_, waits := q.find(0, c.seq)
		if waits {
			q.tallies = append(q.tallies, c)
		}
		return waits
	})
}

// maxUnapplied is how many operations may wait for a sync that somebody else
// wants: a drain alone wants none.
const maxUnapplied = 8192

// write puts a round into the log and finishes it.
func (s *durable) write(r *round, sync bool) error {
	if err := s.encode(r); err != nil {
		return err
	}
	if !r.sync && len(r.decoder.ops) == 0 {
		s.keep(r)
		return nil
	}
	if !r.sync && !sync && len(r.decoder.ops) < maxUnapplied {
		if err := s.log.Write(); err != nil {
			return err
		}
		s.advanced(s.log.Synced())
		s.keep(r)
		return nil
	}
	began := time.Now()
	end, err := s.log.Sync()
	if err != nil {
		return err
	}
	now := time.Now()
	s.expect(r.awaited, now, now.Sub(began))
	r.confirms.send()
	for i, g := range r.groups {
		g.come()
		r.groups[i] = nil
	}
	for i := range r.defines {
		if done := r.defines[i].done; done != nil {
			done()
		}
		r.defines[i] = definitions{}
	}
	r.groups, r.defines = r.groups[:0], r.defines[:0]
	s.index.apply(r.decoder.ops, end)
	clear(r.decoder.ops)
	r.decoder.ops = r.decoder.ops[:0]
	s.keep(r)
	if r.cost > 0 {
		s.makeRoom(r.cost)
	}
	r.cost, r.sync = 0, false
	s.advanced(end)
	return nil
}

// encode appends a round to the log. The order is part of the format: what
// refers to something comes after it.
func (s *durable) encode(r *round) error {
	e := &r.encoder
	if err := e.moves(r.moves); err != nil {
		return err
	}
	r.moves = nil
	for i := range r.defines {
		r.sync = true
		if err := e.define(r.defines[i].changes); err != nil {
			return err
		}
	}
	for _, shared := range [...]bool{false, true} {
		for i := range r.taken {
			t := &r.taken[i]
			if t.shared != shared || len(t.entries) == 0 {
				continue
			}
			r.sync = true
			if err := s.encodeEntries(r, t); err != nil {
				return err
			}
			if !shared {
				if err := e.endBlock(); err != nil {
					return err
				}
			}
		}
	}
	if err := e.endBlock(); err != nil {
		return err
	}
	for _, g := range r.groups {
		r.sync = true
		if err := s.encodeGroup(r, g); err != nil {
			return err
		}
	}
	r.release.Flush()
	for i := range r.taken {
		t := &r.taken[i]
		if err := e.dead(t.queue.id, normal(t.dead)); err != nil {
			return err
		}
	}
	if err := e.endDead(); err != nil {
		return err
	}
	for i := range r.taken {
		t := &r.taken[i]
		if err := e.tallies(t.queue.id, t.tallies); err != nil {
			return err
		}
	}
	if err := e.endTallies(); err != nil {
		return err
	}
	s.giveBack(r)
	return nil
}

// encodeEntries appends messages. Their memory is given back, and who waits
// for them is noted.
func (s *durable) encodeEntries(r *round, t *taken) error {
	for i := range t.entries {
		e := &t.entries[i]
		if e.settled {
			continue
		}
		r.cost += e.cost()
		if err := r.encoder.message(&e.Enqueue, t.queue); err != nil {
			return err
		}
		r.confirms.add(e.Confirm, e.Publish)
		r.release.Release(&e.Message)
	}
	return nil
}

// encodeGroup appends a group, as held records and a head if it is more than
// one record.
func (s *durable) encodeGroup(r *round, g *Group) error {
	e := &r.encoder
	e.beginGroup()
	for i := range g.parts {
		p := &g.parts[i]
		for j := range p.entries {
			m := &p.entries[j]
			r.cost += m.cost()
			if err := e.message(m, p.queue); err != nil {
				return err
			}
			r.confirms.add(m.Confirm, m.Publish)
			r.release.Release(&m.Message)
		}
	}
	if err := e.endBlock(); err != nil {
		return err
	}
	for i := range g.parts {
		p := &g.parts[i]
		if err := e.dead(p.queue.id, spans(p.settled)); err != nil {
			return err
		}
	}
	if err := e.endDead(); err != nil {
		return err
	}
	g.parts = nil
	return e.endGroup()
}

// giveBack ends the use of what was taken.
func (s *durable) giveBack(r *round) {
	s.mu.Lock()
	for i := range r.taken {
		if b := r.taken[i].entries; b != nil {
			clear(b)
			s.keepSpare(b[:0])
		}
	}
	s.mu.Unlock()
	clear(r.taken)
	r.taken = r.taken[:0]
}

// normal sorts ranges and joins those that touch each other.
func normal(list []span) []span {
	if len(list) < 2 {
		return list
	}
	slices.SortFunc(list, func(a, b span) int {
		switch {
		case a.first < b.first:
			return -1
		case a.first > b.first:
			return 1
		}
		return 0
	})
	joined := list[:1]
	for _, d := range list[1:] {
		if last := &joined[len(joined)-1]; d.first <= last.last || d.first == last.last+1 {
			last.last = max(last.last, d.last)
		} else {
			joined = append(joined, d)
		}
	}
	return joined
}

// spans makes ranges of sequence numbers.
func spans(seqs []uint64) []span {
	list := make([]span, len(seqs))
	for i, seq := range seqs {
		list[i] = span{seq, seq}
	}
	return normal(list)
}
