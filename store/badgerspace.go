package store

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/lepusmq/lepus/store/vfs"
)

const (
	// compactLeast is how large the index must be on disk for its dead keys to
	// be worth anything.
	compactLeast = 32 << 20
	// flushWait bounds how long the flush of a memtable is waited for.
	flushWait  = 10 * time.Second
	flushEvery = 10 * time.Millisecond
)

// fillerKey is a key that means nothing. What is written under it makes a
// memtable full.
var fillerKey = []byte("~")

// findMemtable finds the file of the memtable that is written to.
func (b *badgerKV) findMemtable() error {
	names, err := filepath.Glob(filepath.Join(b.dir, "*.mem"))
	if err != nil {
		return err
	}
	for _, name := range names {
		var n int
		if _, err := fmt.Sscanf(filepath.Base(name), "%d.mem", &n); err == nil {
			b.next = max(b.next, n)
		}
	}
	b.takeRoom()
	return nil
}

func (b *badgerKV) memtableFile(n int) string {
	return filepath.Join(b.dir, fmt.Sprintf("%05d.mem", n))
}

// takeRoom takes room on the disk for a memtable that was begun: its file is
// sparse and mapped, so that on a full disk a write to it would end the
// process. If there is no room, the disk guard will see that soon.
func (b *badgerKV) takeRoom() {
	for {
		f, err := vfs.OS{}.Open(b.memtableFile(b.next))
		if err != nil {
			return
		}
		// The transaction that fills it may go beyond its size.
		f.Preallocate(b.memtable + b.memtable/4)
		f.Close()
		b.next++
	}
}

// size is what the tables take on the disk, and how many keys they have.
func (b *badgerKV) size() (bytes, keys int64) {
	for _, t := range b.db.Tables() {
		bytes += int64(t.OnDiskSize)
		keys += int64(t.KeyCount)
	}
	return bytes, keys
}

// stale says whether so much was deleted that it is worth rewriting the
// tables, and how large they are.
func (b *badgerKV) stale() (bool, int64) {
	deletes := b.deletes.Load()
	if deletes == 0 {
		return false, 0
	}
	bytes, keys := b.size()
	if bytes < compactLeast {
		return false, bytes
	}
	// Deleted keys are taken to be as large as the others.
	dead := float64(bytes) * float64(deletes) / float64(max(keys, 1))
	return dead > math.Max(compactLeast, float64(bytes)/4), bytes
}

// compact gives back the space of what was deleted. Badger gives nothing back
// as long as the deletions are in the memtable, so that is filled up first.
func (b *badgerKV) compact() error {
	b.deletes.Store(0)
	if err := b.rotate(); err != nil {
		return fmt.Errorf("store: compact the index: %w", err)
	}
	// An error means that it was not worth it, or will be seen by the next
	// write.
	_ = b.db.Flatten(1)
	return nil
}

// rotate fills the memtable up, so that it is flushed, and waits for that.
func (b *badgerKV) rotate() error {
	b.filling.Lock()
	last := b.next - 1
	err := b.fill()
	b.filling.Unlock()
	if err != nil {
		return err
	}
	for wait := time.Duration(0); wait < flushWait; wait += flushEvery {
		if _, err := os.Stat(b.memtableFile(last)); err != nil {
			return nil
		}
		<-time.After(flushEvery)
	}
	return nil
}

// fill writes until there is another memtable. Called with filling held.
func (b *badgerKV) fill() error {
	filler := make([]byte, b.memtable/10)
	for from := b.next; b.next == from; {
		err := b.db.Update(func(txn *badger.Txn) error { return txn.Set(fillerKey, filler) })
		if err != nil {
			return err
		}
		b.takeRoom()
	}
	return b.db.Update(func(txn *badger.Txn) error { return txn.Delete(fillerKey) })
}

// compactIndex compacts Badger in the background if that is worth it and there
// is room, once at a time. Owned by who makes checkpoints.
func (s *durable) compactIndex() {
	b := s.compactor
	if b == nil || !s.compacting.CompareAndSwap(false, true) {
		return
	}
	space, err := s.opt.FS.Space(s.opt.Dir)
	worth, size := b.stale()
	if !worth || err == nil && space.Free < s.volume.floor+size {
		s.compacting.Store(false)
		return
	}
	s.workers.Go(func() {
		defer s.compacting.Store(false)
		if err := b.compact(); err != nil {
			s.fail(err)
		}
	})
}
