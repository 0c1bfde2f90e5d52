// Package heap is a binary heap that neither boxes its elements nor allocates
// but to grow.
package heap

// Heap is elements of which the first comes before all others; the rest are in
// no order that is of use. One goroutine may use it at a time.
type Heap[T interface{ Before(T) bool }] []T

// Push adds an element.
func (p *Heap[T]) Push(e T) {
	h := append(*p, e)
	at := len(h) - 1
	for at > 0 {
		up := (at - 1) / 2
		if !h[at].Before(h[up]) {
			break
		}
		h[up], h[at] = h[at], h[up]
		at = up
	}
	*p = h
}

// Pop takes out the first element; there must be one. A heap that becomes empty
// gives its memory back.
func (p *Heap[T]) Pop() T {
	h := *p
	top, last := h[0], len(h)-1
	h[0] = h[last]
	h = h[:last]
	for at := 0; ; {
		down := 2*at + 1
		if down >= last {
			break
		}
		if down+1 < last && h[down+1].Before(h[down]) {
			down++
		}
		if !h[down].Before(h[at]) {
			break
		}
		h[at], h[down] = h[down], h[at]
		at = down
	}
	if *p = h; last == 0 {
		*p = nil
	}
	return top
}
