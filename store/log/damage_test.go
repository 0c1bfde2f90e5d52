package log_test

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lepusmq/lepus/store/log"
	"github.com/lepusmq/lepus/store/vfs"
)

// headerSize is where the records of a segment begin in its file.
const headerSize = 8192

// batches returns a rig whose log holds so many records of 40 bytes, two in a
// commit, at rest after a kill. ends are the positions behind each.
func batches(t *testing.T, n int) (r *rig, ends []log.Position) {
	t.Helper()
	r = newRig(t, 3)
	r.mustStart(0, 0)
	for i := range n {
		if err := r.append(40); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, r.l.End())
		if i%2 == 1 || i == n-1 {
			if err := r.sync(); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.crash(0)
	return r, ends
}

// segments returns what a crashed log left.
func (r *rig) segments() []log.Segment {
	r.t.Helper()
	l, err := log.Open(log.Options{FS: r.fs.Clone(0), Dir: dir})
	if err != nil {
		r.t.Fatal(err)
	}
	defer l.Close()
	return l.Segments()
}

// path returns the file of a segment of a crashed log.
func (r *rig) path(seq uint64) string {
	for _, s := range r.segments() {
		if s.Seq == seq {
			return filepath.Join(dir, s.File)
		}
	}
	r.t.Fatalf("no segment %d", seq)
	return ""
}

// on returns the rig on another state of its files.
func (r *rig) on(fs *vfs.Fake) *rig {
	c := *r
	c.fs, c.l, c.all = fs, nil, slices.Clone(r.all)
	c.opt.FS = fs
	r.t.Cleanup(func() {
		if c.l != nil {
			c.l.Close()
		}
	})
	return &c
}

// TestFlip turns one byte after the other over. A record that a later commit
// names as synced, or that is below what is known, must be named as damaged.
// In the last commit a flip cannot be told from a torn write, unless that
// commit is known.
func TestFlip(t *testing.T) {
	const records = 6
	r, ends := batches(t, records)
	path := r.path(1)
	start := r.all[0].pos
	for off := int64(0); off < headerSize+int64(ends[records-1]-start); off++ {
		if off < headerSize && off%4096 >= 96 {
			continue // nothing is there
		}
		for _, known := range []log.Position{0, ends[records-1]} {
			c := r.on(r.fs.Clone(1))
			if err := c.fs.Corrupt(path, off, 0x10); err != nil {
				t.Fatal(err)
			}
			err := c.replay(known, 0)
			pos := start + log.Position(off-headerSize)
			hit := slices.IndexFunc(ends, func(e log.Position) bool { return pos < e })
			switch {
			case off < headerSize:
				// The other copy of the header stands in.
				if err != nil || len(c.all) != records {
					t.Fatalf("offset %d: %d records, %v", off, len(c.all), err)
				}
			case known == 0 && hit >= records-2:
				if err != nil || len(c.all) != hit {
					t.Fatalf("offset %d: %d records, %v", off, len(c.all), err)
				}
			default:
				var bad *log.DamageError
				if !errors.As(err, &bad) || bad.Position != r.all[hit].pos || filepath.Base(path) != bad.File && known == 0 {
					t.Fatalf("offset %d: %v", off, err)
				}
			}
			if c.l != nil {
				c.l.Close()
				c.l = nil
			}
		}
	}
}

// TestCut cuts the log at every byte of its tail, by ending the file and by
// zeros. What is whole comes back, and the log goes on behind it.
func TestCut(t *testing.T) {
	r, ends := batches(t, 5)
	path := r.path(1)
	start := r.all[0].pos
	for at := start; at <= ends[4]; at++ {
		for _, cut := range []string{"short", "zeros"} {
			c := r.on(r.fs.Clone(2))
			f, err := c.fs.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			size, _ := f.Size()
			if err := f.Truncate(headerSize + int64(at-start)); err != nil {
				t.Fatal(err)
			}
			if cut == "zeros" {
				if err := f.Truncate(size); err != nil {
					t.Fatal(err)
				}
			}
			whole := 0
			for whole < len(ends) && ends[whole] <= at {
				whole++
			}
			c.mustStart(0, whole)
			if len(c.all) != whole {
				t.Fatalf("cut at %d: %d records, want %d", at, len(c.all), whole)
			}
			if err := c.append(100); err != nil {
				t.Fatal(err)
			}
			if pos := c.all[whole].pos; pos < ends[4] {
				t.Fatalf("cut at %d: position %d was used again", at, pos)
			}
			if err := c.sync(); err != nil {
				t.Fatal(err)
			}
			c.mustStart(c.l.Synced(), c.crash(1))
			c.crash(0)
		}
	}
}

// TestCleanMark closes a log in order. Its mark tells where the log ends: a
// flip in the last commit is damage, nothing behind the end is read, and what
// lies there is not asked. A mark of an earlier start holds no longer.
func TestCleanMark(t *testing.T) {
	r, ends := batches(t, 4)
	opened := func(c *rig, end log.Position, holds bool) {
		t.Helper()
		var err error
		if c.l, err = log.Open(c.opt); err != nil {
			t.Fatal(err)
		}
		if got := c.l.Clean(1, end); got != holds {
			t.Fatalf("the mark holds: %v", got)
		}
	}
	none := func(log.Record) error { return nil }

	c := r.on(r.fs.Clone(0))
	opened(c, ends[3], true)
	reads := 0
	c.fs.Watch(func(op vfs.Op, _ string) error { reads++; return nil })
	if err := c.l.Replay(ends[3], ends[3], none); err != nil || c.l.End() != ends[3] || reads > 0 {
		t.Fatalf("end %d after %d reads, %v", c.l.End(), reads, err)
	}
	if err := c.l.Start(); err != nil {
		t.Fatal(err)
	}
	end := c.l.End()
	c.crash(2)
	opened(c, ends[3], false)
	c.l.Close()
	opened(c, end, false)
	c.l.Close()

	c = r.on(r.fs.Clone(0))
	if err := c.fs.Corrupt(r.path(1), headerSize+int64(r.all[3].pos-r.all[0].pos)+40, 1); err != nil {
		t.Fatal(err)
	}
	opened(c, ends[3], true)
	var bad *log.DamageError
	if err := c.l.Replay(0, 0, none); !errors.As(err, &bad) || bad.Position != r.all[3].pos {
		t.Fatalf("got %v", err)
	}
	c.l.Close()
	opened(c, ends[3]+1<<20, false)
}

// TestCutWhenKnown cuts off what is known to have been synced.
func TestCutWhenKnown(t *testing.T) {
	r, ends := batches(t, 5)
	c := r.on(r.fs.Clone(0))
	f, err := c.fs.Open(r.path(1))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(headerSize + int64(ends[3]-r.all[0].pos)); err != nil {
		t.Fatal(err)
	}
	var bad *log.DamageError
	if err := c.replay(ends[4], 0); !errors.As(err, &bad) || bad.Position != ends[3] {
		t.Fatalf("got %v", err)
	}
}

// TestAcceptLoss goes on behind damage and says what was lost.
func TestAcceptLoss(t *testing.T) {
	r, ends := batches(t, 8)
	path := r.path(1)
	for _, hit := range []int{0, 2, 3, 7} {
		c := r.on(r.fs.Clone(1))
		off := headerSize + int64(r.all[hit].pos-r.all[0].pos) + 30
		if err := c.fs.Corrupt(path, off, 1); err != nil {
			t.Fatal(err)
		}
		if err := c.replay(ends[7], 0); err == nil {
			t.Fatal("damage was not seen")
		}
		c.l.Close()
		c.opt.AcceptLoss = true
		c.all = slices.Delete(c.all, hit, hit+1)
		c.mustStart(ends[7], 7)
		lost := c.l.Lost()
		if len(lost) != 1 || lost[0].Position != r.all[hit].pos {
			t.Fatalf("record %d: lost %v", hit, lost)
		}
		if hit < 7 && lost[0].Next != r.all[hit+1].pos {
			t.Fatalf("record %d: next is %d", hit, lost[0].Next)
		}
		if err := c.append(10); err != nil {
			t.Fatal(err)
		}
		if last := c.all[len(c.all)-1].pos; last < ends[7] {
			t.Fatalf("position %d was used again", last)
		}
		c.crash(0)
	}
}

// TestAcceptLossOfTheEnd accepts that the log ends long before what is known.
// Whoever then begins at that end finds nothing missing.
func TestAcceptLossOfTheEnd(t *testing.T) {
	r, ends := batches(t, 4)
	known := ends[3] + 100_000
	r.opt.AcceptLoss = true
	r.mustStart(known, 4)
	if lost := r.l.Lost(); len(lost) != 1 || lost[0].Position != ends[3] {
		t.Fatalf("lost %v", lost)
	}
	if err := r.append(10); err != nil {
		t.Fatal(err)
	}
	if err := r.sync(); err != nil {
		t.Fatal(err)
	}
	if pos := r.all[4].pos; pos < known {
		t.Fatalf("position %d was used again", pos)
	}
	r.opt.AcceptLoss = false
	for _, from := range []log.Position{ends[3], known, r.all[4].pos} {
		r.crash(1)
		r.from, r.all = from, r.all[len(r.all)-1:]
		r.mustStart(r.all[0].pos, 1)
	}
}
