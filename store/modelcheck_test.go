package store

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/lepusmq/lepus/store/log"
	"github.com/lepusmq/lepus/store/vfs"
)

// open starts the store and compares what it has with what was promised.
// power says whether what was not synced may be gone.
func (h *history) open(power bool) error {
	// A small cache has nearly every access read a page and drop another.
	h.rig.cache = []int{1, 1, 500, cacheBytes}[h.rng.IntN(4)]
	opt := h.rig.options()
	opt.OnLoss = func(err error) {
		if !errors.Is(err, vfs.ErrCrash) {
			h.lost = err
		}
	}
	s, err := open(opt)
	if err != nil {
		return err
	}
	h.store = s
	// Small pages and transactions make small queues take every path.
	s.index.pageRuns = []int{1, 2, 5, pageRuns}[h.rng.IntN(4)]
	s.checkpoints.batch = []int{300, 1000, batchBytes}[h.rng.IntN(3)]
	s.index.crowdQueue = []int{1, 500, crowdQueue}[h.rng.IntN(3)]
	s.index.crowdAll = []int{1, 2000, crowdAll}[h.rng.IntN(3)]
	s.cleaner.least = []int64{0, 0, 50 << 10}[h.rng.IntN(3)]
	s.cleaner.turn = []int64{1, 500, cleanTurn}[h.rng.IntN(3)]
	h.note("open, clean %v, end %d", s.clean, s.log.End())
	if err := s.index.check(); err != nil {
		return err
	}
	if err := h.checkKV(); err != nil {
		return err
	}
	defined := map[uint64]bool{}
	for _, d := range s.Definitions() {
		if d.Kind != KindQueue || string(d.Value) != fmt.Sprint("queue ", d.ID) {
			return fmt.Errorf("definition %v", d)
		}
		if h.gone[d.ID] {
			return fmt.Errorf("queue %d is back", d.ID)
		}
		defined[d.ID] = true
	}
	// What waited is gone, or it is there.
	h.fanouts, h.moves, h.defines = nil, nil, nil
	clear(h.waiting)
	groups := h.groups
	h.groups = nil
	for id, q := range h.queues {
		if !defined[id] {
			if q.defined && !q.dropped {
				return fmt.Errorf("queue %d is lost", id)
			}
			delete(h.queues, id)
			if q.defined {
				h.gone[id] = true
			}
		}
	}
	found := map[*modelMessage]bool{}
	for _, id := range slices.Sorted(maps.Keys(h.queues)) {
		if err := h.compare(h.queues[id], power, found); err != nil {
			return fmt.Errorf("queue %d: %w", id, err)
		}
	}
	for _, g := range groups {
		if err := h.compareGroup(g, found); err != nil {
			return err
		}
	}
	for _, q := range h.queues {
		q.defined, q.dropped = true, false
		q.next = q.part.NextSeq()
		for seq, m := range q.messages {
			if !found[m] {
				delete(q.messages, seq)
				continue
			}
			*m = modelMessage{
				queue: q, seq: seq, number: m.number, size: m.size, handed: true, confirmed: true,
				tally: m.tally, tallies: m.tallies, again: m.again,
			}
		}
	}
	return nil
}

// checkKV sees that nothing is left over in Badger.
func (h *history) checkKV() error {
	x := h.store.index
	named := map[string]bool{}
	for id, q := range x.queues {
		named[string(stateKey(keyQueue, id))] = true
		for _, p := range q.pages {
			named[string(pageKey(id, p.number))] = true
		}
		for _, n := range q.garbage {
			named[string(pageKey(id, n))] = true
		}
	}
	for _, q := range x.ended {
		named[string(stateKey(keyQueue, q.id))] = true
		for _, n := range q.garbage {
			named[string(pageKey(q.id, n))] = true
		}
	}
	for key := range h.rig.kv.m {
		if l := key[0]; (l == keyQueue || l == keyPage || l == keySweep) && !named[key] {
			return fmt.Errorf("%x is left over in the index", key)
		}
	}
	return nil
}

