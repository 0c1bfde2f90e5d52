package vfs

import (
	"errors"
	"os"
	"runtime"
	"syscall"
)

// datasync leaves out what fsync writes beyond the data: times, mostly. In a
// file whose blocks have all been written before there is nothing else.
func datasync(f *os.File) error {
	return retry("fdatasync", f, func(fd int) error { return syscall.Fdatasync(fd) })
}

func preallocate(f *os.File, size int64) error {
	err := retry("fallocate", f, func(fd int) error { return syscall.Fallocate(fd, 0, 0, size) })
	if errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.ENOSYS) {
		return lengthen(f, size)
	}
	return err
}

// retry repeats a system call that a signal interrupted.
func retry(op string, f *os.File, call func(fd int) error) error {
	defer runtime.KeepAlive(f)
	for {
		err := call(int(f.Fd()))
		if err == nil {
			return nil
		}
		if err != syscall.EINTR {
			return &os.PathError{Op: op, Path: f.Name(), Err: err}
		}
	}
}
