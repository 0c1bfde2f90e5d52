package log_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lepusmq/lepus/store/log"
	"github.com/lepusmq/lepus/store/vfs"
)

// sharedRig has records of all sizes in segments that several windows cover.
func sharedRig(t *testing.T) *rig {
	t.Helper()
	r := newRig(t, 1)
	r.opt.SegmentSize = 300 << 10
	r.opt.Pool = 20
	r.mustStart(0, 0)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 600 {
		size := 10 + rng.IntN(3000)
		if rng.IntN(100) == 0 {
			size = 100 << 10 // in no window
		}
		if err := r.append(size); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.sync(); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestSharedReaders has many goroutines read here and there, through fewer
// windows than they need, while the log grows.
func TestSharedReaders(t *testing.T) {
	r := sharedRig(t)
	all := r.all
	shared := &log.Windows{Most: 3}
	var readers sync.WaitGroup
	for seed := range uint64(4) {
		readers.Go(func() {
			rng := rand.New(rand.NewPCG(seed, 1))
			reader := r.l.NewReader(5000)
			defer reader.Close()
			for range 1000 {
				at := rng.IntN(len(all))
				if rng.IntN(10) == 0 {
					reader.Close()
				}
				if rng.IntN(5) > 0 {
					reader.Share(shared)
				} else {
					reader.Share(nil)
				}
				reader.Seek(all[at].pos)
				for _, want := range all[at:min(at+rng.IntN(4), len(all))] {
					rec, err := reader.Next()
					if err != nil || rec.Position != want.pos || !bytes.Equal(rec.Payload, want.body) {
						t.Errorf("position %d: %d, %v", want.pos, rec.Position, err)
						return
					}
				}
			}
		})
	}
	for range 100 {
		if err := r.append(2000); err != nil {
			t.Fatal(err)
		}
		if err := r.sync(); err != nil {
			t.Fatal(err)
		}
	}
	readers.Wait()
}

// TestSharedReadsAreFew counts reads: what one reader has read costs the next
// nothing, and a window of a segment that has grown is read again.
func TestSharedReadsAreFew(t *testing.T) {
	r := sharedRig(t)
	var reads atomic.Int64
	r.fs.Watch(func(op vfs.Op, name string) error {
		if op == vfs.OpRead && strings.HasSuffix(name, ".seg") {
			reads.Add(1)
		}
		return nil
	})
	defer r.fs.Watch(nil)
	shared := &log.Windows{Most: 64}
	readAll := func() int64 {
		before := reads.Load()
		reader := r.l.NewReader(100)
		defer reader.Close()
		reader.Share(shared)
		reader.Seek(r.all[0].pos)
		for _, want := range r.all {
			rec, err := reader.Next()
			if err != nil || rec.Position != want.pos || !bytes.Equal(rec.Payload, want.body) {
				t.Fatalf("position %d: %d, %v", want.pos, rec.Position, err)
			}
		}
		return reads.Load() - before
	}
	first, again := readAll(), readAll()
	if again > first/2 || first > int64(len(r.all)/4) {
		t.Errorf("%d records: %d reads, then %d", len(r.all), first, again)
	}
	if err := r.append(1000); err != nil {
		t.Fatal(err)
	}
	if err := r.sync(); err != nil {
		t.Fatal(err)
	}
	if n := readAll(); n > again+1 {
		t.Errorf("%d reads when the log has grown by a record, %d before", n, again)
	}
}

// TestSharedReadFails has a read fail: whoever needs it learns that, and the
// next one reads again.
func TestSharedReadFails(t *testing.T) {
	r := sharedRig(t)
	shared := &log.Windows{Most: 2}
	reader := r.l.NewReader(100)
	defer reader.Close()
	reader.Share(shared)
	reader.Seek(r.all[3].pos)
	r.fs.Watch(func(op vfs.Op, _ string) error {
		if op == vfs.OpRead {
			return vfs.ErrCrash
		}
		return nil
	})
	if _, err := reader.Next(); err == nil {
		t.Error("read what cannot be read")
	}
	r.fs.Watch(nil)
	reader.Seek(r.all[3].pos)
	if rec, err := reader.Next(); err != nil || !bytes.Equal(rec.Payload, r.all[3].body) {
		t.Errorf("%d, %v", rec.Position, err)
	}
}
