package store

import (
	"fmt"
	"maps"
	"slices"
)

// any returns a queue that can be used, or nil.
func (h *history) any() *modelQueue {
	ids := slices.Sorted(maps.Keys(h.queues))
	for range 5 {
		if len(ids) == 0 {
			return nil
		}
		if q := h.queues[ids[h.rng.IntN(len(ids))]]; !q.dropped {
			return q
		}
	}
	return nil
}

func (h *history) defineQueue() {
	if len(h.queues) > 6 {
		return
	}
	q := &modelQueue{id: h.store.NewID(), messages: map[uint64]*modelMessage{}}
	if h.gone[q.id] || h.queues[q.id] != nil {
		panic("an id is used again")
	}
	d := &modelDefine{queue: q}
	h.note("define %d", q.id)
	h.store.Define([]Definition{{Kind: KindQueue, ID: q.id, Value: fmt.Append(nil, "queue ", q.id)}},
		func() { d.done, q.defined = true, true })
	q.part = h.store.Queue(q.id)
	q.next = q.part.NextSeq()
	h.queues[q.id] = q
	h.defines = append(h.defines, d)
}

func (h *history) dropQueue() {
	q := h.any()
	if q == nil {
		return
	}
	h.note("drop %d", q.id)
	q.dropped = true
	h.store.Define([]Definition{{Kind: KindQueue, ID: q.id, Deleted: true}}, func() { h.gone[q.id] = true })
}

// message makes a message for a queue.
func (h *history) message(q *modelQueue) *modelMessage {
	h.number++
	m := &modelMessage{queue: q, seq: q.next, number: h.number, size: h.rng.IntN(60)}
	if h.rng.IntN(30) == 0 {
		m.size = 5000 + h.rng.IntN(40000)
	}
	q.next++
	if h.rng.IntN(5) == 0 {
		q.next += uint64(h.rng.IntN(80))
	}
	q.messages[m.seq] = m
	return m
}

// expires is when a message dies: mostly at another time in each queue that has
// it.
func (m *modelMessage) expires() int64 {
	if m.number%3 == 0 {
		return 0
	}
	return int64(m.number)*1000 + int64(m.queue.id%2)
}

func (h *history) enqueue(m *modelMessage, body Message) Enqueue {
	m.handed = true
	e := Enqueue{Seq: m.seq, Message: body}
	e.Expires = m.expires()
	if h.rng.IntN(4) > 0 {
		h.publish++
		h.waiting[h.publish] = m
		e.Confirm, e.Publish = h, h.publish
	}
	return e
}

func (h *history) append(q *modelQueue) {
	if q == nil {
		return
	}
	var batch []Enqueue
	for range 1 + h.rng.IntN(5) {
		m := h.message(q)
		batch = append(batch, h.enqueue(m, message(&h.slab, m.number, m.size)))
	}
	h.note("append %d/%d-%d", q.id, batch[0].Seq, batch[len(batch)-1].Seq)
	q.part.Append(batch)
	for i := range batch {
		batch[i].Release()
	}
}

// some returns up to n different queues.
func (h *history) some(n int) []*modelQueue {
	var list []*modelQueue
	for range n {
		if q := h.any(); q != nil && !slices.Contains(list, q) {
			list = append(list, q)
		}
	}
	return list
}

func (h *history) fanout() {
	queues := h.some(3)
	if len(queues) < 2 {
		return
	}
	f := &modelFanout{fanout: NewFanout(len(queues))}
	for i, q := range queues {
		m := h.message(q)
		if i > 0 {
			m.number, m.size = f.left[0].number, f.left[0].size
		}
		f.left = append(f.left, m)
		// No seq of this queue may be handed in before this one.
	}
	f.m = message(&h.slab, f.left[0].number, f.left[0].size)
	h.note("fanout to %d queues", len(queues))
	h.fanouts = append(h.fanouts, f)
	// Each queue answers at once, but for one that may be late.
	late := h.rng.IntN(len(queues) + 1)
	for i := len(queues) - 1; i >= 0; i-- {
		if i != late {
			h.answerOne(f, i)
		}
	}
	h.order(f)
}

// order sees to it that a queue that has not answered takes nothing else
// before: it is what a strand does.
func (h *history) order(f *modelFanout) {
	for len(f.left) > 0 && h.rng.IntN(2) == 0 {
		h.answerOne(f, 0)
	}
}

func (h *history) answerOne(f *modelFanout, i int) {
	m := f.left[i]
	f.left = slices.Delete(f.left, i, i+1)
	if m.queue.next != m.seq+1 {
		// Something else came meanwhile: the message gets a later number.
		delete(m.queue.messages, m.seq)
		m.seq = m.queue.next
		m.queue.next++
		m.queue.messages[m.seq] = m
	}
	e := h.enqueue(m, f.m)
	e.Fanout = f.fanout
	h.note("answer %d/%d", m.queue.id, m.seq)
	m.queue.part.Append([]Enqueue{e})
	if len(f.left) == 0 {
		f.m.Release()
	}
}