// checkKept loads what the store says that it keeps, while it runs.
func (h *history) checkKept() error {
	for _, q := range h.queues {
		if q.dropped {
			continue
		}
		kept := q.part.Kept()
		there := map[uint64]bool{}
		for from := uint64(1); from <= kept; {
			list, upTo := q.part.Load([]Range{{from, kept}}, 1+h.rng.IntN(5000))
			for i := range list {
				m := q.messages[list[i].Seq]
				if m == nil || bodyNumber(&list[i].Message) != m.number {
					return fmt.Errorf("queue %d loads %d with body %.30q", q.id, list[i].Seq, list[i].Body())
				}
				there[m.seq] = true
				list[i].Release()
			}
			from = upTo + 1
		}
		for seq, m := range q.messages {
			if m.handed && seq <= kept && !m.settled && !m.settling && !there[seq] {
				return fmt.Errorf("queue %d keeps all up to %d, but not %d", q.id, kept, seq)
			}
			if m.confirmed && !m.settled && seq <= kept && !there[seq] {
				return fmt.Errorf("queue %d lacks %d, which was confirmed", q.id, seq)
			}
		}
		if last := q.next - 1; len(h.fanouts)+len(h.groups) == 0 && len(q.messages) > 0 && kept < last && q.messages[last] != nil &&
			q.messages[last].confirmed && !q.messages[last].settled {
			return fmt.Errorf("queue %d keeps all up to %d, but %d was confirmed", q.id, kept, last)
		}
	}
	return nil
}

// compare loads a queue and compares.
func (h *history) compare(q *modelQueue, power bool, found map[*modelMessage]bool) error {
	q.part = h.store.Queue(q.id)
	var list []Stored
	for from := uint64(1); from <= maxSeq; {
		part, upTo := q.part.Load([]Range{{from, maxSeq}}, 1+h.rng.IntN(5000))
		list = append(list, part...)
		from = upTo + 1
	}
	if in, n := q.part.Stock(); n != len(list) || n > 0 && (in.First != list[0].Seq || in.Last != list[n-1].Seq) {
		return fmt.Errorf("%d messages from %d to %d in stock, %d loaded", n, in.First, in.Last, len(list))
	}
	last := uint64(0)
	for i := range list {
		f := &list[i]
		m := q.messages[f.Seq]
		switch {
		case f.Seq <= last:
			return fmt.Errorf("%d after %d", f.Seq, last)
		case m == nil || !m.handed:
			return fmt.Errorf("%d was invented", f.Seq)
		case bodyNumber(&f.Message) != m.number || !f.Persistent || len(f.Body()) < m.size:
			return fmt.Errorf("%d has another body: %.30q for %d", f.Seq, f.Body(), m.number)
		case f.Expires != m.expires():
			return fmt.Errorf("%d expires at %d, want %d", f.Seq, f.Expires, m.expires())
		case f.Expires != 0 && !q.part.Mortal():
			return fmt.Errorf("%d expires, and nobody knows", f.Seq)
		case m.settled && (m.synced || m.written && !power):
			return fmt.Errorf("%d has come back", f.Seq)
		}
		last = f.Seq
		found[m] = true
		if err := h.compareCount(m, f); err != nil {
			return fmt.Errorf("%d: %w", f.Seq, err)
		}
		f.Release()
	}
	for seq, m := range q.messages {
		if m.confirmed && !m.settled && !m.settling && !found[m] {
			return fmt.Errorf("%d is lost", seq)
		}
		if found[m] && q.part.NextSeq() <= seq {
			return fmt.Errorf("next seq is %d, but there is %d", q.part.NextSeq(), seq)
		}
	}
	return nil
}

func (h *history) compareCount(m *modelMessage, f *Stored) error {
	m.again = m.again || !h.store.clean
	if f.Redelivered != (m.again || f.Count > 0) {
		return fmt.Errorf("redelivered %v, unclean before: %v, count %d", f.Redelivered, m.again, f.Count)
	}
	found := tally{f.Count, f.Due}
	if h.store.clean && found != m.tally {
		return fmt.Errorf("tally %v of %v", found, m.tally)
	}
	if found != (tally{}) && !slices.Contains(m.tallies, found) {
		return fmt.Errorf("tally %v of %v", found, m.tallies)
	}
	m.tally = found
	return nil
}

