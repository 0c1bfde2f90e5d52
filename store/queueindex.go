package store

import (
	"slices"
	"sort"

	"github.com/lepusmq/lepus/store/log"
)

// pageRuns is how many runs a page holds, in a queue with few pages. Long
// queues have larger pages, up to maxPageRuns, so that the list of them stays
// short.
const (
	pageRuns    = 128
	maxPageRuns = 4096
)

// queueIndex is what the index knows of one queue: runs in order, in pages.
// It is guarded by the index.
type queueIndex struct {
	id       uint64
	position log.Position // what is below is reflected already
	next     uint64       // above every sequence number ever named
	messages uint64
	pages    []*page
	counts   map[uint64]uint32 // deliveries, of messages that were delivered
	index    *index

	// What has changed since the queue was last saved.
	dirty   bool
	deltas  []segmentDelta
	garbage []uint64 // numbers of pages that are not used any more
	// What Badger has.
	stored   bool
	hash     uint64
	nextPage uint64
}

// page is a stretch of a queue's runs, which Badger keeps as one value.
type page struct {
	runs []run
	// number names the page in Badger; 0 if it has changed since, or is part
	// of the queue's record.
	number uint64
	check  uint32
}

func (p *page) first() uint64 { return p.runs[0].first() }
func (p *page) last() uint64  { return p.runs[len(p.runs)-1].last() }

// room is how many runs a page may hold before it is parted.
func (q *queueIndex) room() int {
	return min(max(q.index.pageRuns, len(q.pages)/2), maxPageRuns)
}

// seek returns the place of the first run that ends at seq or behind it. at is
// the number of pages if there is none.
func (q *queueIndex) seek(seq uint64) (at, i int) {
	at = sort.Search(len(q.pages), func(i int) bool { return q.pages[i].last() >= seq })
	if at < len(q.pages) {
		runs := q.pages[at].runs
		i = sort.Search(len(runs), func(i int) bool { return runs[i].last() >= seq })
	}
	return at, i
}

// change says that a page differs from what Badger has.
func (q *queueIndex) change(p *page) {
	if p.number != 0 {
		q.garbage = append(q.garbage, p.number)
		p.number = 0
	}
}

