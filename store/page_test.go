package store

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
)

// pageScene is a store with two queues of so many messages, each of which is a
// run, in pages of four, all of which are in Badger and none in memory.
func pageScene(tb testing.TB, r *rig, messages int) *durable {
	tb.Helper()
	r.cache = 1
	s, err := open(r.options())
	if err != nil {
		tb.Fatal(err)
	}
	s.index.pageRuns = 4
	for id := range uint64(2) {
		s.Define([]Definition{{Kind: KindQueue, ID: id + 1}}, nil)
		for i := range uint64(messages) {
			put(s.Queue(id+1), 800, (i+1)*1000)
		}
	}
	if err := s.commit(true); err != nil {
		tb.Fatal(err)
	}
	mustClose(tb, s)
	opt := r.options()
	opt.OnLoss = func(err error) { r.lost = append(r.lost, err) }
	if s, err = open(opt); err != nil {
		tb.Fatal(err)
	}
	s.index.pageRuns = 4
	return s
}

// damagePage flips a byte of the page that has a message, and returns how to
// undo that.
func (r *rig) damagePage(s *durable, queue, seq uint64) (p *page, undo func()) {
	q := s.index.queues[queue]
	p = q.pages[q.find(seq)]
	key := string(pageKey(queue, p.number))
	r.kv.m[key][20] ^= 1
	return p, func() { r.kv.m[key][20] ^= 1 }
}

// TestStartReadsNoPage starts with many pages and counts what is read, also by
// what goes on at both ends of a queue.
func TestStartReadsNoPage(t *testing.T) {
	r := newRig(1)
	s := pageScene(t, r, 100)
	if len(s.index.queues[1].pages) < 10 {
		t.Fatalf("%d pages", len(s.index.queues[1].pages))
	}
	mustClose(t, s)
	clear(r.kv.got)
	s, err := open(r.options())
	if err != nil {
		t.Fatal(err)
	}
	put(s.Queue(1), 10, 101000, 102000, 103000)
	s.Queue(1).Settle([]uint64{101000})
	if err := s.commit(true); err != nil {
		t.Fatal(err)
	}
	if n := r.kv.got[keyPage]; n != 0 {
		t.Errorf("%d pages were read", n)
	}
	if err := s.checkpoint(); err != nil {
		t.Fatal(err)
	}
	// The purge and the end of a queue do without its pages, too.
	s.Queue(1).SettleBelow(102000, nil)
	s.Define([]Definition{{Kind: KindQueue, ID: 2, Deleted: true}}, nil)
	if err := s.commit(true); err != nil {
		t.Fatal(err)
	}
	if err := s.checkpoint(); err != nil {
		t.Fatal(err)
	}
	if n := r.kv.got[keyPage]; n != 0 {
		t.Errorf("%d pages were read", n)
	}
	if list := loadAll(t, s.Queue(1)); !slices.Equal(seqsOf(list), []uint64{102000, 103000}) {
		t.Errorf("%v", seqsOf(list))
	}
	for key := range r.kv.m {
		if key[0] == keyPage {
			t.Errorf("%x is left", key)
		}
	}
	if err := s.index.check(); err != nil {
		t.Error(err)
	}
	mustClose(t, s)
}

