package store

import (
	"bytes"
	"testing"
)

func TestMessageParts(t *testing.T) {
	var s Slab
	for _, size := range []int{0, 1, 100, ownChunk - 9, ownChunk - 8, chunkSize, 3 * chunkSize} {
		body := bytes.Repeat([]byte{7}, size)
		m := s.Add([]byte("rou"), []byte("heads"), body)
		if string(m.Route()) != "rou" || string(m.Head()) != "heads" || !bytes.Equal(m.Body(), body) {
			t.Errorf("%d: %q %q and %d bytes", size, m.Route(), m.Head(), len(m.Body()))
		}
		route, head, n := m.Lengths()
		if route != 3 || head != 5 || int(n) != size || int(m.Size()) != size+8 {
			t.Errorf("%d: lengths %d %d %d, size %d", size, route, head, n, m.Size())
		}
		if want := append([]byte("rouheads"), body...); !bytes.Equal(m.Bytes(), want) {
			t.Errorf("%d: bytes", size)
		}
		m.Release()
	}
	s.Close()
	var zero Message
	zero.Retain(1)
	zero.Release()
	if zero.Bytes() != nil || zero.Size() != 0 {
		t.Error("the zero message has bytes")
	}
}

func TestAdopt(t *testing.T) {
	m := Adopt([]byte("rouheadsbody"), 3, 5)
	if string(m.Route()) != "rou" || string(m.Head()) != "heads" || string(m.Body()) != "body" {
		t.Errorf("%q %q %q", m.Route(), m.Head(), m.Body())
	}
	m.Release()
}

// TestChunkIsShared checks that a chunk lives as long as any of its messages,
// and no longer.
func TestChunkIsShared(t *testing.T) {
	var s Slab
	a := s.Add(nil, nil, []byte("a"))
	b := s.Add(nil, nil, []byte("b"))
	if a.chunk != b.chunk {
		t.Fatal("two small messages have a chunk each")
	}
	c := a.chunk
	a.Retain(2)
	s.Close()
	for i, m := range []*Message{&a, &b, &a} {
		m.Release()
		if n := c.refs.Load(); n != int64(3-i) {
			t.Errorf("%d references", n)
		}
	}
	if string(a.Body()) != "a" {
		t.Error("the bytes are gone")
	}
	var r Releaser
	r.Release(&a)
	r.Flush()
	if n := c.refs.Load(); n != 0 {
		t.Errorf("%d references at the end", n)
	}
}

func TestReleaserOverChunks(t *testing.T) {
	var s Slab
	var r Releaser
	var chunks []*Chunk
	for range 100 {
		m := s.Add(nil, nil, make([]byte, 2000))
		if n := len(chunks); n == 0 || chunks[n-1] != m.chunk {
			chunks = append(chunks, m.chunk)
			m.chunk.refs.Add(1) // stays for the test
		}
		r.Release(&m)
	}
	s.Close()
	r.Flush()
	r.Flush()
	if len(chunks) < 3 {
		t.Errorf("%d chunks", len(chunks))
	}
	for _, c := range chunks {
		if n := c.refs.Load(); n != 1 {
			t.Errorf("%d references are left", n-1)
		}
	}
}

func TestDoubleReleasePanics(t *testing.T) {
	m := Adopt([]byte("x"), 0, 0)
	m.Release()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	m.Release()
}

func BenchmarkSlab(b *testing.B) {
	var s Slab
	var r Releaser
	body := make([]byte, 16)
	b.ReportAllocs()
	for b.Loop() {
		m := s.Add([]byte("\x00\x01q"), []byte("\x10\x00\x02"), body)
		r.Release(&m)
	}
}

// A message that is taken to another slab is as it was, and lets go of its chunk.
func TestSlabTake(t *testing.T) {
	before := ChunkBytes()
	for _, size := range []int{3, ownChunk} {
		var from, to Slab
		other := from.Add([]byte{0, 0}, nil, []byte("other"))
		m := from.Add([]byte("\x01x\x01k"), []byte{0, 0}, bytes.Repeat([]byte("b"), size))
		from.Close()
		m.Persistent, m.Priority, m.Expires = true, 7, 99
		m.Note(Blind)
		other.Release()
		to.Take(&m)
		if string(m.Route()) != "\x01x\x01k" || len(m.Head()) != 2 || len(m.Body()) != size ||
			!m.Persistent || m.Priority != 7 || m.Expires != 99 || !m.Has(Blind) || m.Has(Died) {
			t.Errorf("%d bytes: not the same message", size)
		}
		m.Release()
		to.Close()
		if ChunkBytes() != before {
			t.Errorf("%d bytes: %d bytes of chunks are left", size, ChunkBytes()-before)
		}
	}
}
