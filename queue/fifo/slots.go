package fifo

import (
	"math"
	"math/bits"
)

// Slot names an unacked message inside its queue; 0 is none. Slots are used again;
// the sequence number beside it tells whether it is still the same message.
type Slot uint32

// slots are the unacked messages of a queue, in pages. Pages fill one after the
// other from their start, so that what a consumer is given of a long queue makes
// runs, of which millions take next to nothing.
type slots struct {
	pages []slotPage
	at    uint32 // the page that is being filled
	len   int
	few   bool // pages are not kept empty, except one

	blocks *Blocks
}

// pageSlots is how many slots a page has: a bit of a word for each.
const pageSlots = 64

// keepPages is how many pages are kept when all of them are empty.
const keepPages = 64

// slotPage is some slots that follow each other. Without a table it is a run: the
// messages differ in nothing but their sequence numbers, which follow each other.
type slotPage struct {
	used  uint64 // a bit for each slot that holds a message
	run   ref    // of the first slot
	table *slotTable
}

type slotTable [pageSlots]ref

func (s *slots) put(f ref) Slot {
	n := pageSlots
	if len(s.pages) > 0 {
		n = bits.Len64(s.pages[s.at].used)
	}
	if n == pageSlots {
		n = s.room()
	}
	s.len++
	s.pages[s.at].put(n, f, s.blocks)
	return slotOf(s.at, n)
}

// room finds a page for the next message, and the slot in it, when the page at is
// full to its end: the next if it is empty, any if most slots are free, else one more.
func (s *slots) room() (n int) {
	next := s.at + 1
	if next >= uint32(len(s.pages)) {
		next = 0
	}
	switch {
	case len(s.pages) > 0 && s.pages[next].used == 0:
		s.at = next
	case s.len < len(s.pages)*pageSlots/2:
		for s.pages[s.at].used == math.MaxUint64 {
			if s.at++; s.at == uint32(len(s.pages)) {
				s.at = 0
			}
		}
		return bits.TrailingZeros64(^s.pages[s.at].used)
	default:
		s.at = uint32(len(s.pages))
		s.pages = append(s.pages, slotPage{})
	}
	return 0
}

// find returns what a slot holds. It reports false when that is another message, or
// none.
func (s *slots) find(at Slot, seq uint64) (ref, bool) {
	page, n := at.place()
	if int(page) >= len(s.pages) || s.pages[page].used>>n&1 == 0 {
		return ref{}, false
	}
	f := s.pages[page].get(n)
	return f, f.seq == seq
}

// take is find, and empties the slot.
func (s *slots) take(at Slot, seq uint64) (ref, bool) {
	f, ok := s.find(at, seq)
	if !ok {
		return ref{}, false
	}
	page, n := at.place()
	p := &s.pages[page]
	s.len--
	if p.used &^= 1 << n; p.used == 0 {
		if p.table != nil {
			s.blocks.putTable(p.table)
			p.table = nil
		}
		if s.len == 0 && len(s.pages) > 1 && (s.few || len(s.pages) > keepPages) {
			s.pages, s.at = nil, 0
		}
	}
	return f, true
}

// get returns what a slot that is used holds, set changes it.
func (s *slots) get(at Slot) ref {
	page, n := at.place()
	return s.pages[page].get(n)
}

func (s *slots) set(at Slot, f ref) {
	page, n := at.place()
	s.pages[page].put(n, f, s.blocks)
}

// all calls yield for what is in the slots. It may take that.
func (s *slots) all(yield func(Slot, ref) bool) {
	for page := uint32(0); int(page) < len(s.pages); page++ {
		for used := s.pages[page].used; used != 0; used &= used - 1 {
			n := bits.TrailingZeros64(used)
			if !yield(slotOf(page, n), s.pages[page].get(n)) {
				return
			}
		}
	}
}

func slotOf(page uint32, n int) Slot { return Slot(page*pageSlots + uint32(n) + 1) }

func (at Slot) place() (page uint32, n int) {
	return uint32(at-1) / pageSlots, int(uint32(at-1) % pageSlots)
}

func (p *slotPage) get(n int) ref {
	if p.table != nil {
		return p.table[n]
	}
	f := p.run
	f.seq += uint64(n)
	return f
}

func (p *slotPage) put(n int, f ref, b *Blocks) {
	switch {
	case p.table != nil:
		p.table[n] = f
	case p.used&^(1<<n) == 0:
		p.run = f
		p.run.seq -= uint64(n)
	case p.get(n) != f:
		p.spread(b.table())
		p.table[n] = f
	}
	p.used |= 1 << n
}

// spread ends the run: each slot is told by itself, in t.
func (p *slotPage) spread(t *slotTable) {
	for used := p.used; used != 0; used &= used - 1 {
		n := bits.TrailingZeros64(used)
		t[n] = p.get(n)
	}
	p.table = t
}
