package store

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lepusmq/lepus/store/log"
)

// indexRig is a queue's index beside the plainest one there is.
type indexRig struct {
	rng   *rand.Rand
	index *index
	queue *queueIndex
	plain map[uint64]log.Position
	past  map[uint64]bool // seqs that were live once
	next  uint64
	pos   log.Position
	held  []uint64 // numbers that come late
}

const rigSegment = 1 << 16

func newIndexRig(seed uint64) *indexRig {
	g := &indexRig{
		rng: rand.New(rand.NewPCG(seed, 3)), plain: map[uint64]log.Position{},
		past: map[uint64]bool{}, next: 1, pos: 4096,
	}
	g.index = newIndex(func() []log.Segment {
		var list []log.Segment
		for i := range uint64(g.pos)/rigSegment + 1 {
			list = append(list, log.Segment{
				Seq: i + 1, Start: log.Position(i * rigSegment), Limit: log.Position((i + 1) * rigSegment),
			})
		}
		return list
	})
	g.index.pageRuns = 1 + g.rng.IntN(4)
	g.queue = g.index.newQueue(1, 0)
	g.index.queues[1] = g.queue
	g.index.defined[definitionKey{KindQueue, 1}] = &definition{}
	return g
}

// record gives the index a record with these messages, as the log would.
func (g *indexRig) record(kind log.Kind, seqs []uint64) {
	g.pos += log.Position(40 + g.rng.IntN(3000))
	b := le.AppendUint32(nil, uint32(len(seqs)))
	b = append(b, 1, 0, 0, 0)
	for _, seq := range seqs {
		b = append(b, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0)
		b = le.AppendUint64(b, seq)
		b = append(b, "body"...)
	}
	b = le.AppendUint64(b, 1)
	g.apply(log.Record{Kind: kind, Position: g.pos, Payload: b})
}

func (g *indexRig) apply(r log.Record) {
	var d decoder
	if err := d.record(r); err != nil {
		panic(err)
	}
	g.index.apply(d.ops, r.Position+1)
}

func (g *indexRig) step() {
	switch n := g.rng.IntN(10); {
	case n < 4:
		var seqs []uint64
		for range 1 + g.rng.IntN(8) {
			switch g.rng.IntN(12) {
			case 0:
				g.held = append(g.held, g.next)
			case 1:
				g.next += uint64(g.rng.IntN([]int{3, 300, 2000, 100000}[g.rng.IntN(4)]))
				fallthrough
			default:
				seqs = append(seqs, g.next)
			}
			g.next++
		}
		g.add(seqs)
	case n < 5 && len(g.held) > 0:
		i := g.rng.IntN(len(g.held))
		seq := g.held[i]
		g.held = slices.Delete(g.held, i, i+1)
		g.add([]uint64{seq})
	case n < 6:
		g.move()
	default:
		g.kill()
	}
}

func (g *indexRig) add(seqs []uint64) {
	if len(seqs) == 0 {
		return
	}
	g.record(recEnqueue, seqs)
	for _, seq := range seqs {
		g.plain[seq], g.past[seq] = g.pos, true
	}
}

func (g *indexRig) kill() {
	live := slices.Sorted(maps.Keys(g.plain))
	if len(live) == 0 {
		return
	}
	i := g.rng.IntN(len(live))
	if g.rng.IntN(2) == 0 {
		i = 0
	}
	s := span{live[i], live[min(len(live)-1, i+g.rng.IntN(4))]}
	g.pos += 100
	b := []byte{1, 0, 0, 0}
	b = le.AppendUint64(b, 1)
	b = le.AppendUint32(b, 1)
	b = le.AppendUint64(b, s.first)
	b = le.AppendUint64(b, s.last)
	g.apply(log.Record{Kind: recDead, Position: g.pos, Payload: b})
	for seq := range g.plain {
		if seq >= s.first && seq <= s.last {
			delete(g.plain, seq)
		}
	}
	// Late ones inside the range are not killed by it: they come afterwards.
}

// move moves live and dead messages: only the live ones move.
func (g *indexRig) move() {
	seqs := slices.Sorted(maps.Keys(g.past))
	if len(seqs) == 0 {
		return
	}
	i := g.rng.IntN(len(seqs))
	seqs = seqs[i:min(len(seqs), i+1+g.rng.IntN(6))]
	g.record(recMove, seqs)
	for _, seq := range seqs {
		if _, ok := g.plain[seq]; ok {
			g.plain[seq] = g.pos
		}
	}
}

