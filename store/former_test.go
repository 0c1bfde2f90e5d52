package store

import (
	"slices"
	"testing"

	"github.com/lepusmq/lepus/store/vfs"
)

// former makes the index of a rig, whose store is closed, one of version 3.
func (r *rig) former() {
	key := stateKey(keyAnchor)
	v, _ := unseal(key, r.kv.m[string(key)])
	v = append(le.AppendUint16(nil, versionWithSums), v[2:]...)
	r.kv.m[string(key)] = seal(key, v)
	key = stateKey(keySum)
	v, _ = unseal(key, r.kv.m[string(key)])
	sum := le.Uint64(v)
	for seq := range uint64(2000) {
		s := stateKey(keySegment, seq)
		v := seal(s, le.AppendUint64(le.AppendUint64(nil, seq), 1000*seq))
		sum += hashOf(s, v)
		r.kv.m[string(s)] = v
	}
	r.kv.m[string(key)] = seal(key, le.AppendUint64(nil, sum))
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
	base.former()
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
		for key := range r.kv.m {
			if key[0] == keySegment {
				t.Fatalf("crash %d: key %x is left", n, key)
			}
		}
		mustClose(t, mustOpen(t, r.options()))
		if n > 500 {
			t.Fatal("there is no end of steps")
		}
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
