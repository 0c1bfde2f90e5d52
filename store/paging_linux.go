package store

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// pageOutTables takes mapped tables of the index in dir out of the process's memory.
// They must stay where they are meanwhile: what the advice is given for is taken from
// whoever has those addresses.
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
			_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, from, to-from, syscall.MADV_DONTNEED)
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
