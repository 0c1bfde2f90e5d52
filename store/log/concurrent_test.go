package log_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"

	"github.com/lepusmq/lepus/store/log"
	"github.com/lepusmq/lepus/store/vfs"
)

// TestReadersBesideAppender reads while the log is written and recycled. A
// reader gets the right record or is told that it is gone; never another one.
func TestReadersBesideAppender(t *testing.T) {
	for name, fs := range map[string]vfs.FS{"memory": vfs.NewFake(1), "disk": vfs.OS{}} {
		t.Run(name, func(t *testing.T) {
			d := dir
			if name == "disk" {
				d = filepath.Join(t.TempDir(), "log")
			}
			readBeside(t, log.Options{FS: fs, Dir: d, SegmentSize: 64 << 10, Reserve: 1, Pool: 3})
		})
	}
}

func readBeside(t *testing.T, opt log.Options) {
	l, err := log.Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Replay(0, 0, nil); err != nil {
		t.Fatal(err)
	}
	if err := l.Start(); err != nil {
		t.Fatal(err)
	}
	var (
		mu   sync.Mutex
		all  []entry // written
		done = make(chan struct{})
		wg   sync.WaitGroup
	)
	pick := func(rng *rand.Rand) (entry, bool) {
		mu.Lock()
		defer mu.Unlock()
		if len(all) == 0 {
			return entry{}, false
		}
		return all[rng.IntN(len(all))], true
	}
	bad := func(err error) bool { return err != nil && !errors.Is(err, log.ErrNotFound) }
	wg.Go(func() {
		rng := rand.New(rand.NewPCG(1, 1))
		var buf []byte
		for !closed(done) {
			e, ok := pick(rng)
			if !ok {
				continue
			}
			rec, err := l.Read(e.pos, buf)
			if bad(err) || err == nil && !bytes.Equal(rec.Payload, e.body) {
				t.Errorf("read %v: %v", e, err)
				return
			}
			buf = rec.Payload
		}
	})
	wg.Go(func() {
		rng := rand.New(rand.NewPCG(2, 2))
		r := l.NewReader(3000)
		defer r.Close()
		for !closed(done) {
			e, ok := pick(rng)
			if !ok {
				continue
			}
			r.Seek(e.pos)
			last := e.pos - 1
			for range 20 {
				rec, err := r.Next()
				if err == io.EOF {
					break
				}
				if bad(err) {
					t.Errorf("next after %v: %v", e, err)
					return
				}
				if err != nil {
					break
				}
				if rec.Position <= last {
					t.Errorf("position %d after %d", rec.Position, last)
				}
				last = rec.Position
			}
		}
	})
	wg.Go(func() {
		for !closed(done) {
			l.Segments()
			l.Usage()
			l.Ready()
		}
	})
	for n := range 2000 {
		e := entry{body: body(uint32(n), 20+n%900)}
		if e.pos, err = l.Append(1, e.body); err != nil {
			t.Fatal(err)
		}
		if err := l.Write(); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		all = append(all, e)
		mu.Unlock()
		if segments := l.Segments(); len(segments) > 5 {
			if err := l.Recycle(segments[n%3].Seq); err != nil {
				t.Fatal(err)
			}
		}
	}
	close(done)
	wg.Wait()
}

func closed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
