package queue

import "sync"

// lender lends buffers to queues that are busy. Any goroutine may use it.
//
// A pool takes a pointer to a buffer, and to make one for each that comes back
// would cost what the pool is to save: the empty ones are kept, too.
type lender[T any] struct {
	room        int // of a new buffer
	full, empty sync.Pool
}

// borrow returns an empty buffer with room.
func (l *lender[T]) borrow() []T {
	p, ok := l.full.Get().(*[]T)
	if !ok {
		return make([]T, 0, l.room)
	}
	b := *p
	*p = nil
	l.empty.Put(p)
	return b
}

// giveBack takes a buffer whose entries are zero, up to its capacity.
func (l *lender[T]) giveBack(b []T) {
	p, ok := l.empty.Get().(*[]T)
	if !ok {
		p = new([]T)
	}
	*p = b[:0]
	l.full.Put(p)
}
