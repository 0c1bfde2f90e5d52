package fifo

import (
	"math"
	"slices"
)

// returned is the ready messages that were delivered before. All of them leave
// before everything in line: by their place, or in the order in which they came
// back. What a consumer had of a long queue comes back as a run.
type returned struct {
	// runs is a binary heap on the place of the first message; with inTurn it is in
	// order, from head on. It is no [heap.Heap], which takes twice as long, since it
	// cannot inline the comparison, and messages are returned at full speed.
	runs   []refRun
	head   int
	open   refRun // the run that was begun last, beside the others
	len    int    // messages
	inTurn bool
}

// refRun is messages that differ in nothing but their sequence numbers, which
// follow each other. None of them is in memory, unless it is the only one.
type refRun struct {
	ref
	n uint32
}

// add adds a message behind the others, if it is like them.
func (r *refRun) add(f ref) bool {
	next := r.ref
	next.seq += uint64(r.n)
	if r.n == 0 || r.n == math.MaxUint32 || next != f {
		return false
	}
	r.n++
	return true
}

// lead is the run whose first message leaves next. There must be one.
func (r *returned) lead() *refRun {
	if r.head == len(r.runs) {
		return &r.open
	}
	top := &r.runs[r.head]
	if r.open.n > 0 && !r.inTurn && r.open.seq < top.seq {
		return &r.open
	}
	return top
}

// first is the message that leaves next. There must be one.
func (r *returned) first() *ref { return &r.lead().ref }

// all calls yield for all that there are, in no particular order.
func (r *returned) all(yield func(ref) bool) {
	for at := r.head; at <= len(r.runs); at++ {
		run := r.open
		if at < len(r.runs) {
			run = r.runs[at]
		}
		for ; run.n > 0; run.n-- {
			if !yield(run.ref) {
				return
			}
			run.seq++
		}
	}
}

func (r *returned) clear() { *r = returned{inTurn: r.inTurn} }

func (r *returned) push(f ref) {
	r.len++
	if r.open.add(f) {
		return
	}
	if r.open.n > 0 {
		r.close()
	}
	r.open = refRun{f, 1}
}

// close puts the open run among the others.
func (r *returned) close() {
	if r.inTurn {
		if r.head > 0 && len(r.runs) == cap(r.runs) && r.head >= len(r.runs)/2 {
			r.runs = r.runs[:copy(r.runs, r.runs[r.head:])]
			r.head = 0
		}
		r.runs = append(r.runs, r.open)
		return
	}
	h := append(r.runs, r.open)
	at := len(h) - 1
	for at > 0 {
		up := (at - 1) / 2
		if h[up].seq <= h[at].seq {
			break
		}
		h[up], h[at] = h[at], h[up]
		at = up
	}
	r.runs = h
}

// putBack returns some that were taken from the front, in order.
func (r *returned) putBack(refs []ref) {
	if !r.inTurn {
		for _, f := range refs {
			r.push(f)
		}
		return
	}
	r.len += len(refs)
	if r.head < len(refs) {
		r.runs = slices.Concat(make([]refRun, len(refs)), r.runs[r.head:])
		r.head = len(refs)
	}
	r.head -= len(refs)
	for at, f := range refs {
		r.runs[r.head+at] = refRun{f, 1}
	}
}

func (r *returned) pop() ref {
	r.len--
	run := r.lead()
	f := run.ref
	run.seq++
	run.n--
	switch {
	case run == &r.open:
	case !r.inTurn:
		r.sink()
	case run.n == 0:
		if r.head++; r.head == len(r.runs) {
			r.runs, r.head = nil, 0
		}
	}
	return f
}

// sink moves the top of the heap to its place, or out if nothing is left of it.
func (r *returned) sink() {
	h := r.runs
	top := h[0]
	if top.n == 0 {
		last := len(h) - 1
		top, h = h[last], h[:last]
		if last == 0 {
			r.runs = nil
			return
		}
	}
	at := 0
	for {
		down := 2*at + 1
		if down >= len(h) {
			break
		}
		if down+1 < len(h) && h[down+1].seq < h[down].seq {
			down++
		}
		if top.seq <= h[down].seq {
			break
		}
		h[at] = h[down]
		at = down
	}
	h[at] = top
	r.runs = h
}
