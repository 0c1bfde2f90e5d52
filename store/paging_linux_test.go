package store

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
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

// needPaging skips a test where a mapped file cannot be paged out: on a kernel
// before 5.4, and in a file system that has no disk.
func needPaging(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "probe"))
	step(t, err)
	defer func() { step(t, f.Close()); step(t, os.Remove(f.Name())) }()
	const size = 1 << 20
	step(t, f.Truncate(size))
	b, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	step(t, err)
	defer func() { step(t, unix.Munmap(b)) }()
	for i := range b {
		b[i] = 1
	}
	step(t, unix.Msync(b, unix.MS_SYNC))
	if err := unix.Madvise(b, unix.MADV_PAGEOUT); err != nil {
		t.Skipf("this kernel does not page out what it is asked to: %v", err)
	}
	if n := mapped(t, dir, "probe"); n > size/2 {
		t.Skipf("%s cannot be paged out: %d KiB of %d stay", dir, n>>10, size>>10)
	}
}

// TestPageOut sees that tables leave the memory once, after they were written,
// that what is read afterwards comes back and stays, and that what was there
// at the start is let alone.
func TestPageOut(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	step(t, err)
	needPaging(t, dir)
	b, err := openBadger(dir, memtable)
	step(t, err)
	putKeys(t, b, 0, 400, false)
	step(t, b.rotate())
	written := mapped(t, dir, ".sst")
	if written < 8<<20 {
		t.Fatalf("%d KiB of the tables are in memory after they were written", written>>10)
	}
	for deadline := time.Now().Add(time.Minute); ; <-time.After(10 * time.Millisecond) {
		b.pageOut()
		left := mapped(t, dir, ".sst")
		if left <= written/4 {
			break
		}
		if time.Now().After(deadline) { // compactions end some time
			t.Fatalf("%d KiB of the tables are in memory, before %d KiB", left>>10, written>>10)
		}
	}
	stays(t, b)
	step(t, b.close())

	b, err = openBadger(dir, memtable)
	step(t, err)
	defer b.close()
	stays(t, b)
}

// stays reads what putKeys wrote, and sees that it is not paged out. If a compaction
// has made other tables meanwhile, it does so again.
func stays(t *testing.T, b *badgerKV) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; <-time.After(10 * time.Millisecond) {
		known := b.written
		read := readAll(t, b, 400)
		b.pageOut()
		left := mapped(t, b.dir, ".sst")
		if maps.Equal(known, b.written) {
			if left < read/2 {
				t.Errorf("of %d KiB that were read %d KiB are left in memory", read>>10, left>>10)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the tables change all the time")
		}
	}
}

// TestStorePagesOut sees that a store does that by itself, also if its folder is
// named from within one that is reached by a link.
func TestStorePagesOut(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	step(t, err)
	needPaging(t, dir)
	link := filepath.Join(t.TempDir(), "link")
	step(t, os.Symlink(dir, link))
	t.Chdir(link)
	s := mustOpen(t, Options{Dir: "data", SegmentSize: 1 << 20})
	putKeys(t, s.compactor, 0, 400, false)
	step(t, s.compactor.rotate())
	for deadline := time.Now().Add(time.Minute); mapped(t, dir, ".sst") > 4<<20; {
		if time.Now().After(deadline) {
			t.Fatalf("%d KiB of the tables are in memory", mapped(t, dir, ".sst")>>10)
		}
		<-time.After(10 * time.Millisecond)
	}
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

// TestPageOutLosesNothing gives the advice for memory that is no file's: what
// pageOutTables does if a table's addresses have become somebody else's.
func TestPageOutLosesNothing(t *testing.T) {
	b, err := unix.Mmap(-1, 0, 1<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	step(t, err)
	defer func() { step(t, unix.Munmap(b)) }()
	for i := range b {
		b[i] = byte(i)
	}
	if err := unix.Madvise(b, unix.MADV_PAGEOUT); err != nil && err != syscall.EINVAL {
		t.Fatal(err)
	}
	for i := range b {
		if b[i] != byte(i) {
			t.Fatalf("byte %d is %d", i, b[i])
		}
	}
}
