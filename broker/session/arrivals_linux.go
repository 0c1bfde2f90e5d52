package session

import (
	"syscall"
	"unsafe"
)

// arrivals says on which of many sockets something has come, once for each time.
// It is a second look at what the runtime's poller waits for, and takes nothing from
// it.
type arrivals struct{ epoll int }

// openArrivals returns one that watches no socket yet; nil if the system has none to
// give.
func openArrivals() *arrivals {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil
	}
	return &arrivals{fd}
}

// add watches a socket from now on.
func (a *arrivals) add(fd uintptr) {
	what := syscall.EpollEvent{Events: syscall.EPOLLIN | syscall.EPOLLET&0xffffffff, Fd: int32(fd)}
	// What is not watched does not come.
	_ = syscall.EpollCtl(a.epoll, syscall.EPOLL_CTL_ADD, int(fd), &what)
}

// remove ends that.
func (a *arrivals) remove(fd uintptr) {
	_ = syscall.EpollCtl(a.epoll, syscall.EPOLL_CTL_DEL, int(fd), nil)
}

// next returns a socket on which something has come, without waiting.
func (a *arrivals) next() (fd uintptr, came bool) {
	var what syscall.EpollEvent
	n, _, err := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(a.epoll), uintptr(unsafe.Pointer(&what)), 1, 0, 0, 0)
	if err != 0 || n == 0 {
		return 0, false
	}
	return uintptr(what.Fd), true
}

// close is called when all sockets have been removed.
func (a *arrivals) close() { _ = syscall.Close(a.epoll) }