// insert adds a run of messages that the queue does not have.
func (q *queueIndex) insert(r run) {
	q.next = max(q.next, r.last()+1)
	q.messages += uint64(r.live)
	q.account(&r, int64(r.live), int64(r.bytes), r.pos)
	for {
		at, i := q.seek(r.first())
		if at == len(q.pages) {
			q.push(r)
			return
		}
		p := q.pages[at]
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

// push adds a run behind all others.
func (q *queueIndex) push(r run) {
	if n := len(q.pages); n > 0 {
		p := q.pages[n-1]
		if last := &p.runs[len(p.runs)-1]; q.index.segments.same(last, &r) && last.join(&r) {
			q.change(p)
			return
		}
		if len(p.runs) < q.room() {
			q.change(p)
			p.runs = append(p.runs, r)
			return
		}
	}
	q.pages = append(q.pages, &page{runs: []run{r}})
}

// put adds a run before the i-th of a page, or behind its last.
func (q *queueIndex) put(at, i int, r run) {
	p := q.pages[at]
	q.change(p)
	p.runs = slices.Insert(p.runs, i, r)
	if len(p.runs) > q.room() {
		q.halve(at)
	}
}

// halve parts a page that has changed in two.
func (q *queueIndex) halve(at int) {
	p := q.pages[at]
	n := len(p.runs) / 2
	half := &page{runs: slices.Clone(p.runs[n:])}
	clear(p.runs[n:])
	p.runs = p.runs[:n]
	q.pages = slices.Insert(q.pages, at+1, half)
}

// settle ends the messages of a range, as far as the queue has them. by is
// the operation's position.
func (q *queueIndex) settle(s span, by log.Position) {
	if s.last != ^uint64(0) {
		q.next = max(q.next, s.last+1)
	}
	q.remove(s, by)
	if len(q.counts) == 0 {
		return
	}
	if n := s.last - s.first; n < uint64(len(q.counts)) {
		for i := range n + 1 {
			delete(q.counts, s.first+i)
		}
		return
	}
	for seq := range q.counts {
		if seq >= s.first && seq <= s.last {
			delete(q.counts, seq)
		}
	}
}

// remove takes the messages of a range out of the runs.
func (q *queueIndex) remove(s span, by log.Position) {
	from, i := q.seek(s.first)
	at := from
	for ; at < len(q.pages) && q.pages[at].first() <= s.last; at++ {
		q.removeIn(q.pages[at], i, s, by)
		i = 0
	}
	// Of the pages from from to at only the outermost can have something left.
	if from < at && len(q.pages[from].runs) > 0 {
		from++
	}
	if from < at && len(q.pages[at-1].runs) > 0 {
		at--
	}
	if from < at {
		q.pages = slices.Delete(q.pages, from, at)
	}
}

// removeIn takes the messages of a range out of a page's runs from the i-th on.
func (q *queueIndex) removeIn(p *page, i int, s span, by log.Position) {
	changed, kept := false, i
	for ; i < len(p.runs); i++ {
		r := &p.runs[i]
		if r.first() > s.last {
			break
		}
		if messages, bytes := r.kill(s.first, s.last); messages > 0 {
			q.messages -= uint64(messages)
			q.account(r, -int64(messages), -int64(bytes), by)
			changed = true
		}
		if r.live > 0 {
			if kept != i {
				p.runs[kept] = *r
			}
			kept++
		}
	}
	if changed {
		q.change(p)
		p.runs = slices.Delete(p.runs, kept, i)
	}
}

// relocate moves the messages of a run that the queue still has to the run's
// place. by is the operation's position.
func (q *queueIndex) relocate(r run, by log.Position) {
	for o := uint32(r.from); o <= uint32(r.to) && r.live > 0; o++ {
		seq := r.seq + uint64(o)
		if r.bit(uint16(o)) {
			continue
		}
		if q.has(seq) {
			q.remove(span{seq, seq}, by)
		} else {
			r.kill(seq, seq)
		}
	}
	if r.live > 0 {
		q.insert(r)
	}
}

// has says whether a message is in the queue.
func (q *queueIndex) has(seq uint64) bool {
	at, i := q.seek(seq)
	return at < len(q.pages) && q.pages[at].runs[i].alive(seq)
}

// delivered notes how often a message was delivered.
func (q *queueIndex) delivered(c seqCount) {
	q.next = max(q.next, c.seq+1)
	at, i := q.seek(c.seq)
	if at == len(q.pages) || !q.pages[at].runs[i].alive(c.seq) {
		return
	}
	if q.counts == nil {
		q.counts = make(map[uint64]uint32)
	}
	q.counts[c.seq] = c.count
	q.change(q.pages[at])
}

// end takes all messages out; by is the operation's position. The pages that
// Badger has are garbage.
func (q *queueIndex) end(by log.Position) {
	for _, p := range q.pages {
		for i := range p.runs {
			r := &p.runs[i]
			q.account(r, -int64(r.live), -int64(r.bytes), by)
		}
		q.change(p)
	}
	q.pages, q.counts, q.messages = nil, nil, 0
}

// account notes what a run adds to the sums of the segments it lies in.
func (q *queueIndex) account(r *run, messages, bytes int64, by log.Position) {
	if r.back == 0 {
		if g := q.index.segments.of(r.pos); g != nil {
			q.add(g, sum{messages, bytes}, by)
		}
		return
	}
	var covered []*segment
	q.index.segments.span(r.pos-log.Position(r.back), r.pos, func(g *segment) { covered = append(covered, g) })
	for _, g := range covered {
		q.add(g, sum{messages, bytes / int64(len(covered))}, by)
	}
}

func (q *queueIndex) add(g *segment, d sum, by log.Position) {
	g.sum.add(d)
	if g.sum.messages == 0 && d.messages < 0 {
		g.emptied = by
	}
	for i := len(q.deltas) - 1; i >= 0; i-- {
		if q.deltas[i].seq == g.seq {
			q.deltas[i].sum.add(d)
			return
		}
	}
	q.deltas = append(q.deltas, segmentDelta{seq: g.seq, sum: d})
}
