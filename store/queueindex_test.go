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
	// tallies are those told, and kv is what was saved.
	tallies map[uint64]tally
	kv      map[string][]byte
	reads   int
}

const rigSegment = 1 << 16

func newIndexRig(seed uint64) *indexRig {
	g := &indexRig{
		rng: rand.New(rand.NewPCG(seed, 3)), plain: map[uint64]log.Position{},
		past: map[uint64]bool{}, next: 1, pos: 4096,
		tallies: map[uint64]tally{}, kv: map[string][]byte{},
	}
	g.index = newIndex(func() []log.Segment {
		var list []log.Segment
		for i := range uint64(g.pos)/rigSegment + 1 {
			list = append(list, log.Segment{
				Seq: i + 1, Start: log.Position(i * rigSegment), Limit: log.Position((i + 1) * rigSegment),
			})
		}
		return list
	}, func(key []byte) ([]byte, error) {
		g.reads++
		return slices.Clone(g.kv[string(key)]), nil
	}, func(err error) { panic(err) })
	g.index.pageRuns = 1 + g.rng.IntN(4)
	g.index.cache.limit = []int{1, 300, cacheBytes}[g.rng.IntN(3)]
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
	switch n := g.rng.IntN(12); {
	case n < 1:
		g.save()
	case n < 2:
		g.tally()
	case n < 6:
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
	case n < 7 && len(g.held) > 0:
		i := g.rng.IntN(len(g.held))
		seq := g.held[i]
		g.held = slices.Delete(g.held, i, i+1)
		g.add([]uint64{seq})
	case n < 8:
		g.move()
	default:
		g.kill()
	}
}

// save writes the queue as a checkpoint does.
func (g *indexRig) save() {
	state := g.queue.snapshot(g.pos + 1)
	for _, c := range append(state.pages, state.old...) {
		if c.deleted {
			delete(g.kv, string(c.key))
		} else {
			g.kv[string(c.key)] = c.value
		}
	}
	b := batch{sum: new(uint64)}
	g.queue.putRecord(&b, state.record)
	g.kv[string(b.changes[0].key)] = b.changes[0].value
	g.index.written(state.saved)
}

// tally tells of a delivery.
func (g *indexRig) tally() {
	live := slices.Sorted(maps.Keys(g.plain))
	if len(live) == 0 {
		return
	}
	c := seqTally{live[g.rng.IntN(len(live))], tally{1 + g.rng.Uint32N(9), g.rng.Int64N(2) << 40}}
	g.pos += 100
	g.index.apply([]op{{kind: recTally, at: g.pos, queue: 1, tally: c}}, g.pos+1)
	g.tallies[c.seq] = c.tally
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
			delete(g.tallies, seq)
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

// compare holds what a queue's index says against the plain one.
func (g *indexRig) compare(x *index) error {
	runs, tallies := x.runsOf(1, Range{1, maxSeq}, 1<<30)
	n := 0
	for i := range runs {
		r := &runs[i]
		for seq := r.first(); seq <= r.last(); seq++ {
			if !r.alive(seq) {
				continue
			}
			n++
			pos, ok := g.plain[seq]
			if !ok || pos < r.pos || pos > r.pos+log.Position(r.reach) {
				return fmt.Errorf("%d: live is %v, at %d, run at %d+%d", seq, ok, pos, r.pos, r.reach)
			}
		}
	}
	if n != len(g.plain) {
		return fmt.Errorf("%d messages instead of %d", n, len(g.plain))
	}
	if len(tallies)+len(g.tallies) > 0 && !maps.Equal(tallies, g.tallies) {
		return fmt.Errorf("tallies %v instead of %v", tallies, g.tallies)
	}
	return nil
}

// compareRange holds a part of the queue against the plain one.
func (g *indexRig) compareRange() error {
	from := uint64(g.rng.IntN(int(g.next)))
	to := from + uint64(g.rng.IntN(40))
	runs, _ := g.index.runsOf(1, Range{from, to}, 1<<30)
	n := 0
	for seq := range g.plain {
		if seq >= from && seq <= to {
			n++
		}
	}
	for i := range runs {
		if n -= int(runs[i].live); runs[i].first() < from || runs[i].last() > to {
			return fmt.Errorf("%d to %d of %d to %d", runs[i].first(), runs[i].last(), from, to)
		}
	}
	if n != 0 {
		return fmt.Errorf("%d messages are missing from %d to %d", n, from, to)
	}
	return nil
}

func TestQueueIndex(t *testing.T) {
	read := 0
	for seed := range uint64(200) {
		g := newIndexRig(seed)
		for i := range 400 {
			g.step()
			if seed%2 == 0 {
				g.index.forget()
			}
			if err := g.compare(g.index); err != nil {
				t.Fatalf("seed %d, step %d: %v", seed, i, err)
			}
			if err := g.compareRange(); err != nil {
				t.Fatalf("seed %d, step %d: %v", seed, i, err)
			}
			if err := g.index.check(); err != nil {
				t.Fatalf("seed %d, step %d: %v", seed, i, err)
			}
		}
		if err := g.reload(); err != nil {
			t.Fatalf("seed %d, from its pages: %v", seed, err)
		}
		read += g.reads
		g.index.forget()
		g.reads = 0
		g.queue.end(g.pos)
		if err := g.index.check(); err != nil {
			t.Fatalf("seed %d, at the end: %v", seed, err)
		}
		if g.reads > 0 {
			t.Fatalf("seed %d: the end reads %d pages", seed, g.reads)
		}
		for _, s := range g.index.segments.list {
			if s.sum != (sum{}) {
				t.Fatalf("seed %d: segment %d is left with %v", seed, s.seq, s.sum)
			}
		}
	}
	if read < 3000 {
		t.Errorf("only %d pages were read", read)
	}
}

// reload reads back what was saved, as a start does, and compares.
func (g *indexRig) reload() error {
	g.save()
	again := newIndex(g.index.segments.source, g.index.get, g.index.report)
	again.segments.refresh()
	l := stateLoader{store: &durable{index: again}, index: again}
	key := stateKey(keyQueue, 1)
	value, err := unseal(key, g.kv[string(key)])
	if err != nil {
		return err
	}
	g.reads = 0
	if err := l.readQueue(key, value, g.queue.hash); err != nil {
		return err
	}
	if g.reads > 0 {
		return fmt.Errorf("%d pages were read", g.reads)
	}
	if err := again.check(); err != nil {
		return err
	}
	for i, s := range g.index.segments.list {
		if again.segments.list[i].sum != s.sum {
			return fmt.Errorf("segment %d has %v, not %v", s.seq, again.segments.list[i].sum, s.sum)
		}
	}
	named := 1
	for _, p := range again.queues[1].pages {
		if p.number != 0 {
			named++
		}
	}
	if named != len(g.kv) {
		return fmt.Errorf("%d keys are left for %d pages", len(g.kv), named-1)
	}
	return g.compare(again)
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