// TestDamagedPage damages a page of a store that runs: it is named, costs only
// its own messages, and does not come back.
func TestDamagedPage(t *testing.T) {
	r := newRig(1)
	s := pageScene(t, r, 40)
	p, undo := r.damagePage(s, 1, 19000)
	first, last := p.first(), p.last()
	if first >= 19000 || last <= 19000 || p.messages != 4 {
		t.Fatalf("page %+v", *p)
	}
	all := []uint64{}
	for i := range uint64(40) {
		all = append(all, (i+1)*1000)
	}
	// What is settled, counted and moved in it is passed over; before and
	// behind it everything goes on.
	s.Queue(1).Settle([]uint64{first, first - 1000, last + 1000})
	s.Queue(1).Delivered(19000, 3, 0)
	s.Queue(2).Settle([]uint64{20000})
	if err := s.commit(true); err != nil {
		t.Fatal(err)
	}
	// A message that comes late, into the middle of what the page spans.
	put(s.Queue(1), 10, 18500)
	if err := s.commit(true); err != nil {
		t.Fatal(err)
	}
	var damage *PageError
	if len(r.lost) != 1 || !errors.As(r.lost[0], &damage) || !errors.Is(damage, ErrDamaged) ||
		damage.Queue != 1 || damage.Page == 0 || damage.First != first || damage.Last != last || damage.Messages != 4 {
		t.Fatalf("reported: %v", r.lost)
	}
	want := slices.DeleteFunc(slices.Clone(all), func(seq uint64) bool {
		return seq >= first-1000 && seq <= last+1000
	})
	want = append(want, 18500)
	slices.Sort(want)
	found := func(s *durable) {
		t.Helper()
		if err := s.index.check(); err != nil {
			t.Error(err)
		}
		if got := seqsOf(loadAll(t, s.Queue(1))); !slices.Equal(got, want) {
			t.Errorf("%v instead of %v", got, want)
		}
		if n := len(loadAll(t, s.Queue(2))); n != 39 {
			t.Errorf("%d messages of the other queue", n)
		}
	}
	found(s)
	// Its loss stands, though Badger could read it again: messages in it were
	// settled.
	undo()
	found(s)
	mustClose(t, s)
	opt := r.options()
	opt.OnLoss = func(err error) { r.lost = append(r.lost, err) }
	s, err := open(opt)
	if err != nil {
		t.Fatal(err)
	}
	found(s)
	if len(r.lost) != 1 {
		t.Errorf("reported again: %v", r.lost)
	}
	mustClose(t, s)

	accepting := r.clone(2)
	opt = accepting.options()
	opt.AcceptLogLoss = true
	opt.OnLoss = func(err error) { accepting.lost = append(accepting.lost, err) }
	if s, err = open(opt); err != nil {
		t.Fatal(err)
	}
	if got := seqsOf(loadAll(t, s.Queue(1))); !slices.Equal(got, want) || len(accepting.lost) == 0 {
		t.Errorf("with losses accepted: %v, reported: %v", got, accepting.lost)
	}
	mustClose(t, s)
	if s, err = open(accepting.options()); err != nil {
		t.Fatal(err)
	}
	if got := seqsOf(loadAll(t, s.Queue(1))); !slices.Equal(got, want) {
		t.Errorf("after losses were accepted: %v", got)
	}
	mustClose(t, s)

	// A purge takes what is lost along.
	if s, err = open(r.options()); err != nil {
		t.Fatal(err)
	}
	for id := range uint64(2) {
		s.Queue(id+1).SettleBelow(1<<40, nil)
	}
	if err := s.commit(true); err != nil {
		t.Fatal(err)
	}
	if err := s.index.check(); err != nil {
		t.Error(err)
	}
	for _, g := range s.index.segments.list {
		if g.sum != (sum{}) {
			t.Errorf("segment %d is left with %v", g.seq, g.sum)
		}
	}
	mustClose(t, s)
	for key := range r.kv.m {
		if key[0] == keyPage {
			t.Errorf("%x is left", key)
		}
	}
}

// TestDamagedPageIsGivenUp damages a page while the store runs with losses
// accepted: it leaves the queue.
func TestDamagedPageIsGivenUp(t *testing.T) {
	r := newRig(1)
	mustClose(t, pageScene(t, r, 40))
	opt := r.options()
	opt.AcceptLogLoss = true
	lost := 0
	opt.OnLoss = func(error) { lost++ }
	s, err := open(opt)
	if err != nil {
		t.Fatal(err)
	}
	loadAll(t, s.Queue(2)) // takes the place in memory
	p, _ := r.damagePage(s, 1, 20000)
	n := int(p.messages)
	if lost != 0 {
		t.Errorf("%d losses at the start", lost)
	}
	for range 2 {
		if got := loadAll(t, s.Queue(1)); len(got) != 40-n || lost != 1 {
			t.Errorf("%d messages, %d losses", len(got), lost)
		}
	}
	if err := s.checkpoint(); err != nil {
		t.Fatal(err)
	}
	if err := s.index.check(); err != nil {
		t.Error(err)
	}
	mustClose(t, s)
	if s, err = open(r.options()); err != nil {
		t.Fatal(err)
	}
	if got := loadAll(t, s.Queue(1)); len(got) != 40-n {
		t.Errorf("%d messages afterwards", len(got))
	}
	mustClose(t, s)
}

