//go:build unix

package store

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime is how long the process has used processors.
func cpuTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// countingKV counts the bytes that are committed.
type countingKV struct {
	kv
	bytes int
}

func (k *countingKV) commit(changes []change) error {
	for i := range changes {
		k.bytes += changes[i].size()
	}
	return k.kv.commit(changes)
}

// BenchmarkManyQueues defines 100,000 queues, changes all of them and starts
// again. What a queue takes in memory is measured when all are idle.
func BenchmarkManyQueues(b *testing.B) {
	const queues = 100000
	for range b.N {
		dir := b.TempDir()
		s := mustOpen(b, Options{Dir: dir})
		before := heapInUse()
		for id := uint64(1); id <= queues; {
			var batch []Definition
			for range 1000 {
				batch = append(batch, Definition{Kind: KindQueue, ID: id, Value: make([]byte, 100)})
				id++
			}
			s.Define(batch, nil)
		}
		if err := s.commit(true); err != nil {
			b.Fatal(err)
		}
		for id := range uint64(queues) {
			put(s.Queue(id+1), 10, 1)
		}
		if err := s.commit(true); err != nil {
			b.Fatal(err)
		}
		// The goroutine is kept out: this is the checkpoint that is measured.
		close(s.quit)
		s.workers.Wait()
		s.quit = make(chan struct{})
		counted := &countingKV{kv: s.kv}
		s.kv = counted
		cpu, start := cpuTime(), time.Now()
		if err := s.checkpoint(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(cpuTime()-cpu)/1e6, "save-cpu-ms")
		b.ReportMetric(float64(time.Since(start))/1e6, "save-ms")
		b.ReportMetric(float64(counted.bytes)/1e6, "written-MB")
		b.ReportMetric((heapInUse()-before)/queues, "B/queue")
		mustClose(b, s)
		before = heapInUse()
		cpu, start = cpuTime(), time.Now()
		s = mustOpen(b, Options{Dir: dir})
		b.ReportMetric(float64(cpuTime()-cpu)/1e6, "open-cpu-ms")
		b.ReportMetric(float64(time.Since(start))/1e6, "open-ms")
		s.opened = nil
		b.ReportMetric((heapInUse()-before)/queues, "B/queue-opened")
		mustClose(b, s)
	}
}
