package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/lepusmq/lepus/store/vfs"
)

// slowFS makes each sync of a segment take longer, as a cloud disk does.
type slowFS struct {
	vfs.OS
	delay time.Duration
}

type slowFile struct {
	vfs.File
	delay time.Duration
}

func (f slowFS) Create(name string) (vfs.File, error) {
	file, err := f.OS.Create(name)
	return slowFile{file, f.delay}, err
}

func (f slowFS) Open(name string) (vfs.File, error) {
	file, err := f.OS.Open(name)
	return slowFile{file, f.delay}, err
}

func (f slowFile) Sync() error {
	if f.delay > 0 {
		<-time.After(f.delay)
	}
	return f.File.Sync()
}

// BenchmarkSegmentSize publishes messages of 1 KiB as fast as the backlog
// lets it, and settles them when they are confirmed.
func BenchmarkSegmentSize(b *testing.B) {
	for _, delay := range []time.Duration{0, 2 * time.Millisecond, 10 * time.Millisecond} {
		for _, size := range []int64{8, 16, 32, 64} {
			b.Run(fmt.Sprintf("sync+%v/%dMiB", delay, size), func(b *testing.B) {
				s := mustOpen(b, Options{Dir: b.TempDir(), FS: slowFS{delay: delay}, SegmentSize: size << 20})
				defer mustClose(b, s)
				benchPipelined(b, s, define(b, s, s.NewID()), 1024)
			})
		}
	}
}

// benchPipelined publishes b.N messages, throttled by the backlog alone.
func benchPipelined(b *testing.B, s *durable, q Queue, size int) {
	r := newCounter()
	var slab Slab
	var release Releaser
	entries := make([]Enqueue, benchBatch)
	body := make([]byte, size)
	seq := q.NextSeq()
	first, settled := seq, seq
	b.SetBytes(int64(size))
	b.ResetTimer()
	for n := 0; n < b.N; n += benchBatch {
		for i := range entries {
			entries[i] = Enqueue{Seq: seq, Message: slab.Add(nil, nil, body), Confirm: r, Publish: seq}
			seq++
		}
		q.Append(entries)
		for i := range entries {
			release.Release(&entries[i].Message)
		}
		s.Throttle()
		for len(r.n) > 0 {
			r.have += <-r.n
		}
		if safe := first + r.have; safe > settled {
			q.SettleBelow(safe, nil)
			settled = safe
		}
	}
	r.wait(seq - first)
	b.StopTimer()
}