// compareGroup sees whether a group that was not promised is there whole or
// not at all.
func (h *history) compareGroup(g *modelGroup, found map[*modelMessage]bool) error {
	there, missing := 0, 0
	for _, p := range g.all {
		if h.queues[p.queue.id] == nil || p.queue.dropped {
			continue
		}
		for _, m := range p.entries {
			switch {
			case found[m]:
				there++
			case m.settled || m.settling:
				// This group has made it, or another has ended the message.
			default:
				missing++
			}
		}
		for _, m := range p.settled {
			if found[m] {
				missing++
			} else if m.confirmed {
				there++
			}
		}
	}
	if there > 0 && missing > 0 {
		return fmt.Errorf("%d of a group of %d are there", there, there+missing)
	}
	if g.done && missing > 0 {
		return fmt.Errorf("a group that was done has lost %d", missing)
	}
	return nil
}

// check holds the index's sums, summaries and sizes against its runs.
func (x *index) check() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	var c indexCheck
	c.sums = map[uint64]sum{}
	for _, q := range x.queues {
		if err := c.queue(q); err != nil {
			return fmt.Errorf("queue %d: %w", q.id, err)
		}
	}
	for _, q := range x.ended {
		c.unsaved += q.unsaved
		c.deltas += len(q.deltas)
		if q.unsaved != sumMemory*len(q.deltas) {
			return fmt.Errorf("queue %d, which has ended, has %d bytes unsaved", q.id, q.unsaved)
		}
	}
	for _, g := range x.segments.list {
		if c.sums[g.seq] != g.sum {
			return fmt.Errorf("segment %d has %v, not %v", g.seq, c.sums[g.seq], g.sum)
		}
	}
	if c.unsaved != x.unsaved || c.deltas != x.deltas {
		return fmt.Errorf("%d bytes and %d deltas are unsaved, not %d and %d", c.unsaved, c.deltas, x.unsaved, x.deltas)
	}
	if c.cached != x.cache.size || c.pages != len(x.cache.pages) {
		return fmt.Errorf("%d pages of %d bytes are cached, not %d of %d", c.pages, c.cached, len(x.cache.pages), x.cache.size)
	}
	if n := len(x.cache.pages); n > 1 && x.cache.size > x.cache.limit {
		return fmt.Errorf("%d bytes in %d pages are cached", x.cache.size, n)
	}
	return nil
}

// indexCheck gathers what all queues together should add up to.
type indexCheck struct {
	sums                   map[uint64]sum
	unsaved, cached, pages int
	deltas                 int
}

func (c *indexCheck) queue(q *queueIndex) error {
	messages, unsaved := uint64(0), sumMemory*len(q.deltas)
	c.deltas += len(q.deltas)
	before := uint64(0)
	for at, p := range q.pages {
		if p.empty() || at > 0 && p.first() <= before {
			return fmt.Errorf("page %+v behind %d", *p, before)
		}
		before = p.last()
		if p.lost {
			messages += uint64(p.messages)
			for s := range p.sums.all {
				c.add(s.seq, s.sum)
			}
			continue
		}
		runs, tallies, err := q.contents(p)
		if err != nil {
			return err
		}
		fresh := page{runs: runs, tallies: tallies}
		size := fresh.measure()
		fresh.summarize(&q.index.segments)
		messages += uint64(fresh.messages)
		if fresh.from != p.first() || fresh.until != p.last() || !p.changed && !fresh.agrees(p) {
			return fmt.Errorf("page %+v has %+v", *p, fresh)
		}
		if p.runs != nil && p.size != size {
			return fmt.Errorf("page %+v has %d bytes", *p, size)
		}
		if p.changed {
			unsaved += p.size
			if p.slot != 0 || p.number != 0 {
				return fmt.Errorf("page %+v is changed", *p)
			}
		} else if p.slot != 0 {
			c.cached += p.size
			c.pages++
		}
		if err := c.runs(q, runs, tallies); err != nil {
			return err
		}
	}
	c.unsaved += unsaved
	if messages != q.messages || unsaved != q.unsaved || messages > 0 && q.next <= before {
		return fmt.Errorf("%d messages, not %d; %d bytes unsaved, not %d; next is %d, last %d",
			q.messages, messages, q.unsaved, unsaved, q.next, before)
	}
	return nil
}

