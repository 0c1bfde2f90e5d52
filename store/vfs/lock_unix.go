//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package vfs

import (
	"fmt"
	"io"
	"os"
	"syscall"
)

// lock holds the file open with an advisory lock, which the kernel drops with
// the handle.
func lock(name string) (io.Closer, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, filePerm)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	f.Close()
	if err == syscall.EWOULDBLOCK {
		err = ErrLocked
	}
	return nil, fmt.Errorf("lock %s: %w", name, err)
}
