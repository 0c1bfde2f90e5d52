package fifo

// returned is the ready messages that were delivered before: a binary heap on
// their place. All of them come before everything in line.
type returned []ref

func (r *returned) push(f ref) {
	h := append(*r, f)
	at := len(h) - 1
	for at > 0 {
		up := (at - 1) / 2
		if h[up].seq <= h[at].seq {
			break
		}
		h[up], h[at] = h[at], h[up]
		at = up
	}
	*r = h
}

func (r *returned) pop() ref {
	h := *r
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
	*r = h
	if last == 0 {
		*r = nil
	}
	return top
}