func (c *indexCheck) runs(q *queueIndex, runs []run, tallies map[uint64]tally) error {
	for i := range runs {
		r := &runs[i]
		n := uint32(r.to) - uint32(r.from) + 1 - r.deadIn(r.from, r.to)
		if n != r.live || n == 0 || r.bit(r.from) || r.bit(r.to) || i > 0 && r.first() <= runs[i-1].last() {
			return fmt.Errorf("run %d of %+v", i, runs)
		}
		q.index.segments.share(r, int64(n), int64(r.bytes), func(g *segment, d sum) { c.add(g.seq, d) })
	}
	for seq := range tallies {
		if !slices.ContainsFunc(runs, func(r run) bool { return r.alive(seq) }) {
			return fmt.Errorf("%d has a tally", seq)
		}
	}
	return nil
}

func (c *indexCheck) add(segment uint64, d sum) {
	s := c.sums[segment]
	s.add(d)
	c.sums[segment] = s
}

// contents returns the runs of a page without bringing them into memory.
func (q *queueIndex) contents(p *page) ([]run, map[uint64]tally, error) {
	if p.runs != nil {
		return p.runs, p.tallies, nil
	}
	fresh, err := q.read(p)
	if err != nil {
		return nil, nil, err
	}
	return fresh.runs, fresh.tallies, nil
}

// planMove decides to move what is live in a segment; it is done later.
func (h *history) planMove() {
	x := h.store.index
	x.mu.Lock()
	var from []*segment
	for _, g := range x.segments.list {
		if g.sum.messages > 0 && g.limit <= x.applied {
			from = append(from, g)
		}
	}
	if len(from) == 0 {
		x.mu.Unlock()
		return
	}
	g := from[h.rng.IntN(len(from))]
	type survivor struct {
		queue uint64
		r     run
	}
	var list []survivor
	for _, q := range x.queues {
		for _, p := range q.pages {
			runs, _, err := q.contents(p)
			if err != nil {
				panic(err)
			}
			for _, r := range runs {
				if r.pos >= g.start && r.pos < g.limit {
					list = append(list, survivor{q.id, r.clone()})
				}
			}
		}
	}
	x.mu.Unlock()
	h.note("plan to move %d runs out of segment %d", len(list), g.seq)
	for _, v := range list {
		found, _ := h.store.Queue(v.queue).Load([]Range{{v.r.first(), v.r.last()}}, 1<<30)
		if len(found) != int(v.r.live) {
			panic(fmt.Sprintf("%d messages of %d", len(found), v.r.live))
		}
		h.moves = append(h.moves, func() error { return h.moveRun(v.queue, found) })
	}
}

// moveRun appends move records, one for each message.
func (h *history) moveRun(queue uint64, list []Stored) error {
	h.note("move %d/%v", queue, seqsOf(list))
	e := &h.store.round.encoder
	for i := range list {
		m := &list[i]
		var chunks []log.Position
		if int(m.Size()) > h.store.log.MaxPayload()/2 {
			e.block.chunks = nil
			if err := e.chunk(&m.Message); err != nil {
				return err
			}
			chunks, e.block.chunks = e.block.chunks, nil
		}
		if _, err := e.append(recMove, moveRecord(queue, m, chunks)); err != nil {
			return err
		}
	}
	return nil
}

// moveRecord is written by hand, from DESIGN.md.
func moveRecord(queue uint64, m *Stored, chunks []log.Position) []byte {
	route, head, body := m.Lengths()
	flags := uint16(0)
	if m.Expires != 0 {
		flags |= 1
	}
	if m.Redelivered {
		flags |= 16
	}
	if chunks != nil {
		flags |= 32
	}
	b := []byte{1, 0, 0, 0, 1, 0, 0, 0}
	b = le.AppendUint16(b, flags)
	b = le.AppendUint16(b, route)
	b = le.AppendUint32(b, head)
	b = le.AppendUint32(b, body)
	if m.Expires != 0 {
		b = le.AppendUint64(b, uint64(m.Expires))
	}
	if chunks != nil {
		b = le.AppendUint32(b, uint32(len(chunks)))
		for _, c := range chunks {
			b = le.AppendUint64(b, uint64(c))
		}
	}
	b = le.AppendUint64(b, m.Seq)
	if chunks == nil {
		b = append(b, m.Bytes()...)
	}
	return le.AppendUint64(b, queue)
}

// move does what was planned, after whatever has happened since.
func (h *history) move() error {
	moves := h.moves
	h.moves = nil
	for _, m := range moves {
		if err := m(); err != nil {
			return err
		}
	}
	if len(moves) == 0 {
		return nil
	}
	return h.commit()
}
