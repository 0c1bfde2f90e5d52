package store

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// putKeys writes keys with values of 64 KiB, or deletes them.
func putKeys(tb testing.TB, b *badgerKV, from, to int, deleted bool) {
	tb.Helper()
	for from < to {
		var list []change
		for range 2 {
			c := change{key: fmt.Appendf(nil, "p%08d", from), deleted: deleted}
			if !deleted {
				c.value = make([]byte, 64<<10)
			}
			list = append(list, c)
			from++
		}
		step(tb, b.commit(list))
	}
}

// TestCompact deletes most of a large index and sees that the disk gets its
// space back, that what is left is left, and that a small one is let alone.
func TestCompact(t *testing.T) {
	dir := t.TempDir()
	b, err := openBadger(dir, memtable)
	step(t, err)
	putKeys(t, b, 0, 100, false)
	putKeys(t, b, 0, 80, true)
	if worth, size := b.stale(); worth {
		t.Errorf("a small index of %d bytes would be compacted", size)
	}
	putKeys(t, b, 1000, 2600, false)
	if worth, size := b.stale(); worth || size < 64<<20 {
		t.Errorf("%d bytes, worth it before anything was deleted: %v", size, worth)
	}
	putKeys(t, b, 1000, 2400, true)
	worth, before := b.stale()
	if !worth {
		t.Errorf("an index of %d bytes, mostly deleted, would not be compacted", before)
	}
	step(t, b.compact())
	worth, _ = b.stale()
	if after, _ := b.size(); worth || after > before/3 {
		t.Errorf("%d MiB, before %d MiB, still worth it: %v", after>>20, before>>20, worth)
	}
	keys := 0
	step(t, b.scan([]byte("p"), func(k, v []byte) error { keys++; return nil }))
	if keys != 220 {
		t.Errorf("%d keys are left", keys)
	}
	if v, err := b.get(fillerKey); v != nil || err != nil {
		t.Errorf("the filler is left: %d bytes, %v", len(v), err)
	}
	step(t, b.close())
	b, err = openBadger(dir, memtable)
	step(t, err)
	keys = 0
	step(t, b.scan([]byte("p"), func(k, v []byte) error { keys++; return nil }))
	if keys != 220 {
		t.Errorf("%d keys are left after a restart", keys)
	}
	step(t, b.close())
}

// TestMemtableHasRoom sees that the memtable's file has its blocks before they
// are written, also after a rotation: a full disk cannot make it fault.
func TestMemtableHasRoom(t *testing.T) {
	dir := t.TempDir()
	b, err := openBadger(dir, memtable)
	step(t, err)
	defer b.close()
	for round := range 3 {
		name := b.memtableFile(b.next - 1)
		if _, err := os.Stat(name); err != nil {
			t.Fatal(err)
		}
		if got := allocated(t, name); got < memtable+memtable/8 {
			t.Errorf("round %d: %s has %d bytes on the disk", round, filepath.Base(name), got)
		}
		putKeys(t, b, 0, 150, false)
	}
	if b.next < 4 {
		t.Errorf("only %d memtables were begun", b.next)
	}
}

// BenchmarkRotate fills up a memtable so that it is flushed.
func BenchmarkRotate(b *testing.B) {
	kv, err := openBadger(b.TempDir(), memtable)
	step(b, err)
	defer kv.close()
	for b.Loop() {
		step(b, kv.rotate())
	}
}

// TestStoreCompacts sees that a store compacts Badger by itself after many
// deletions, and that Close waits for it.
func TestStoreCompacts(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, Options{Dir: dir, SegmentSize: 1 << 20})
	q := define(t, s, s.NewID())
	putKeys(t, s.compactor, 0, 1200, false)
	putKeys(t, s.compactor, 0, 1200, true)
	before := allocated(t, filepath.Join(dir, indexDir))
	publish(t, q, 1)
	eventually(t, func() bool { return s.compactor.deletes.Load() <= 1000 }, func() string { return "Badger was not compacted" })
	mustClose(t, s)
	if after := allocated(t, filepath.Join(dir, indexDir)); before < 70<<20 || after > 20<<20 {
		t.Errorf("the index takes %d MiB, before %d MiB", after>>20, before>>20)
	}
}
