package store

import (
	"runtime"
	"testing"
)

// maxGarbage is how many allocations a message may cost. There is no need for
// any; the rest is what the runtime and pools that were just emptied do.
const maxGarbage = 0.05

// TestConfirmsAreNoGarbage appends, syncs, confirms and settles messages, some
// thousands unconfirmed at a time.
func TestConfirmsAreNoGarbage(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates, and has pools forget")
	}
	s := mustOpen(t, Options{Dir: t.TempDir()})
	defer mustClose(t, s)
	q := define(t, s, s.NewID())
	r := newCounter()
	var slab Slab
	var release Releaser
	entries := make([]Enqueue, benchBatch)
	seqs := make([]uint64, 0, benchBatch)
	body := make([]byte, 64)
	first := q.NextSeq()
	seq, settled := first, first
	send := func(batches int) {
		for range batches {
			for i := range entries {
				m := slab.Add(nil, nil, body)
				entries[i] = Enqueue{Seq: seq, Message: m, Confirm: r, Publish: seq}
				seq++
			}
			q.Append(entries)
			for i := range entries {
				release.Release(&entries[i].Message)
			}
			if sent := seq - first; sent > 8*benchBatch {
				r.wait(sent - 8*benchBatch)
			}
			for settled+benchBatch <= first+r.have {
				seqs = seqs[:0]
				for range benchBatch {
					seqs = append(seqs, settled)
					settled++
				}
				q.Settle(seqs)
			}
		}
		r.wait(seq - first)
	}
	send(100)

	const batches = 200
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	send(batches)
	runtime.ReadMemStats(&after)
	n := float64(batches * benchBatch)
	per, bytes := float64(after.Mallocs-before.Mallocs)/n, float64(after.TotalAlloc-before.TotalAlloc)/n
	t.Logf("%.4f allocations a message, %.1f bytes", per, bytes)
	if per > maxGarbage {
		t.Errorf("%.3f allocations a message, at most %v are right", per, maxGarbage)
	}
}
