package perf

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// sample is a latency in nanoseconds, and how often it was measured in a row:
// what was written together was sent at the same time.
type sample struct {
	value int64
	times int64
}

// samples are latencies that were measured and not recorded yet. They belong
// to one goroutine.
type samples []sample

func (s *samples) add(value int64) {
	if n := len(*s); n > 0 && (*s)[n-1].value == value {
		(*s)[n-1].times++
		return
	}
	*s = append(*s, sample{value, 1})
}

// The range and precision of histograms: latencies are right to a hundredth.
const (
	maxLatency = time.Hour
	digits     = 2
)

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, int64(maxLatency), digits)
}

// latency gathers latencies. Any goroutine may call its methods.
type latency struct {
	// guarded by mu
	mu    sync.Mutex
	lap   *hdrhistogram.Histogram // since the last call of next
	total *hdrhistogram.Histogram // before that
}

func newLatency() *latency {
	return &latency{lap: newHistogram(), total: newHistogram()}
}

// record takes over what was measured and empties s.
func (l *latency) record(s *samples) {
	if len(*s) == 0 {
		return
	}
	l.mu.Lock()
	for _, v := range *s {
		// Within the range nothing can go wrong.
		_ = l.lap.RecordValues(min(max(v.value, 0), int64(maxLatency)), v.times)
	}
	l.mu.Unlock()
	*s = (*s)[:0]
}

// next returns what was recorded since it was last called.
func (l *latency) next() Latency {
	l.mu.Lock()
	defer l.mu.Unlock()
	lap := latencyOf(l.lap)
	l.total.Merge(l.lap)
	l.lap.Reset()
	return lap
}

// all returns everything that was recorded.
func (l *latency) all() Latency {
	l.next()
	l.mu.Lock()
	defer l.mu.Unlock()
	return latencyOf(l.total)
}

// Latency is how latencies were distributed, in microseconds.
type Latency struct {
	Count int64   `json:"count"`
	Min   float64 `json:"min"`
	P50   float64 `json:"p50"`
	P75   float64 `json:"p75"`
	P95   float64 `json:"p95"`
	P99   float64 `json:"p99"`
	P999  float64 `json:"p99_9"`
	Max   float64 `json:"max"`
}

func latencyOf(h *hdrhistogram.Histogram) Latency {
	const us = float64(time.Microsecond)
	at := func(percent float64) float64 { return float64(h.ValueAtPercentile(percent)) / us }
	if h.TotalCount() == 0 {
		return Latency{}
	}
	return Latency{
		Count: h.TotalCount(),
		Min:   float64(h.Min()) / us,
		P50:   at(50), P75: at(75), P95: at(95), P99: at(99), P999: at(99.9),
		Max: float64(h.Max()) / us,
	}
}
