package store

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// guardEvery is how often the room on the volume is looked at; besides,
	// before each checkpoint and whenever a segment's worth has been logged, so
	// that the log's reserve is not used up before anybody is told to wait.
	guardEvery = time.Second
	// closeWait is how long Badger may take to close.
	closeWait = 5 * time.Second
)

// errStopped ends what waits for room when the store is closed.
var errStopped = errors.New("store: stopped while the disk was full")

// diskGuard watches the room on the volume.
type diskGuard struct {
	mu   sync.Mutex
	low  bool // guarded by mu
	full bool // guarded by mu: the store cannot go on
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
			s.watchDisk()
			timer.Reset(guardEvery)
		}
	}
}

// watchDisk looks at the room on the volume once. Any goroutine may call it. A
// volatile store leaves that to the one beside it.
func (s *durable) watchDisk() {
	if s.opt.volatile {
		return
	}
	g, v := &s.guard, &s.volume
	g.mu.Lock()
	defer g.mu.Unlock()
	space, err := s.opt.FS.Space(s.opt.Dir)
	if err != nil || g.full {
		return
	}
	s.pause(space.Free < v.floor)
	free, why := s.log.Ready()
	if why != nil && free <= 1 {
		// The next segment would be the last.
		g.full = true
		s.pause(true)
		s.report(s.diskFull(space.Free, v.floor))
		return
	}
	if low := space.Free < v.low || why != nil; low != g.low {
		g.low = low
		if low {
			s.log.Shrink()
		}
		if s.opt.OnDisk != nil {
			s.opt.OnDisk(low)
		}
	}
}

// Room implements Store.
func (s *durable) Room() (free, low int64) {
	space, err := s.opt.FS.Space(s.opt.Dir)
	if err != nil {
		return -1, -1
	}
	s.guard.mu.Lock()
	defer s.guard.mu.Unlock()
	return space.Free, s.volume.low
}

// SetDiskLow implements Store.
func (s *durable) SetDiskLow(bytes int64) {
	s.guard.mu.Lock()
	s.volume.setLow(bytes)
	s.guard.mu.Unlock()
	s.watchDisk()
}

// pause holds checkpoints up as long as there is no room for them.
func (s *durable) pause(paused bool) {
	c := &s.checkpoints
	if c.paused.Swap(paused) && !paused {
		select {
		case c.kick <- struct{}{}:
		default:
		}
	}
}

// diskFull says what there is and what is needed.
func (s *durable) diskFull(free, need int64) error {
	return fmt.Errorf("%w: %d MiB are left where %s is, and %d MiB are needed: give it room, then start again",
		ErrDiskFull, free>>20, s.opt.Dir, need>>20)
}

// roomyKV holds changes of Badger up as long as the disk is so full that
// Badger, whose files are mapped, could fault.
type roomyKV struct {
	kv
	store *durable
}

func (k roomyKV) commit(changes []change) error {
	for k.store.cramped() {
		select {
		case <-k.store.quit:
			return errStopped
		case <-time.After(guardEvery):
		}
	}
	return k.kv.commit(changes)
}

// close leaves Badger open if it could fault: what it has is safe, and the
// process is about to end. It gives up on one that has no end, as on a device
// that fails, where Badger would go on trying.
func (k roomyKV) close() error {
	if k.store.cramped() {
		return fmt.Errorf("%w: the index was left as it is, which loses nothing", ErrDiskFull)
	}
	closed := make(chan error, 1)
	go func() { closed <- k.kv.close() }()
	late := time.NewTimer(closeWait)
	defer late.Stop()
	select {
	case err := <-closed:
		return err
	case <-late.C:
		return errors.New("the index does not close and was left as it is, which loses nothing")
	}
}

// cramped says that there is no room to write anything to Badger.
func (s *durable) cramped() bool {
	space, err := s.opt.FS.Space(s.opt.Dir)
	return err == nil && space.Free < s.volume.stop
}
