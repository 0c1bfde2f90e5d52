package main

import (
	"bufio"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// trimProgram takes the parts of the program that were needed only to start out of
// the process's memory. What is needed again comes back from the system's cache of
// the file, without a read. If it cannot be done nothing is lost.
func trimProgram() {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer func() { _ = maps.Close() }()
	for _, m := range cleanMappings(maps, program) {
		_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, m.from, m.to-m.from, syscall.MADV_DONTNEED)
	}
}

// mapping is where a piece of a file is in memory.
type mapping struct{ from, to uintptr }

// cleanMappings finds in a smaps of /proc what is mapped of a file and has not been
// changed in memory: neither data, nor what the linker has filled in and then
// protected, nor where a debugger has put its breakpoints.
func cleanMappings(smaps io.Reader, file string) (clean []mapping) {
	var at mapping
	ours := false
	for lines := bufio.NewScanner(smaps); lines.Scan(); {
		f := strings.Fields(lines.Text())
		switch {
		case len(f) > 1 && strings.Contains(f[0], "-"):
			// from-to rights offset device inode path
			ours = len(f) == 6 && f[5] == file && !strings.Contains(f[1], "w")
			if from, to, err := addresses(f[0]); err == nil {
				at = mapping{from, to}
			} else {
				ours = false
			}
		case ours && len(f) == 3 && f[0] == "Anonymous:" && f[1] == "0":
			clean = append(clean, at)
		}
	}
	return clean
}

func addresses(s string) (from, to uintptr, err error) {
	first, last, _ := strings.Cut(s, "-")
	f, err := strconv.ParseUint(first, 16, 64)
	if err != nil {
		return 0, 0, err
	}
	t, err := strconv.ParseUint(last, 16, 64)
	return uintptr(f), uintptr(t), err
}
