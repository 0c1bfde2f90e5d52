package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/lepusmq/lepus/store/log"
	"github.com/lepusmq/lepus/store/vfs"
)

// volatilePool is how many free segments a volatile store keeps for use again.
const volatilePool = 2

// Volatile is a store in a folder of its own for what need not outlive the
// process: it begins empty, never syncs, and has nothing in Badger. It is where
// messages that nobody wants to have kept go when there are too many for the
// memory. Nothing is opened before it is used. Its methods may be called from
// any goroutine.
type Volatile struct {
	opt  Options
	once sync.Once
	err  error // of once
	// opened is set by once.
	opened atomic.Pointer[durable]
}

// NewVolatile returns the volatile store of a folder. Of the options
// AcceptLogLoss, DiskLow and OnDisk mean nothing to it.
func NewVolatile(opt Options) *Volatile {
	if opt.FS == nil {
		opt.FS = vfs.OS{}
	}
	opt.openKV = func() (kv, error) { return noKV{}, nil }
	opt.volatile = true
	return &Volatile{opt: opt}
}

// Open opens the store if that was not done before. An error is also reported
// by OnFail, the first time.
func (v *Volatile) Open() (Store, error) {
	v.once.Do(func() {
		if v.err = v.open(); v.err != nil && v.opt.OnFail != nil {
			v.opt.OnFail(v.err)
		}
	})
	if v.err != nil {
		return nil, v.err
	}
	return v.opened.Load(), nil
}

func (v *Volatile) open() error {
	if err := empty(v.opt.FS, v.opt.Dir); err != nil {
		return fmt.Errorf("store: open %s: %w", v.opt.Dir, err)
	}
	opt := v.opt
	opt.FS = vfs.Unsynced(opt.FS)
	s, err := open(opt)
	if err != nil {
		return err
	}
	s.start()
	v.opened.Store(s)
	return nil
}

// Clear removes what an earlier process left in the folder. It comes before
// Open.
func (v *Volatile) Clear() error { return empty(v.opt.FS, v.opt.Dir) }

// Backlog is like that of [Store].
func (v *Volatile) Backlog() int64 {
	if s := v.opened.Load(); s != nil {
		return s.Backlog()
	}
	return 0
}

// Throttle is like that of [Store].
func (v *Volatile) Throttle() {
	if s := v.opened.Load(); s != nil {
		s.Throttle()
	}
}

// Close closes the store for good, opened or not, and removes its files.
func (v *Volatile) Close() error {
	v.once.Do(func() { v.err = ErrClosed })
	s := v.opened.Load()
	if s == nil {
		return nil
	}
	if err := s.Close(); err != nil {
		return err
	}
	return v.Clear()
}

// empty removes the log of a volatile store.
func empty(fsys vfs.FS, dir string) error {
	logs := filepath.Join(dir, logDir)
	names, err := fsys.ReadDir(logs)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := fsys.Remove(filepath.Join(logs, name)); err != nil {
			return err
		}
	}
	return nil
}

// noKV is kv that keeps nothing.
type noKV struct{}

func (noKV) scan([]byte, func(key, value []byte) error) error { return nil }
func (noKV) get([]byte) ([]byte, error)                       { return nil, nil }
func (noKV) commit([]change) error                            { return nil }
func (noKV) close() error                                     { return nil }

// checkpointVolatile gives back the segments of a volatile store that hold nothing any
// more: all of its checkpoint.
func (s *durable) checkpointVolatile() error {
	x := s.index
	x.mu.Lock()
	target := x.applied
	for _, q := range x.changed {
		q.takeDeltas()
		q.dirty, q.garbage = false, nil
	}
	for _, q := range x.ended {
		q.takeDeltas()
	}
	for _, key := range x.redefined {
		if d := x.defined[key]; d != nil {
			d.changed, d.value = false, nil
			if d.deleted {
				delete(x.defined, key)
			}
		}
	}
	x.changed, x.redefined, x.ended = nil, nil, nil
	dead := x.dead(target)
	x.mu.Unlock()
	s.checkpoints.g = target
	s.tailFrom.Store(int64(target))
	if err := s.recycle(dead); err != nil {
		return err
	}
	s.makeRoom(0)
	return nil
}

// logOptions are those of the store's log.
func (s *durable) logOptions(id log.StoreID) log.Options {
	opt := log.Options{
		FS: s.opt.FS, Dir: filepath.Join(s.opt.Dir, logDir),
		SegmentSize: s.volume.segment, Reserve: logReserve, Pool: s.volume.pool(),
		ID: id, AcceptLoss: s.opt.AcceptLogLoss,
	}
	if s.opt.volatile {
		opt.Reserve, opt.Pool = -1, volatilePool
	}
	return opt
}
