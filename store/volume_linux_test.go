package store

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/lepusmq/lepus/store/vfs"
)

// volumeSize is that of the small volumes.
const volumeSize = 256 << 20

// mountTmpfs mounts a small volume in memory.
func mountTmpfs(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", volumeSize)); err != nil {
		t.Skipf("a small volume must be mounted for this test, which takes root: %v", err)
	}
	t.Cleanup(func() { step(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

// mountExt4 mounts a small volume that lies in a file.
func mountExt4(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	image, at := filepath.Join(dir, "image"), filepath.Join(dir, "volume")
	f, err := os.Create(image)
	step(t, err)
	step(t, f.Truncate(volumeSize))
	step(t, f.Close())
	step(t, os.Mkdir(at, 0o700))
	for _, c := range [][]string{{"mkfs.ext4", "-q", "-m", "0", image}, {"mount", "-o", "loop", image, at}} {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Skipf("a small volume must be mounted for this test, which takes root and e2fsprogs: %s: %v: %s", c[0], err, out)
		}
	}
	t.Cleanup(func() {
		// Lazily: a store that failed is still open.
		if out, err := exec.Command("umount", "-l", at).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	return at
}

// smallStore is a store on a small volume, with what it says about the disk.
type smallStore struct {
	*durable
	t      *testing.T
	queue  Queue
	low    chan bool
	failed chan error
	next   uint64
}

func openSmall(t *testing.T, dir string) *smallStore {
	s := &smallStore{t: t, low: make(chan bool, 100), failed: make(chan error, 1)}
	s.durable = mustOpen(t, Options{
		Dir:    filepath.Join(dir, "data"),
		OnDisk: func(low bool) { s.low <- low },
		OnFail: func(err error) { s.failed <- err },
	})
	s.queue = define(t, s.durable, 1)
	s.next = s.queue.NextSeq()
	return s
}

// publish publishes so many messages of 10 KiB and waits until they are safe.
func (s *smallStore) publish(n int) {
	s.t.Helper()
	var seqs []uint64
	r := newRecorder()
	var slab Slab
	for range n {
		m := message(&slab, s.next, 10<<10)
		s.queue.Append([]Enqueue{{Seq: s.next, Message: m, Confirm: r, Publish: s.next}})
		m.Release()
		seqs = append(seqs, s.next)
		s.next++
	}
	s.Throttle()
	r.wait(len(seqs))
}

// wait waits for the alarm to become so.
func (s *smallStore) wait(low bool) {
	s.t.Helper()
	for {
		select {
		case got := <-s.low:
			if got == low {
				return
			}
		case err := <-s.failed:
			s.t.Fatal(err)
		case <-time.After(time.Minute):
			s.t.Fatalf("low did not become %v; %s", low, s.room())
		}
	}
}

func (s *smallStore) room() string {
	space, err := s.opt.FS.Space(s.opt.Dir)
	return fmt.Sprintf("%d MiB are left, low is %d, floor %d, log %d MiB: %v",
		space.Free>>20, s.volume.low>>20, s.volume.floor>>20, s.log.Usage()>>20, err)
}

// TestSmallVolume fills a small volume by messages and by something else: the
// alarm rises, settling clears it, and what was confirmed is there.
func TestSmallVolume(t *testing.T) {
	for name, mount := range map[string]func(*testing.T) string{"tmpfs": mountTmpfs, "ext4": mountExt4} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if testing.Short() {
				t.Skip("it takes some seconds")
			}
			dir := mount(t)
			s := openSmall(t, dir)

			// By messages.
			for len(s.low) == 0 && s.next < 1000*volumeSize/(10<<20) {
				s.publish(100)
			}
			s.wait(true)
			t.Logf("low with %d MiB of messages: %s", s.next*10>>10, s.room())
			if s.next*10<<10 < volumeSize/3 {
				t.Errorf("low with %d messages", s.next)
			}
			for range 16 {
				s.publish(100) // what was under way
			}
			s.queue.SettleBelow(s.next-10, nil)
			s.wait(false)
			t.Logf("after settling: %s", s.room())

			// By something else, down to almost nothing.
			other, err := vfs.OS{}.Create(filepath.Join(dir, "other"))
			step(t, err)
			kept := s.next
			size := int64(0)
			fill := func() {
				space, err := vfs.OS{}.Space(dir)
				step(t, err)
				if space.Free > 1<<20 {
					more := space.Free - 1<<20
					switch err := other.Preallocate(size + more); {
					case err == nil:
						size += more
					case !errors.Is(err, syscall.ENOSPC): // the store was faster
						t.Fatal(err)
					}
				}
			}
			for n := 0; n < 8 || len(s.low) == 0; n++ {
				fill()
				s.publish(10)
			}
			s.wait(true)
			s.queue.Settle([]uint64{kept - 1, kept - 2})
			s.publish(10)
			// The log gives room back, too, in its own time.
			for again, late := time.NewTicker(10*time.Millisecond), time.After(3*idleAfter); late != nil; {
				select {
				case <-again.C:
					fill()
				case <-late:
					again.Stop()
					late = nil
				}
			}
			s.publish(10)
			step(t, other.Truncate(0))
			step(t, other.Close())
			s.wait(false)
			s.publish(10)
			mustClose(t, s.durable)
			if len(s.failed) > 0 {
				t.Fatal(<-s.failed)
			}
			again := openSmall(t, dir)
			list := loadAll(t, again.queue)
			if want := int(s.next-kept) + 10 - 2; len(list) != want || !again.Clean() {
				t.Errorf("%d messages of %d, clean %v", len(list), want, again.Clean())
			}
			again.queue.SettleBelow(again.next, nil)
			mustClose(t, again.durable)
		})
	}
}
