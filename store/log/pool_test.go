package log_test

import (
	"errors"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lepusmq/lepus/store/log"
	"github.com/lepusmq/lepus/store/vfs"
)

// TestDiskFull runs out of space, gives some back, and goes on.
func TestDiskFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1)
		r.opt.Reserve = 2
		r.fs.SetRoom(6 * 16 << 10)
		r.mustStart(0, 0)
		fill := func(stop func(ready int, err error) bool) error {
			for range 1000 {
				synctest.Wait()
				if stop(r.l.Ready()) {
					return nil
				}
				if err := r.append(2000); err != nil {
					return err
				}
				if err := r.sync(); err != nil {
					return err
				}
			}
			t.Fatal("the disk was never full")
			return nil
		}
		low := func(ready int, err error) bool { return ready <= r.opt.Reserve && err != nil }
		if err := fill(low); err != nil {
			t.Fatal(err)
		}
		// What the reserve is for.
		if err := fill(func(ready int, _ error) bool { return ready == 0 }); err != nil {
			t.Fatal(err)
		}
		if err := r.forget(r.synced - 1); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if ready, err := r.l.Ready(); ready <= r.opt.Reserve || err != nil {
			t.Fatalf("%d ready after space was given back, %v", ready, err)
		}
		// A volume that grows is noticed without being told.
		if err := fill(low); err != nil {
			t.Fatal(err)
		}
		r.fs.SetRoom(-1)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if ready, err := r.l.Ready(); ready <= r.opt.Reserve || err != nil {
			t.Fatalf("%d ready on a larger volume, %v", ready, err)
		}
		// And a full one is the end when there is no reserve left.
		r.fs.SetRoom(0)
		err := fill(func(int, error) bool { return false })
		if !errors.Is(err, log.ErrFailed) || !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("got %v", err)
		}
		r.l.Close()
	})
}

// TestPool keeps as many free files as it is told and removes the rest; those
// that nobody takes for a while go, too.
func TestPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1)
		r.opt.Pool = 3
		r.mustStart(0, 0)
		for len(r.l.Segments()) < 12 {
			if err := r.append(3000); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.sync(); err != nil {
			t.Fatal(err)
		}
		if err := r.forget(r.synced); err != nil {
			t.Fatal(err)
		}
		check := func(want int) {
			t.Helper()
			synctest.Wait()
			names, err := r.fs.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			ready, err := r.l.Ready()
			if err != nil || ready != want || len(names) != want+len(r.l.Segments()) {
				t.Fatalf("%d files, %d segments, %d ready, %v", len(names), len(r.l.Segments()), ready, err)
			}
			if got, want := r.l.Usage(), int64(len(names))*16<<10; got != want {
				t.Fatalf("usage %d, want %d", got, want)
			}
		}
		time.Sleep(5 * time.Second)
		check(3)
		time.Sleep(20 * time.Second)
		check(r.opt.Reserve + 1)
		r.l.Close()
	})
}

// TestPoolInUse keeps files beyond the reserve as long as they are taken: a
// store that gives back many segments at once and fills them again.
func TestPoolInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1)
		r.opt.Pool = 20
		r.mustStart(0, 0)
		var created atomic.Int64
		for round := range 10 {
			if round == 2 {
				r.fs.Watch(func(op vfs.Op, _ string) error {
					if op == vfs.OpCreate || op == vfs.OpRemove {
						created.Add(1)
					}
					return nil
				})
			}
			for n := len(r.l.Segments()) + 8; len(r.l.Segments()) < n; {
				if err := r.append(3000); err != nil {
					t.Fatal(err)
				}
			}
			if err := r.sync(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(3 * time.Second)
			if err := r.forget(r.synced); err != nil {
				t.Fatal(err)
			}
			time.Sleep(4 * time.Second)
		}
		if n := created.Load(); n != 0 {
			t.Errorf("files were made or removed %d times", n)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if ready, _ := r.l.Ready(); ready != r.opt.Reserve+1 {
			t.Errorf("%d ready when nothing is written any more", ready)
		}
		r.l.Close()
	})
}

// TestSmallSteps looks at what the keeper does to large files: zeros are
// written into the next one when the present one is half full, and one too
// many is cut short before it is removed.
func TestSmallSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1)
		r.opt.SegmentSize = 8 << 20
		r.opt.Pool = 1
		r.mustStart(0, 0)
		first := r.l.Segments()[0].File
		var zeroed, steps, cut, removed int
		r.fs.Watch(func(op vfs.Op, name string) error {
			switch {
			case op == vfs.OpWrite && filepath.Base(name) != first:
				zeroed++
			case op == vfs.OpSync && filepath.Base(name) != first:
				steps++
			case op == vfs.OpTruncate:
				cut++
			case op == vfs.OpRemove:
				removed++
			}
			return nil
		})
		for range 3 {
			if err := r.append(r.l.MaxPayload()); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(10 * time.Second)
		if zeroed != 0 {
			t.Fatal("zeros were written too soon")
		}
		if err := r.append(r.l.MaxPayload()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		// 4 KiB at a time, 256 KiB in a step.
		if zeroed != 2048 || steps != 32 {
			t.Fatalf("zeros were written %d times, in %d steps", zeroed, steps)
		}
		for len(r.l.Segments()) < 3 {
			if err := r.append(r.l.MaxPayload()); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.sync(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if err := r.forget(r.synced); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		// Two come back, two are there, two are to be kept.
		if ready, _ := r.l.Ready(); ready != 2 || removed != 2 || cut != 2 {
			t.Fatalf("%d ready, %d removed, cut %d times", ready, removed, cut)
		}
		r.l.Close()
	})
}
