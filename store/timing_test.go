package store

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lepusmq/lepus/store/log"
	"github.com/lepusmq/lepus/store/vfs"
)

// endOf returns the log's end while nobody appends.
func endOf(s *durable) log.Position {
	s.role.Lock()
	defer s.role.Unlock()
	return s.log.End()
}

// pass lets time pass in a bubble.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// TestAcksRideAlong checks the clock: settlements are written soon without a
// sync, and an idle store makes a checkpoint and then does nothing.
func TestAcksRideAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(1)
		s := mustOpen(t, r.options())
		q := define(t, s, s.NewID())
		publish(t, q, 1, 2, 3)
		synctest.Wait()
		written, synced := endOf(s), s.log.Synced()
		q.Settle([]uint64{2})
		synctest.Wait()
		if endOf(s) != written {
			t.Error("a settlement was written at once")
		}
		pass(2 * lazyDelay)
		if endOf(s) == written || s.log.Synced() != synced {
			t.Errorf("written up to %d, synced %d; before %d, %d", endOf(s), s.log.Synced(), written, synced)
		}
		pass(3 * idleAfter)
		if s.log.Synced() != endOf(s) || s.checkpoints.g != endOf(s) {
			t.Errorf("end %d, synced %d, checkpoint at %d", endOf(s), s.log.Synced(), s.checkpoints.g)
		}
		// Nothing happens any more.
		steps := r.fs.Steps()
		pass(time.Hour)
		if n := r.fs.Steps() - steps; n != 0 {
			t.Errorf("an idle store has changed files %d times", n)
		}
		mustClose(t, s)
	})
}

// TestUnawaited checks that messages whose publisher waits for nothing are
// written soon, unless they are settled before.
func TestUnawaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mustOpen(t, newRig(1).options())
		q := define(t, s, s.NewID())
		synctest.Wait()
		written := endOf(s)
		var slab Slab
		m := message(&slab, 1, 10)
		q.Append([]Enqueue{{Seq: 1, Message: m}})
		q.Settle([]uint64{1})
		pass(2 * lazyDelay)
		if endOf(s) != written {
			t.Error("a message that was settled was written")
		}
		q.Append([]Enqueue{{Seq: 2, Message: m}})
		pass(2 * lazyDelay)
		if endOf(s) == written || s.log.Synced() != endOf(s) {
			t.Error("a message was not written")
		}
		mustClose(t, s)
	})
}

// slowed has a publisher wait for room, and returns a function that tells whether
// it goes on.
func slowed(t *testing.T, s *durable) (through func() bool) {
	t.Helper()
	var gone atomic.Bool
	go func() {
		s.Throttle()
		gone.Store(true)
	}()
	synctest.Wait()
	if gone.Load() {
		t.Error("a publisher was not slowed")
	}
	return func() bool {
		synctest.Wait()
		return gone.Load()
	}
}

// gatedKV commits when its gate is open.
type gatedKV struct {
	kv
	gate chan struct{}
}

func (g gatedKV) commit(changes []change) error {
	<-g.gate
	return g.kv.commit(changes)
}

// TestCheckpointMakesRoom slows publishers because of the log that a checkpoint has
// to be made of. They go on when it is made, also if nothing else happens.
func TestCheckpointMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(1)
		opt := r.options()
		opt.SegmentSize = 1 << 20
		gate := make(chan struct{})
		opened := make(chan struct{})
		close(opened)
		now := &gatedKV{r.kv, opened}
		opt.openKV = func() (kv, error) { return now, nil }
		s := mustOpen(t, opt)
		q := define(t, s, s.NewID())
		synctest.Wait()
		c := &s.checkpoints
		c.least, c.most = 1<<20, 2<<20
		c.due.Store(c.least)
		now.gate = gate
		var slab Slab
		for seq := uint64(1); s.Backlog() < MaxBacklog; seq++ {
			m := message(&slab, seq, 100<<10)
			q.Append([]Enqueue{{Seq: seq, Message: m}})
			m.Release()
			pass(2 * lazyDelay)
			if seq == 1000 {
				t.Fatal("publishers are not slowed")
			}
		}
		through := slowed(t, s)
		close(gate)
		if !through() {
			t.Error("a publisher waits for what is over")
		}
		mustClose(t, s)
	})
}

// held is a store that has so much to sync that publishers are slowed, and whose
// syncs wait for release.
type held struct {
	*durable
	rig     *rig
	queue   Queue
	rec     *recorder
	last    uint64 // number of the messages
	through func() bool
	release func()
}

func newHeld(t *testing.T) *held {
	h := &held{rig: newRig(1), rec: newRecorder()}
	opt := h.rig.options()
	opt.SegmentSize = 1 << 20
	h.durable = mustOpen(t, opt)
	h.queue = define(t, h, h.NewID())
	synctest.Wait()
	hold := make(chan struct{})
	h.release = func() { close(hold) }
	h.rig.fs.Watch(func(o vfs.Op, _ string) error {
		if o == vfs.OpSync {
			<-hold
		}
		return nil
	})
	var slab Slab
	for h.Backlog() < MaxBacklog {
		h.last++
		m := message(&slab, h.last, 100<<10)
		h.queue.Append([]Enqueue{{Seq: h.last, Message: m, Confirm: h.rec, Publish: h.last}})
		m.Release()
	}
	h.through = slowed(t, h.durable)
	return h
}

func (h *held) end(t *testing.T) {
	h.rig.fs.Watch(nil)
	mustClose(t, h.durable)
}

// TestSettledMakesRoom slows publishers because of messages that wait for a sync.
// They go on when those are settled.
func TestSettledMakesRoom(t *testing.T) {
	for name, settle := range map[string]func(q Queue, last uint64){
		"settled one by one": func(q Queue, last uint64) {
			for seq := uint64(1); seq <= last; seq++ {
				q.Settle([]uint64{seq})
			}
		},
		"purged": func(q Queue, last uint64) { q.SettleBelow(last+1, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHeld(t)
				settle(h.queue, h.last)
				if !h.through() {
					t.Error("a publisher waits for what is over")
				}
				h.release()
				synctest.Wait()
				h.end(t)
			})
		})
	}
}

// TestBacklog holds the sync and sees that publishers are slowed.
func TestBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHeld(t)
		h.release()
		if through := h.through(); !through || h.Backlog() != 0 || h.rec.total != int(h.last) {
			t.Errorf("through: %v, backlog %d, %d of %d confirmed", through, h.Backlog(), h.rec.total, h.last)
		}
		h.end(t)
	})
}
