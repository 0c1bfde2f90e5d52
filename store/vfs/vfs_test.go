package vfs_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lepusmq/lepus/store/vfs"
)

// TestFiles holds the real file system and the one in memory to the same.
func TestFiles(t *testing.T) {
	for name, fsys := range map[string]vfs.FS{"os": vfs.OS{}, "fake": vfs.NewFake(1)} {
		t.Run(name, func(t *testing.T) {
			base := "/base"
			if name == "os" {
				base = t.TempDir()
			}
			files(t, fsys, filepath.Join(base, "a", "b"))
		})
	}
}

func files(t *testing.T, fsys vfs.FS, dir string) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	is := func(err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Fatalf("got %v, want %v", err, want)
		}
	}
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")

	_, err := fsys.Create(one)
	is(err, fs.ErrNotExist)
	must(fsys.MkdirAll(dir))
	must(fsys.MkdirAll(dir))
	_, err = fsys.Open(one)
	is(err, fs.ErrNotExist)
	f, err := fsys.Create(one)
	must(err)
	_, err = fsys.Create(one)
	is(err, fs.ErrExist)

	size := func(want int64) {
		t.Helper()
		got, err := f.Size()
		must(err)
		if got != want {
			t.Fatalf("size %d, want %d", got, want)
		}
	}
	must(f.Preallocate(10000))
	size(10000)
	must(f.Preallocate(5000))
	size(10000)
	_, err = f.WriteAt([]byte("hello"), 9998)
	must(err)
	size(10003)
	must(f.Sync())
	b := make([]byte, 8)
	if n, err := f.ReadAt(b, 9997); n != 6 || err != io.EOF || !bytes.Equal(b[:n], []byte("\x00hello")) {
		t.Fatalf("read %d bytes %q, %v", n, b, err)
	}
	must(f.Truncate(9999))
	must(f.Truncate(10003))
	if n, err := f.ReadAt(b[:6], 9997); n != 6 || err != nil || !bytes.Equal(b[:n], []byte("\x00h\x00\x00\x00\x00")) {
		t.Fatalf("read %d bytes %q after cutting, %v", n, b, err)
	}

	must(fsys.Rename(one, two))
	is(fsys.Rename(one, two), fs.ErrNotExist)
	g, err := fsys.Open(two)
	must(err)
	_, err = g.WriteAt([]byte("x"), 0)
	must(err)
	if _, err := f.ReadAt(b[:1], 0); err != nil || b[0] != 'x' {
		t.Fatalf("the other handle reads %q, %v", b[0], err)
	}
	must(fsys.SyncDir(dir))
	names, err := fsys.ReadDir(filepath.Dir(dir))
	must(err)
	if !slices.Equal(names, []string{"b"}) {
		t.Fatalf("names %q", names)
	}
	names, err = fsys.ReadDir(dir)
	must(err)
	if !slices.Equal(names, []string{"two"}) {
		t.Fatalf("names %q", names)
	}
	must(fsys.Remove(two))
	is(fsys.Remove(two), fs.ErrNotExist)
	must(f.Close())
	must(g.Close())
	_, err = g.WriteAt([]byte("x"), 0)
	is(err, fs.ErrClosed)

	lock := filepath.Join(dir, "lock")
	held, err := fsys.Lock(lock)
	must(err)
	_, err = fsys.Lock(lock)
	is(err, vfs.ErrLocked)
	must(held.Close())
	held, err = fsys.Lock(lock)
	must(err)
	must(held.Close())

	space, err := fsys.Space(dir)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		t.Fatal(err)
	}
	if space.Free > space.Total || err == nil && space.Free <= 0 {
		t.Fatalf("space %+v", space)
	}
}
