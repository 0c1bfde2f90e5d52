package session

import (
	"math"
	"math/bits"
	"sync"

	"github.com/lepusmq/lepus/queue"
)

// pageTags is how many delivery tags have a page: a bit of a word for each. The
// first page begins with the first tag, which is 1: those of a queue's slots, too.
const pageTags = 64

func pageOf(tag uint64) uint64 { return (tag - 1) / pageTags }
func bitOf(tag uint64) uint64  { return (tag - 1) % pageTags }

func tagOf(page uint64, bit int) uint64 { return page*pageTags + uint64(bit) + 1 }

// unackedPage holds the unacked deliveries of some tags that follow each other.
// Without a table it is a run: they are of one queue, and their sequence numbers
// and slots follow each other like their tags. So are those of a long queue that is
// given to a consumer without a limit.
type unackedPage struct {
	held  uint64 // a bit for each delivery that is outstanding
	free  uint64 // and for each that was fetched
	from  *dealing
	run   unackedEntry // of the first tag
	table *unackedTable
}

// unackedTable is a page of deliveries of several queues, or out of order.
type unackedTable struct {
	from    []*dealing
	entries [pageTags]unackedEntry
}

type unackedEntry struct {
	seq  uint64
	slot queue.Slot
	from uint8 // its place in the table's
}

var unackedTables = sync.Pool{New: func() any { return new(unackedTable) }}

// get returns a delivery that is outstanding.
func (p *unackedPage) get(tag uint64) unacked {
	n := bitOf(tag)
	from, e := p.from, p.run
	if t := p.table; t != nil {
		e = t.entries[n]
		from = t.from[e.from]
	} else {
		e.seq += n
		e.slot += queue.Slot(n)
	}
	return unacked{from: from, seq: e.seq, tag: tag, slot: e.slot, free: p.free>>n&1 != 0}
}

// heldTo returns those that are outstanding of the page of this number, up to tag.
func (p *unackedPage) heldTo(page, tag uint64) uint64 {
	if page < pageOf(tag) {
		return p.held
	}
	return p.held & (math.MaxUint64 >> (pageTags - 1 - bitOf(tag)))
}

// appendTo appends some of the deliveries that are outstanding.
func (p *unackedPage) appendTo(out []unacked, page, some uint64) []unacked {
	for some != 0 {
		n := bits.TrailingZeros64(some)
		u := p.get(tagOf(page, n))
		if p.table == nil {
			like := some
			if u.free {
				like &= p.free
			} else {
				like &^= p.free
			}
			u.more = uint32(bits.TrailingZeros64(^(like >> n))) - 1
		}
		some &^= (1<<u.count() - 1) << n
		if last := len(out) - 1; last < 0 || !out[last].add(&u) {
			out = append(out, u)
		}
	}
	return out
}

// put adds a delivery, or changes one.
func (p *unackedPage) put(u *unacked) {
	n := bitOf(u.tag)
	bit := uint64(1) << n
	if p.table == nil {
		run := unackedEntry{seq: u.seq - n, slot: u.slot - queue.Slot(n)}
		switch {
		case p.held&^bit == 0:
			p.from, p.run = u.from, run
		case p.from != u.from || p.run != run:
			p.spread()
		}
	}
	if t := p.table; t != nil {
		t.entries[n] = unackedEntry{seq: u.seq, slot: u.slot, from: t.place(u.from)}
	}
	p.held |= bit
	p.free &^= bit
	if u.free {
		p.free |= bit
	}
}

// spread ends the run: each delivery is told by itself.
func (p *unackedPage) spread() {
	t := unackedTables.Get().(*unackedTable)
	t.from = append(t.from, p.from)
	for n := range t.entries {
		t.entries[n] = unackedEntry{seq: p.run.seq + uint64(n), slot: p.run.slot + queue.Slot(n)}
	}
	p.table = t
}

// place is that of a dealing in the table.
func (t *unackedTable) place(from *dealing) uint8 {
	for i := len(t.from) - 1; i >= 0; i-- {
		if t.from[i] == from {
			return uint8(i)
		}
	}
	t.from = append(t.from, from)
	return uint8(len(t.from) - 1)
}

// remove ends some deliveries.
func (p *unackedPage) remove(some uint64) {
	p.held &^= some
	if p.held != 0 {
		return
	}
	p.from = nil
	if t := p.table; t != nil {
		clear(t.from)
		t.from = t.from[:0]
		unackedTables.Put(t)
		p.table = nil
	}
}

// each calls f for some of the deliveries that are outstanding, of the page of this
// number.
func (p *unackedPage) each(page, some uint64, f func(unacked)) {
	for ; some != 0; some &= some - 1 {
		f(p.get(tagOf(page, bits.TrailingZeros64(some))))
	}
}

// queues calls f with the queues of the deliveries, or of some that were there.
func (p *unackedPage) queues(f func(*queue.Queue)) {
	switch {
	case p.table != nil:
		for _, from := range p.table.from {
			f(from.queue)
		}
	case p.held != 0:
		f(p.from.queue)
	}
}
