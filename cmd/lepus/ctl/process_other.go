//go:build !unix

package ctl

import "os"

// processLives says whether there is a process of that number.
func processLives(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	_ = p.Release()
	return true
}
