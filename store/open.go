package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/lepusmq/lepus/store/log"
	"github.com/lepusmq/lepus/store/vfs"
)

const (
	lockFile   = "LOCK"
	formatFile = "FORMAT"
	logDir     = "log"
	indexDir   = "index"

	newFormatFile = formatFile + ".new"

	// formatText is what formatFile says; the number is the version of all
	// that is in the data folder.
	// Format 1 did not have the times when returned messages are due.
	formatText    = "lepus 2\n"
	formatVersion = 2
)

// logReserve is how many segments the log keeps for when the disk is full:
// for acks, moves and drops.
const logReserve = 3

// Open opens the durable store in a folder, or makes one there. It reads what
// is defined and which messages there are, but not the messages. Errors:
// ErrInUse, ErrFormat, ErrDamaged, and those of the file system.
func Open(opt Options) (Store, error) {
	s, err := open(opt)
	if err != nil {
		return nil, err
	}
	s.start()
	return s, nil
}

// open makes a store that does nothing by itself yet.
func open(opt Options) (*durable, error) {
	if opt.FS == nil {
		opt.FS = vfs.OS{}
	}
	s := &durable{
		opt:    opt,
		queues: make(map[uint64]*queue),
		wakeup: make(chan struct{}, 1),
		tell:   make(chan struct{}, 1),
		quit:   make(chan struct{}),

		gathered: make(chan struct{}, 1),
	}
	s.room = sync.NewCond(&s.mu)
	s.checkpoints.kick = make(chan struct{}, 1)
	s.lazy = time.AfterFunc(time.Hour, s.wakeLazy)
	s.lazy.Stop()
	if err := s.openAll(); err != nil {
		s.release()
		return nil, fmt.Errorf("store: open %s: %w", opt.Dir, err)
	}
	return s, nil
}

// start lets the store work by itself.
func (s *durable) start() {
	s.workers.Go(s.run)
	s.workers.Go(s.runTelling)
	s.workers.Go(s.runCheckpoints)
	if s.compactor != nil {
		s.workers.Go(s.runPaging)
	}
	if !s.opt.volatile {
		s.workers.Go(s.runGuard)
	}
	if s.index.applied > s.checkpoints.g {
		s.advanced(s.index.applied)
	}
}

func (s *durable) openAll() error {
	fsys, dir := s.opt.FS, s.opt.Dir
	if err := fsys.MkdirAll(dir); err != nil {
		return err
	}
	var err error
	if s.lock, err = fsys.Lock(filepath.Join(dir, lockFile)); err != nil {
		if errors.Is(err, vfs.ErrLocked) {
			return fmt.Errorf("%w by another process", ErrInUse)
		}
		return err
	}
	if !s.opt.volatile {
		if err := checkFormat(fsys, dir); err != nil {
			return err
		}
	}
	if err := s.shareOut(); err != nil {
		return err
	}
	if s.kv, err = s.openIndex(); err != nil {
		return err
	}
	return s.recover()
}

func (s *durable) openIndex() (kv, error) {
	if s.opt.openKV != nil {
		k, err := s.opt.openKV()
		if err != nil {
			return nil, err
		}
		if s.opt.volatile {
			return k, nil
		}
		return roomyKV{kv: k, store: s}, nil
	}
	b, err := openBadger(filepath.Join(s.opt.Dir, indexDir), memtable)
	if err != nil {
		return nil, err
	}
	s.compactor = b
	return roomyKV{kv: b, store: s}, nil
}

// shareOut decides what of the volume may be used for what. It refuses a
// volume that is so full that the index could not even be opened.
func (s *durable) shareOut() error {
	space, err := s.opt.FS.Space(s.opt.Dir)
	if err != nil {
		space = vfs.Space{}
	}
	s.volume = volumeOf(space.Total, &s.opt)
	if err == nil && space.Free < s.volume.stop && !s.opt.volatile {
		return s.diskFull(space.Free, s.volume.stop)
	}
	c := &s.checkpoints
	c.batch, c.least, c.most = batchBytes, s.volume.least, s.volume.most
	c.due.Store(c.least)
	s.cleaner = cleaner{least: cleanLeast, turn: cleanTurn}
	return nil
}

