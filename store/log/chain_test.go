package log_test

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lepusmq/lepus/store/log"
	"github.com/lepusmq/lepus/store/vfs"
)

// chain returns a rig whose log has several segments.
func chain(t *testing.T) *rig {
	t.Helper()
	r := newRig(t, 5)
	r.mustStart(0, 0)
	for len(r.l.Segments()) < 4 {
		if err := r.append(1000); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.sync(); err != nil {
		t.Fatal(err)
	}
	r.crash(0)
	return r
}

// TestLastOfSegment damages the last record of a segment that is complete,
// because another follows it.
func TestLastOfSegment(t *testing.T) {
	r := chain(t)
	first := r.segments()[0]
	i := slices.IndexFunc(r.all, func(e entry) bool { return e.pos >= first.End }) - 1
	off := headerSize + int64(r.all[i].pos-first.Start) + 40
	if err := r.fs.Corrupt(filepath.Join(dir, first.File), off, 1); err != nil {
		t.Fatal(err)
	}
	var bad *log.DamageError
	if err := r.replay(0, 0); !errors.As(err, &bad) || bad.Position != r.all[i].pos {
		t.Fatalf("got %v", err)
	}
}

// TestMissingSegment removes segments; from the position where the log is
// needed on it must be unbroken.
func TestMissingSegment(t *testing.T) {
	r := chain(t)
	for _, seq := range []uint64{1, 2, 3} {
		c := r.on(r.fs.Clone(0))
		if err := c.fs.Remove(r.path(seq)); err != nil {
			t.Fatal(err)
		}
		var bad *log.DamageError
		if err := c.replay(0, 0); !errors.As(err, &bad) {
			t.Fatalf("segment %d: %v", seq, err)
		}
		t.Log(bad)
		c.l.Close()
		// Behind it nothing is missing.
		i := slices.IndexFunc(c.all, func(e entry) bool { return e.pos >= c.all[len(c.all)-1].pos })
		c.from, c.all = c.all[i].pos, c.all[i:]
		c.mustStart(0, 1)
		c.crash(0)
	}
	c := r.on(r.fs.Clone(0))
	if err := c.fs.Remove(r.path(4)); err != nil {
		t.Fatal(err)
	}
	if err := c.replay(c.all[len(c.all)-1].pos, 0); err == nil {
		t.Fatal("the last segment was not missed")
	}
	c.l.Close()
	if err := c.replay(0, 0); err != nil {
		t.Fatalf("nothing tells of the last segment: %v", err)
	}
}

// TestUnreadable makes one read after the other fail at a start. That is never
// taken for the end of the log.
func TestUnreadable(t *testing.T) {
	r := chain(t)
	broken := errors.New("broken")
	for n := 1; ; n++ {
		c := r.on(r.fs.Clone(0))
		c.opt.AcceptLoss = n%2 == 0
		c.fs.Fail(vfs.OpRead, n, broken)
		var err error
		if c.l, err = log.Open(c.opt); err != nil {
			continue
		}
		got := 0
		err = c.l.Replay(0, 0, func(log.Record) error { got++; return nil })
		lost := len(c.l.Lost())
		c.l.Close()
		if err == nil && lost == 0 && got < len(c.all) {
			t.Fatalf("read %d failed: only %d of %d records came back", n, got, len(c.all))
		}
		if err == nil && lost == 0 {
			break
		}
	}
}

// TestUnreadableWitness damages records and makes reads fail of the one behind
// them, which would tell that the first had been synced.
func TestUnreadableWitness(t *testing.T) {
	r := newRig(t, 1)
	r.opt.SegmentSize = 2 << 20
	r.mustStart(0, 0)
	for _, size := range []int{100, 400_000, 400_000} {
		if err := r.append(size); err != nil {
			t.Fatal(err)
		}
		if size == 100 {
			if err := r.sync(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := r.sync(); err != nil {
		t.Fatal(err)
	}
	r.crash(0)
	path := r.path(1)
	for _, e := range r.all[:2] {
		if err := r.fs.Corrupt(path, headerSize+int64(e.pos-r.all[0].pos)+8, 1); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 6 {
		c := r.on(r.fs.Clone(0))
		var err error
		if c.l, err = log.Open(c.opt); err != nil {
			t.Fatal(err)
		}
		reads := 0
		c.fs.Watch(func(op vfs.Op, _ string) error {
			if reads++; reads > n {
				return errors.New("broken")
			}
			return nil
		})
		var bad *log.DamageError
		if err := c.l.Replay(0, 0, nil); !errors.As(err, &bad) || bad.Position != r.all[0].pos {
			t.Fatalf("%d reads worked: %v", n, err)
		}
	}
}

// TestLostHeader wipes both copies of the header of the last segment.
func TestLostHeader(t *testing.T) {
	only, _ := batches(t, 4)
	for _, r := range []*rig{chain(t), only} {
		last := r.segments()[len(r.segments())-1]
		f, err := r.fs.Open(filepath.Join(dir, last.File))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt(make([]byte, headerSize), 0); err != nil {
			t.Fatal(err)
		}
		var bad *log.DamageError
		if err := r.replay(0, 0); !errors.As(err, &bad) || bad.File != last.File {
			t.Fatalf("got %v", err)
		}
		r.l.Close()
		r.opt.AcceptLoss = true
		r.mustStart(0, 0)
		if err := r.append(10); err != nil {
			t.Fatal(err)
		}
		if pos := r.all[len(r.all)-1].pos; pos < last.Limit {
			t.Fatalf("position %d was used again", pos)
		}
	}
}
