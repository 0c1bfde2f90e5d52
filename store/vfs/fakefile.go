package vfs

import (
	"io"
	"io/fs"
)

// fakeFile is a handle of a file of a Fake.
type fakeFile struct {
	fs     *Fake
	node   *fakeNode
	name   string
	life   int
	closed bool // guarded by fs.mu
}

// begin is Fake.begin for a handle: a closed one fails. fs.mu is held on return.
func (f *fakeFile) begin(op Op) (part bool, err error) {
	part, err = f.fs.begin(op, f.name, f.life)
	if err == nil && f.closed {
		err = &fs.PathError{Op: "use", Path: f.name, Err: fs.ErrClosed}
	}
	return part, err
}

func (f *fakeFile) ReadAt(p []byte, off int64) (int, error) {
	_, err := f.begin(OpRead)
	defer f.fs.mu.Unlock()
	if err != nil {
		return 0, err
	}
	if off >= int64(len(f.node.now)) {
		return 0, io.EOF
	}
	n := copy(p, f.node.now[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *fakeFile) WriteAt(p []byte, off int64) (int, error) {
	part, err := f.begin(OpWrite)
	defer f.fs.mu.Unlock()
	if err != nil && !part {
		return 0, err
	}
	if part {
		p = p[:f.fs.rng.IntN(len(p)+1)]
	}
	if gerr := f.fs.grow(f.name, off+int64(len(p))-int64(len(f.node.now))); gerr != nil {
		return 0, gerr
	}
	f.node.write(p, off)
	if f.fs.rng.IntN(4) == 0 {
		f.node.writeBack(f.fs.rng)
	}
	return len(p), err
}

func (f *fakeFile) Sync() error {
	part, err := f.begin(OpSync)
	defer f.fs.mu.Unlock()
	if part {
		f.node.writeBack(f.fs.rng)
	}
	if err == nil {
		f.node.sync()
	}
	return err
}

func (f *fakeFile) Preallocate(size int64) error {
	part, err := f.begin(OpPreallocate)
	defer f.fs.mu.Unlock()
	more := size - int64(len(f.node.now))
	if err == nil {
		err = f.fs.grow(f.name, more)
	}
	if more > 0 && f.fs.done(part, err) {
		f.node.resize(size)
	}
	return err
}

func (f *fakeFile) Truncate(size int64) error {
	part, err := f.begin(OpTruncate)
	defer f.fs.mu.Unlock()
	if err == nil {
		err = f.fs.grow(f.name, size-int64(len(f.node.now)))
	}
	if f.fs.done(part, err) {
		f.node.resize(size)
	}
	return err
}

func (f *fakeFile) Size() (int64, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.fs.crashed || f.life != f.fs.life {
		return 0, ErrCrash
	}
	return int64(len(f.node.now)), nil
}

func (f *fakeFile) Close() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	f.closed = true
	return nil
}
