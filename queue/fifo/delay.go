package fifo

// delayed is a returned message that waits until it is ready.
type delayed struct {
	ref
	due int64
}

// waitingRoom is the delayed messages: a binary heap on when they are due, and
// then on their place.
type waitingRoom []delayed

// Delayed is how many returned messages wait until they are ready.
func (m *Machine) Delayed() int { return len(m.delayed) }

func (d delayed) before(other delayed) bool {
	return d.due < other.due || d.due == other.due && d.seq < other.seq
}

func (w *waitingRoom) push(d delayed) {
	h := append(*w, d)
	at := len(h) - 1
	for at > 0 {
		up := (at - 1) / 2
		if !h[at].before(h[up]) {
			break
		}
		h[up], h[at] = h[at], h[up]
		at = up
	}
	*w = h
}

func (w *waitingRoom) pop() delayed {
	h := *w
	top, last := h[0], len(h)-1
	h[0] = h[last]
	h = h[:last]
	for at := 0; ; {
		down := 2*at + 1
		if down >= last {
			break
		}
		if down+1 < last && h[down+1].before(h[down]) {
			down++
		}
		if !h[down].before(h[at]) {
			break
		}
		h[at], h[down] = h[down], h[at]
		at = down
	}
	if *w = h; last == 0 {
		*w = nil
	}
	return top
}
