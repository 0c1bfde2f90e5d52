package store

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"testing"

	"github.com/lepusmq/lepus/store/log"
	"github.com/lepusmq/lepus/store/vfs"
)

// openStill opens a store that does nothing by itself.
func openStill(tb testing.TB, r *rig) *durable {
	tb.Helper()
	s, err := open(r.options())
	if err != nil {
		tb.Fatal(err)
	}
	s.checkpoints.batch = 400
	s.index.pageRuns = 2
	return s
}

// put gives a queue messages without waiting.
func put(q Queue, size int, seqs ...uint64) {
	var slab Slab
	for _, seq := range seqs {
		m := message(&slab, seq, size)
		q.Append([]Enqueue{{Seq: seq, Message: m}})
		m.Release()
	}
	slab.Close()
}

// crashScene is a store with queues in several segments, some of which have
// become empty, and changes that no checkpoint has seen.
func crashScene(tb testing.TB, r *rig) *durable {
	tb.Helper()
	s := openStill(tb, r)
	must := func(err error) {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
	}
	for id := range uint64(4) {
		s.Define([]Definition{{Kind: KindQueue, ID: id + 1}}, nil)
	}
	must(s.commit(true))
	for id := range uint64(4) {
		// Far apart, so that each is a run.
		for i := range uint64(12) {
			put(s.Queue(id+1), 800, i*1000+1)
			must(s.commit(true))
		}
	}
	must(s.checkpoint())
	s.Queue(1).SettleBelow(11000, nil)
	s.Queue(2).Settle([]uint64{1, 3001, 9001})
	put(s.Queue(2), 800, 20001, 30001)
	s.Queue(2).Delivered(20001, 3, 0)
	s.Define([]Definition{{Kind: KindQueue, ID: 3, Deleted: true}, {Kind: KindUser, ID: 9}}, nil)
	s.Queue(4).SettleBelow(20000, nil)
	must(s.commit(true))
	return s
}

// crashFound is what a start must find of the scene.
func crashFound(s *durable) error {
	if err := s.index.check(); err != nil {
		return err
	}
	want := map[uint64][]uint64{
		1: {11001}, 2: {1001, 2001, 4001, 5001, 6001, 7001, 8001, 10001, 11001, 20001, 30001}, 3: {}, 4: {},
	}
	for id, seqs := range want {
		found, _ := s.Queue(id).Load([]Range{{1, maxSeq}}, 1<<20)
		if !slices.Equal(seqsOf(found), seqs) {
			return fmt.Errorf("queue %d has %v", id, seqsOf(found))
		}
	}
	if n := len(s.Definitions()); n != 4 {
		return fmt.Errorf("%d definitions", n)
	}
	return nil
}

// TestCrashAtEveryStep crashes in the midst of every change of a file and of
// Badger that two checkpoints, the recycling that follows, a rotation and a
// close make; then it cuts the power once more, right after the start.
func TestCrashAtEveryStep(t *testing.T) {
	for name, after := range map[string]func(*vfs.Fake){
		"kill":         (*vfs.Fake).Kill,
		"power, all":   func(f *vfs.Fake) { f.PowerCut(vfs.LoseAll) },
		"power, parts": func(f *vfs.Fake) { f.PowerCut(vfs.LoseSome) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			steps := 0
			for n := 1; ; n++ {
				r := newRig(uint64(n))
				s := crashScene(t, r)
				r.fs.CrashAt(n)
				err := s.checkpoint()
				for i := 0; err == nil && i < 20; i++ {
					s.Queue(2).Delivered(30001, 1, 0)
					s.Define([]Definition{{Kind: KindUser, ID: 9, Value: bytes.Repeat([]byte("v"), 900)}}, nil)
					err = s.commit(true)
				}
				if err == nil {
					err = s.checkpoint()
				}
				if err == nil {
					err = s.Close()
				} else {
					r.fs.Crash()
					s.log.Close()
				}
				if err != nil && !errors.Is(err, vfs.ErrCrash) {
					t.Fatal(err)
				}
				after(r.fs)
				for range 2 {
					s, oerr := open(r.options())
					if oerr == nil {
						oerr = crashFound(s)
					}
					if oerr != nil {
						t.Fatalf("step %d: %v", n, oerr)
					}
					r.fs.Crash()
					s.log.Close()
					r.fs.PowerCut(vfs.LoseAll)
				}
				if err == nil {
					break
				}
				steps++
			}
			if steps < 50 {
				t.Errorf("only %d steps", steps)
			}
		})
	}
}

