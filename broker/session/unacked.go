package session

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/lepusmq/lepus/queue"
)

// unacked is a delivery that the client has not settled, and maybe some more that
// are like it: their tags, sequence numbers and slots follow.
type unacked struct {
	from *dealing // its queue
	seq  uint64
	tag  uint64
	slot queue.Slot
	more uint32 // 0 in a ring
	free bool   // fetched, and so outside the channel's window
}

func (u *unacked) settlement() queue.Settlement {
	return queue.Settlement{Slot: u.slot, More: u.more, Seq: u.seq}
}

// count is how many deliveries there are.
func (u *unacked) count() int { return int(u.more) + 1 }

// each calls f for one after the other.
func (u *unacked) each(f func(unacked)) {
	for n := range u.count() {
		f(unacked{from: u.from, seq: u.seq + uint64(n), tag: u.tag + uint64(n), slot: u.slot + queue.Slot(n), free: u.free})
	}
}

// add adds one that follows. It reports false if next does not.
func (u *unacked) add(next *unacked) bool {
	n := u.more + 1
	if u.isTakenBack() || next.tag != u.tag+uint64(n) || next.seq != u.seq+uint64(n) || next.slot != u.slot+queue.Slot(n) ||
		next.from != u.from || next.free != u.free || u.more > math.MaxUint32-pageTags {
		return false
	}
	u.more += next.more + 1
	return true
}

const (
	// everything is the delivery tag that takes all outstanding ones with it.
	everything = math.MaxUint64
	// handful is about how many deliveries are acked at a time: a client may have
	// millions.
	handful = 1024
)

// unackedRing holds the unacked deliveries of a channel by their tags, which
// rise: a ring of pages that starts at the oldest, so that settling costs no
// search. A few that stay for long while others come and go are put aside, for
// the ring must not span millions.
type unackedRing struct {
	ring []unackedPage // a power of two; what is not between base and next is empty
	base uint64        // the page at which the ring starts
	next uint64        // the page behind the newest
	len  int           // of ring and aside together
	kept int           // in ring

	aside map[uint64]unacked
}

// spanRing is how many pages the ring may have: more if they are full, but a
// sparse one is thinned out then.
const spanRing = 64

func (r *unackedRing) at(page uint64) *unackedPage { return &r.ring[page&uint64(len(r.ring)-1)] }

// push adds the newest delivery.
func (r *unackedRing) push(u *unacked) {
	page := pageOf(u.tag)
	if r.kept == 0 {
		r.base = page
	}
	for page-r.base >= uint64(len(r.ring)) {
		r.widen()
	}
	r.next = page + 1
	r.len++
	r.kept++
	r.at(page).put(u)
}

// widen makes room: by growing, or by putting aside what is old in a ring that
// is mostly empty.
func (r *unackedRing) widen() {
	size := uint64(len(r.ring))
	if size >= spanRing && r.kept < len(r.ring)*pageTags/4 {
		if r.aside == nil {
			r.aside = map[uint64]unacked{}
		}
		for end := r.base + size/2; r.base < end; r.base++ {
			p := r.at(r.base)
			r.kept -= bits.OnesCount64(p.held)
			p.each(r.base, p.held, func(u unacked) { r.aside[u.tag] = u })
			p.remove(p.held)
		}
		return
	}
	old := *r
	r.ring = make([]unackedPage, max(1, 2*size))
	for page := old.base; page < old.base+size && page < old.next; page++ {
		*r.at(page) = *old.at(page)
	}
}

// take removes one delivery.
func (r *unackedRing) take(tag uint64) (unacked, bool) {
	if r.inRing(tag) {
		p := r.at(pageOf(tag))
		u := p.get(tag)
		p.remove(1 << bitOf(tag))
		r.len--
		r.kept--
		r.advance()
		return u, true
	}
	u, ok := r.aside[tag]
	if ok {
		delete(r.aside, tag)
		r.len--
	}
	return u, ok
}

// advance moves the start of the ring to the oldest delivery in it.
func (r *unackedRing) advance() {
	if r.kept == 0 {
		if len(r.ring) > spanRing {
			r.ring = nil
		}
		return
	}
	for r.at(r.base).held == 0 {
		r.base++
	}
}

// has says whether a delivery is outstanding.
func (r *unackedRing) has(tag uint64) bool {
	if r.inRing(tag) {
		return true
	}
	_, ok := r.aside[tag]
	return ok
}

func (r *unackedRing) inRing(tag uint64) bool {
	page := pageOf(tag)
	return r.kept > 0 && page >= r.base && page < r.next && r.at(page).held>>bitOf(tag)&1 != 0
}

// takeTo removes deliveries up to tag and appends them to out, the oldest first. When
// it has taken most, or some more, it reports that there are others, for another call.
func (r *unackedRing) takeTo(tag uint64, out []unacked, most int) (_ []unacked, more bool) {
	from, taken := len(out), 0
	for last := pageOf(tag); r.kept > 0 && r.base <= last; {
		if taken >= most && len(r.aside) == 0 {
			return out, true
		}
		page, p := r.base, r.at(r.base)
		some := p.heldTo(page, tag)
		out = p.appendTo(out, page, some)
		n := bits.OnesCount64(some)
		taken += n
		r.len -= n
		r.kept -= n
		p.remove(some)
		r.advance()
		if page == last {
			break
		}
	}
	if len(r.aside) == 0 {
		return out, false
	}
	for old, u := range r.aside {
		if old <= tag {
			out = append(out, u)
			delete(r.aside, old)
			r.len--
		}
	}
	slices.SortFunc(out[from:], func(a, b unacked) int { return cmp.Compare(a.tag, b.tag) })
	return out, false
}

// putBack restores a delivery that was taken, in any order.
func (r *unackedRing) putBack(u unacked) {
	if r.aside == nil {
		r.aside = map[uint64]unacked{}
	}
	r.aside[u.tag] = u
	r.len++
}

// replace changes a delivery that is outstanding.
func (r *unackedRing) replace(u unacked) {
	if r.inRing(u.tag) {
		r.at(pageOf(u.tag)).put(&u)
	} else {
		r.aside[u.tag] = u
	}
}

// each calls f for every delivery, in no particular order.
func (r *unackedRing) each(f func(unacked)) { r.eachTo(everything, f) }

// eachTo is each of the deliveries up to tag.
func (r *unackedRing) eachTo(tag uint64, f func(unacked)) {
	for _, u := range r.aside {
		if u.tag <= tag {
			f(u)
		}
	}
	if r.kept == 0 || tag == 0 {
		return
	}
	for page, last := r.base, pageOf(tag); page < r.next && page <= last; page++ {
		p := r.at(page)
		p.each(page, p.heldTo(page, tag), f)
	}
}

// oldest is the lowest tag of a delivery, of some that there are.
func (r *unackedRing) oldest() uint64 {
	oldest := uint64(everything)
	if r.kept > 0 {
		oldest = tagOf(r.base, bits.TrailingZeros64(r.at(r.base).held))
	}
	for tag := range r.aside {
		oldest = min(oldest, tag)
	}
	return oldest
}

// queues calls f with the queue of every delivery, if with some more than once.
func (r *unackedRing) queues(f func(*queue.Queue)) {
	for _, u := range r.aside {
		f(u.from.queue)
	}
	for i := range r.ring {
		r.ring[i].queues(f)
	}
}
