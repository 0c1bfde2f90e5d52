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

	// smallChunk is for few messages, which would waste most of a large one.
	smallChunk = 16 << 10

	// ownChunk is the size from which a message gets a chunk of its own.
	ownChunk = 16 << 10

	// unfinished is what an unfinished chunk's count starts from: so high that it
	// cannot reach zero while its slab still hands out references.
	unfinished = int64(1) << 40
)

// Chunk holds the bytes of messages that were received one after the other.
// Its memory is used again when the last reference is given back.
type Chunk struct {
	refs   atomic.Int64
	buf    []byte // as long as it will ever be; what is not used yet is zero or old
	pooled bool
}

func (c *Chunk) retain(n int64) {
	if c.refs.Add(n) <= n {
		panic("store: a message was retained after its release")
	}
}

func (c *Chunk) release(n int64) {
	left := c.refs.Add(-n)
	if left < 0 {
		panic("store: a message was released twice")
	}
	if left == 0 {
		chunkBytes.Add(-int64(len(c.buf)))
		if c.pooled {
			poolOf(len(c.buf)).Put(c)
		}
	}
}

// use begins the use of a chunk with so many references.
func (c *Chunk) use(refs int64) {
	c.refs.Store(refs)
	chunkBytes.Add(int64(len(c.buf)))
}

// chunks and smallChunks are those whose messages have all gone. Pools, and the
// count of what is not in them, are the one piece of package state: what is in
// them belongs to nobody.
var (
	chunks      = sync.Pool{New: func() any { return &Chunk{buf: make([]byte, chunkSize), pooled: true} }}
	smallChunks = sync.Pool{New: func() any { return &Chunk{buf: make([]byte, smallChunk), pooled: true} }}
	chunkBytes  atomic.Int64
)

func poolOf(size int) *sync.Pool {
	if size == smallChunk {
		return &smallChunks
	}
	return &chunks
}

// ChunkBytes is how much memory chunks take that hold messages, in this
// process: a chunk counts as a whole until its last message has gone. Any
// goroutine may call it.
func ChunkBytes() int64 { return chunkBytes.Load() }

// Slab copies messages into chunks. It belongs to one goroutine, usually the
// reader of a connection. The zero Slab is ready.
type Slab struct {
	chunk  *Chunk
	used   int
	handed int64
	small  bool // small chunks will do
}

// Add is [Slab.Put] for a message that has no place yet.
func (s *Slab) Add(route, head, body []byte) (m Message) {
	s.Put(&m, route, head, body)
	return m
}

// Put copies a message and leaves it in m, which is zero, with one reference.
// The three parts may be reused as soon as Put returns.
//
// Field by field into its place: to copy a Message that was just put together
// waits until all that was stored before it, the body too, is in the cache.
func (s *Slab) Put(m *Message, route, head, body []byte) {
	size := len(route) + len(head) + len(body)
	if size >= ownChunk {
		buf := make([]byte, 0, size)
		buf = append(append(append(buf, route...), head...), body...)
		*m = Adopt(buf, len(route), len(head))
		return
	}
	if s.chunk == nil || len(s.chunk.buf)-s.used < size {
		s.Close()
		s.chunk = s.pool().Get().(*Chunk)
		s.chunk.use(unfinished)
	}
	m.chunk, m.off = s.chunk, uint32(s.used)
	m.route, m.head, m.body = uint16(len(route)), uint32(len(head)), uint32(len(body))
	at := s.chunk.buf[s.used : s.used+size]
	at = at[copy(at, route):]
	copy(at[copy(at, head):], body)
	s.used += size
	s.handed++
}

// Take moves a message, with its one reference, next to others of the slab,
// so that it does not keep the chunk where it was. One that has its chunk for itself
// stays there.
func (s *Slab) Take(m *Message) {
	if m.Size() >= ownChunk {
		return
	}
	was := *m
	*m = Message{Persistent: was.Persistent, Priority: was.Priority, Expires: was.Expires}
	s.Put(m, was.Route(), was.Head(), was.Body())
	m.route = was.route // with the marks
	was.Release()
}

func (s *Slab) pool() *sync.Pool {
	if s.small {
		return &smallChunks
	}
	return &chunks
}

// Close ends the chunk being filled: it is freed with its last message. The
// slab can be used again afterwards.
func (s *Slab) Close() {
	if s.chunk != nil {
		s.chunk.release(unfinished - s.handed)
	}
	s.chunk, s.used, s.handed = nil, 0, 0
}

// Adopt makes a message of bytes that already lie in order (route, head,
// body). The message owns buf from here on.
func Adopt(buf []byte, route, head int) Message {
	c := &Chunk{buf: buf}
	c.use(1)
	return Message{
		chunk: c,
		route: uint16(route), head: uint32(head), body: uint32(len(buf) - route - head),
	}
}
