package store

import (
	"fmt"
	"time"
)

const (
	// guardEvery is how often the room on the volume is looked at.
	guardEvery = time.Second
	// floorSegments is how many segments there must be room for, and
	// floorIndex what Badger may need at once: memtables and a compaction.
	floorSegments = 3
	floorIndex    = 4*memtable + 32<<20
	// On a small volume the floor is at most this share of it, and what is
	// low twice the floor.
	floorShare = 16
)

// diskGuard watches the room on the volume.
type diskGuard struct {
	low bool // owned by its goroutine
}

// runGuard is the guard's goroutine.
func (s *durable) runGuard() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-s.quit:
			return
		case <-timer.C:
			if !s.watchDisk() {
				return
			}
			timer.Reset(guardEvery)
		}
	}
}

// watchDisk looks once and says whether to go on.
func (s *durable) watchDisk() bool {
	space, err := s.opt.FS.Space(s.opt.Dir)
	if err != nil || space.Total <= 0 {
		return false
	}
	floor := min(floorSegments*s.segmentSize()+floorIndex, space.Total/floorShare)
	enough := s.opt.DiskLow
	if enough <= 0 {
		enough = 2 * floor
	}
	free, why := s.log.Ready()
	if space.Free < floor || why != nil && free <= 1 {
		s.checkpoints.paused.Store(true)
		s.report(fmt.Errorf("%w: %d bytes are left in %s", ErrDiskFull, space.Free, s.opt.Dir))
		return false
	}
	if low := space.Free < enough || why != nil; low != s.guard.low {
		s.guard.low = low
		if s.opt.OnDisk != nil {
			s.opt.OnDisk(low)
		}
	}
	return true
}