// compare holds the index against the plain one.
func (g *indexRig) compare(q *queueIndex) error {
	n := 0
	for _, p := range q.pages {
		for i := range p.runs {
			r := &p.runs[i]
			for o := uint32(r.from); o <= uint32(r.to); o++ {
				if r.bit(uint16(o)) {
					continue
				}
				n++
				seq := r.seq + uint64(o)
				pos, ok := g.plain[seq]
				if !ok || pos < r.pos || pos > r.pos+log.Position(r.reach) {
					return fmt.Errorf("%d: live is %v, at %d, run at %d+%d", seq, ok, pos, r.pos, r.reach)
				}
			}
		}
	}
	if n != len(g.plain) {
		return fmt.Errorf("%d messages instead of %d", n, len(g.plain))
	}
	return nil
}

func TestQueueIndex(t *testing.T) {
	for seed := range uint64(60) {
		g := newIndexRig(seed)
		for i := range 150 {
			g.step()
			if err := g.compare(g.queue); err != nil {
				t.Fatalf("seed %d, step %d: %v", seed, i, err)
			}
		}
		if err := g.index.check(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if err := g.reload(); err != nil {
			t.Fatalf("seed %d, from its pages: %v", seed, err)
		}
		g.queue.end(g.pos)
		if err := g.index.check(); err != nil {
			t.Fatalf("seed %d, at the end: %v", seed, err)
		}
		for _, s := range g.index.segments.list {
			if s.sum != (sum{}) {
				t.Fatalf("seed %d: segment %d is left with %v", seed, s.seq, s.sum)
			}
		}
	}
}

// reload encodes the queue as a checkpoint does and compares what comes back.
func (g *indexRig) reload() error {
	for seq := range g.plain {
		if g.rng.IntN(4) == 0 {
			g.queue.delivered(seqCount{seq, uint32(seq)})
		}
	}
	state := g.queue.snapshot(g.pos)
	rec, ok := decodeQueueRecord(state.record)
	if !ok {
		return fmt.Errorf("record %x", state.record)
	}
	again := g.index.newQueue(1, 0)
	l := stateLoader{store: &durable{}, index: g.index}
	for i, p := range state.pages {
		b, err := unseal(p.key, p.value)
		if err != nil {
			return err
		}
		if err := l.readRuns(again, &page{}, b, ^uint32(0)); err != nil {
			return err
		}
		if e := rec.pages[i]; e.first != again.pages[i].first() || e.last != again.pages[i].last() ||
			e.messages != again.pages[i].messages() || e.check != checkOf(p.value) {
			return fmt.Errorf("page %d is %v", i, e)
		}
	}
	if err := l.readRuns(again, &page{}, rec.tail, rec.runs); err != nil {
		return err
	}
	if !maps.Equal(again.counts, g.queue.counts) {
		return fmt.Errorf("counts %v instead of %v", again.counts, g.queue.counts)
	}
	err := g.compare(again)
	again.end(g.pos)
	return err
}

func TestNextSeqCoversDeadRanges(t *testing.T) {
	g := newIndexRig(1)
	g.queue.settle(span{0, 41}, 5000)
	if g.queue.next != 42 {
		t.Errorf("next is %d", g.queue.next)
	}
	g.queue.settle(span{50, ^uint64(0)}, 5000)
	if g.queue.next != 42 {
		t.Errorf("next is %d", g.queue.next)
	}
}

// TestLoneMessagesShareRuns checks that small records of one queue that follow
// each other closely cost one run, and others one each.
func TestLoneMessagesShareRuns(t *testing.T) {
	for _, test := range []struct {
		apart log.Position
		runs  int
	}{{100, 2}, {5000, 1000}} {
		g := newIndexRig(1)
		g.index.pageRuns = pageRuns
		for i := range log.Position(1000) {
			g.pos = rigSegment + i*test.apart
			g.index.apply([]op{{
				kind: recEnqueue, at: g.pos, queue: 1,
				run: run{seq: uint64(i) + 1, pos: g.pos, live: 1, bytes: 60},
			}}, g.pos+1)
		}
		runs := 0
		for _, p := range g.queue.pages {
			runs += len(p.runs)
		}
		if runs != test.runs {
			t.Errorf("%d apart: %d runs", test.apart, runs)
		}
		if err := g.index.check(); err != nil {
			t.Error(err)
		}
	}
}
