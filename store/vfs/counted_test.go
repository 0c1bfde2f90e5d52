package vfs_test

import (
	"path/filepath"
	"testing"

	"github.com/lepusmq/lepus/store/vfs"
)

func TestCounted(t *testing.T) {
	t.Parallel()
	fs := vfs.Count(vfs.OS{})
	name := filepath.Join(t.TempDir(), "file")
	f, err := fs.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := f.WriteAt([]byte("12345"), 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if f, err = fs.Open(name); err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.ReadAt(make([]byte, 3), 0); err != nil {
		t.Fatal(err)
	}
	reads, writes, syncs := fs.Counts()
	if reads.Ops != 1 || reads.Bytes != 3 || writes.Ops != 2 || writes.Bytes != 10 || syncs.Ops != 1 || syncs.Bytes != 0 {
		t.Errorf("reads %+v, writes %+v, syncs %+v", reads, writes, syncs)
	}
	if reads.Took <= 0 || writes.Took <= 0 || syncs.Took <= 0 {
		t.Errorf("it took no time: reads %v, writes %v, syncs %v", reads.Took, writes.Took, syncs.Took)
	}
	if _, err := fs.Open(name + " too"); err == nil {
		t.Error("there is no such file")
	}
}
