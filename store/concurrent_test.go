package store

import (
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// strand is a queue with the lock that makes its calls come one at a time.
type strand struct {
	mu   sync.Mutex
	part Queue
	next uint64
	live []uint64 // may be settled
	held map[uint64]bool
}

// TestConcurrent publishes to queues, alone, in fan-outs and in groups, and
// settles, from several goroutines, while checkpoints are made all the time.
// Then everything must have been confirmed once, and a start must find what
// was not settled.
func TestConcurrent(t *testing.T) {
	r := newRig(1)
	s, err := open(r.options())
	if err != nil {
		t.Fatal(err)
	}
	s.checkpoints.batch, s.checkpoints.least = 2000, 20<<10
	s.checkpoints.due.Store(20 << 10)
	s.index.pageRuns = 3
	s.start()
	const workers, rounds = 4, 300
	var strands []*strand
	for i := range uint64(5) {
		strands = append(strands, &strand{part: define(t, s, i+1), next: 1, held: map[uint64]bool{}})
	}
	rec := newRecorder()
	var publishes, confirms atomic.Uint64
	var wg sync.WaitGroup
	var groups sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(w), 5))
			var slab Slab
			defer slab.Close()
			for range rounds {
				q := strands[rng.IntN(len(strands))]
				n := publishes.Add(1)
				m := message(&slab, n, rng.IntN(200))
				e := Enqueue{Message: m, Confirm: rec, Publish: n}
				switch rng.IntN(4) {
				case 0:
					confirms.Add(1)
					q.publish(e)
				case 1:
					confirms.Add(uint64(len(strands)))
					e.Fanout = NewFanout(len(strands))
					for _, i := range rng.Perm(len(strands)) {
						strands[i].publish(e)
					}
				case 2:
					confirms.Add(2)
					groups.Add(1)
					group(t, s, q, strands[(slices.Index(strands, q)+1)%len(strands)], e, &groups)
				default:
					q.settle(rng)
				}
				m.Release()
			}
		})
	}
	wg.Wait()
	groups.Wait()
	rec.wait(int(confirms.Load()))
	mustClose(t, s)
	if rec.total != int(confirms.Load()) {
		t.Errorf("%d confirms for %d", rec.total, confirms.Load())
	}
	s = mustOpen(t, r.options())
	defer mustClose(t, s)
	for i, q := range strands {
		list := loadAll(t, s.Queue(uint64(i+1)))
		if got := seqsOf(list); !slices.Equal(got, slices.Sorted(maps.Keys(q.held))) {
			t.Errorf("queue %d has %d messages, not %d", i+1, len(got), len(q.held))
		}
	}
	if err := s.index.check(); err != nil {
		t.Error(err)
	}
}

func (q *strand) publish(e Enqueue) {
	q.mu.Lock()
	defer q.mu.Unlock()
	e.Seq = q.next
	q.next++
	q.part.Append([]Enqueue{e})
	q.held[e.Seq] = true
	q.live = append(q.live, e.Seq)
}

func (q *strand) settle(rng *rand.Rand) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var seqs []uint64
	for len(q.live) > 0 && rng.IntN(8) > 0 {
		i := rng.IntN(min(len(q.live), 5))
		seqs = append(seqs, q.live[i])
		delete(q.held, q.live[i])
		q.live = slices.Delete(q.live, i, i+1)
	}
	q.part.Settle(seqs)
}

// group moves a message, so to say, from one queue to another, and adds the
// new one to both.
func group(t *testing.T, s Store, from, to *strand, e Enqueue, groups *sync.WaitGroup) {
	var whole atomic.Bool
	var a, b uint64
	g := s.NewGroup(2, func() { whole.Store(true) }, func() {
		if !whole.Load() {
			t.Error("done before whole")
		}
		groups.Done()
	})
	join := func(q *strand, settle bool) (seq uint64) {
		q.mu.Lock()
		defer q.mu.Unlock()
		var settled []uint64
		if settle && len(q.live) > 0 {
			settled = append(settled, q.live[0])
			delete(q.held, q.live[0])
			q.live = q.live[1:]
		}
		e.Seq = q.next
		q.next++
		q.part.Join(g, []Enqueue{e}, settled)
		q.held[e.Seq] = true
		return e.Seq
	}
	a, b = join(from, true), join(to, false)
	for q, seq := range map[*strand]uint64{from: a, to: b} {
		q.mu.Lock()
		q.live = append(q.live, seq)
		q.mu.Unlock()
	}
}
