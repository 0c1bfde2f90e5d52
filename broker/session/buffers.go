package session

import "sync"

// buffers are equally large buffers that go from hand to hand. A [sync.Pool] holds
// pointers, and to put the address of a slice into one is garbage each time: the
// pointers go back and forth between two.
type buffers struct {
	size          int
	lent, headers sync.Pool // of *[]byte
}

// get returns an empty buffer with room for size bytes.
func (b *buffers) get() []byte {
	header, ok := b.lent.Get().(*[]byte)
	if !ok {
		return make([]byte, 0, b.size)
	}
	buf := *header
	*header = nil
	b.headers.Put(header)
	return buf
}

// put gives a buffer to others, who may write to all of it.
func (b *buffers) put(buf []byte) {
	header, ok := b.headers.Get().(*[]byte)
	if !ok {
		header = new([]byte)
	}
	*header = buf[:0]
	b.lent.Put(header)
}
