package store

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestTellingWaits checks that a queue is told what is kept after a while, or
// when much was committed, and that publishers are slowed while queues are not
// told.
func TestTellingWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(1)
		opt := r.options()
		opt.SegmentSize = 64 << 20
		s := mustOpen(t, opt)
		q := define(t, s, s.NewID())
		seq := q.NextSeq()
		told := make(chan time.Time, 10)
		tell := func() { told <- time.Now() }
		put := func(size int) {
			var slab Slab
			m := message(&slab, seq, size)
			q.Append([]Enqueue{{Seq: seq, Message: m, Confirm: newRecorder(), Publish: seq}})
			m.Release()
			seq++
		}

		start := time.Now()
		if !q.Await(seq, tell) {
			t.Fatal("kept what was never given")
		}
		put(100)
		if wait := (<-told).Sub(start); wait < tellDelay || wait > 2*tellDelay {
			t.Errorf("a little was told after %v", wait)
		}
		if q.Kept() != seq-1 || q.Await(seq-1, tell) {
			t.Errorf("kept up to %d, given up to %d", q.Kept(), seq-1)
		}

		start = time.Now()
		q.Await(seq, tell)
		put(tellBytes + 1000)
		if wait := (<-told).Sub(start); wait >= tellDelay {
			t.Errorf("much was told after %v", wait)
		}

		// While the queue is being told, what comes is not.
		q.Await(seq, func() { <-told })
		put(tellBytes + 1000)
		synctest.Wait()
		if s.Backlog() < tellBytes {
			t.Errorf("the backlog is %d bytes while a queue is told", s.Backlog())
		}
		told <- time.Now()
		synctest.Wait()
		if s.Backlog() != 0 {
			t.Errorf("the backlog is %d bytes in the end", s.Backlog())
		}
		mustClose(t, s)
	})
}

// TestTellingSleeps checks that who tells is woken for the first of those to be
// told and when there is much to tell, not for each round.
func TestTellingSleeps(t *testing.T) {
	s := &durable{tell: make(chan struct{}, 1)}
	q := &queue{store: s}
	seq := uint64(0)
	round := func(cost int64, wait, wake bool) {
		t.Helper()
		seq++
		if wait && !q.Await(seq, func() {}) {
			t.Fatalf("message %d is kept already", seq)
		}
		s.keep(&round{marks: []mark{{q, seq}}, cost: cost})
		if got := len(s.tell) > 0; got != wake {
			t.Errorf("round %d, of %d bytes: woken %v", seq, cost, got)
		}
		if wake {
			<-s.tell
		}
	}
	round(1000, false, false)
	round(1000, true, true)
	round(1000, true, false)
	round(1000, false, false)
	round(tellBytes-3000, true, true)
	round(1000, true, true)
	s.due = nil
	s.untold.Store(0)
	round(tellBytes, false, false)
	round(1, true, true)
}
