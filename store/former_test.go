package store

import (
	"maps"
	"slices"
	"testing"

	"github.com/lepusmq/lepus/store/vfs"
)

// former makes the index of a rig, whose store is closed, one of an older version.
func (r *rig) former(version uint16) {
	m := r.kv.m
	value := func(key []byte) []byte {
		v, err := unseal(key, m[string(key)])
		if err != nil {
			panic(err)
		}
		return v
	}
	anchor := stateKey(keyAnchor)
	m[string(anchor)] = seal(anchor, append(le.AppendUint16(nil, version), value(anchor)[2:]...))
	sum := le.Uint64(value(stateKey(keySum)))
	put := func(key, value []byte) {
		if old := m[string(key)]; old != nil {
			sum -= hashOf(key, old)
		}
		m[string(key)] = seal(key, value)
		sum += hashOf(key, m[string(key)])
	}
	for k := range maps.Clone(m) {
		if k[0] != keyQueue {
			continue
		}
		key := []byte(k)
		n, _ := keyNumbers(key, 1)
		rec, _ := decodeQueueRecord(value(key))
		for i := range rec.pages {
			p := &rec.pages[i]
			by, former := pageKey(n[0], p.number), pageKey(n[0], p.number|formerPage)
			m[string(former)] = seal(former, value(by))
			delete(m, string(by))
			p.number, p.check = p.number|formerPage, checkOf(m[string(former)])
		}
		put(key, rec.encode())
	}
	if version == versionWithSums {
		for seq := range uint64(2000) {
			put(stateKey(keySegment, seq), le.AppendUint64(le.AppendUint64(nil, seq), 1000*seq))
		}
	}
	m[string(stateKey(keySum))] = seal(stateKey(keySum), le.AppendUint64(nil, sum))
}

// count returns how many keys there are of a kind.
func (r *rig) count(kind byte) (n int) {
	for key := range r.kv.m {
		if key[0] == kind {
			n++
		}
	}
	return n
}

// An index of the version before is brought to this one at the start, whatever
// crashes meanwhile; then there is nothing in it that only the older one had.
func TestFormerIndex(t *testing.T) {
	base := newRig(1)
	s := mustOpen(t, base.options())
	q := define(t, s, 7)
	publish(t, q, 1, 2, 3)
	q.Settle([]uint64{2})
	mustClose(t, s)
	base.former(versionWithSums)
	for n, whole := 1, false; !whole; n++ {
		r := base.clone(uint64(n))
		r.fs.CrashAt(n)
		s, err := open(r.options())
		if whole = err == nil; whole {
			s.log.Close()
			r.fs.Crash()
		}
		r.fs.PowerCut(vfs.LoseSome)
		s = mustOpen(t, r.options())
		if got := seqsOf(loadAll(t, s.Queue(7))); !slices.Equal(got, []uint64{1, 3}) {
			t.Errorf("crash %d: %d", n, got)
		}
		if err := s.index.check(); err != nil {
			t.Errorf("crash %d: %v", n, err)
		}
		mustClose(t, s)
		if left := r.count(keySegment); left > 0 {
			t.Fatalf("crash %d: %d keys are left", n, left)
		}
		mustClose(t, mustOpen(t, r.options()))
		if n > 500 {
			t.Fatal("there is no end of steps")
		}
	}
}

// Pages of the version before are read where they are, and go as they change. What
// a crash leaves of them when their queue is deleted goes at the next start.
func TestFormerPages(t *testing.T) {
	base := newRig(1)
	s := pageScene(t, base, 100)
	want := seqsOf(loadAll(t, s.Queue(1)))
	mustClose(t, s)
	base.former(stateVersion - 1)
	pages := base.count(keyFormerPage)
	if pages < 10 || base.count(keyPage) > 0 {
		t.Fatalf("%d and %d pages", pages, base.count(keyPage))
	}

	s = mustOpen(t, base.options())
	if got := seqsOf(loadAll(t, s.Queue(1))); !slices.Equal(got, want) {
		t.Fatalf("%d, want %d", got, want)
	}
	s.index.pageRuns = 4
	s.Queue(1).Settle(want[50:51])
	for i := range uint64(20) {
		publish(t, s.Queue(1), want[99]+1000*(1+i))
	}
	mustClose(t, s)
	if former := base.count(keyFormerPage); former == 0 || former >= pages || base.count(keyPage) == 0 {
		t.Errorf("%d of %d former pages, %d others", former, pages, base.count(keyPage))
	}

	swept := 0
	for n, whole := 1, false; !whole; n++ {
		r := base.clone(uint64(n))
		s := mustOpen(t, r.options())
		if got := len(loadAll(t, s.Queue(1))); got != 119 {
			t.Fatalf("%d messages", got)
		}
		s.checkpoints.batch = 300
		r.fs.CrashAt(n)
		s.Define([]Definition{{Kind: KindQueue, ID: 1, Deleted: true}}, nil)
		if whole = s.Close() == nil; !whole {
			r.fs.Crash()
		}
		r.fs.PowerCut(vfs.LoseSome)
		before := r.count(keyFormerPage) + r.count(keyPage)
		s = mustOpen(t, r.options())
		if err := s.index.check(); err != nil {
			t.Errorf("crash %d: %v", n, err)
		}
		if s.index.queues[1] == nil && before != r.count(keyFormerPage)+r.count(keyPage) {
			swept++
		}
		s.Define([]Definition{{Kind: KindQueue, ID: 1, Deleted: true}, {Kind: KindQueue, ID: 2, Deleted: true}}, nil)
		mustClose(t, s)
		if left := r.count(keyFormerPage) + r.count(keyPage); left > 0 {
			t.Errorf("crash %d: %d pages are left", n, left)
		}
		if n > 500 {
			t.Fatal("there is no end of steps")
		}
	}
	if swept < 5 {
		t.Errorf("%d crashes left pages behind", swept)
	}
}

// A queue that has messages in thousands of segments is purged: what Badger has
// to change for that fits into transactions.
func TestManySegments(t *testing.T) {
	r := newRig(1)
	opt := r.options()
	opt.OnFail = func(err error) { t.Error(err) }
	s := mustOpen(t, opt)
	q := define(t, s, 7)
	const n = 3000
	var slab Slab
	for seq := range uint64(n) {
		m := message(&slab, seq+1, 12<<10)
		q.Append([]Enqueue{{Seq: seq + 1, Message: m}})
		m.Release()
		s.Throttle()
	}
	slab.Close()
	mustClose(t, s)
	s = mustOpen(t, opt)
	if got := len(s.index.segments.list); got < n {
		t.Fatalf("only %d segments", got)
	}
	s.Queue(7).SettleBelow(n, nil)
	mustClose(t, s)
	s = mustOpen(t, opt)
	if got := seqsOf(loadAll(t, s.Queue(7))); !slices.Equal(got, []uint64{n}) {
		t.Errorf("%d are left", got)
	}
	if got := len(s.index.segments.list); got > 100 {
		t.Errorf("%d segments are left", got)
	}
	mustClose(t, s)
}
