package session

import (
	"cmp"
	"math"
	"slices"

	"github.com/lepusmq/lepus/queue"
)

// unacked is a delivery that the client has not settled.
type unacked struct {
	from *dealing // its queue; nil: no such delivery
	seq  uint64
	tag  uint64
	slot queue.Slot
	free bool // fetched, and so outside the channel's window
}

func (u *unacked) settlement() queue.Settlement {
	return queue.Settlement{Slot: u.slot, Seq: u.seq}
}

// everything is the delivery tag that takes all outstanding ones with it.
const everything = math.MaxUint64

// unackedRing holds the unacked deliveries of a channel by their tags, which
// rise: a ring that starts at the oldest, so that settling costs no search. A
// few that stay for long while others come and go are put aside, for the ring
// must not span millions.
type unackedRing struct {
	ring []unacked // a power of two
	base uint64    // the tag at which the ring starts
	next uint64    // the tag behind the newest
	len  int       // of ring and aside together
	kept int       // in ring

	aside map[uint64]unacked
}

const (
	smallRing = 16
	// spanRing is the size from which a sparse ring is thinned out, not grown.
	spanRing = 4096
)

func (r *unackedRing) at(tag uint64) *unacked { return &r.ring[tag&uint64(len(r.ring)-1)] }

// push adds the newest delivery and returns it, to be filled in: only its tag
// is set.
func (r *unackedRing) push(tag uint64) *unacked {
	if r.kept == 0 {
		r.base = tag
	}
	for tag-r.base >= uint64(len(r.ring)) {
		r.widen()
	}
	r.next = tag + 1
	r.len++
	r.kept++
	u := r.at(tag)
	u.tag = tag
	return u
}

// widen makes room: by growing, or by putting aside what is old in a ring that
// is mostly empty.
func (r *unackedRing) widen() {
	size := len(r.ring)
	if size >= spanRing && r.kept < size/4 {
		if r.aside == nil {
			r.aside = map[uint64]unacked{}
		}
		for end := r.base + uint64(size)/2; r.base < end; r.base++ {
			if u := r.at(r.base); u.from != nil {
				r.aside[r.base] = *u
				*u = unacked{}
				r.kept--
			}
		}
		return
	}
	old := *r
	r.ring = make([]unacked, max(smallRing, 2*size))
	for tag := old.base; tag < old.base+uint64(size) && tag < old.next; tag++ {
		*r.at(tag) = *old.at(tag)
	}
}

// take removes one delivery.
func (r *unackedRing) take(tag uint64) (unacked, bool) {
	if r.inRing(tag) {
		u := *r.at(tag)
		*r.at(tag) = unacked{}
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
	for r.at(r.base).from == nil {
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
	return r.kept > 0 && tag >= r.base && tag < r.next && r.at(tag).from != nil
}

// takeTo removes all deliveries up to tag and appends them to out, the oldest
// first.
func (r *unackedRing) takeTo(tag uint64, out []unacked) []unacked {
	from := len(out)
	for r.kept > 0 && r.base <= tag {
		u := r.at(r.base)
		out = append(out, *u)
		*u = unacked{}
		r.len--
		r.kept--
		r.base++
		r.advance()
	}
	if len(r.aside) == 0 {
		return out
	}
	for old, u := range r.aside {
		if old <= tag {
			out = append(out, u)
			delete(r.aside, old)
			r.len--
		}
	}
	slices.SortFunc(out[from:], func(a, b unacked) int { return cmp.Compare(a.tag, b.tag) })
	return out
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
func (r *unackedRing) replace(tag uint64, u unacked) {
	if r.inRing(tag) {
		*r.at(tag) = u
	} else {
		r.aside[tag] = u
	}
}

// each calls f for every delivery, in no particular order.
func (r *unackedRing) each(f func(*unacked)) {
	for tag, u := range r.aside {
		f(&u)
		r.aside[tag] = u
	}
	for i := range r.ring {
		if r.ring[i].from != nil {
			f(&r.ring[i])
		}
	}
}
