package store

import (
	"sync"
	"sync/atomic"
)

const (
	// chunkSize is how many bytes of messages share one reference count.
	// Larger chunks cost fewer atomic operations but one message that stays
	// pins the whole chunk.
	chunkSize = 64 << 10

	// ownChunk is the size from which a message gets a chunk of its own.
	ownChunk = 16 << 10

	// open is what an unfinished chunk's count starts from: so high that it
	// cannot reach zero while its slab still hands out references.
	open = int64(1) << 40
)

// Chunk holds the bytes of messages that were received one after the other.
// Its memory is used again when the last reference is given back.
type Chunk struct {
	refs   atomic.Int64
	buf    []byte
	pooled bool
}

func (c *Chunk) release(n int64) {
	left := c.refs.Add(-n)
	if left < 0 {
		panic("store: a message was released twice")
	}
	if left == 0 && c.pooled {
		c.buf = c.buf[:0]
		chunks.Put(c)
	}
}

// chunks are those whose messages have all gone. A pool is the one piece of
// package state: it is invisible, and what is in it belongs to nobody.
var chunks = sync.Pool{New: func() any {
	return &Chunk{buf: make([]byte, 0, chunkSize), pooled: true}
}}

// Slab copies messages into chunks. It belongs to one goroutine, usually the
// reader of a connection. The zero Slab is ready.
type Slab struct {
	chunk  *Chunk
	handed int64
}

// Add copies a message and returns it with one reference. The three parts may
// be reused as soon as Add returns.
func (s *Slab) Add(route, head, body []byte) Message {
	size := len(route) + len(head) + len(body)
	if size >= ownChunk {
		buf := make([]byte, 0, size)
		buf = append(append(append(buf, route...), head...), body...)
		return Adopt(buf, len(route), len(head))
	}
	if s.chunk == nil || cap(s.chunk.buf)-len(s.chunk.buf) < size {
		s.Close()
		s.chunk = chunks.Get().(*Chunk)
		s.chunk.refs.Store(open)
	}
	c := s.chunk
	off := len(c.buf)
	c.buf = append(append(append(c.buf, route...), head...), body...)
	s.handed++
	return Message{
		chunk: c, off: uint32(off),
		route: uint16(len(route)), head: uint32(len(head)), body: uint32(len(body)),
	}
}

// Close ends the chunk being filled: it is freed with its last message. The
// slab can be used again afterwards.
func (s *Slab) Close() {
	if s.chunk != nil {
		s.chunk.release(open - s.handed)
	}
	s.chunk, s.handed = nil, 0
}

// Adopt makes a message of bytes that already lie in order (route, head,
// body). The message owns buf from here on.
func Adopt(buf []byte, route, head int) Message {
	c := &Chunk{buf: buf}
	c.refs.Store(1)
	return Message{
		chunk: c,
		route: uint16(route), head: uint32(head), body: uint32(len(buf) - route - head),
	}
}
