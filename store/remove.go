package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lepusmq/lepus/store/vfs"
)

// Remove deletes what a store holds in dir, and nothing else that is there: a
// store that is opened there again is empty. It
// refuses to while a store is open there (ErrInUse).
func Remove(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, lockFile)); errors.Is(err, os.ErrNotExist) {
		return nil // there never was one
	}
	lock, err := vfs.OS{}.Lock(filepath.Join(dir, lockFile))
	if errors.Is(err, vfs.ErrLocked) {
		return fmt.Errorf("%w by another process", ErrInUse)
	}
	if err != nil {
		return err
	}
	// The format stays: it is still true.
	for _, name := range []string{indexDir, logDir} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return errors.Join(err, lock.Close())
		}
	}
	return lock.Close()
}
