package store

import (
	"fmt"
	"testing"
)

// benchStore opens a store on the real file system.
func benchStore(b *testing.B) (*durable, Queue) {
	b.Helper()
	s := mustOpen(b, Options{Dir: b.TempDir()})
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s, define(b, s, s.NewID())
}

const benchBatch = 256

// BenchmarkAppendSettle is the path of messages that are acked before the
// committer takes them.
func BenchmarkAppendSettle(b *testing.B) {
	_, q := benchStore(b)
	r := newCounter()
	var slab Slab
	var release Releaser
	entries := make([]Enqueue, benchBatch)
	seqs := make([]uint64, benchBatch)
	body := make([]byte, 64)
	seq := q.NextSeq()
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += benchBatch {
		for i := range entries {
			m := slab.Add(nil, nil, body)
			entries[i] = Enqueue{Seq: seq, Message: m, Confirm: r, Publish: seq}
			seqs[i] = seq
			seq++
		}
		q.Append(entries)
		for i := range entries {
			release.Release(&entries[i].Message)
		}
		q.Settle(seqs)
	}
	r.wait(seq - 1)
}

// counter is a Confirmer that only counts.
type counter struct {
	n    chan uint64
	have uint64
}

func newCounter() *counter { return &counter{n: make(chan uint64, 1<<16)} }

func (c *counter) Confirm(first, last uint64) { c.n <- last - first + 1 }

func (c *counter) wait(n uint64) {
	for c.have < n {
		c.have += <-c.n
	}
}

// BenchmarkConfirm publishes with a window of so many messages unconfirmed;
// all are written, and settled afterwards.
func BenchmarkConfirm(b *testing.B) {
	for _, size := range []int{64, 1024} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s, q := benchStore(b)
			t := newTraffic(q, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			b.ResetTimer()
			t.send((b.N+benchBatch-1)/benchBatch, 16)
			b.StopTimer()
			b.ReportMetric(float64(s.log.End())/float64(t.seq-t.first), "logB/op")
		})
	}
}

// BenchmarkLoneConfirm waits for each message.
func BenchmarkLoneConfirm(b *testing.B) {
	_, q := benchStore(b)
	r := newCounter()
	var slab Slab
	body := make([]byte, 1024)
	seq := q.NextSeq()
	first := seq
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		m := slab.Add(nil, nil, body)
		q.Append([]Enqueue{{Seq: seq, Message: m, Confirm: r, Publish: seq}})
		m.Release()
		seq++
		r.wait(seq - first)
		q.Settle([]uint64{seq - 1})
	}
}

// BenchmarkFanout keeps each message in ten queues.
func BenchmarkFanout(b *testing.B) {
	s, _ := benchStore(b)
	var queues []Queue
	for range 10 {
		queues = append(queues, define(b, s, s.NewID()))
	}
	r := newCounter()
	var slab Slab
	var release Releaser
	body := make([]byte, 64)
	seq := uint64(1)
	entries := make([]Enqueue, benchBatch)
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += benchBatch {
		for i := range entries {
			entries[i] = Enqueue{
				Seq: seq, Message: slab.Add(nil, nil, body), Fanout: NewFanout(len(queues)), Confirm: r, Publish: seq,
			}
			seq++
		}
		for _, q := range queues {
			q.Append(entries)
		}
		for i := range entries {
			release.Release(&entries[i].Message)
		}
		r.wait((seq - 1) * uint64(len(queues)))
		for _, q := range queues {
			q.SettleBelow(seq, nil)
		}
	}
}

// BenchmarkOpen opens a store with a million messages of 64 bytes.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	s := mustOpen(b, Options{Dir: dir})
	q := define(b, s, s.NewID())
	r := newCounter()
	var slab Slab
	body := make([]byte, 64)
	const million = 1 << 20
	for seq := uint64(1); seq <= million; {
		entries := make([]Enqueue, 0, benchBatch)
		for range benchBatch {
			entries = append(entries, Enqueue{Seq: seq, Message: slab.Add(nil, nil, body), Confirm: r, Publish: seq})
			seq++
		}
		q.Append(entries)
		for i := range entries {
			entries[i].Release()
		}
		s.Throttle()
	}
	r.wait(million)
	mustClose(b, s)
	for b.Loop() {
		s := mustOpen(b, Options{Dir: dir})
		b.StopTimer()
		mustClose(b, s)
		b.StartTimer()
	}
}

// traffic appends messages of a size to a queue, and settles them when they are
// confirmed.
type traffic struct {
	queue   Queue
	confirm *counter
	slab    Slab
	release Releaser
	entries []Enqueue
	seqs    []uint64
	body    []byte

	first, seq, settled uint64
}

func newTraffic(q Queue, size int) *traffic {
	first := q.NextSeq()
	return &traffic{
		queue: q, confirm: newCounter(), entries: make([]Enqueue, benchBatch), seqs: make([]uint64, benchBatch),
		body: make([]byte, size), first: first, seq: first, settled: first,
	}
}

// send sends so many batches, of which at most open are unconfirmed at a time,
// and waits for all confirms.
func (t *traffic) send(batches int, open uint64) {
	for range batches {
		for i := range t.entries {
			m := t.slab.Add(nil, nil, t.body)
			t.entries[i] = Enqueue{Seq: t.seq, Message: m, Confirm: t.confirm, Publish: t.seq}
			t.seq++
		}
		t.queue.Append(t.entries)
		for i := range t.entries {
			t.release.Release(&t.entries[i].Message)
		}
		if sent := t.seq - t.first; sent > open*benchBatch {
			t.confirm.wait(sent - open*benchBatch)
		}
		for t.settled+benchBatch <= t.first+t.confirm.have {
			for i := range t.seqs {
				t.seqs[i] = t.settled
				t.settled++
			}
			t.queue.Settle(t.seqs)
		}
	}
	t.confirm.wait(t.seq - t.first)
}
