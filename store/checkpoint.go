package store

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/lepusmq/lepus/store/log"
)

const (
	// The next checkpoint comes after so many times what the last one wrote,
	// within these bounds; on a small volume they are lower.
	checkpointFactor = 64
	checkpointMin    = 64 << 20
	checkpointMax    = 256 << 20
	// idleAfter is how long nothing must have been committed for a checkpoint
	// to come without need.
	idleAfter = time.Second
)

// checkpointer writes what the index has changed to Badger.
type checkpointer struct {
	kick   chan struct{} // has room for one
	busy   atomic.Bool   // something was committed of late
	due    atomic.Int64  // bytes of log after which a checkpoint comes
	seen   atomic.Int64  // the position at which the disk was looked at last
	paused atomic.Bool   // there is no room on the disk for one

	// immutable
	batch int   // how large a transaction becomes
	least int64 // bytes of log between two checkpoints
	most  int64

	// owned by who checkpoints: the start, the goroutine, then Close
	g       log.Position // of the last checkpoint
	gHash   uint64
	sum     uint64
	written int64 // since the last checkpoint
}

// advanced tells the checkpointer how far the log has come.
func (s *durable) advanced(end log.Position) {
	c := &s.checkpoints
	s.logEnd.Store(int64(end))
	if int64(end)-c.seen.Load() >= s.volume.segment {
		c.seen.Store(int64(end))
		s.watchDisk()
	}
	if !c.busy.Swap(true) || s.tail() >= c.due.Load() || s.index.crowded.Load() {
		select {
		case c.kick <- struct{}{}:
		default:
		}
	}
}

// runCheckpoints is the checkpointer's goroutine.
func (s *durable) runCheckpoints() {
	c := &s.checkpoints
	idle := time.NewTimer(idleAfter)
	defer idle.Stop()
	for {
		select {
		case <-s.quit:
			return
		case <-c.kick:
			if s.tail() < c.due.Load() {
				idle.Reset(idleAfter)
				if s.index.crowded.Load() && !c.paused.Load() {
					if err := s.saveCrowd(); err != nil {
						s.stopFor(err)
						return
					}
				}
				continue
			}
		case <-idle.C:
			if c.busy.Swap(false) {
				idle.Reset(idleAfter)
				continue
			}
			if s.commit(true) != nil {
				return
			}
			// What that commit synced is no news.
			c.busy.Store(false)
			s.dropSpares()
		}
		if err := s.checkpointAndClean(); err != nil {
			s.stopFor(err)
			return
		}
	}
}

// stopFor ends the checkpointer, with the store unless that was closed.
func (s *durable) stopFor(err error) {
	if !errors.Is(err, errStopped) {
		s.fail(err)
	}
}

// checkpointAndClean makes a checkpoint, unless the disk is too full for one,
// and others as long as cleaning gives them something to give back.
func (s *durable) checkpointAndClean() error {
	for {
		s.watchDisk()
		if s.checkpoints.paused.Load() && !s.rescues() {
			return nil
		}
		if err := s.checkpoint(); err != nil {
			return err
		}
		s.compactIndex()
		if more, err := s.cleanUp(); err != nil || !more {
			return err
		}
	}
}

// rescues says that a checkpoint gives so much of the log back that there is
// room for checkpoints again, and that there is room for this one.
func (s *durable) rescues() bool {
	if s.cramped() {
		return false
	}
	x := s.index
	x.mu.Lock()
	defer x.mu.Unlock()
	dead := int64(0)
	x.segments.refresh()
	for _, g := range x.segments.list {
		if g.limit <= x.applied && g.sum.messages == 0 {
			dead += int64(g.limit - g.start)
		}
	}
	return dead >= s.volume.floor
}

// checkpoint writes everything below the position applied now to Badger, and
// gives back the segments of the log that hold nothing any more.
func (s *durable) checkpoint() error {
	if s.opt.volatile {
		return s.checkpointVolatile()
	}
	x, c := s.index, &s.checkpoints
	x.mu.Lock()
	target := x.applied
	changed, redefined := x.changed, x.redefined
	x.changed, x.redefined = nil, nil
	x.mu.Unlock()
	if target == c.g && len(changed)+len(redefined) == 0 {
		return nil
	}
	if err := s.saveDefinitions(redefined); err != nil {
		return fmt.Errorf("store: write definitions: %w", err)
	}
	if err := s.saveQueues(changed); err != nil {
		return fmt.Errorf("store: write queues: %w", err)
	}
	if err := s.saveEnded(); err != nil {
		return fmt.Errorf("store: remove queues: %w", err)
	}
	if err := s.finishCheckpoint(target); err != nil {
		return fmt.Errorf("store: finish a checkpoint: %w", err)
	}
	c.due.Store(min(max(checkpointFactor*c.written, c.least), c.most))
	c.written = 0
	return nil
}

// finishCheckpoint writes the G record: everything below target is in Badger.
// Then segments that hold nothing, by what Badger has, are given back.
func (s *durable) finishCheckpoint(target log.Position) error {
	x, c := s.index, &s.checkpoints
	b := s.newBatch()
	x.mu.Lock()
	g := gRecord{position: target, unclean: x.unclean, lastID: x.lastID}
	b.put(stateKey(keyG), g.encode(), &c.gHash)
	dead := x.dead(target)
	x.mu.Unlock()
	if err := s.commitBatch(b); err != nil {
		return err
	}
	c.g = target
	s.tailFrom.Store(int64(target))
	if err := s.recycle(dead); err != nil {
		return err
	}
	s.makeRoom(0)
	return nil
}

// dead returns the segments below a finished checkpoint that hold nothing and
// that nothing in Badger names. Called with the index locked.
func (x *index) dead(below log.Position) []*segment {
	x.segments.refresh()
	var dead []*segment
	for _, g := range x.segments.list {
		if g.limit <= below && g.sum.messages == 0 && g.saved.messages == 0 && g.emptied < below {
			dead = append(dead, g)
		}
	}
	return dead
}

// recycle gives segments back to the log.
func (s *durable) recycle(dead []*segment) error {
	for _, g := range dead {
		if err := s.log.Recycle(g.seq); err != nil {
			return err
		}
		s.index.mu.Lock()
		s.index.segments.forget(g)
		s.index.mu.Unlock()
	}
	return nil
}
