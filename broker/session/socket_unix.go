//go:build unix

package session

import (
	"io"
	"syscall"
)

// canTry says that the platform has reads and writes that do not wait.
const canTry = true

const errWouldBlock = syscall.EAGAIN

func tryRead(fd uintptr, p []byte) (int, error) {
	for {
		n, err := readNow(fd, p)
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil:
			return 0, err
		case n == 0 && len(p) > 0:
			return 0, io.EOF
		}
		return n, nil
	}
}

func tryWrite(fd uintptr, p []byte) (int, error) {
	for {
		n, err := writeNow(fd, p)
		if err == syscall.EINTR {
			continue
		}
		return max(n, 0), err
	}
}
