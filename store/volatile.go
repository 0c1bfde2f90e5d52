package store

import (
	"path/filepath"

	"github.com/lepusmq/lepus/store/log"
	"github.com/lepusmq/lepus/store/vfs"
)

// volatilePool is how many free segments a volatile store keeps for use again.
const volatilePool = 2

// OpenVolatile opens a store in a folder of its own for what need not outlive
// the process: it is empty, never syncs, and has nothing in Badger. It is where
// messages that nobody wants to have kept go when there are too many for the
// memory. Of the options AcceptLogLoss, DiskLow and OnDisk mean nothing to it.
func OpenVolatile(opt Options) (Store, error) {
	if opt.FS == nil {
		opt.FS = vfs.OS{}
	}
	if err := empty(opt.FS, opt.Dir); err != nil {
		return nil, err
	}
	opt.FS = vfs.Unsynced(opt.FS)
	opt.openKV = func() (kv, error) { return noKV{}, nil }
	opt.volatile = true
	s, err := open(opt)
	if err != nil {
		return nil, err
	}
	s.start()
	return s, nil
}

// empty removes what an earlier process left of a volatile store.
func empty(fsys vfs.FS, dir string) error {
	logs := filepath.Join(dir, logDir)
	for _, dir := range [...]string{dir, logs} {
		if err := fsys.MkdirAll(dir); err != nil {
			return err
		}
	}
	names, err := fsys.ReadDir(logs)
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
		q.dirty, q.deltas, q.garbage = false, nil, nil
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
		SegmentSize: s.segmentSize(), ID: id, AcceptLoss: s.opt.AcceptLogLoss,
	}
	if s.opt.volatile {
		opt.Reserve, opt.Pool = -1, volatilePool
	}
	return opt
}
