package integration

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"
)

// diskUse is how much room a folder takes, in bytes. Files may come and go meanwhile.
func diskUse(t testing.TB, dir string) (total int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			var info fs.FileInfo
			if info, err = d.Info(); err == nil {
				total += allocated(info)
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		t.Fatalf("disk use: %v", err)
	}
	return total
}
