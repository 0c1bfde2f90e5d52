package vfs

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"sort"
	"syscall"
)

// Create makes a new file.
func (f *Fake) Create(name string) (File, error) {
	part, err := f.begin(OpCreate, name, f.now())
	defer f.mu.Unlock()
	d, base, derr := f.dir("create", name)
	if derr != nil {
		return nil, derr
	}
	if d.now[base] != nil {
		return nil, &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
	if !f.done(part, err) {
		return nil, err
	}
	n := &fakeNode{dirty: map[int64]bool{}, back: map[int64][]byte{}}
	d.change(fakeChange{to: base, node: n})
	if err != nil {
		return nil, err
	}
	return &fakeFile{fs: f, node: n, name: name, life: f.life}, nil
}

// Open opens a file.
func (f *Fake) Open(name string) (File, error) {
	_, err := f.begin(OpOpen, name, f.now())
	defer f.mu.Unlock()
	if err != nil {
		return nil, err
	}
	n, err := f.find("open", name)
	if err != nil {
		return nil, err
	}
	return &fakeFile{fs: f, node: n, name: name, life: f.life}, nil
}

// Rename renames a file within its directory.
func (f *Fake) Rename(from, to string) error {
	part, err := f.begin(OpRename, from, f.now())
	defer f.mu.Unlock()
	if filepath.Dir(filepath.Clean(from)) != filepath.Dir(filepath.Clean(to)) {
		return &fs.PathError{Op: "rename", Path: to, Err: errors.ErrUnsupported}
	}
	n, ferr := f.find("rename", from)
	if ferr != nil {
		return ferr
	}
	if f.done(part, err) {
		d, base, _ := f.dir("rename", from)
		d.change(fakeChange{from: base, to: filepath.Base(to), node: n})
	}
	return err
}

// Remove removes a file.
func (f *Fake) Remove(name string) error {
	part, err := f.begin(OpRemove, name, f.now())
	defer f.mu.Unlock()
	if _, ferr := f.find("remove", name); ferr != nil {
		return ferr
	}
	if f.done(part, err) {
		d, base, _ := f.dir("remove", name)
		d.change(fakeChange{from: base})
	}
	return err
}

// ReadDir returns the names in a directory, sorted.
func (f *Fake) ReadDir(dir string) ([]string, error) {
	_, err := f.begin(OpRead, dir, f.now())
	defer f.mu.Unlock()
	if err != nil {
		return nil, err
	}
	dir = filepath.Clean(dir)
	d := f.dirs[dir]
	if d == nil {
		return nil, &fs.PathError{Op: "readdir", Path: dir, Err: fs.ErrNotExist}
	}
	names := sortedKeys(d.now)
	for sub := range f.dirs {
		if sub != dir && filepath.Dir(sub) == dir {
			names = append(names, filepath.Base(sub))
		}
	}
	sort.Strings(names)
	return names, nil
}

// MkdirAll makes directories, which no power cut takes.
func (f *Fake) MkdirAll(dir string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.crashed {
		return ErrCrash
	}
	for dir = filepath.Clean(dir); f.dirs[dir] == nil; dir = filepath.Dir(dir) {
		f.dirs[dir] = newFakeDir()
	}
	return nil
}

// SyncDir makes the names in a directory survive.
func (f *Fake) SyncDir(dir string) error {
	part, err := f.begin(OpSyncDir, dir, f.now())
	defer f.mu.Unlock()
	d := f.dirs[filepath.Clean(dir)]
	if d == nil {
		return &fs.PathError{Op: "syncdir", Path: dir, Err: fs.ErrNotExist}
	}
	if f.done(part, err) {
		d.sync()
	}
	return err
}

// Space returns the size set with SetRoom, or 1 EiB.
func (f *Fake) Space(string) (Space, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.room < 0 {
		return Space{Total: 1 << 60, Free: 1 << 60}, nil
	}
	return Space{Total: f.room, Free: max(0, f.room-f.used())}, nil
}

func (f *Fake) used() int64 {
	var sum int64
	for _, d := range f.dirs {
		for _, n := range d.now {
			sum += int64(len(n.now))
		}
	}
	return sum
}

// grow says whether there is room for n more bytes.
func (f *Fake) grow(name string, n int64) error {
	if n > 0 && f.room >= 0 && f.used()+n > f.room {
		return &fs.PathError{Op: "write", Path: name, Err: syscall.ENOSPC}
	}
	return nil
}

// Lock takes a lock that Kill and PowerCut drop.
func (f *Fake) Lock(name string) (io.Closer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.crashed {
		return nil, ErrCrash
	}
	if f.locks[name] != nil {
		return nil, &fs.PathError{Op: "lock", Path: name, Err: ErrLocked}
	}
	l := &fakeLock{fs: f, name: name}
	f.locks[name] = l
	return l, nil
}

type fakeLock struct {
	fs   *Fake
	name string
}

func (l *fakeLock) Close() error {
	l.fs.mu.Lock()
	defer l.fs.mu.Unlock()
	if l.fs.locks[l.name] == l {
		delete(l.fs.locks, l.name)
	}
	return nil
}
