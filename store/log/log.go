package log

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/lepusmq/lepus/store/vfs"
)

// Position is the place of a record: a byte offset in one endless log. It
// rises from record to record and is never used twice, whatever crashes
// between. 0 is no position. Positions have gaps where a segment ends.
type Position uint64

// Kind says what a record is. It belongs to the user of the log.
type Kind uint8

// StoreID is the random identity of a store. It is part of every checksum, so
// that a file of another store cannot pass for one of this.
type StoreID [16]byte

// MaxPayload is the most bytes that a record can carry. With small segments it
// is less, see [Log.MaxPayload].
const MaxPayload = 1 << 20

// Errors that callers tell apart.
var (
	// ErrFailed is in every error after a write or a sync has failed. There
	// is no way back but to open the log again.
	ErrFailed = errors.New("log: failed")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("log: closed")
	// ErrNotFound is returned for a position that is in no segment: recycled
	// or never used.
	ErrNotFound = errors.New("log: no such position")
	// ErrNotWritten is returned for a position that was appended, if at all,
	// but not yet written, see [Log.Write].
	ErrNotWritten = errors.New("log: not written yet")
	// ErrTooLarge is returned for a record larger than [Log.MaxPayload].
	ErrTooLarge = errors.New("log: record too large")
	// ErrInUse is returned by Recycle for the segment being written.
	ErrInUse = errors.New("log: segment is being written")
	// ErrFormat is in the error of Open when a file was written by a newer
	// program.
	ErrFormat = errors.New("log: unknown format version")
)

// DamageError says that something is gone which was once safely written. It
// is never used for the torn end that a power cut leaves.
type DamageError struct {
	// File is the name of the file, empty if it is missing as a whole.
	File string
	// Offset is where in the file the damage begins.
	Offset int64
	// Position is the same place in the log.
	Position Position
	// Next is the position of the first good record behind it, or 0 if there
	// is none or nobody looked.
	Next Position
	// What was found there.
	What string
}

// Error names file, offset, position and what was found.
func (e *DamageError) Error() string {
	if e.File == "" {
		return fmt.Sprintf("log: damaged at position %d: %s", e.Position, e.What)
	}
	return fmt.Sprintf("log: damaged: %s at offset %d (position %d): %s", e.File, e.Offset, e.Position, e.What)
}

// Options say how to open a log. Only Dir must be given.
type Options struct {
	// FS is where the files are; nil is the real file system.
	FS vfs.FS
	// Dir is the directory of the segments. In it the names that end in
	// ".seg" are the log's.
	Dir string
	// SegmentSize is the size of new segment files in bytes, header included,
	// rounded up to 4 KiB; 0 is 16 MiB, less than 16 KiB is 16 KiB, more than
	// 1 GiB is 1 GiB. Files of other sizes remain readable.
	SegmentSize int64
	// Reserve is how many segments are kept allocated beyond the one that is
	// needed next, so that something can still be written when the disk is
	// full; 0 is 3, less than 0 is none.
	Reserve int
	// Pool is how many free segments are kept at most. What is above is
	// removed in the background, slowly, and so is what nobody takes for ten
	// seconds, down to Reserve + 1. 0 is 8; never less than Reserve + 1.
	Pool int
	// ID is the identity that the segments must have; zero takes what is
	// found, or makes a new one.
	ID StoreID
	// AcceptLoss makes Replay go on behind damage. What was lost is in
	// [Log.Lost].
	AcceptLoss bool
}

// Record is one record. The payload is borrowed: it is valid until the next
// call that reads with the same buffer.
type Record struct {
	Position Position
	Kind     Kind
	Payload  []byte
}

// Segment describes a segment file.
type Segment struct {
	// Seq numbers the segments, from 1, without gaps.
	Seq uint64
	// Epoch is the start of the log (see [Log.Epoch]) that wrote it.
	Epoch uint32
	// Start and End enclose its records: the first byte, and the byte behind
	// the last record written.
	Start, End Position
	// Limit is where its range ends; positions from End up to there belong to
	// no record, unless the segment is being written.
	Limit Position
	// Size is the size of the file in bytes.
	Size int64
	// File is its name.
	File string
}