func (h *history) answer() {
	for i, f := range h.fanouts {
		if len(f.left) > 0 {
			h.answerOne(f, h.rng.IntN(len(f.left)))
			if len(f.left) == 0 {
				h.fanouts = slices.Delete(h.fanouts, i, i+1)
			}
			return
		}
	}
}

// settleable returns a message that its queue may settle.
func (h *history) settleable(q *modelQueue) *modelMessage {
	if q == nil {
		return nil
	}
	seqs := slices.Sorted(maps.Keys(q.messages))
	for _, seq := range seqs {
		m := q.messages[seq]
		if m.handed && !m.settled && !m.settling && (m.held == nil || m.held.whole) && h.rng.IntN(3) > 0 {
			return m
		}
	}
	return nil
}

func (h *history) settle() {
	q := h.any()
	var seqs []uint64
	for range 1 + h.rng.IntN(6) {
		if m := h.settleable(q); m != nil {
			m.settled = true
			seqs = append(seqs, m.seq)
		}
	}
	if len(seqs) > 0 {
		h.note("settle %d/%v", q.id, seqs)
		q.part.Settle(seqs)
	}
}

func (h *history) purge() {
	q := h.any()
	if q == nil {
		return
	}
	var except []uint64
	for _, seq := range slices.Sorted(maps.Keys(q.messages)) {
		m := q.messages[seq]
		if !m.handed || m.settled {
			continue
		}
		if m.settling || m.held != nil && !m.held.whole || h.rng.IntN(3) == 0 {
			except = append(except, seq)
		} else {
			m.settled = true
		}
	}
	h.note("purge %d below %d but %v", q.id, q.next, except)
	q.part.SettleBelow(q.next, except)
	q.next++ // what has not been handed in gets a later number
}

func (h *history) deliver() {
	q := h.any()
	if m := h.settleable(q); m != nil {
		m.tally.count++
		m.tally.due = int64(h.rng.IntN(3)) * int64(m.tally.count)
		m.tallies = append(m.tallies, m.tally)
		h.note("deliver %d/%d %v", q.id, m.seq, m.tally)
		q.part.Delivered(m.seq, m.tally.count, m.tally.due)
	}
}

func (h *history) beginGroup() {
	g := &modelGroup{}
	queues := h.some(3)
	if len(queues) == 0 {
		return
	}
	var f *Fanout
	var shared Message
	var number uint64
	if len(queues) > 1 && h.rng.IntN(3) == 0 {
		f = NewFanout(len(queues))
		h.number++
		number = h.number
		shared = message(&h.slab, h.number, 30)
	}
	for _, q := range queues {
		p := modelPart{queue: q}
		if f != nil {
			m := &modelMessage{queue: q, number: number, size: 30, held: g}
			p.entries = append(p.entries, m)
			e := Enqueue{Message: shared, Fanout: f}
			p.bodies = append(p.bodies, e)
		}
		for range h.rng.IntN(4) {
			h.number++
			m := &modelMessage{queue: q, number: h.number, size: h.rng.IntN(3000), held: g}
			p.entries = append(p.entries, m)
			p.bodies = append(p.bodies, Enqueue{Message: message(&h.slab, m.number, m.size)})
		}
		for range h.rng.IntN(3) {
			if m := h.settleable(q); m != nil {
				m.settling = true
				p.settled = append(p.settled, m)
			}
		}
		g.parts = append(g.parts, p)
	}
	g.all = slices.Clone(g.parts)
	h.note("group of %d parts", len(g.parts))
	g.group = h.store.NewGroup(len(g.parts), func() { g.whole = true }, func() { g.done = true })
	h.groups = append(h.groups, g)
	if h.rng.IntN(2) == 0 {
		for len(g.parts) > 0 {
			h.joinOne(g)
		}
	}
}

func (h *history) joinOne(g *modelGroup) {
	p := g.parts[0]
	g.parts = g.parts[1:]
	var seqs []uint64
	for i, m := range p.entries {
		m.seq = p.queue.next
		p.queue.next++
		p.queue.messages[m.seq] = m
		e := h.enqueue(m, p.bodies[i].Message)
		p.bodies[i].Seq, p.bodies[i].Confirm, p.bodies[i].Publish = e.Seq, e.Confirm, e.Publish
		p.bodies[i].Expires = e.Expires
	}
	for _, m := range p.settled {
		seqs = append(seqs, m.seq)
	}
	h.note("join %d: %d messages, settled %v", p.queue.id, len(p.entries), seqs)
	p.queue.part.Join(g.group, p.bodies, seqs)
	if len(g.parts) == 0 && !g.whole {
		panic("all have joined, and the group is not whole")
	}
}

func (h *history) joinGroup() {
	for _, g := range h.groups {
		if len(g.parts) > 0 {
			h.joinOne(g)
			return
		}
	}
}
