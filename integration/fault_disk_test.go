package integration

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// mount mounts a file system on a new folder until the end of the test, or skips the test where that is not allowed.
func mount(t testing.TB, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("mount", append(args, dir)...).CombinedOutput(); err != nil {
		t.Skipf("needs a file system of its own, and mount %s fails: %v %s", strings.Join(args, " "), err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, out)
		}
	})
	return dir
}

func smallVolume(t testing.TB) string {
	t.Helper()
	return mount(t, "-t", "tmpfs", "-o", "size=200m", "tmpfs")
}

// filler is a file that takes room on a volume.
type filler struct {
	t testing.TB
	*os.File
}

func newFiller(t testing.TB, dir string) *filler {
	t.Helper()
	file, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return &filler{t, file}
}

// grow writes some MiB and says whether there was room for them.
func (f *filler) grow(mib int) bool {
	_, err := f.Write(make([]byte, mib<<20))
	return err == nil
}

func (f *filler) remove() {
	f.t.Helper()
	if err := os.Remove(f.Name()); err != nil {
		f.t.Fatal(err)
	}
	// The room comes back with the last handle.
	if err := f.Close(); err != nil {
		f.t.Fatal(err)
	}
}

// used is how many bytes the files in a folder take.
func used(t testing.TB, dir string) (bytes int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // it may be gone by now
		}
		if info, err := d.Info(); err == nil {
			bytes += info.Size()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

// The messages fill the disk: publishers are blocked while there is still room, consumers go on, what they take makes
// room, and publishers go on.
func testDiskFull(t *testing.T, binary lepus) {
	dir := smallVolume(t)
	server := binary.start(t, dir)
	c := connect(t, server.url)
	q := c.durable("q")
	f := startFlood(t, server.url, q, amqp.Persistent, 64<<10)
	f.wantBlocked(true, "low on disk")
	t.Logf("blocked with %d messages confirmed, files of %d MiB", f.settled(), used(t, dir)>>20)
	f.drained(c)
	f.wantBlocked(false, "")
	t.Logf("unblocked with files of %d MiB", used(t, dir)>>20)
	server.running()
	f.stop()
	f.drained(c)
	afterwards(t, binary, server, dir, q)
}

// Somebody else fills the disk, and makes room again.
func testDiskFilled(t *testing.T, binary lepus) {
	dir := smallVolume(t)
	server := binary.start(t, filepath.Join(dir, "data"))
	c := connect(t, server.url)
	q := c.durable("q")
	other := newFiller(t, dir)
	other.grow(150)
	f := startFlood(t, server.url, q, amqp.Persistent, 16)
	before := 0
	every(t, 200*time.Millisecond, func() bool {
		settled := f.settled()
		if settled == before {
			return len(f.blocked) == 0 // the server must have its turn before more is taken from it
		}
		before = settled
		return len(f.blocked) == 0 && other.grow(1)
	})
	f.wantBlocked(true, "low on disk")
	f.drained(c)
	server.running()
	other.remove()
	f.wantBlocked(false, "")
	f.stop()
	f.drained(c)
	afterwards(t, binary, server, filepath.Join(dir, "data"), q)
}

// Somebody else takes all the room at once. The server may stop, but with an error that says why, and without losing
// anything.
func testDiskBrimful(t *testing.T, binary lepus) {
	dir := smallVolume(t)
	data := filepath.Join(dir, "data")
	server := binary.start(t, data)
	c := connect(t, server.url)
	q := c.durable("q")
	f := startFlood(t, server.url, q, amqp.Persistent, 4<<10)
	eventually(t, func() bool { return f.settled() > 100 }, func() string { return "nothing is confirmed" })
	other := newFiller(t, dir)
	for other.grow(1) {
	}
	select {
	case blocked, ok := <-f.blocked:
		if ok && blocked.Active {
			other.remove()
			f.wantBlocked(false, "")
			f.stop()
			break
		}
		server.wantEnd()
		if said := server.said.String(); server.err == nil || !strings.Contains(said, "disk is full") || strings.Contains(said, "SIGBUS") {
			t.Errorf("the server ended with %v", server.err)
		}
		f.all.Wait()
		other.remove()
		server = binary.start(t, data)
		c = connect(t, server.url)
	case <-time.After(patience):
		t.Fatal("the server takes no notice")
	}
	f.drained(c)
	afterwards(t, binary, server, data, q)
}
