package store

import (
	"bufio"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// mapped returns how many bytes of mapped files in dir whose name ends so are in
// the memory of this process.
func mapped(t *testing.T, dir, end string) (bytes int) {
	t.Helper()
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Skipf("what is in memory is not to be seen here: %v", err)
	}
	defer f.Close()
	wanted := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if first, _, _ := strings.Cut(line, " "); !strings.HasSuffix(first, ":") {
			_, path, _ := strings.Cut(line, "/")
			wanted = strings.HasPrefix("/"+path, dir) && strings.HasSuffix(path, end)
		} else if f := strings.Fields(line); wanted && f[0] == "Rss:" {
			kb, err := strconv.Atoi(f[1])
			step(t, err)
			bytes += kb << 10
		}
	}
	return bytes
}

// TestPageOut sees that tables leave the memory after they were written, and after
// they were read.
func TestPageOut(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	step(t, err)
	b, err := openBadger(dir, memtable)
	step(t, err)
	putKeys(t, b, 0, 400, false)
	step(t, b.rotate())
	if written := mapped(t, dir, ".sst"); written < 8<<20 {
		t.Fatalf("%d KiB of the tables are in memory after they were written", written>>10)
	}
	leave(t, b)
	step(t, b.close())

	b, err = openBadger(dir, memtable)
	step(t, err)
	defer b.close()
	for range 2 {
		if read := readAll(t, b, 400); read < 8<<20 {
			t.Fatalf("%d KiB of the tables are in memory after they were read", read>>10)
		}
		leave(t, b)
	}
}

// leave sees that the tables leave the memory; if compactions are under way, when
// these have ended.
func leave(t *testing.T, b *badgerKV) {
	t.Helper()
	left := 0
	eventually(t, func() bool {
		b.pageOut()
		left = mapped(t, b.dir, ".sst")
		return left <= 1<<20
	}, func() string { return fmt.Sprintf("%d KiB of the tables are in memory", left>>10) })
}

// TestPageOutAtRest sees that nothing is done for tables that nobody has used since.
func TestPageOutAtRest(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	step(t, err)
	b, err := openBadger(dir, memtable)
	step(t, err)
	defer b.close()
	putKeys(t, b, 0, 400, false)
	step(t, b.rotate())
	// While compactions are under way there are new tables.
	eventually(t, func() bool {
		b.pageOut()
		read := readAll(t, b, 400)
		b.read.Store(false)
		known := b.known
		b.pageOut()
		if !maps.Equal(known, b.known) {
			return false
		}
		if left := mapped(t, dir, ".sst"); left < read {
			t.Errorf("%d KiB of the tables are in memory, before %d KiB", left>>10, read>>10)
		}
		return true
	}, func() string { return "the tables change all the time" })
}

// TestHolding has tables that are held be replaced: they stay mapped where they are
// until they are held no more.
func TestHolding(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	step(t, err)
	b, err := openBadger(dir, memtable)
	step(t, err)
	defer b.close()
	putKeys(t, b, 0, 400, false)
	step(t, b.rotate())
	tables := b.tableIDs()
	gone := uint64(math.MaxUint64)
	tables[gone] = true // was there before, and is not any more
	b.holding(tables, func(held map[uint64]bool) {
		if len(held) == 0 || held[gone] {
			t.Fatalf("of %v are held %v", tables, held)
		}
		putKeys(t, b, 0, 400, false)
		step(t, b.db.Flatten(1))
		replaced := 0
		after := b.tableIDs()
		at := addresses(t, dir)
		for id := range held {
			if !after[id] {
				replaced++
			}
			if !at[id] {
				t.Errorf("table %d is mapped no more while it is held", id)
			}
		}
		if replaced == 0 {
			t.Fatal("no table was replaced")
		}
	})
	after := b.tableIDs()
	for id := range addresses(t, dir) {
		if tables[id] && !after[id] {
			t.Errorf("table %d is mapped still", id)
		}
	}
}

// addresses returns which tables are mapped, also those whose files are gone.
func addresses(t *testing.T, dir string) map[uint64]bool {
	t.Helper()
	b, err := os.ReadFile("/proc/self/maps")
	step(t, err)
	ids := make(map[uint64]bool)
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSuffix(strings.TrimSpace(line), " (deleted)")
		if _, _, id, ok := tableMapping(line, dir); ok {
			ids[id] = true
		}
	}
	return ids
}

// TestStorePagesOut sees that a store does that by itself, also if its folder is
// named from within one that is reached by a link.
func TestStorePagesOut(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	step(t, err)
	link := filepath.Join(t.TempDir(), "link")
	step(t, os.Symlink(dir, link))
	t.Chdir(link)
	s := mustOpen(t, Options{Dir: "data", SegmentSize: 1 << 20})
	putKeys(t, s.compactor, 0, 400, false)
	step(t, s.compactor.rotate())
	left := 0
	eventually(t, func() bool {
		left = mapped(t, dir, ".sst")
		return left <= 4<<20
	}, func() string { return fmt.Sprintf("%d KiB of the tables are in memory", left>>10) })
	mustClose(t, s)
}

// readAll reads what putKeys wrote, and returns how much of the tables is in
// memory then.
func readAll(t *testing.T, b *badgerKV, keys int) int {
	t.Helper()
	for n := range keys {
		if v, err := b.get(fmt.Appendf(nil, "p%08d", n)); err != nil || len(v) != 64<<10 {
			t.Fatalf("key %d has %d bytes, %v", n, len(v), err)
		}
	}
	return mapped(t, b.dir, ".sst")
}

func TestTableMapping(t *testing.T) {
	const at = "7f01c0000000-7f01c0100000 rw-s 00000000 fe:00 131 "
	for _, c := range []struct {
		line string
		ok   bool
	}{
		{at + "/data/index/000012.sst", true},
		{at + "/data/index/000012.sst (deleted)", false},
		{at + "/data/index/sub/000012.sst", false},
		{at + "/other/index/000012.sst", false},
		{at + "/data/index/00012.mem", false},
		{at + "/data/index/KEYREGISTRY", false},
		{at + "[heap]", false},
		{"7f01c0000000 /data/index/000012.sst", false},
		{"", false},
	} {
		from, to, id, ok := tableMapping(c.line, "/data/index")
		if ok != c.ok || ok && (from != 0x7f01c0000000 || to != 0x7f01c0100000 || id != 12) {
			t.Errorf("%q: %x-%x, table %d, %v", c.line, from, to, id, ok)
		}
	}
}