// TestCrashAtEveryStepOfAStart crashes in every change that a start makes.
func TestCrashAtEveryStepOfAStart(t *testing.T) {
	base := newRig(1)
	s := crashScene(t, base)
	base.fs.Crash()
	s.log.Close()
	base.fs.Kill()
	for n := 1; ; n++ {
		r := base.clone(uint64(n))
		r.fs.CrashAt(n)
		s, err := open(r.options())
		if err == nil {
			s.log.Close()
		}
		r.fs.Crash()
		r.fs.PowerCut(vfs.LoseSome)
		again, oerr := open(r.options())
		if oerr == nil {
			oerr = crashFound(again)
			again.log.Close()
		}
		if oerr != nil {
			t.Fatalf("step %d: %v", n, oerr)
		}
		if err == nil {
			return
		}
	}
}

// TestTailCutAtEveryByte cuts the log off at every byte of its last segment. A
// prefix of what was committed must be found, groups whole.
func TestTailCutAtEveryByte(t *testing.T) {
	base := newRig(1)
	s := openStill(t, base)
	s.Define([]Definition{{Kind: KindQueue, ID: 1}, {Kind: KindQueue, ID: 2}}, nil)
	if err := s.commit(true); err != nil {
		t.Fatal(err)
	}
	tail := s.log.End()
	var slab Slab
	for i := range uint64(3) {
		seq := 10*i + 1
		put(s.Queue(1), 20, seq, seq+1)
		m := message(&slab, seq+2, 20)
		g := s.NewGroup(2, nil, nil)
		s.Queue(1).Join(g, []Enqueue{{Seq: seq + 2, Message: m}}, []uint64{seq})
		s.Queue(2).Join(g, []Enqueue{{Seq: seq + 2, Message: m}}, nil)
		if err := s.commit(true); err != nil {
			t.Fatal(err)
		}
	}
	end := s.log.End()
	seg := s.log.Segments()[len(s.log.Segments())-1]
	base.fs.Crash()
	s.log.Close()
	base.fs.Kill()

	// What the two queues have after each record, at most.
	states := [][2]string{
		{"[]", "[]"}, {"[1 2]", "[]"}, {"[2 3]", "[3]"}, {"[2 3 11 12]", "[3]"}, {"[2 3 12 13]", "[3 13]"},
		{"[2 3 12 13 21 22]", "[3 13]"}, {"[2 3 12 13 22 23]", "[3 13 23]"},
	}
	at := 0
	for cut := tail; cut <= end; cut++ {
		r := base.clone(uint64(cut))
		f, err := r.fs.Open(path.Join(fakeDir, logDir, seg.File))
		if err != nil {
			t.Fatal(err)
		}
		offset := int64(cut-seg.Start) + seg.Size - int64(seg.Limit-seg.Start)
		if _, err := f.WriteAt(make([]byte, end-cut), offset); err != nil {
			t.Fatal(err)
		}
		s, err := open(r.options())
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		got := [2]string{}
		for i := range got {
			list, _ := s.Queue(uint64(i+1)).Load([]Range{{1, maxSeq}}, 1<<20)
			got[i] = fmt.Sprint(seqsOf(list))
		}
		s.log.Close()
		for at+1 < len(states) && got != states[at] {
			at++
		}
		if got != states[at] {
			t.Fatalf("cut at %d: %v, which is no state from %d on", cut, got, at)
		}
	}
	if at != len(states)-1 {
		t.Errorf("the whole log gives state %d", at)
	}
}

