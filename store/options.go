package store

import (
	"errors"

	"github.com/lepusmq/lepus/store/vfs"
)

// Errors of [Open] and [Options.OnFail] that callers tell apart.
var (
	// ErrInUse means that another store has the folder open.
	ErrInUse = errors.New("store: the data folder is in use")
	// ErrFormat means that a newer program has written the folder.
	ErrFormat = errors.New("store: unknown format version")
	// ErrDamaged means that something is gone which was once safely written.
	ErrDamaged = errors.New("store: damaged")
	// ErrDiskFull is given to OnFail when the disk has so little room left
	// that the store must be closed while it still can.
	ErrDiskFull = errors.New("store: the disk is full")
)

// Options say how to open a durable store. Only Dir must be given.
type Options struct {
	// Dir is the data folder. It is made if it is missing.
	Dir string
	// FS is the file system of folder and log; nil is the real one.
	FS vfs.FS
	// SegmentSize is the size of the log's files in bytes; 0 is 16 MiB, and
	// less on a small volume.
	SegmentSize int64
	// DiskLow is the room on the volume, in bytes, below which OnDisk reports
	// that it is low; 0 is a default that fits the volume.
	DiskLow int64
	// AcceptLogLoss opens a store that is damaged: what is lost is lost.
	AcceptLogLoss bool

	// OnFail is called once, from a goroutine of the store, when the store
	// cannot go on: a write or a sync has failed, or the disk is full. It must
	// not block. The store is to be closed then, from another goroutine.
	OnFail func(error)
	// OnDisk is called from a goroutine of the store when room becomes low,
	// and when there is enough again. It must not block.
	OnDisk func(low bool)
	// OnLoss is called by Open and by Load for everything that is given up
	// because of AcceptLogLoss; and from any goroutine for a page of the index
	// (a [*PageError]) that is found damaged, which costs the messages in it. It
	// must not block.
	OnLoss func(error)
	// OnDamage is called for damage that is found while the store runs, by
	// whoever meets it: messages that cannot be loaded, files of the log that
	// cannot be cleaned. What it hit stays where it is.
	OnDamage func(error)

	// openKV replaces Badger, volatile says that nothing is kept over a
	// restart.
	openKV   func() (kv, error)
	volatile bool
	// indexCache is how many bytes of memory pages of the index may take that
	// are in Badger, too; 0 is 8 MiB.
	indexCache int
}
