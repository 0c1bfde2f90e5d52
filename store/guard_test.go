package store

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/lepusmq/lepus/store/vfs"
)

// fillDisk leaves so much room on a volume of the rig, and lets the guard look.
func fillDisk(t *testing.T, r *rig, free int64) {
	t.Helper()
	space, err := r.fs.Space(fakeDir)
	step(t, err)
	r.fs.SetRoom(space.Total - space.Free + free)
	pass(2 * guardEvery)
}

// guardScene is a store on a volume of 64 MiB, what it says about the disk, and
// why it failed.
func guardScene(t *testing.T, r *rig) (s *durable, q Queue, low *[]bool, failed chan error) {
	t.Helper()
	r.fs.SetRoom(64 << 20)
	low, failed = new([]bool), make(chan error, 1)
	opt := r.options()
	opt.OnDisk = func(l bool) { *low = append(*low, l) }
	opt.OnFail = func(err error) { failed <- err }
	s = mustOpen(t, opt)
	q = define(t, s, s.NewID())
	pass(3 * idleAfter)
	return s, q, low, failed
}

// TestDiskGuard fills the volume by something else: the alarm rises long
// before the store stops writing to Badger, and when room comes back the store
// goes on with all it has confirmed.
func TestDiskGuard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(1)
		s, q, low, failed := guardScene(t, r)
		v := s.volume
		fillDisk(t, r, v.low+1)
		if len(*low) != 0 {
			t.Errorf("low: %v", *low)
		}
		fillDisk(t, r, v.low-1)
		if fmt.Sprint(*low) != "[true]" || s.checkpoints.paused.Load() {
			t.Errorf("low: %v, paused %v", *low, s.checkpoints.paused.Load())
		}
		publish(t, q, 1, 2)
		pass(3 * idleAfter)
		if s.checkpoints.g != endOf(s) {
			t.Error("no checkpoint while there is room for one")
		}
		fillDisk(t, r, v.floor-1)
		publish(t, q, 3, 4)
		q.Settle([]uint64{1, 3})
		pass(5 * idleAfter)
		if s.checkpoints.g == endOf(s) || s.log.Synced() != endOf(s) {
			t.Errorf("checkpoint at %d, synced %d, end %d", s.checkpoints.g, s.log.Synced(), endOf(s))
		}
		fillDisk(t, r, v.low+1)
		pass(5 * idleAfter)
		if fmt.Sprint(*low) != "[true false]" || s.checkpoints.g != endOf(s) || len(failed) != 0 {
			t.Errorf("low: %v, checkpoint at %d, end %d, failures %d", *low, s.checkpoints.g, endOf(s), len(failed))
		}
		mustClose(t, s)
		s = mustOpen(t, r.options())
		if list := loadAll(t, s.Queue(1)); len(list) != 2 || !s.Clean() {
			t.Errorf("%v", seqsOf(list))
		}
		mustClose(t, s)
	})
}

// TestStopOnFullDisk stops a store in order when the disk is full: nothing is
// written to Badger, the store is not marked clean, and nothing is lost.
func TestStopOnFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(1)
		s, q, _, failed := guardScene(t, r)
		commits := r.kv.commits.Load()
		fillDisk(t, r, 0)
		seq := uint64(0)
		for len(failed) == 0 && seq < 100 {
			seq++
			var slab Slab
			m := message(&slab, seq, 2000)
			q.Append([]Enqueue{{Seq: seq, Message: m}})
			pass(2 * guardEvery)
		}
		err := <-failed
		if !errors.Is(err, ErrDiskFull) {
			t.Error(err)
		}
		if seq < 8 {
			t.Errorf("the log's reserve was good for %d messages", seq)
		}
		// The store says what it did not do, and that nothing is lost.
		if err := s.Close(); !errors.Is(err, ErrDiskFull) {
			t.Errorf("close: %v", err)
		}
		if n := r.kv.commits.Load(); n != commits {
			t.Errorf("%d changes of Badger on a full disk", n-commits)
		}
		if _, err := Open(r.options()); !errors.Is(err, ErrDiskFull) {
			t.Errorf("open on a full disk: %v", err)
		}
		fillDisk(t, r, 64<<20)
		s = mustOpen(t, r.options())
		if list := loadAll(t, s.Queue(1)); uint64(len(list)) != seq || s.Clean() {
			t.Errorf("%d of %d, clean %v", len(list), seq, s.Clean())
		}
		mustClose(t, s)
	})
}

