//go:build linux && !race

package session

import (
	"syscall"
	"unsafe"
)

// readNow and writeNow are the system calls on a socket that does not block. The
// runtime is not told of them: for one that takes longer than 20 µs it would
// take the processor away from the goroutine, which is then continued by another
// thread, and often on another core. See DESIGN.md 20.

func readNow(fd uintptr, p []byte) (int, error) { return callNow(syscall.SYS_READ, fd, p) }

func writeNow(fd uintptr, p []byte) (int, error) { return callNow(syscall.SYS_WRITE, fd, p) }

func callNow(call, fd uintptr, p []byte) (int, error) {
	n, _, err := syscall.RawSyscall(call, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	if err != 0 {
		return 0, err
	}
	return int(n), nil
}
