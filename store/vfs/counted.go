package vfs

import (
	"sync/atomic"
	"time"
)

// Counted is a file system that counts what is done with its files. Any goroutine
// may use it.
type Counted struct {
	FS
	reads, writes, syncs tally
}

// Count returns a file system that counts.
func Count(fs FS) *Counted { return &Counted{FS: fs} }

// IO is how often something was done with files, with how many bytes, and how long
// that took in all.
type IO struct {
	Ops, Bytes uint64
	Took       time.Duration
}

// Counts returns what was done since the file system was made. Syncs have no bytes.
func (c *Counted) Counts() (reads, writes, syncs IO) {
	return c.reads.counts(), c.writes.counts(), c.syncs.counts()
}

// Create makes a file whose use is counted.
func (c *Counted) Create(name string) (File, error) { return c.file(c.FS.Create(name)) }

// Open opens a file whose use is counted.
func (c *Counted) Open(name string) (File, error) { return c.file(c.FS.Open(name)) }

func (c *Counted) file(f File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return countedFile{f, c}, nil
}

type countedFile struct {
	File
	in *Counted
}

func (f countedFile) ReadAt(p []byte, off int64) (int, error) {
	began := time.Now()
	n, err := f.File.ReadAt(p, off)
	f.in.reads.add(n, began)
	return n, err
}

func (f countedFile) WriteAt(p []byte, off int64) (int, error) {
	began := time.Now()
	n, err := f.File.WriteAt(p, off)
	f.in.writes.add(n, began)
	return n, err
}

func (f countedFile) Sync() error {
	began := time.Now()
	err := f.File.Sync()
	f.in.syncs.add(0, began)
	return err
}

type tally struct {
	ops, bytes atomic.Uint64
	took       atomic.Int64
}

func (t *tally) add(bytes int, began time.Time) {
	t.ops.Add(1)
	t.bytes.Add(uint64(bytes))
	t.took.Add(int64(time.Since(began)))
}

func (t *tally) counts() IO {
	return IO{t.ops.Load(), t.bytes.Load(), time.Duration(t.took.Load())}
}
