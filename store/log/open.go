package log

import (
	"crypto/rand"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"github.com/lepusmq/lepus/store/vfs"
)

const (
	defaultSegment = 16 << 20
	minSegment     = 16 << 10
	maxSegment     = 1 << 30
	defaultReserve = 3
	defaultPool    = 8

	// suffix is what the names of segment files end with. Before it is a
	// number that says nothing about the place in the log.
	suffix = ".seg"
)

// normal returns the options with the defaults filled in.
func (o Options) normal() Options {
	if o.FS == nil {
		o.FS = vfs.OS{}
	}
	if o.SegmentSize == 0 {
		o.SegmentSize = defaultSegment
	}
	o.SegmentSize = min(max(o.SegmentSize, minSegment), maxSegment)
	o.SegmentSize = (o.SegmentSize + headerPage - 1) &^ (headerPage - 1)
	if o.Reserve == 0 {
		o.Reserve = defaultReserve
	}
	o.Reserve = max(o.Reserve, 0)
	if o.Pool == 0 {
		o.Pool = defaultPool
	}
	o.Pool = max(o.Pool, o.Reserve+1)
	return o
}

// Open reads what is in the directory, which it makes if it is missing. It
// changes nothing in the files: a log that is refused stays as it was found.
func Open(opt Options) (*Log, error) {
	opt = opt.normal()
	l := &Log{opt: opt, id: opt.ID, pool: newPool(opt)}
	l.table.Store(new([]*segment))
	l.failed.Store(&errNotStarted)
	if err := l.open(); err != nil {
		l.closeFiles()
		return nil, fmt.Errorf("open log in %s: %w", opt.Dir, err)
	}
	return l, nil
}

func (l *Log) open() error {
	if err := l.opt.FS.MkdirAll(l.opt.Dir); err != nil {
		return err
	}
	if err := l.opt.FS.SyncDir(filepath.Dir(filepath.Clean(l.opt.Dir))); err != nil {
		return err
	}
	names, err := l.opt.FS.ReadDir(l.opt.Dir)
	if err != nil {
		return err
	}
	var found []*segment
	l.table.Store(&found)
	for _, name := range names {
		if !strings.HasSuffix(name, suffix) {
			continue
		}
		f, err := openFile(l.opt, name)
		if err != nil {
			return err
		}
		l.pool.free = append(l.pool.free, f)
		if n, err := strconv.ParseUint(strings.TrimSuffix(name, suffix), 10, 64); err == nil {
			l.pool.serial = max(l.pool.serial, n)
		}
		h, ok, err := f.header()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if !ok {
			continue
		}
		if l.id == (StoreID{}) {
			l.id = h.id
		}
		if l.id != h.id {
			return fmt.Errorf("%s belongs to another store", name)
		}
		l.pool.free = l.pool.free[:len(l.pool.free)-1]
		found = append(found, newSegment(h, f, l.pool.put))
	}
	sort.Slice(found, func(i, j int) bool { return found[i].seq < found[j].seq })
	for i, s := range found {
		if i > 0 && s.seq == found[i-1].seq {
			return fmt.Errorf("%s and %s are both segment %d", found[i-1].name, s.name, s.seq)
		}
		s.end.Store(uint64(s.limit()))
		if i > 0 && found[i-1].seq+1 == s.seq {
			found[i-1].end.Store(uint64(s.prevEnd))
		}
	}
	if l.id == (StoreID{}) {
		rand.Read(l.id[:])
	}
	l.seed = crc32.Checksum(l.id[:], castagnoli)
	l.floor = firstPosition
	if n := len(found); n > 0 {
		l.last = found[n-1]
		l.floor, l.seq = l.last.limit(), l.last.seq
		l.epoch.Store(l.last.epoch)
	}
	return l.findOrphans()
}

func openFile(opt Options, name string) (*spare, error) {
	f := &spare{name: name, path: filepath.Join(opt.Dir, name)}
	var err error
	if f.file, err = opt.FS.Open(f.path); err != nil {
		return nil, err
	}
	if f.size, err = f.file.Size(); err != nil {
		f.file.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// header reads the header of a file, if it has one.
func (f *spare) header() (header, bool, error) {
	b := make([]byte, headerSize)
	n, err := f.file.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return header{}, false, err
	}
	return parseHeaders(b[:n])
}

// findOrphans looks for files without a header whose first record lies behind
// all segments. Records are only written once the header is safe, so that
// header has been lost, not torn.
func (l *Log) findOrphans() error {
	for _, f := range l.pool.free {
		var info recordInfo
		b := make([]byte, recordHeader)
		if _, err := f.file.ReadAt(b, headerSize); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		if !info.peek(b) || info.pos < l.floor {
			continue
		}
		b = make([]byte, info.size())
		if _, err := f.file.ReadAt(b, headerSize); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		// In a directory without any header the id is not known either.
		if l.seq == 0 || intact(b, len(b), l.seed) {
			l.orphans = append(l.orphans, &DamageError{
				File: f.name, Position: info.pos, What: "the header of a segment is unreadable",
			})
			l.floor = max(l.floor, info.pos+Position(f.size))
			l.epoch.Store(max(l.epoch.Load(), info.epoch))
		}
	}
	return nil
}

// closeFiles closes every file and returns the first error.
func (l *Log) closeFiles() error {
	err := l.pool.closeFiles()
	for _, s := range *l.table.Load() {
		if cerr := s.file.Close(); err == nil {
			err = cerr
		}
	}
	return err
}
