package store

import (
	"slices"
	"sync/atomic"
	"testing"
)

// suite holds both stores to what the interface says.
func suite(t *testing.T, open func(t *testing.T) Store) {
	start := func(t *testing.T) Store {
		s := open(t)
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	}
	t.Run("ids", func(t *testing.T) {
		s := start(t)
		seen := map[uint64]bool{}
		for range 100 {
			id := s.NewID()
			if id == 0 || seen[id] {
				t.Fatalf("id %d", id)
			}
			seen[id] = true
		}
	})
	t.Run("new", func(t *testing.T) {
		s := start(t)
		if !s.Clean() {
			t.Error("a new store is not clean")
		}
		if n := len(s.Definitions()); n != 0 {
			t.Errorf("%d definitions", n)
		}
		q := define(t, s, s.NewID())
		if q.NextSeq() == 0 {
			t.Error("sequence number 0")
		}
		if list, upTo := q.Load([]Range{{1, 10}}, 10); len(list) != 0 || upTo != 10 {
			t.Errorf("%d messages, up to %d", len(list), upTo)
		}
		if in, n := q.Stock(); in != (Range{}) || n != 0 {
			t.Errorf("%d messages in %v", n, in)
		}
		s.Throttle()
	})
	t.Run("same part", func(t *testing.T) {
		s := start(t)
		id := s.NewID()
		define(t, s, id)
		if s.Queue(id) != s.Queue(id) {
			t.Error("two parts for one queue")
		}
	})
	t.Run("confirm", func(t *testing.T) { testConfirm(t, start(t)) })
	t.Run("next", func(t *testing.T) {
		s := start(t)
		q := define(t, s, s.NewID())
		seq := q.NextSeq()
		var slab Slab
		m := message(&slab, 1, 0)
		q.Append([]Enqueue{{Seq: seq + 5, Message: m}})
		m.Release()
		if q.NextSeq() <= seq+5 {
			t.Errorf("next is %d", q.NextSeq())
		}
		q.Settle([]uint64{seq + 5})
		q.SettleBelow(seq+6, nil)
		q.Delivered(seq+5, 1, 0)
	})
	t.Run("fanout", func(t *testing.T) { testFanout(t, start(t)) })
	t.Run("group", func(t *testing.T) { testGroup(t, start(t)) })
	t.Run("define", func(t *testing.T) {
		s := start(t)
		s.Define([]Definition{{Kind: KindVHost, ID: s.NewID(), Value: []byte("/")}}, nil)
		id := s.NewID()
		q := define(t, s, id)
		done := make(chan struct{})
		s.Define([]Definition{{Kind: KindQueue, ID: id, Deleted: true}}, func() { close(done) })
		<-done
		// Late publishes to a queue that is gone are confirmed.
		r := newRecorder()
		var slab Slab
		m := message(&slab, 1, 0)
		q.Append([]Enqueue{{Seq: q.NextSeq(), Message: m, Confirm: r, Publish: 1}})
		r.wait(1)
		m.Release()
	})
}

// testConfirm publishes and settles, and expects every publish confirmed once
// and all memory given back.
func testConfirm(t *testing.T, s Store) {
	q := define(t, s, s.NewID())
	r := newRecorder()
	var slab Slab
	const batches, per = 50, 40
	seq, publish := q.NextSeq(), uint64(1)
	var kept []Message
	for range batches {
		var batch []Enqueue
		var seqs []uint64
		for range per {
			m := message(&slab, seq, 10)
			kept = append(kept, m)
			batch = append(batch, Enqueue{Seq: seq, Message: m, Confirm: r, Publish: publish})
			seqs = append(seqs, seq)
			seq++
			publish++
		}
		q.Append(batch)
		clear(batch)
		q.Settle(seqs[:per/2])
	}
	slab.Close()
	r.wait(batches * per)
	for p := uint64(1); p < publish; p++ {
		if n := r.times(p); n != 1 {
			t.Fatalf("publish %d was confirmed %d times", p, n)
		}
	}
	if r.calls > batches*4 {
		t.Errorf("%d calls for %d publishes in %d batches", r.calls, batches*per, batches)
	}
	for i := range kept {
		if refs := kept[i].chunk.refs.Load(); refs <= 0 {
			t.Fatalf("message %d has %d references", i, refs)
		}
	}
	released(t, kept)
}

// released gives the test's references back and expects that none is left.
func released(t *testing.T, kept []Message) {
	t.Helper()
	chunks := map[*Chunk]bool{}
	for i := range kept {
		chunks[kept[i].chunk] = true
	}
	for c := range chunks {
		c.refs.Add(1)
	}
	for i := range kept {
		kept[i].Release()
	}
	for c := range chunks {
		if n := c.refs.Load(); n != 1 {
			t.Errorf("a chunk has %d references left", n-1)
		}
	}
}

func testFanout(t *testing.T, s Store) {
	a, b, c := define(t, s, s.NewID()), define(t, s, s.NewID()), define(t, s, s.NewID())
	r := newRecorder()
	var slab Slab
	m := message(&slab, 7, 100)
	f := NewFanout(3)
	entry := func(seq uint64) []Enqueue {
		return []Enqueue{{Seq: seq, Message: m, Fanout: f, Confirm: r, Publish: 1}}
	}
	a.Append(entry(1))
	b.Append(entry(10))
	b.Settle([]uint64{10})
	if n := r.times(1); n < 1 {
		t.Errorf("%d confirms after one queue has settled", n)
	}
	c.Append(entry(100))
	r.wait(3)
	slab.Close()
	released(t, []Message{m})
}

func testGroup(t *testing.T, s Store) {
	a, b := define(t, s, s.NewID()), define(t, s, s.NewID())
	r := newRecorder()
	var slab Slab
	m := message(&slab, 7, 100)
	a.Append([]Enqueue{{Seq: 1, Message: m, Confirm: r, Publish: 1}})

	var whole atomic.Bool
	done := make(chan bool)
	g := s.NewGroup(2,
		func() { whole.Store(true) },
		func() { go func() { done <- whole.Load() }() })
	a.Join(g, nil, []uint64{1})
	if whole.Load() {
		t.Error("whole with one part of two")
	}
	b.Join(g, []Enqueue{{Seq: 1, Message: m, Confirm: r, Publish: 2}}, nil)
	if !whole.Load() {
		t.Error("not whole with two parts of two")
	}
	if !<-done {
		t.Error("done before whole")
	}
	r.wait(2)

	waived := make(chan struct{})
	g = s.NewGroup(2, nil, func() { close(waived) })
	a.Join(g, nil, nil)
	g.Waive()
	<-waived

	var order []string
	empty := make(chan struct{})
	s.NewGroup(0, func() { order = append(order, "whole") },
		func() { order = append(order, "done"); close(empty) })
	<-empty
	if !slices.Equal(order, []string{"whole", "done"}) {
		t.Errorf("a group of nothing: %v", order)
	}
	slab.Close()
	released(t, []Message{m})
}

func TestMemory(t *testing.T) {
	suite(t, func(*testing.T) Store { return NewMemory() })
}

func TestDurable(t *testing.T) {
	suite(t, func(t *testing.T) Store {
		s, err := Open(Options{Dir: t.TempDir(), SegmentSize: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func TestDurableOnFake(t *testing.T) {
	suite(t, func(t *testing.T) Store {
		s, err := Open(newRig(1).options())
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
