//go:build !linux

package vfs

import "os"

// datasync is a full sync where there is no lesser one.
func datasync(f *os.File) error { return f.Sync() }

// preallocate cannot take room ahead here.
func preallocate(f *os.File, size int64) error { return lengthen(f, size) }
