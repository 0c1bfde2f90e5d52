//go:build unix

package broker

import (
	"fmt"
	"net"
	"os"
	"syscall"
)

// socketPair returns the two ends of a connection within this process, made by
// the kernel: with buffers and without a name that others could use.
func socketPair() (client, server net.Conn, err error) {
	syscall.ForkLock.RLock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, fmt.Errorf("socketpair: %w", err)
	}
	client, err = socketOf(fds[0])
	server, err2 := socketOf(fds[1])
	switch {
	case err != nil && err2 == nil:
		_ = server.Close() // the other error is told
	case err == nil && err2 != nil:
		_ = client.Close()
		err = err2
	}
	if err != nil {
		return nil, nil, err
	}
	return client, server, nil
}

// socketOf makes a connection of a file descriptor, and takes that over.
func socketOf(fd int) (net.Conn, error) {
	f := os.NewFile(uintptr(fd), "socketpair")
	defer f.Close()
	conn, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("socketpair: %w", err)
	}
	return conn, nil
}
