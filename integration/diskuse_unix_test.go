//go:build unix

package integration

import (
	"io/fs"
	"syscall"
)

// allocated is how much room a file takes on the disk, in bytes.
func allocated(file fs.FileInfo) int64 {
	if stat, ok := file.Sys().(*syscall.Stat_t); ok {
		return int64(stat.Blocks) * 512
	}
	return file.Size()
}
