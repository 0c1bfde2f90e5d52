package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// allocated is what a file, or all files of a folder, take on the disk: sparse
// files less than their size. Files may go meanwhile.
func allocated(tb testing.TB, name string) int64 {
	tb.Helper()
	sum := int64(0)
	step(tb, filepath.WalkDir(name, func(path string, _ fs.DirEntry, err error) error {
		var info fs.FileInfo
		if err == nil {
			info, err = os.Lstat(path)
		}
		if path != name && errors.Is(err, fs.ErrNotExist) {
			return nil // who owns it has removed it meanwhile
		}
		if err != nil {
			return err
		}
		sum += info.Sys().(*syscall.Stat_t).Blocks * 512
		return nil
	}))
	return sum
}
