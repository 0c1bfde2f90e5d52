package queue

import "sync"

// Lender lends buffers to who is busy. Any goroutine may use it.
//
// A pool takes a pointer to a buffer, and to make one for each that comes back
// would cost what the pool is to save: the empty ones are kept, too.
type Lender[T any] struct {
	Room        int // of a new buffer, in entries
	full, empty sync.Pool
}

// Borrow returns an empty buffer with room.
func (l *Lender[T]) Borrow() []T {
	p, ok := l.full.Get().(*[]T)
	if !ok {
		return make([]T, 0, l.Room)
	}
	b := *p
	*p = nil
	l.empty.Put(p)
	return b
}

// GiveBack takes a buffer. Its entries are zero, up to its capacity, if they point to
// anything: others would keep that alive.
func (l *Lender[T]) GiveBack(b []T) {
	p, ok := l.empty.Get().(*[]T)
	if !ok {
		p = new([]T)
	}
	*p = b[:0]
	l.full.Put(p)
}