// Log is an open log.
type Log struct {
	// Immutable after Open.
	opt  Options
	id   StoreID
	seed uint32 // what checksums begin with
	pool *pool

	// Owned by the appender, which Open, Replay and Start are part of.
	last     *segment // the one being written, nil if there is none
	end      Position // behind the last record appended
	buf      []byte   // whole records, not yet written
	kind     Kind     // of the record that was begun
	seq      uint64   // of the last segment
	floor    Position // below which positions may have been used
	ended    bool     // a clean mark says where the last segment ends
	replayed bool
	orphans  []*DamageError // segments without a header
	lost     []*DamageError // what Replay went over

	// For any goroutine.
	failed atomic.Pointer[error] // why nothing can be appended
	synced atomic.Uint64
	epoch  atomic.Uint32

	mu    sync.Mutex // guards changes of the table
	table atomic.Pointer[[]*segment]
}

// firstPosition is where a new log begins.
const firstPosition Position = 4096

// Start makes what Replay accepted safe, then opens a new segment under a new
// epoch. When it returns nil all that was replayed is synced and records can
// be appended. Recycle may be called before it, so that the new segment takes
// the place of an old one.
func (l *Log) Start() error {
	if !l.replayed || l.failed.Load() != &errNotStarted {
		return errors.New("log: Start comes once, after Replay")
	}
	l.failed.Store(nil)
	if l.last != nil {
		if err := l.last.file.Sync(); err != nil {
			return l.fail(fmt.Errorf("sync %s: %w", l.last.name, err))
		}
	}
	if err := l.opt.FS.SyncDir(l.opt.Dir); err != nil {
		return l.fail(err)
	}
	l.pool.start()
	epoch := l.epoch.Load() + 1
	if err := l.begin(l.floor, epoch); err != nil {
		return err
	}
	l.epoch.Store(epoch)
	return nil
}

// Close ends the background work and closes the files. It does not sync. No
// other call may be running.
func (l *Log) Close() error {
	if l.failed.Swap(&errClosed) == &errClosed {
		return nil
	}
	l.pool.stop()
	return l.closeFiles()
}

var errClosed = ErrClosed

// ID returns the identity of the store. Any goroutine may call it.
func (l *Log) ID() StoreID { return l.id }

// Epoch numbers the starts of the log. Before Start it is that of the last
// segment found, 0 for a new log. Any goroutine may call it.
func (l *Log) Epoch() uint32 { return l.epoch.Load() }

// MaxPayload returns the most bytes that a record of this log can carry. Any
// goroutine may call it.
func (l *Log) MaxPayload() int {
	return int(min(MaxPayload, l.opt.SegmentSize-headerSize-recordHeader))
}

// End returns the position behind the last record appended, which is where the
// next comes unless it begins a segment. Before Start it is where Replay
// ended. Appender only.
func (l *Log) End() Position { return l.end }

// Synced returns the position up to which everything is synced. Any goroutine
// may call it.
func (l *Log) Synced() Position { return Position(l.synced.Load()) }

// Ready returns how many free segments are allocated and, if the last attempt
// to make one failed, why. When Ready falls to Options.Reserve with an error,
// only what gives space back should still be written. Attempts are repeated
// once a second. Any goroutine may call it.
func (l *Log) Ready() (int, error) { return l.pool.ready() }

// Shrink removes the free segments beyond the reserve, in the background: the
// disk is becoming full. Any goroutine may call it.
func (l *Log) Shrink() { l.pool.shrink() }

// Usage returns the bytes that the segments take on disk, free ones included.
// Any goroutine may call it.
func (l *Log) Usage() int64 {
	sum := l.pool.usage()
	for _, s := range *l.table.Load() {
		sum += s.size
	}
	return sum
}
