package vfs

import (
	"errors"
	"io"
)

// ErrLocked is returned by [FS.Lock] when another process, or another caller
// in this one, holds the lock.
var ErrLocked = errors.New("vfs: locked")

// FS is a file system. Its methods may be called from any goroutine. Errors
// satisfy errors.Is with fs.ErrNotExist, fs.ErrExist and syscall.ENOSPC where
// they apply.
type FS interface {
	// Create makes a new, empty file for reading and writing. It fails if the
	// name exists. The name survives a power cut only after SyncDir.
	Create(name string) (File, error)

	// Open opens an existing file for reading and writing.
	Open(name string) (File, error)

	// Rename gives a file another name, in one step, replacing what had that
	// name. It survives a power cut only after SyncDir of both directories.
	Rename(from, to string) error

	// Remove removes a name. The file's space is given back when its last
	// handle is closed.
	Remove(name string) error

	// ReadDir returns the names in a directory, sorted.
	ReadDir(dir string) ([]string, error)

	// MkdirAll makes a directory and its parents where they are missing.
	MkdirAll(dir string) error

	// SyncDir makes the names in a directory survive a power cut.
	SyncDir(dir string) error

	// Space tells how much room the volume of dir has. On platforms where
	// that cannot be found out the error is errors.ErrUnsupported.
	Space(dir string) (Space, error)

	// Lock takes the lock of that name, creating the file if need be, and
	// holds it until the Closer is closed or the process ends. It does not
	// wait: if the lock is held, the error is ErrLocked.
	Lock(name string) (io.Closer, error)
}

// Space is the room on a volume, in bytes.
type Space struct {
	Total int64
	// Free is what this process may still use.
	Free int64
}

// File is an open file. Its methods may be called from any goroutine; what
// overlapping reads and writes see of each other is not defined.
type File interface {
	io.ReaderAt
	io.WriterAt

	// Sync makes contents and length survive a power cut (fdatasync). After
	// an error nothing is known about what was written since the last sync,
	// and a later success proves nothing: give the file up.
	Sync() error

	// Preallocate takes room on the volume for the first size bytes and makes
	// the file at least that long; new bytes read as zero. Where the platform
	// cannot take room ahead, it only lengthens the file.
	Preallocate(size int64) error

	// Truncate makes the file exactly size bytes long.
	Truncate(size int64) error

	// Size returns the length of the file in bytes.
	Size() (int64, error)

	// Close closes the handle. It does not sync.
	Close() error
}
