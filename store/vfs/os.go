package vfs

import (
	"io"
	"os"
)

// OS is the file system of the operating system. The zero value is ready.
type OS struct{}

var _ FS = OS{}

const (
	filePerm = 0o600
	dirPerm  = 0o700
)

// Create makes a new file that only this user can read.
func (OS) Create(name string) (File, error) {
	return open(name, os.O_RDWR|os.O_CREATE|os.O_EXCL)
}

// Open opens an existing file.
func (OS) Open(name string) (File, error) {
	return open(name, os.O_RDWR)
}

func open(name string, flag int) (File, error) {
	f, err := os.OpenFile(name, flag, filePerm)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// Rename gives a file another name.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Remove removes a name.
func (OS) Remove(name string) error { return os.Remove(name) }

// ReadDir returns the names in a directory, sorted.
func (OS) ReadDir(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

// MkdirAll makes a directory that only this user can enter.
func (OS) MkdirAll(dir string) error { return os.MkdirAll(dir, dirPerm) }

// SyncDir makes the names in a directory survive a power cut.
func (OS) SyncDir(dir string) error { return syncDir(dir) }

// Space asks the volume how much room it has.
func (OS) Space(dir string) (Space, error) { return space(dir) }

// Lock takes a lock that ends with the process, however it ends.
func (OS) Lock(name string) (io.Closer, error) { return lock(name) }

// osFile is a file of the operating system: ReadAt, WriteAt, Truncate and
// Close are its own.
type osFile struct{ *os.File }

func (f osFile) Sync() error { return datasync(f.File) }

func (f osFile) Preallocate(size int64) error { return preallocate(f.File, size) }

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// lengthen makes a file at least size bytes long.
func lengthen(f *os.File, size int64) error {
	info, err := f.Stat()
	if err != nil || info.Size() >= size {
		return err
	}
	return f.Truncate(size)
}
