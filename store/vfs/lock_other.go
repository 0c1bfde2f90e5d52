//go:build !linux && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly

package vfs

import (
	"fmt"
	"io"
	"os"
)

// lock opens the file in a way that no second handle can be had while the
// first is open, as far as the platform goes.
func lock(name string) (io.Closer, error) {
	// A file left by a process that ended is in nobody's way: where an open
	// file cannot be removed, removing it fails exactly when it is held.
	if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("lock %s: %w", name, ErrLocked)
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, filePerm)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	return f, nil
}