// recover brings the index to the state at the end of the log. Nothing is
// written before the log has synced what it accepted.
func (s *durable) recover() error {
	s.index = newIndex(func() []log.Segment { return s.log.Segments() }, s.kv.get, s.lose)
	s.index.acceptLoss, s.index.volatile = s.opt.AcceptLogLoss, s.opt.volatile
	if s.opt.indexCache > 0 {
		s.index.cache.limit = s.opt.indexCache
	}
	st := stateLoader{store: s, index: s.index}
	if err := st.anchor(); err != nil {
		return err
	}
	var err error
	s.log, err = log.Open(s.logOptions(st.id))
	if err != nil {
		return err
	}
	if err := st.load(); err != nil {
		return err
	}
	if st.mark.end > 0 {
		s.log.Clean(st.mark.epoch, st.mark.end)
	}
	end, err := s.replay(st.g.position, st.known)
	if err != nil {
		return damaged(err)
	}
	for _, lost := range s.log.Lost() {
		s.lose(damaged(lost))
	}
	fresh := s.log.Epoch() == 0
	s.clean = fresh || st.mark.epoch == s.log.Epoch() && st.mark.end == end && len(s.log.Lost()) == 0
	s.index.unclean = st.g.unclean
	if !s.clean {
		s.index.unclean = end
	}
	// Segments that were recycled before are found again. The one that the log
	// is about to begin takes the place of one of them.
	if err := s.recycle(s.index.dead(st.g.position)); err != nil {
		return err
	}
	if err := s.log.Start(); err != nil {
		return err
	}
	s.index.dropOrphans(s.log.End())
	s.index.apply(nil, s.log.End())
	s.lastID.Store(s.index.lastID)
	s.opened = s.index.definitions()
	s.tailFrom.Store(int64(st.g.position))
	s.round.encoder = newEncoder(s.log, &s.round.decoder)
	s.shared.Most = sharedWindows
	for range loaders {
		s.readers.idle = append(s.readers.idle, s.log.NewReader(loadAhead))
	}
	return s.settleIn(&st)
}

// settleIn does the first writes of a start.
func (s *durable) settleIn(st *stateLoader) error {
	if err := st.heal(); err != nil {
		return fmt.Errorf("heal the index: %w", err)
	}
	if st.version != stateVersion {
		key := stateKey(keyAnchor)
		id := s.log.ID()
		v := append(le.AppendUint16(nil, stateVersion), id[:]...)
		if err := s.commitAll([]change{{key: key, value: seal(key, v)}}); err != nil {
			return fmt.Errorf("begin the index: %w", err)
		}
	}
	// From here on older programs do not open it.
	if err := s.removeFormer(st.former); err != nil {
		return fmt.Errorf("upgrade the index: %w", err)
	}
	if err := s.sweep(st.sweep, st.tombs); err != nil {
		return fmt.Errorf("sweep the index: %w", err)
	}
	return nil
}

// replay applies the log from a position on and returns its end.
func (s *durable) replay(from, known log.Position) (log.Position, error) {
	var d decoder
	err := s.log.Replay(from, known, func(r log.Record) error {
		if err := d.record(r); err != nil {
			return fmt.Errorf("position %d: %w", r.Position, err)
		}
		s.index.apply(d.ops, 0)
		clear(d.ops)
		d.ops = d.ops[:0]
		return nil
	})
	return s.log.End(), err
}

// complain reports damage found while the store runs.
func (s *durable) complain(err error) {
	switch {
	case s.opt.AcceptLogLoss:
		s.lose(err)
	case s.opt.OnDamage != nil:
		s.opt.OnDamage(err)
	}
}

// lose reports something that was given up.
func (s *durable) lose(err error) {
	if s.opt.OnLoss != nil {
		s.opt.OnLoss(err)
	}
}

// checkFormat reads the folder's version, or writes it in a new one. In an older
// one, which can be read, it writes the version that will be there from now on.
func checkFormat(fsys vfs.FS, dir string) error {
	name := filepath.Join(dir, formatFile)
	f, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		if err := checkNew(fsys, dir); err != nil {
			return err
		}
		return writeFormat(fsys, dir)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	b := make([]byte, 64)
	n, err := f.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read %s: %w", name, err)
	}
	var version int
	if _, err := fmt.Sscanf(string(b[:n]), "lepus %d\n", &version); err != nil || version < 1 {
		return fmt.Errorf("%w: %s does not say which format the folder has", ErrFormat, name)
	}
	if version > formatVersion {
		return fmt.Errorf("%w: the folder has format %d, this program knows formats up to %d",
			ErrFormat, version, formatVersion)
	}
	if version < formatVersion {
		return writeFormat(fsys, dir)
	}
	return nil
}

// checkNew says that there is nothing in a folder yet.
func checkNew(fsys vfs.FS, dir string) error {
	names, err := fsys.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, n := range names {
		if n != lockFile && n != newFormatFile && !strings.HasPrefix(n, ".") && n != "lost+found" {
			return fmt.Errorf("%w: %s is not there, but %s is", ErrFormat, filepath.Join(dir, formatFile), n)
		}
	}
	return nil
}

// writeFormat makes the file under another name first, so that it is there
// whole or not at all.
func writeFormat(fsys vfs.FS, dir string) error {
	name, fresh := filepath.Join(dir, formatFile), filepath.Join(dir, newFormatFile)
	if err := fsys.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := fsys.Create(fresh)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(formatText), 0)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = fsys.Rename(fresh, name)
	}
	if err == nil {
		err = fsys.SyncDir(dir)
	}
	if err == nil {
		err = fsys.SyncDir(filepath.Dir(filepath.Clean(dir)))
	}
	return err
}
