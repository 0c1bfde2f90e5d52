//go:build unix

package ctl

import (
	"errors"
	"syscall"
)

// processLives says whether there is a process of that number.
func processLives(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