// TestFullInTheMidst fills the disk while a checkpoint is under way: it waits,
// and goes on or is given up with the store.
func TestFullInTheMidst(t *testing.T) {
	for _, back := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(1)
			s, q, _, _ := guardScene(t, r)
			var full atomic.Bool
			space, err := r.fs.Space(fakeDir)
			step(t, err)
			r.fs.Watch(func(op vfs.Op, name string) error {
				if name == fakeKVDir && !full.Swap(true) {
					r.fs.SetRoom(space.Total - space.Free)
				}
				return nil
			})
			s.checkpoints.batch = 100
			publish(t, q, 1, 2, 3)
			pass(5 * idleAfter)
			if !full.Load() || s.checkpoints.g == endOf(s) {
				t.Fatal("the checkpoint did not wait")
			}
			if back {
				r.fs.SetRoom(64 << 20)
				pass(5 * idleAfter)
				if s.checkpoints.g != endOf(s) {
					t.Error("the checkpoint did not go on")
				}
				mustClose(t, s)
			} else if err := s.Close(); !errors.Is(err, ErrDiskFull) {
				t.Errorf("close: %v", err)
			}
			r.fs.SetRoom(64 << 20)
			r.fs.Kill()
			s = mustOpen(t, r.options())
			if list := loadAll(t, s.Queue(1)); len(list) != 3 || s.Clean() != back {
				t.Errorf("%v, clean %v", seqsOf(list), s.Clean())
			}
			mustClose(t, s)
		})
	}
}

// TestBatch sees that a transaction takes what may come on top of it.
func TestBatch(t *testing.T) {
	if 100*(batchBytes+2*pageBytes) > 15*memtable {
		t.Errorf("transactions of %d KiB", batchBytes>>10)
	}
}

// TestVolume looks at what is shared out on volumes of some sizes.
func TestVolume(t *testing.T) {
	for total := int64(32 << 20); total < 1<<44; total *= 2 {
		v := volumeOf(total, &Options{})
		ready := v.segment * (logReserve + 2)
		switch {
		case v.stop >= v.floor || v.floor >= v.low:
			t.Errorf("%d MiB: stop %d, floor %d, low %d", total>>20, v.stop>>20, v.floor>>20, v.low>>20)
		case ready+v.low+v.spare > total*2/3:
			t.Errorf("%d MiB: %d ready, %d spare, low at %d", total>>20, ready>>20, v.spare>>20, v.low>>20)
		case total >= 256<<20 && v.stop < 4*memtable:
			t.Errorf("%d MiB: Badger needs more than %d MiB at once", total>>20, v.stop>>20)
		}
	}
	if v := volumeOf(0, &Options{}); v != volumeOf(1<<50, &Options{}) {
		t.Errorf("unknown: %+v", v)
	}
	if v := volumeOf(1<<40, &Options{DiskLow: 5 << 30}); v.low != 5<<30 {
		t.Errorf("low at %d", v.low)
	}
}

// TestCloseBelowFloor stops a store while there is too little room for a
// checkpoint: there is none, and the next start finds everything in the log.
func TestCloseBelowFloor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(1)
		s, q, _, _ := guardScene(t, r)
		commits := r.kv.commits.Load()
		fillDisk(t, r, s.volume.floor-1)
		publish(t, q, 1, 2, 3)
		mustClose(t, s)
		if n := r.kv.commits.Load(); n != commits {
			t.Errorf("%d changes of Badger", n-commits)
		}
		s = mustOpen(t, r.options())
		if list := loadAll(t, s.Queue(1)); len(list) != 3 || s.Clean() {
			t.Errorf("%v, clean %v", seqsOf(list), s.Clean())
		}
		mustClose(t, s)
	})
}
