package store

import (
	"slices"
	"sort"

	"github.com/lepusmq/lepus/store/log"
)

// queueIndex is what the index knows of one queue: runs in order, in pages.
// It is guarded by the index.
type queueIndex struct {
	id       uint64
	position log.Position // what is below is reflected already
	next     uint64       // above every sequence number ever named
	messages uint64
	mortal   bool // a message that expires has come since there was none at all
	pages    []*page
	index    *index

	// What has changed since the queue was last saved.
	unsaved int // memory that changed pages and deltas take
	deltas  []segmentSum
	garbage []uint64 // numbers of pages that are not used any more
	// What Badger has.
	hash   uint64
	stored bool
	dirty  bool // the queue is to be saved
}

// room is how many runs a page may hold before it is parted.
func (q *queueIndex) room() int {
	return min(max(q.index.pageRuns, len(q.pages)/2), maxPageRuns)
}

// find returns the place of the first page that ends at seq or behind it: the
// number of pages if there is none.
func (q *queueIndex) find(seq uint64) int {
	return sort.Search(len(q.pages), func(i int) bool { return q.pages[i].last() >= seq })
}

// change says that a page, whose runs are in memory, differs from what Badger
// has.
func (q *queueIndex) change(p *page) {
	if p.changed {
		return
	}
	if p.number != 0 {
		q.garbage = append(q.garbage, p.number)
	}
	q.index.cache.remove(p)
	p.number, p.sums, p.changed = 0, nil, true
	q.weigh(p.size)
}

// resize notes that a changed page takes more memory, or less.
func (q *queueIndex) resize(p *page, bytes int) {
	p.size += bytes
	q.weigh(bytes)
}

func (q *queueIndex) weigh(bytes int) {
	q.unsaved += bytes
	q.index.unsaved += bytes
}

// insert adds a run of messages that the queue does not have.
func (q *queueIndex) insert(r run) {
	q.next = max(q.next, r.last()+1)
	q.messages += uint64(r.live)
	q.account(&r, int64(r.live), int64(r.bytes), r.pos)
	for {
		at := q.find(r.first())
		if at == len(q.pages) {
			q.push(r)
			return
		}
		p := q.pages[at]
		if q.need(p) != nil {
			if p.first() > r.last() {
				q.pages = slices.Insert(q.pages, at, q.newPage(r))
				return
			}
			q.makeWay(at, &r)
			continue
		}
		i := p.search(r.first())
		old := &p.runs[i]
		switch {
		case old.first() > r.last():
			q.put(at, i, r)
			return
		case old.first() < r.first():
			q.change(p)
			rest := old.split(r.first())
			q.put(at, i+1, rest)
		default:
			if old.first() == r.first() {
				// The later statement stands. It takes a log with losses to
				// come here.
				q.remove(span{r.first(), r.first()}, r.pos)
				continue
			}
			rest := r.split(old.first())
			q.put(at, i, r)
			r = rest
		}
	}
}

// makeWay takes what a run spans out of a page that is lost. All that the page
// adds to the sums stays with its first part.
func (q *queueIndex) makeWay(at int, r *run) {
	p := q.pages[at]
	q.index.touch(q)
	switch {
	case p.from < r.first():
		if p.until > r.last() {
			rest := *p
			rest.from, rest.messages, rest.sums = r.last()+1, 0, nil
			q.pages = slices.Insert(q.pages, at+1, &rest)
		}
		p.until = r.first() - 1
	case p.until > r.last():
		p.from = r.last() + 1
	default:
		q.discard(p, r.pos)
		q.pages = slices.Delete(q.pages, at, at+1)
	}
}