// TestDamagedIndex flips, loses and brings back old values of every key.
func TestDamagedIndex(t *testing.T) {
	base := newRig(1)
	s := crashScene(t, base)
	old := base.kv.clone(base.fs, 1)
	mustClose(t, s)

	refused := func(what, key string, r *rig) {
		t.Helper()
		opt := r.options()
		var reported []error
		opt.OnLoss = func(err error) { reported = append(reported, err) }
		s, err := open(opt)
		if err == nil && key[0] == keyPage {
			// A page is read when it is needed.
			err = damagedPage(s, &reported)
			mustClose(t, s)
		} else if err == nil {
			// An old or missing clean mark is no damage.
			if s.clean || key[0] != keyClean {
				t.Errorf("%s %x was not noticed", what, key)
			}
			s.log.Close()
			return
		}
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("%s %x: %v", what, key, err)
		}
		lost := 0
		opt.AcceptLogLoss = true
		opt.OnLoss = func(error) { lost++ }
		r.fs.Kill()
		if s, err = open(opt); err != nil {
			if key[0] != keyAnchor && key[0] != keyG && key[0] != keySum && key[0] != keyClean {
				t.Errorf("%s %x, losses accepted: %v", what, key, err)
			}
			return
		}
		if lost == 0 {
			t.Errorf("%s %x: nothing was reported", what, key)
		}
		if err := s.index.check(); err != nil {
			t.Errorf("%s %x, losses accepted: %v", what, key, err)
		}
		mustClose(t, s)
		r.fs.Kill()
		if s, err = open(r.options()); err != nil {
			t.Errorf("%s %x, after losses were accepted: %v", what, key, err)
		} else {
			s.log.Close()
		}
	}
	letters := map[byte]bool{}
	for key, value := range base.kv.m {
		letters[key[0]] = true
		for i := 0; i < len(value); i += 1 + len(value)/7 {
			r := base.clone(1)
			r.kv.m[key][i] ^= 0x10
			refused("flip of", key, r)
		}
		r := base.clone(1)
		delete(r.kv.m, key)
		refused("loss of", key, r)
		if before, ok := old.m[key]; ok && !bytes.Equal(before, value) {
			r := base.clone(1)
			r.kv.m[key] = bytes.Clone(before)
			refused("old value of", key, r)
		}
	}
	for key, before := range old.m {
		if _, ok := base.kv.m[key]; !ok && key[0] != keyPage {
			r := base.clone(1)
			r.kv.m[key] = bytes.Clone(before)
			refused("return of", key, r)
		}
	}
	for _, l := range "acdghqz" {
		if !letters[byte(l)] {
			t.Errorf("no key %c was tried", l)
		}
	}
}

// damagedPage returns the error that is reported for the one page that is
// damaged; all other messages of the crash scene must be there.
func damagedPage(s *durable, reported *[]error) error {
	want := []uint64{1001, 2001, 4001, 5001, 6001, 7001, 8001, 10001, 11001, 20001, 30001}
	list, _ := s.Queue(2).Load([]Range{{1, maxSeq}}, 1<<20)
	var damage *PageError
	if len(*reported) != 1 || !errors.As((*reported)[0], &damage) || damage.Queue != 2 || damage.Page == 0 {
		return fmt.Errorf("reported: %v", *reported)
	}
	want = slices.DeleteFunc(want, func(seq uint64) bool { return seq >= damage.First && seq <= damage.Last })
	if got := seqsOf(list); !slices.Equal(got, want) {
		return fmt.Errorf("%d instead of %d", got, want)
	}
	return damage
}

// TestDamagedMessage flips a byte of a stored message: loading its queue says
// so, others are not touched, and if losses are accepted the rest is there.
func TestDamagedMessage(t *testing.T) {
	r := newRig(1)
	s := openStill(t, r)
	for id := range uint64(2) {
		s.Define([]Definition{{Kind: KindQueue, ID: id + 1}}, nil)
		for seq := range uint64(20) {
			put(s.Queue(id+1), 3000, seq+1)
			if err := s.commit(true); err != nil {
				t.Fatal(err)
			}
		}
	}
	seg := s.log.Segments()[1]
	mustClose(t, s)
	if err := r.fs.Corrupt(path.Join(fakeDir, logDir, seg.File), seg.Size/2, 1); err != nil {
		t.Fatal(err)
	}
	opt := r.options()
	var found []error
	opt.OnDamage = func(err error) { found = append(found, err) }
	s, err := open(opt)
	if err != nil {
		t.Fatal(err)
	}
	if list, upTo := s.Queue(1).Load([]Range{{1, maxSeq}}, 1<<20); len(list) != 19 || upTo != maxSeq {
		t.Errorf("%d messages, up to %d", len(list), upTo)
	}
	var damage *log.DamageError
	if len(found) != 1 || !errors.Is(found[0], ErrDamaged) || !errors.As(found[0], &damage) {
		t.Errorf("load: %v", found)
	} else if damage.File != seg.File {
		t.Errorf("damage in %s, not in %s", damage.File, seg.File)
	}
	if list, _ := s.Queue(2).Load([]Range{{1, maxSeq}}, 1<<20); len(list) != 20 || len(found) != 1 {
		t.Errorf("%d messages of the other queue, %v", len(list), found)
	}
	mustClose(t, s)

	opt = r.options()
	opt.AcceptLogLoss = true
	lost := 0
	opt.OnLoss = func(error) { lost++ }
	if s, err = open(opt); err != nil {
		t.Fatal(err)
	}
	if n := len(loadAll(t, s.Queue(1))); n != 19 || lost == 0 {
		t.Errorf("%d messages, %d losses", n, lost)
	}
	mustClose(t, s)
	if s, err = open(r.options()); err != nil {
		t.Fatal(err)
	}
	if n := len(loadAll(t, s.Queue(1))); n != 19 {
		t.Errorf("%d messages afterwards", n)
	}
	mustClose(t, s)
}
