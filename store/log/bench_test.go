//go:build unix

package log_test

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/lepusmq/lepus/store/log"
	"github.com/lepusmq/lepus/store/vfs"
)

// processor returns the processor time that this process has taken, in
// nanoseconds. On a machine with other work it is the figure to go by.
func processor(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return syscall.TimevalToNsec(u.Utime) + syscall.TimevalToNsec(u.Stime)
}

// BenchmarkPlain writes as much into one file again and again, and syncs: what
// there is to reach.
func BenchmarkPlain(b *testing.B) {
	for _, size := range []int{64, 1024} {
		for _, batch := range []int{1, 100, 1000} {
			b.Run(fmt.Sprintf("%dB_x%d", size, batch), func(b *testing.B) {
				f, err := vfs.OS{}.Create(filepath.Join(b.TempDir(), "plain"))
				if err != nil {
					b.Fatal(err)
				}
				defer f.Close()
				p := make([]byte, (size+24+28)*batch)
				const room = 64 << 20
				for off := int64(0); off < room; off += int64(len(p)) {
					if _, err := f.WriteAt(p, off); err != nil {
						b.Fatal(err)
					}
				}
				if err := f.Sync(); err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(size * batch))
				off, before := int64(0), processor(b)
				for b.Loop() {
					if _, err := f.WriteAt(p, off); err != nil {
						b.Fatal(err)
					}
					if err := f.Sync(); err != nil {
						b.Fatal(err)
					}
					if off += int64(len(p)); off > room {
						off = 0
					}
				}
				b.ReportMetric(float64(processor(b)-before)/float64(b.N*batch), "cpu-ns/record")
			})
		}
	}
}

// BenchmarkCommit appends a batch and syncs it, on the real disk. Segments are
// recycled as they fill.
func BenchmarkCommit(b *testing.B) {
	for _, size := range []int{64, 1024} {
		for _, batch := range []int{1, 100, 1000} {
			b.Run(fmt.Sprintf("%dB_x%d", size, batch), func(b *testing.B) {
				const segment = 16 << 20
				l := begin(b, log.Options{Dir: b.TempDir(), SegmentSize: segment})
				head, body := make([]byte, 24), make([]byte, size)
				free := uint64(1)
				commit := func() {
					for range batch {
						if _, err := l.Append(1, head, body); err != nil {
							b.Fatal(err)
						}
					}
					if _, err := l.Sync(); err != nil {
						b.Fatal(err)
					}
					for ; free < uint64(l.End()/segment); free++ {
						if err := l.Recycle(free); err != nil {
							b.Fatal(err)
						}
					}
				}
				// From here on no file is new.
				for l.End() < 5*segment {
					if _, err := l.Append(1, head, body, make([]byte, 8000)); err != nil {
						b.Fatal(err)
					}
					if free < uint64(l.End()/segment) {
						commit()
					}
				}
				b.SetBytes(int64(size * batch))
				b.ReportAllocs()
				before := processor(b)
				for b.Loop() {
					commit()
				}
				b.ReportMetric(float64(processor(b)-before)/float64(b.N*batch), "cpu-ns/record")
			})
		}
	}
}

// BenchmarkAppend is the part that the processor does.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{64, 1024} {
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) {
			l := begin(b, log.Options{Dir: b.TempDir(), SegmentSize: 1 << 30})
			head, body := make([]byte, 24), make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := l.Append(1, head, body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRead reads records of 1 KiB one by one and in a run.
func BenchmarkRead(b *testing.B) {
	l := begin(b, log.Options{Dir: b.TempDir()})
	var all []log.Position
	for range 10000 {
		pos, err := l.Append(1, make([]byte, 1024))
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, pos)
	}
	if err := l.Write(); err != nil {
		b.Fatal(err)
	}
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		buf, i := make([]byte, 2048), 0
		for b.Loop() {
			if _, err := l.Read(all[i%len(all)], buf); err != nil {
				b.Fatal(err)
			}
			i++
		}
	})
	b.Run("run", func(b *testing.B) {
		b.ReportAllocs()
		r, i := l.NewReader(0), 0
		defer r.Close()
		for b.Loop() {
			if i%len(all) == 0 {
				r.Seek(all[0])
			}
			if _, err := r.Next(); err != nil {
				b.Fatal(err)
			}
			i++
		}
	})
}

// begin opens a log for a benchmark.
func begin(b *testing.B, opt log.Options) *log.Log {
	b.Helper()
	l, err := log.Open(opt)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := l.Close(); err != nil {
			b.Error(err)
		}
	})
	if err := l.Replay(0, 0, nil); err != nil {
		b.Fatal(err)
	}
	if err := l.Start(); err != nil {
		b.Fatal(err)
	}
	return l
}
