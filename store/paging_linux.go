package store

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// pageOutTables takes mapped tables of the index in dir out of memory. Their
// addresses may be another's by then: MADV_PAGEOUT loses nothing of what is there,
// unlike MADV_DONTNEED. A kernel that does not know it leaves all as it is.
func pageOutTables(dir string, ids map[uint64]bool) {
	// The kernel names files by the whole path, without links.
	dir, err := filepath.Abs(dir)
	if err != nil {
		return
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer maps.Close()
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		if from, to, id, ok := tableMapping(lines.Text(), dir); ok && ids[id] {
			_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, from, to-from, unix.MADV_PAGEOUT)
		}
	}
}

// tableMapping reads a line of /proc/self/maps: where a table of the index in dir
// is mapped, if it says that.
func tableMapping(line, dir string) (from, to uintptr, id uint64, ok bool) {
	path := strings.IndexByte(line, '/')
	if path < 0 {
		return 0, 0, 0, false
	}
	name, inside := strings.CutPrefix(line[path:], dir+"/")
	number, table := strings.CutSuffix(name, ".sst")
	addresses, _, _ := strings.Cut(line, " ")
	first, last, _ := strings.Cut(addresses, "-")
	f, err1 := strconv.ParseUint(first, 16, 64)
	t, err2 := strconv.ParseUint(last, 16, 64)
	id, err3 := strconv.ParseUint(number, 10, 64)
	return uintptr(f), uintptr(t), id, inside && table && err1 == nil && err2 == nil && err3 == nil
}
