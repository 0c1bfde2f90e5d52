package fifo

import "slices"

// returned is the ready messages that were delivered before. All of them leave
// before everything in line: by their place, or in the order in which they came
// back.
type returned struct {
	// refs is a binary heap on the place; with inTurn it is in order, from head
	// on. It is no [heap.Heap], which takes twice as long, since it cannot inline
	// the comparison, and messages are returned at full speed.
	refs   []ref
	head   int
	inTurn bool
}

func (r *returned) len() int { return len(r.refs) - r.head }

// first is the one that leaves next. There must be one.
func (r *returned) first() *ref { return &r.refs[r.head] }

// all is those there are, in no particular order.
func (r *returned) all() []ref { return r.refs[r.head:] }

func (r *returned) clear() { r.refs, r.head = nil, 0 }

func (r *returned) push(f ref) {
	if r.inTurn {
		if r.head > 0 && len(r.refs) == cap(r.refs) && r.head >= len(r.refs)/2 {
			r.refs = r.refs[:copy(r.refs, r.refs[r.head:])]
			r.head = 0
		}
		r.refs = append(r.refs, f)
		return
	}
	h := append(r.refs, f)
	at := len(h) - 1
	for at > 0 {
		up := (at - 1) / 2
		if h[up].seq <= h[at].seq {
			break
		}
		h[up], h[at] = h[at], h[up]
		at = up
	}
	r.refs = h
}

// putBack returns some that were taken from the front, in order.
func (r *returned) putBack(refs []ref) {
	if !r.inTurn {
		for _, f := range refs {
			r.push(f)
		}
		return
	}
	if r.head < len(refs) {
		r.refs, r.head = slices.Concat(refs, r.refs[r.head:]), 0
		return
	}
	r.head -= len(refs)
	copy(r.refs[r.head:], refs)
}

func (r *returned) pop() ref {
	if r.inTurn {
		top := r.refs[r.head]
		if r.head++; r.head == len(r.refs) {
			r.clear()
		}
		return top
	}
	h := r.refs
	top := h[0]
	last := len(h) - 1
	h[0] = h[last]
	h = h[:last]
	for at := 0; ; {
		down := 2*at + 1
		if down >= last {
			break
		}
		if down+1 < last && h[down+1].seq < h[down].seq {
			down++
		}
		if h[at].seq <= h[down].seq {
			break
		}
		h[at], h[down] = h[down], h[at]
		at = down
	}
	r.refs = h
	if last == 0 {
		r.refs = nil
	}
	return top
}
