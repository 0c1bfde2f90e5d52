package vfs

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"sync"
)

// ErrCrash is returned by every operation on a [Fake] after a crash, until
// Kill or PowerCut, and by handles from before it for ever.
var ErrCrash = errors.New("vfs: crashed")

// Op is a kind of file operation.
type Op uint8

// The operations that a [Fake] counts and can make fail. Those up to
// OpTruncate change something: they are the steps of [Fake.CrashAt].
const (
	OpCreate Op = 1 + iota
	OpRename
	OpRemove
	OpSyncDir
	OpWrite
	OpSync
	OpPreallocate
	OpTruncate
	OpOpen
	OpRead
)

// Loss is how much a power cut takes.
type Loss uint8

const (
	// LoseAll takes everything that was not synced.
	LoseAll Loss = iota
	// LoseSome keeps any part of what was not synced: 4 KiB pages, sometimes
	// single sectors of them, in any state they had since the last sync, and
	// any of the changes of names.
	LoseSome
)

// Fake is a file system in memory for tests. It starts with no directory but
// "/" and ".", no failure and endless space. Two things are kept of every file
// and directory: what the process sees, and what a power cut would leave.
// Directories themselves are never lost. All chance comes from its seed. Its
// methods may be called from any goroutine.
type Fake struct {
	mu      sync.Mutex
	rng     *rand.Rand
	dirs    map[string]*fakeDir
	locks   map[string]*fakeLock
	life    int // handles of an earlier life are dead
	crashed bool
	steps   int
	crashAt int // the step that crashes, 0 if none does
	fails   map[Op]*failure
	watch   func(op Op, name string) error
	room    int64 // bytes of the volume, below 0 if endless
}

type failure struct {
	after int
	err   error
}

var _ FS = (*Fake)(nil)

// NewFake returns an empty file system.
func NewFake(seed uint64) *Fake {
	return &Fake{
		rng:   rand.New(rand.NewPCG(seed, 0)),
		dirs:  map[string]*fakeDir{"/": newFakeDir(), ".": newFakeDir()},
		locks: map[string]*fakeLock{},
		fails: map[Op]*failure{},
		room:  -1,
	}
}

// Steps returns how many operations that change something there have been.
func (f *Fake) Steps() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.steps
}

// CrashAt makes the n-th changing operation from now, the first being 1, crash
// in its midst: it has happened wholly, in part or not at all, and everything
// after it fails with ErrCrash. 0 takes that back.
func (f *Fake) CrashAt(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.crashAt = 0
	if n > 0 {
		f.crashAt = f.steps + n
	}
}

// Crash makes everything fail with ErrCrash from now on. Stop what works with
// the files after it, then call Kill or PowerCut.
func (f *Fake) Crash() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.crashed = true
}

// Fail makes the n-th operation of a kind from now, the first being 1, fail
// with err. A write that fails has been done in part.
func (f *Fake) Fail(op Op, n int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fails[op] = &failure{after: n, err: err}
}

// Watch has fn called before every operation, without a lock held; its error
// becomes the operation's. It may block. nil ends it.
func (f *Fake) Watch(fn func(op Op, name string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watch = fn
}

// SetRoom sets the size of the volume in bytes; below 0 it is endless. What
// would need more fails with ENOSPC.
func (f *Fake) SetRoom(n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.room = n
}

// Kill ends the process: handles and locks are gone, what was written stays.
func (f *Fake) Kill() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.revive()
}

// PowerCut ends the process and takes what was not synced.
func (f *Fake) PowerCut(loss Loss) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.revive()
	seen := map[*fakeNode]bool{}
	for _, name := range sortedKeys(f.dirs) {
		d := f.dirs[name]
		if loss == LoseSome {
			d.keepSome(f.rng)
		}
		d.revert()
		for _, file := range sortedKeys(d.now) {
			n := d.now[file]
			if seen[n] {
				continue
			}
			seen[n] = true
			if loss == LoseSome {
				n.keepSome(f.rng)
			}
			n.revert()
		}
	}
}

func (f *Fake) revive() {
	f.life++
	f.crashed, f.crashAt = false, 0
	clear(f.locks)
	clear(f.fails)
}

// Clone returns a copy in its present state, without handles, locks, failures
// and watch, with a seed of its own. So one state can be cut off in many ways.
func (f *Fake) Clone(seed uint64) *Fake {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := NewFake(seed)
	c.room = f.room
	nodes := map[*fakeNode]*fakeNode{}
	for name, d := range f.dirs {
		c.dirs[name] = d.clone(nodes)
	}
	return c
}

// Corrupt turns bits of a byte over, in memory and on disk.
func (f *Fake) Corrupt(name string, offset int64, mask byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.find("corrupt", name)
	if err != nil {
		return err
	}
	n.corrupt(offset, mask)
	return nil
}

// begin counts an operation and says how it goes: err is what it returns, and
// part says that it was cut off in its midst. f.mu is held on return.
func (f *Fake) begin(op Op, name string, life int) (part bool, err error) {
	f.mu.Lock()
	if watch := f.watch; watch != nil {
		f.mu.Unlock()
		err = watch(op, name)
		f.mu.Lock()
		if err != nil {
			return false, err
		}
	}
	if f.crashed || life != f.life {
		return false, ErrCrash
	}
	if op <= OpTruncate {
		f.steps++
		if f.steps == f.crashAt {
			f.crashed = true
			return true, ErrCrash
		}
	}
	if fail := f.fails[op]; fail != nil {
		if fail.after--; fail.after == 0 {
			delete(f.fails, op)
			return true, fail.err
		}
	}
	return false, nil
}

func (f *Fake) now() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.life
}

// done says whether a change of a name that was cut off has happened.
func (f *Fake) done(part bool, err error) bool {
	return err == nil || part && f.rng.IntN(2) == 0
}

func (f *Fake) dir(op, name string) (*fakeDir, string, error) {
	name = filepath.Clean(name)
	d := f.dirs[filepath.Dir(name)]
	if d == nil {
		return nil, "", &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return d, filepath.Base(name), nil
}

func (f *Fake) find(op, name string) (*fakeNode, error) {
	d, base, err := f.dir(op, name)
	if err != nil {
		return nil, err
	}
	n := d.now[base]
	if n == nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return n, nil
}
