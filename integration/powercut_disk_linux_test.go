package integration

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// disk is a file system whose power can be cut. It lies in an image, a file with a loop device on it. What has been
// written to the device is in that file; what the file system, or the kernel for a program, still keeps in memory is not.
// A copy of the image, taken at one instant, is therefore what a power cut at this instant leaves behind.
//
// For that instant the image must not change. So it lies in a file system of its own, called a shelf, which can be
// frozen: that holds up every write of the loop device, and flushes the shelf's cache but not that of the disk, which is
// above. The copy goes to another shelf, and the disk goes on from there.
//
// It is a disk without a volatile cache, or with a battery: every write that it has accepted is there. Lost and torn
// sectors between two flushes are simulated by the store's file layer in its own tests.
type disk struct {
	t       testing.TB
	shelves [2]string // where they are mounted
	at      int       // the shelf that has the image
	mount   string    // where the disk is
}

// image is the file on a shelf that is the disk.
const image = "disk.img"

// newDisk makes a disk of 3 GiB, which takes only as much room as is used. It skips the test where that cannot be done.
func newDisk(t testing.TB) *disk {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("cutting the power takes loop devices, and those take root")
	}
	for _, tool := range []string{"mkfs.ext4", "mount", "umount", "fsfreeze", "cp"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("cutting the power takes %s: %v", tool, err)
		}
	}
	dir := t.TempDir()
	d := &disk{t: t, mount: filepath.Join(dir, "disk")}
	for i, name := range []string{"shelf0", "shelf1"} {
		d.shelves[i] = filepath.Join(dir, name)
		d.format(d.shelves[i]+".img", 8<<30, "-O", "^has_journal")
		if out, err := d.attach(d.shelves[i]+".img", d.shelves[i]); err != nil && i == 0 {
			t.Skipf("cutting the power takes loop devices: %v: %s", err, out)
		} else if err != nil {
			t.Fatalf("mount a shelf: %v: %s", err, out)
		}
	}
	d.format(d.image(), 3<<30)
	d.plugIn()
	return d
}

// folder is the data folder on the disk.
func (d *disk) folder() string { return filepath.Join(d.mount, "lepus") }

func (d *disk) image() string { return filepath.Join(d.shelves[d.at], image) }

func (d *disk) format(file string, size int64, options ...string) {
	d.t.Helper()
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		d.t.Fatal(err)
	}
	if err := os.Truncate(file, size); err != nil {
		d.t.Fatal(err)
	}
	d.run("mkfs.ext4", append(options, "-q", "-F", file)...)
}

// attach mounts an image until the end of the test.
func (d *disk) attach(file, dir string) (string, error) {
	d.t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		d.t.Fatal(err)
	}
	out, err := exec.Command("mount", "-o", "loop,noatime", file, dir).CombinedOutput()
	if err == nil {
		d.t.Cleanup(func() { _ = exec.Command("umount", dir).Run() })
	}
	return string(out), err
}

// plugIn mounts the disk, which brings the file system in order as after any power cut.
func (d *disk) plugIn() {
	d.t.Helper()
	if out, err := d.attach(d.image(), d.mount); err != nil {
		d.t.Fatalf("mount the disk: %v: %s", err, out)
	}
}

// cut cuts the power under a server and plugs the disk in again.
func (d *disk) cut(server *process) {
	d.t.Helper()
	d.copyFrozen(server)
	<-server.done
	d.run("umount", d.mount)
	if err := os.Remove(d.image()); err != nil {
		d.t.Fatal(err)
	}
	d.at = 1 - d.at
	d.plugIn()
}

// copyFrozen copies the image as it is at one instant. The server has no time to do anything after this instant that
// the copy does not have: it is killed before its writes go on.
func (d *disk) copyFrozen(server *process) {
	d.t.Helper()
	shelf := d.shelves[d.at]
	d.run("fsfreeze", "--freeze", shelf)
	defer d.run("fsfreeze", "--unfreeze", shelf)
	d.run("cp", "--sparse=auto", d.image(), d.shelves[1-d.at])
	if err := server.cmd.Process.Kill(); err != nil {
		d.t.Fatal(err)
	}
}

// scribble writes a file that nobody syncs.
func (d *disk) scribble() {
	d.t.Helper()
	if err := os.WriteFile(filepath.Join(d.mount, "scribble"), scribbled(), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// lostScribble says whether the power cut has taken that file, as it should.
func (d *disk) lostScribble() bool {
	d.t.Helper()
	file := filepath.Join(d.mount, "scribble")
	found, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.t.Fatal(err)
	}
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.t.Fatal(err)
	}
	return !bytes.Equal(found, scribbled())
}

func scribbled() []byte { return bytes.Repeat([]byte("scribble"), 1<<17) }

func (d *disk) run(name string, args ...string) {
	d.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		d.t.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
}
