package log_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/lepusmq/lepus/store/log"
	"github.com/lepusmq/lepus/store/vfs"
)

// TestRealFiles writes to the real file system, reads in every way, and opens
// again.
func TestRealFiles(t *testing.T) {
	opt := log.Options{Dir: filepath.Join(t.TempDir(), "a", "log"), SegmentSize: 64 << 10}
	var all []entry
	for epoch := uint32(1); epoch <= 3; epoch++ {
		l, err := log.Open(opt)
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		err = l.Replay(0, 0, func(rec log.Record) error {
			if i == len(all) || rec.Position != all[i].pos || !bytes.Equal(rec.Payload, all[i].body) {
				return fmt.Errorf("record %d at %d", i, rec.Position)
			}
			i++
			return nil
		})
		if err != nil || i != len(all) {
			t.Fatalf("epoch %d: %d of %d records, %v", epoch, i, len(all), err)
		}
		if l.Epoch() != epoch-1 {
			t.Fatalf("epoch %d before start %d", l.Epoch(), epoch)
		}
		if err := l.Start(); err != nil || l.Epoch() != epoch {
			t.Fatalf("start: epoch %d, %v", l.Epoch(), err)
		}
		for n := range 300 {
			e := entry{kind: log.Kind(n), body: body(uint32(n), 4+n*7%3000)}
			if n%100 == 99 {
				e.body = body(uint32(n), l.MaxPayload())
			}
			b := append(l.Begin(e.kind), e.body...)
			if e.pos, err = l.Finish(b); err != nil {
				t.Fatal(err)
			}
			all = append(all, e)
		}
		if _, err := l.Sync(); err != nil {
			t.Fatal(err)
		}
		readAll(t, l, all)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// readAll reads records one by one, and in a run, and compares.
func readAll(t *testing.T, l *log.Log, all []entry) {
	t.Helper()
	var buf []byte
	for _, e := range all {
		rec, err := l.Read(e.pos, buf)
		if err != nil || rec.Kind != e.kind || !bytes.Equal(rec.Payload, e.body) {
			t.Fatalf("read %v: %v", e, err)
		}
		buf = rec.Payload
	}
	for _, ahead := range []int{0, 1, 5000} {
		r := l.NewReader(ahead)
		r.Seek(all[0].pos)
		for _, e := range all {
			rec, err := r.Next()
			if err != nil || rec.Position != e.pos || rec.Kind != e.kind || !bytes.Equal(rec.Payload, e.body) {
				t.Fatalf("next %v: %v", e, err)
			}
		}
		if _, err := r.Next(); err != io.EOF {
			t.Fatalf("behind the last: %v", err)
		}
		r.Seek(all[len(all)/2].pos)
		if rec, err := r.Next(); err != nil || rec.Position != all[len(all)/2].pos {
			t.Fatalf("after seek: %v", err)
		}
		r.Close()
	}
}

// TestErrors asks for what cannot be had.
func TestErrors(t *testing.T) {
	r := newRig(t, 1)
	l, err := log.Open(r.opt)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := l.Append(1, nil); err == nil {
		t.Error("append before start")
	}
	if err := l.Start(); err == nil {
		t.Error("start before replay")
	}
	if err := l.Replay(0, 0, nil); err != nil {
		t.Fatal(err)
	}
	if err := l.Start(); err != nil {
		t.Fatal(err)
	}
	pos, err := l.Append(1, make([]byte, l.MaxPayload()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(1, make([]byte, l.MaxPayload()+1)); !errors.Is(err, log.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	if _, err := l.Read(pos, nil); !errors.Is(err, log.ErrNotWritten) {
		t.Errorf("read before write: %v", err)
	}
	if err := l.Write(); err != nil {
		t.Fatal(err)
	}
	if rec, err := l.Read(pos, nil); err != nil || len(rec.Payload) != l.MaxPayload() {
		t.Errorf("read: %v", err)
	}
	var bad *log.DamageError
	if _, err := l.Read(pos+4, nil); !errors.As(err, &bad) {
		t.Errorf("read amid a record: %v", err)
	}
	for _, p := range []log.Position{0, pos - 4, 1 << 40} {
		if _, err := l.Read(p, nil); !errors.Is(err, log.ErrNotFound) {
			t.Errorf("read %d: %v", p, err)
		}
	}
	if err := l.Recycle(1); !errors.Is(err, log.ErrInUse) {
		t.Errorf("recycle: %v", err)
	}
	if err := l.Recycle(9); err != nil {
		t.Errorf("recycle what is not there: %v", err)
	}
	l.Close()
	if _, err := l.Append(1, nil); !errors.Is(err, log.ErrClosed) {
		t.Errorf("append after close: %v", err)
	}
}

// TestNoAllocation appends, writes, syncs and reads without an allocation for
// each record.
func TestNoAllocation(t *testing.T) {
	l, err := log.Open(log.Options{Dir: t.TempDir(), SegmentSize: 16 << 20, Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := errors.Join(l.Replay(0, 0, nil), l.Start()); err != nil {
		t.Fatal(err)
	}
	head, body, buf := make([]byte, 20), make([]byte, 500), make([]byte, 600)
	batch := func() {
		var pos log.Position
		for range 100 {
			if pos, err = l.Append(1, head, body); err != nil {
				t.Fatal(err)
			}
		}
		if _, err = l.Sync(); err != nil {
			t.Fatal(err)
		}
		if _, err = l.Read(pos, buf); err != nil {
			t.Fatal(err)
		}
	}
	batch()
	if n := testing.AllocsPerRun(20, batch); n > 0 {
		t.Fatalf("%v allocations for 100 records", n)
	}
}

// TestFails makes one operation after the other fail. A failed write or sync
// is for good; nothing that was synced is lost by it.
func TestFails(t *testing.T) {
	broken := errors.New("broken")
	for _, op := range []vfs.Op{vfs.OpCreate, vfs.OpSyncDir, vfs.OpWrite, vfs.OpSync, vfs.OpPreallocate} {
		for n := 1; n <= 25; n++ {
			r := newRig(t, uint64(n))
			r.mustStart(0, 0)
			r.fs.Fail(op, n, broken)
			rng := rand.New(rand.NewPCG(uint64(n), 2))
			for range 100 {
				err := r.random(rng)
				if err == nil {
					continue
				}
				if !errors.Is(err, log.ErrFailed) || !errors.Is(err, broken) {
					t.Fatalf("operation %d, number %d: %v", op, n, err)
				}
				if _, err := r.l.Sync(); !errors.Is(err, log.ErrFailed) {
					t.Fatalf("sync after a failure: %v", err)
				}
				if _, err := r.l.Append(1, nil); !errors.Is(err, log.ErrFailed) {
					t.Fatalf("append after a failure: %v", err)
				}
				break
			}
			r.mustStart(r.from, r.crash(n%3))
			r.crash(0)
		}
	}
}

// TestFreeFileFound takes a free file whose name an earlier process did not
// live to sync. What is then written into it must not be lost with the name.
func TestFreeFileFound(t *testing.T) {
	r := newRig(t, 1)
	if err := r.fs.MkdirAll(dir); err != nil {
		t.Fatal(err)
	}
	f, err := r.fs.Create(filepath.Join(dir, "00000007.seg"))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Preallocate(r.opt.SegmentSize); err != nil {
		t.Fatal(err)
	}
	r.fs.Kill()
	r.fs.Watch(func(op vfs.Op, _ string) error {
		if op == vfs.OpCreate {
			return syscall.ENOSPC
		}
		return nil
	})
	r.mustStart(0, 0)
	if err := r.append(10); err != nil {
		t.Fatal(err)
	}
	if err := r.sync(); err != nil {
		t.Fatal(err)
	}
	r.fs.Watch(nil)
	r.mustStart(0, r.crash(1))
}

// TestNewerFormat meets a segment of the next version.
func TestNewerFormat(t *testing.T) {
	r, _ := batches(t, 2)
	for _, off := range []int64{4, 4096 + 4} {
		if err := r.fs.Corrupt(r.path(1), off, 1^2); err != nil {
			t.Fatal(err)
		}
		if off == 4 {
			r.mustStart(0, 2) // one copy is still good
			r.crash(0)
			r, _ = batches(t, 2)
			if err := r.fs.Corrupt(r.path(1), off, 1^2); err != nil {
				t.Fatal(err)
			}
		}
	}
	err := r.replay(0, 0)
	if !errors.Is(err, log.ErrFormat) {
		t.Fatalf("got %v", err)
	}
	t.Log(err)
}

// TestOtherStore meets a segment of another store.
func TestOtherStore(t *testing.T) {
	r, _ := batches(t, 2)
	r.opt.ID = log.StoreID{1}
	if err := r.replay(0, 0); err == nil {
		t.Fatal("a segment of another store was taken")
	}
}

// TestStaleBytes fills segments again and again, and cuts the power with the
// old records still behind the new.
func TestStaleBytes(t *testing.T) {
	r := newRig(t, 9)
	r.mustStart(0, 0)
	for round := range 40 {
		for range 10 + round%7 {
			if err := r.append(400); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.sync(); err != nil {
			t.Fatal(err)
		}
		if err := r.forget(r.synced - 3); err != nil {
			t.Fatal(err)
		}
		if round%5 == 4 {
			must := r.crash(2)
			r.mustStart(r.from, must)
			if len(r.all) != must {
				t.Fatalf("%d records came back, %d were synced and no more written", len(r.all), must)
			}
			if err := r.forget(0); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := len(r.l.Segments()); n > 4 {
		t.Fatalf("%d segments are in use", n)
	}
}

// TestBodyLikeARecord puts records into bodies: those of the log itself, and
// one that lies just where it says, but was made without knowing the store. If
// the outer header is damaged the search goes through the body.
func TestBodyLikeARecord(t *testing.T) {
	r := newRig(t, 1)
	r.mustStart(0, 0)
	if err := r.append(60); err != nil {
		t.Fatal(err)
	}
	if err := r.sync(); err != nil {
		t.Fatal(err)
	}
	f, err := r.fs.Open(r.path(1))
	if err != nil {
		t.Fatal(err)
	}
	inner := make([]byte, 88)
	if _, err := f.ReadAt(inner, headerSize); err != nil {
		t.Fatal(err)
	}

	other := newRig(t, 2)
	other.mustStart(0, 0)
	for range 2 {
		if err := other.append(60 + 28); err != nil {
			t.Fatal(err)
		}
		if err := other.sync(); err != nil {
			t.Fatal(err)
		}
	}
	g, err := other.fs.Open(other.path(1))
	if err != nil {
		t.Fatal(err)
	}
	forged := make([]byte, 88+28)
	if _, err := g.ReadAt(forged, headerSize+int64(other.all[1].pos-other.all[0].pos)); err != nil {
		t.Fatal(err)
	}
	if got := other.all[1].pos - r.l.End(); got != 28 {
		t.Fatalf("the forged record lies %d bytes behind the outer one", got)
	}
	pos, err := r.l.Append(1, forged, inner)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.sync(); err != nil {
		t.Fatal(err)
	}
	r.crash(0)
	if err := r.fs.Corrupt(r.path(1), headerSize+int64(pos-r.all[0].pos)+8, 1); err != nil {
		t.Fatal(err)
	}
	if err := r.replay(0, 1); err != nil {
		t.Fatal(err)
	}
	if len(r.all) != 1 {
		t.Fatalf("%d records", len(r.all))
	}
}