// TestDamagedTail damages a queue's record while its last page is only there.
func TestDamagedTail(t *testing.T) {
	r := newRig(1)
	s := pageScene(t, r, 2)
	s.index.forget()
	r.kv.m[string(stateKey(keyQueue, 1))][20] ^= 1
	put(s.Queue(1), 10, 5000)
	put(s.Queue(2), 10, 5000)
	if err := s.commit(true); err != nil {
		t.Fatal(err)
	}
	if err := s.checkpoint(); err != nil {
		t.Fatal(err)
	}
	if err := s.index.check(); err != nil {
		t.Error(err)
	}
	var damage *PageError
	if got := seqsOf(loadAll(t, s.Queue(1))); !slices.Equal(got, []uint64{5000}) {
		t.Errorf("%v", got)
	}
	if len(r.lost) != 1 || !errors.As(r.lost[0], &damage) {
		t.Errorf("reported: %v", r.lost)
	}
	if got := seqsOf(loadAll(t, s.Queue(2))); !slices.Equal(got, []uint64{1000, 2000, 5000}) {
		t.Errorf("%v", got)
	}
	mustClose(t, s)
}

// TestCrowd fills queues without a checkpoint: what Badger does not have stays
// within the bounds, and so does what it has.
func TestCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(1)
		r.cache = 20000
		opt := r.options()
		opt.SegmentSize = 4 << 20
		s := mustOpen(t, opt)
		x := s.index
		x.pageRuns, x.crowdQueue, x.crowdAll = 16, 50000, 200000
		var queues []Queue
		for range 10 {
			queues = append(queues, define(t, s, s.NewID()))
		}
		for i := range uint64(2000) {
			// One queue alone, then all.
			for _, q := range queues[:1+9*(i/1000)] {
				put(q, 10, (i+1)*1000)
			}
			pass(2 * lazyDelay)
			runs := 0
			for _, q := range x.queues {
				if q.unsaved > x.crowdQueue {
					t.Fatalf("%d bytes of changed pages in queue %d", q.unsaved, q.id)
				}
				for _, p := range q.pages {
					runs += len(p.runs)
				}
			}
			if x.unsaved > x.crowdAll {
				t.Fatalf("%d bytes of changed pages", x.unsaved)
			}
			if memory := runs * runMemory; memory > x.unsaved+r.cache+pageRuns*runMemory {
				t.Fatalf("%d bytes are in memory, %d unsaved", memory, x.unsaved)
			}
		}
		if n := len(r.kv.m); n < 500 {
			t.Errorf("only %d values were saved", n)
		}
		if s.checkpoints.g != 0 {
			t.Errorf("there was a checkpoint at %d", s.checkpoints.g)
		}
		r.fs.Crash()
		s.Close()
	})
}

// TestOldPage gives back values that are whole, but not what was saved last.
func TestOldPage(t *testing.T) {
	r := newRig(1)
	s := pageScene(t, r, 10)
	q := s.index.queues[1]
	// A page whose first message lies elsewhere in the same segment.
	p := q.pages[1]
	old, err := q.read(p)
	if err != nil {
		t.Fatal(err)
	}
	old.runs[0].pos++
	key := pageKey(1, p.number)
	r.kv.m[string(key)] = seal(key, old.encode())
	var damage *PageError
	if s.Queue(1).Load([]Range{{p.first(), p.first()}}, 1); len(r.lost) != 1 || !errors.As(r.lost[0], &damage) || damage.Page != p.number {
		t.Errorf("page: %v", r.lost)
	}
	// A record that has the same tail with another place.
	tail := q.pages[len(q.pages)-1]
	if tail.number != 0 {
		t.Fatalf("tail %+v", *tail)
	}
	key = stateKey(keyQueue, 1)
	value, err := unseal(key, r.kv.m[string(key)])
	if err != nil {
		t.Fatal(err)
	}
	rec, ok := decodeQueueRecord(value)
	last := new(page)
	if !ok || !last.decode(rec.tail) {
		t.Fatalf("record %x", value)
	}
	last.runs[0].pos++
	rec.tail = last.encode()
	s.index.forget()
	r.kv.m[string(key)] = seal(key, rec.encode())
	if s.Queue(1).Load([]Range{{tail.first(), tail.first()}}, 1); len(r.lost) != 2 || !errors.As(r.lost[1], &damage) || damage.First != tail.first() {
		t.Errorf("tail: %v", r.lost)
	}
	s.log.Close()
}
