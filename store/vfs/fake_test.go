package vfs_test

import (
	"bytes"
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/lepusmq/lepus/store/vfs"
)

const dir = "/d"

// file returns a new file with a synced name and synced contents.
func file(t *testing.T, f *vfs.Fake, name string, contents []byte) vfs.File {
	t.Helper()
	var file vfs.File
	for _, err := range []error{
		f.MkdirAll(dir),
		func() (err error) { file, err = f.Create(filepath.Join(dir, name)); return err }(),
		write(file, contents),
		file.Sync(),
		f.SyncDir(dir),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return file
}

func write(f vfs.File, b []byte) error {
	_, err := f.WriteAt(b, 0)
	return err
}

// contents returns what a file holds, nil if there is none.
func contents(t *testing.T, f *vfs.Fake, name string) []byte {
	t.Helper()
	file, err := f.Open(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	size, err := file.Size()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	if _, err := file.ReadAt(b, 0); err != nil && size > 0 {
		t.Fatal(err)
	}
	return b
}

// pages returns n pages full of one byte.
func pages(n int, b byte) []byte { return bytes.Repeat([]byte{b}, n*4096) }

func TestKillKeepsWhatWasWritten(t *testing.T) {
	f := vfs.NewFake(1)
	h := file(t, f, "a", pages(2, 'a'))
	if err := write(h, pages(3, 'b')); err != nil {
		t.Fatal(err)
	}
	f.Kill()
	if err := write(h, pages(1, 'c')); !errors.Is(err, vfs.ErrCrash) {
		t.Fatalf("a handle outlived its process: %v", err)
	}
	if !bytes.Equal(contents(t, f, "a"), pages(3, 'b')) {
		t.Fatal("a kill lost something")
	}
	// What the first process wrote is still not safe.
	f.PowerCut(vfs.LoseAll)
	if !bytes.Equal(contents(t, f, "a"), pages(2, 'a')) {
		t.Fatal("a power cut after a kill lost too little or too much")
	}
}

func TestLoseAll(t *testing.T) {
	f := vfs.NewFake(1)
	h := file(t, f, "a", pages(2, 'a'))
	file(t, f, "b", nil)
	if err := write(h, pages(1, 'x')); err != nil {
		t.Fatal(err)
	}
	if err := h.Truncate(3 * 4096); err != nil {
		t.Fatal(err)
	}
	if err := f.Rename("/d/b", "/d/c"); err != nil {
		t.Fatal(err)
	}
	if err := f.Remove("/d/a"); err != nil {
		t.Fatal(err)
	}
	n, err := f.Create("/d/new")
	if err != nil {
		t.Fatal(err)
	}
	// A sync of the file does not keep its name.
	if err := errors.Join(write(n, []byte("new")), n.Sync()); err != nil {
		t.Fatal(err)
	}
	f.PowerCut(vfs.LoseAll)
	if !bytes.Equal(contents(t, f, "a"), pages(2, 'a')) {
		t.Error("a is not what was synced")
	}
	for name, want := range map[string]bool{"b": true, "c": false, "new": false} {
		if got := contents(t, f, name) != nil; got != want {
			t.Errorf("%s is there: %v", name, got)
		}
	}
}

// TestLoseSome looks at many power cuts: every page is old or new by sectors,
// synced pages stay, and each of the possible ends is met.
func TestLoseSome(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(400) {
		f := vfs.NewFake(seed)
		h := file(t, f, "a", pages(3, 'a'))
		if err := write(h, pages(1, 'b')); err != nil {
			t.Fatal(err)
		}
		if err := write(h, pages(2, 'c')); err != nil {
			t.Fatal(err)
		}
		if err := f.Rename("/d/a", "/d/z"); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Create("/d/n"); err != nil {
			t.Fatal(err)
		}
		f.PowerCut(vfs.LoseSome)
		if contents(t, f, "n") != nil {
			seen["created"] = true
		}
		got := contents(t, f, "a")
		if got == nil {
			seen["renamed"] = true
			got = contents(t, f, "z")
		}
		if len(got) != 3*4096 {
			t.Fatalf("seed %d: %d bytes", seed, len(got))
		}
		if !bytes.Equal(got[2*4096:], pages(1, 'a')) {
			t.Fatalf("seed %d: a synced page is gone", seed)
		}
		for i := range 16 {
			sector := got[i*512 : i*512+512]
			if bytes.Count(sector, sector[:1]) != 512 {
				t.Fatalf("seed %d: sector %d is mixed", seed, i)
			}
		}
		for i := range 2 {
			page := got[i*4096 : i*4096+4096]
			if n := bytes.Count(page, page[:1]); n == 4096 {
				seen[string('0'+byte(i))+string(page[:1])] = true
			} else {
				seen["torn"] = true
			}
		}
	}
	for _, want := range []string{"created", "renamed", "torn", "0a", "0b", "0c", "1a", "1c"} {
		if !seen[want] {
			t.Errorf("never met: %s", want)
		}
	}
}

func TestCrashAtEachStep(t *testing.T) {
	work := func(f *vfs.Fake) error {
		if err := f.MkdirAll(dir); err != nil {
			return err
		}
		h, err := f.Create("/d/a")
		if err != nil {
			return err
		}
		for _, step := range []func() error{
			func() error { return h.Preallocate(8192) },
			func() error { return write(h, pages(1, 'a')) },
			h.Sync,
			func() error { return f.SyncDir(dir) },
			func() error { return f.Rename("/d/a", "/d/b") },
			func() error { return h.Truncate(10) },
			func() error { return f.Remove("/d/b") },
		} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	}
	f := vfs.NewFake(1)
	if err := work(f); err != nil || f.Steps() != 8 {
		t.Fatalf("%d steps, %v", f.Steps(), err)
	}
	for n := 1; n <= 8; n++ {
		f := vfs.NewFake(uint64(n))
		f.CrashAt(n)
		if err := work(f); !errors.Is(err, vfs.ErrCrash) || f.Steps() != n {
			t.Fatalf("crash at %d: %d steps, %v", n, f.Steps(), err)
		}
		if _, err := f.Create("/d/x"); !errors.Is(err, vfs.ErrCrash) {
			t.Fatalf("after the crash: %v", err)
		}
		f.PowerCut(vfs.LoseSome)
		if n > 6 && contents(t, f, "a") == nil && contents(t, f, "b") == nil && n < 8 {
			t.Fatalf("crash at %d: the file is gone", n)
		}
	}
}

func TestFail(t *testing.T) {
	f := vfs.NewFake(1)
	h := file(t, f, "a", nil)
	broken := errors.New("broken")
	f.Fail(vfs.OpWrite, 2, broken)
	for i, want := range []error{nil, broken, nil} {
		if err := write(h, []byte("x")); !errors.Is(err, want) {
			t.Fatalf("write %d: %v", i, err)
		}
	}
	f.Watch(func(op vfs.Op, name string) error {
		if op == vfs.OpSync && name == "/d/a" {
			return broken
		}
		return nil
	})
	if err := h.Sync(); !errors.Is(err, broken) {
		t.Fatalf("watched sync: %v", err)
	}
	f.Watch(nil)
	f.SetRoom(8192)
	if err := h.Preallocate(8193); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("preallocate: %v", err)
	}
	if err := write(h, pages(3, 'x')); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("write: %v", err)
	}
	if err := write(h, pages(1, 'x')); err != nil {
		t.Fatal(err)
	}
	if s, err := f.Space(dir); err != nil || s != (vfs.Space{Total: 8192, Free: 4096}) {
		t.Fatalf("space %+v, %v", s, err)
	}
}

func TestCloneAndCorrupt(t *testing.T) {
	f := vfs.NewFake(1)
	h := file(t, f, "a", pages(1, 'a'))
	if err := write(h, pages(2, 'b')); err != nil {
		t.Fatal(err)
	}
	c := f.Clone(2)
	if err := c.Corrupt("/d/a", 5, 'b'^'x'); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, c, "a"); got[5] != 'x' || len(got) != 8192 {
		t.Fatalf("the clone has %d bytes, %q at 5", len(got), got[5])
	}
	c.PowerCut(vfs.LoseAll)
	if got := contents(t, c, "a"); got[5] != 'a'^'b'^'x' || len(got) != 4096 {
		t.Fatalf("the clone has %d bytes, %q at 5 after a power cut", len(got), got[5])
	}
	if !bytes.Equal(contents(t, f, "a"), pages(2, 'b')) {
		t.Fatal("the original changed with its clone")
	}
}
