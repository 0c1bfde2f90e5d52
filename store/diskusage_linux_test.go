package store

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// allocated is what a file, or all files of a folder, take on the disk: sparse
// files less than their size.
func allocated(tb testing.TB, name string) int64 {
	tb.Helper()
	sum := int64(0)
	step(tb, filepath.WalkDir(name, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		sum += info.Sys().(*syscall.Stat_t).Blocks * 512
		return nil
	}))
	return sum
}
