package store

import (
	"flag"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/lepusmq/lepus/store/log"
)

// heapInUse is how many bytes are in use.
func heapInUse() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// wideIndex makes a store that does nothing by itself, on Badger, with a log
// that seems to have every position.
func wideIndex(b *testing.B) *durable {
	b.Helper()
	s, err := open(Options{Dir: b.TempDir(), SegmentSize: 1 << 20})
	if err != nil {
		b.Fatal(err)
	}
	var list []log.Segment
	for i := range uint64(1024) {
		list = append(list, log.Segment{Seq: i + 1, Start: log.Position(i << 26), Limit: log.Position((i + 1) << 26)})
	}
	s.index.segments = segments{source: func() []log.Segment { return list }}
	return s
}

// fill gives each of a number of queues, from 1 on, runs of so many messages
// of 1 KiB, round and round, and writes as the checkpointer does.
func (s *durable) fill(b *testing.B, queues, runs, messages uint64) {
	b.Helper()
	x := s.index
	pos := log.Position(4096)
	// Two runs of a queue lie too far apart to be one.
	apart := max(1024*messages, (runReach+1024)/queues)
	for id := range queues {
		x.queues[id+1] = x.newQueue(id+1, 0)
	}
	ops := make([]op, 0, queues)
	for i := range runs {
		for id := range queues {
			ops = append(ops, op{
				kind: recEnqueue, at: pos, queue: id + 1,
				run: run{
					seq: 1 + i*messages, pos: pos, to: uint16(messages - 1), live: uint32(messages), bytes: 1024 * uint32(messages),
				},
			})
			pos += log.Position(apart)
		}
		x.apply(ops, pos)
		ops = ops[:0]
		if x.crowded.Load() {
			if err := s.saveCrowd(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

var indexMessages = flag.Uint64("messages", 1000000, "how many messages BenchmarkIndexMemory has")

// BenchmarkIndexMemory has messages that are a run each, in a thousand queues.
func BenchmarkIndexMemory(b *testing.B) {
	for range b.N {
		s := wideIndex(b)
		before := heapInUse()
		s.fill(b, 1000, *indexMessages/1000, 1)
		if err := s.release(); err != nil { // what Badger takes is another matter
			b.Fatal(err)
		}
		b.ReportMetric((heapInUse()-before)/1e6, "heapMB")
		b.ReportMetric(float64(s.checkpoints.written)/1e6, "writtenMB")
		pages := 0
		for _, q := range s.index.queues {
			pages += len(q.pages)
		}
		b.ReportMetric(float64(pages), "pages")
		runtime.KeepAlive(s)
	}
}

// BenchmarkPurge purges a queue of ten million messages, and then has it end
// when it is as long again: how long the index is locked for it.
func BenchmarkPurge(b *testing.B) {
	for _, runs := range []uint64{40000, 1000000} {
		b.Run(fmt.Sprint(runs), func(b *testing.B) {
			for range b.N {
				s := wideIndex(b)
				s.fill(b, 1, runs, 10000000/runs)
				b.ReportMetric(float64(len(s.index.queues[1].pages)), "pages")
				start := time.Now()
				s.index.apply([]op{{kind: recDead, at: s.index.applied, queue: 1, spans: []span{{0, 1 << 40}}}}, 0)
				b.ReportMetric(float64(time.Since(start))/1e6, "purge-ms")
				s.release()
				s = wideIndex(b)
				s.fill(b, 1, runs, 10000000/runs)
				start = time.Now()
				s.index.apply([]op{{kind: recDefine, define: []Definition{{Kind: KindQueue, ID: 1, Deleted: true}}}}, 0)
				b.ReportMetric(float64(time.Since(start))/1e6, "delete-ms")
				s.release()
			}
		})
	}
}
