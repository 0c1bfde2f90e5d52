package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

// The device under the file system fails writes: it is a sparse image on a volume that has no room for what the file
// system was promised. The server stops with an error; what it had confirmed is on the disk.
func testFailingDevice(t *testing.T, binary lepus) {
	below := smallVolume(t)
	image := filepath.Join(below, "image")
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(image, 1<<30); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", image).CombinedOutput(); err != nil {
		t.Skipf("needs an ext4 file system, and mkfs.ext4 fails: %v %s", err, out)
	}
	var f *flood
	t.Run("failing", func(t *testing.T) {
		server := binary.start(t, filepath.Join(mount(t, "-o", "loop", image), "data"))
		c := connect(t, server.url)
		c.durable("q")
		f = startFlood(t, server.url, "q", amqp.Persistent, 4<<10)
		eventually(t, func() bool { return f.settled() > 100 }, func() string { return "nothing is confirmed" })
		other := newFiller(t, below)
		for other.grow(1) {
		}
		server.wantEnd()
		f.all.Wait()
		if server.err == nil || !strings.Contains(server.said.String(), "the store has failed") {
			t.Errorf("the server ended with %v", server.err)
		}
		other.remove()
	})
	// Mounted anew, the file system has what is on the device and nothing else.
	if f == nil || t.Failed() {
		t.FailNow()
	}
	dir := filepath.Join(mount(t, "-o", "loop", image), "data")
	server := binary.start(t, dir)
	c := connect(t, server.url)
	came := f.drained(c)
	t.Logf("%d messages confirmed, %d recovered", f.settled(), came)
	afterwards(t, binary, server, dir, "q")
}