// push adds a run behind all others. It reads the last page only if the
// queue's record has it: one that is short.
func (q *queueIndex) push(r run) {
	if n := len(q.pages); n > 0 {
		p := q.pages[n-1]
		if p.runs != nil || p.number == 0 && q.need(p) == nil {
			last := &p.runs[len(p.runs)-1]
			before := last.size()
			if q.index.segments.same(last, &r) && last.join(&r) {
				q.change(p)
				q.resize(p, last.size()-before)
				return
			}
			if len(p.runs) < q.room() {
				q.change(p)
				p.runs = append(p.runs, r)
				q.resize(p, r.size())
				return
			}
		}
	}
	q.pages = append(q.pages, q.newPage(r))
}

func (q *queueIndex) newPage(r run) *page {
	p := &page{runs: []run{r}, size: r.size(), changed: true}
	q.weigh(p.size)
	return p
}

// put adds a run before the i-th of a page, or behind its last.
func (q *queueIndex) put(at, i int, r run) {
	p := q.pages[at]
	q.change(p)
	p.runs = slices.Insert(p.runs, i, r)
	if q.resize(p, r.size()); len(p.runs) > q.room() {
		q.halve(at)
	}
}

// halve parts a page that has changed in two.
func (q *queueIndex) halve(at int) {
	p := q.pages[at]
	n := len(p.runs) / 2
	half := &page{runs: slices.Clone(p.runs[n:]), changed: true}
	clear(p.runs[n:])
	p.runs = p.runs[:n]
	for seq, t := range p.tallies {
		if seq >= half.runs[0].first() {
			half.setTally(seqTally{seq, t})
			delete(p.tallies, seq)
		}
	}
	half.size = half.measure()
	p.size -= half.size
	q.pages = slices.Insert(q.pages, at+1, half)
}

// settle ends the messages of a range, as far as the queue has them. by is
// the operation's position.
func (q *queueIndex) settle(s span, by log.Position) {
	if s.last != ^uint64(0) {
		q.next = max(q.next, s.last+1)
	}
	q.remove(s, by)
}

// remove takes the messages of a range out of the runs. Pages within it go
// without being read; in those that are lost it settles nothing.
func (q *queueIndex) remove(s span, by log.Position) {
	from := q.find(s.first)
	at := from
	for ; at < len(q.pages) && q.pages[at].first() <= s.last; at++ {
		p := q.pages[at]
		switch {
		case s.first <= p.first() && p.last() <= s.last:
			q.discard(p, by)
		case q.need(p) == nil:
			q.removeIn(at, s, by)
		}
	}
	// Of the pages from from to at only the outermost can have something left.
	if from < at && !q.pages[from].empty() {
		from++
	}
	if from < at && !q.pages[at-1].empty() {
		at--
	}
	if from < at {
		q.pages = slices.Delete(q.pages, from, at)
	}
}

// discard takes out all that a page has, which is empty then.
func (q *queueIndex) discard(p *page, by log.Position) {
	if p.changed {
		for i := range p.runs {
			r := &p.runs[i]
			q.messages -= uint64(r.live)
			q.account(r, -int64(r.live), -int64(r.bytes), by)
		}
		q.weigh(-p.size)
	} else {
		q.messages -= uint64(p.messages)
		for s := range p.sums.all {
			if g := q.index.segments.bySeq(s.seq); g != nil {
				q.add(g, sum{-s.sum.messages, -s.sum.bytes}, by)
			}
		}
		if p.number != 0 {
			q.garbage = append(q.garbage, p.number)
		}
		q.index.cache.remove(p)
	}
	p.drop()
	p.number, p.changed = 0, true
}

// removeIn takes the messages of a range out of a page, whose runs are in
// memory.
func (q *queueIndex) removeIn(at int, s span, by log.Position) {
	p := q.pages[at]
	from := p.search(s.first)
	i, kept, grown := from, from, 0
	changed := false
	for ; i < len(p.runs); i++ {
		r := &p.runs[i]
		if r.first() > s.last {
			break
		}
		before := r.size()
		if messages, bytes := r.kill(s.first, s.last); messages > 0 {
			q.messages -= uint64(messages)
			q.account(r, -int64(messages), -int64(bytes), by)
			changed = true
		}
		if r.live == 0 {
			grown -= before
			continue
		}
		grown += r.size() - before
		if kept != i {
			p.runs[kept] = *r
		}
		kept++
	}
	if !changed {
		return
	}
	q.change(p)
	if kept == 0 && at < len(q.pages)-1 {
		// Nothing is added to this page: what is behind need not move.
		clear(p.runs[:i])
		p.runs = p.runs[i:]
	} else {
		p.runs = slices.Delete(p.runs, kept, i)
	}
	q.resize(p, grown-tallyMemory*p.forget(s))
}

// forget drops the tallies of a range and returns how many.
func (p *page) forget(s span) int {
	had := len(p.tallies)
	if had == 0 {
		return 0
	}
	if n := s.last - s.first; n < uint64(had) {
		for i := range n + 1 {
			delete(p.tallies, s.first+i)
		}
	} else {
		for seq := range p.tallies {
			if seq >= s.first && seq <= s.last {
				delete(p.tallies, seq)
			}
		}
	}
	return had - len(p.tallies)
}

// relocate moves the messages of a run that the queue still has to the run's
// place. by is the operation's position.
func (q *queueIndex) relocate(r run, by log.Position) {
	var tallies []seqTally
	for o := uint32(r.from); o <= uint32(r.to) && r.live > 0; o++ {
		seq := r.seq + uint64(o)
		if r.bit(uint16(o)) {
			continue
		}
		p := q.holder(seq)
		if p == nil {
			r.kill(seq, seq)
			continue
		}
		if t, ok := p.tallies[seq]; ok {
			tallies = append(tallies, seqTally{seq, t})
		}
		q.remove(span{seq, seq}, by)
	}
	if r.live > 0 {
		q.insert(r)
	}
	for _, t := range tallies {
		q.tally(t)
	}
}

// holder returns the page that has a message, its runs in memory, or nil if
// the queue does not have it or cannot say.
func (q *queueIndex) holder(seq uint64) *page {
	at := q.find(seq)
	if at == len(q.pages) || q.pages[at].first() > seq {
		return nil
	}
	if p := q.pages[at]; q.need(p) == nil && p.alive(seq) {
		return p
	}
	return nil
}

// tally notes how often a message was delivered, and when it may be again.
func (q *queueIndex) tally(t seqTally) {
	q.next = max(q.next, t.seq+1)
	p := q.holder(t.seq)
	if p == nil {
		return
	}
	q.change(p)
	had := len(p.tallies)
	p.setTally(t)
	q.resize(p, tallyMemory*(len(p.tallies)-had))
}

// end takes all messages out; by is the operation's position. The pages that
// Badger has are garbage.
func (q *queueIndex) end(by log.Position) {
	for _, p := range q.pages {
		q.discard(p, by)
	}
	q.pages = nil
}

// account notes what a run adds to the sums of the segments it lies in.
func (q *queueIndex) account(r *run, messages, bytes int64, by log.Position) {
	q.index.segments.share(r, messages, bytes, func(g *segment, d sum) { q.add(g, d, by) })
}

func (q *queueIndex) add(g *segment, d sum, by log.Position) {
	g.sum.add(d)
	if g.sum.messages == 0 && d.messages < 0 {
		g.emptied = by
	}
	had := len(q.deltas)
	q.deltas = addSum(q.deltas, g.seq, d)
	q.weighDeltas(len(q.deltas) - had)
}

// takeDeltas returns what the queue has changed in the sums since it was last
// saved, and forgets it.
func (q *queueIndex) takeDeltas() []segmentSum {
	deltas := q.deltas
	q.weighDeltas(-len(deltas))
	q.deltas = nil
	return deltas
}

// weighDeltas notes that there are more deltas, or fewer.
func (q *queueIndex) weighDeltas(n int) {
	q.index.deltas += n
	q.weigh(sumMemory * n)
}
