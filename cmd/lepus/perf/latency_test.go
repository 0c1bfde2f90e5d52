package perf

import (
	"math"
	"testing"
	"time"
)

// Each of the latencies 1 to 1000 µs once: every percentile is known.
func TestLatencyPercentiles(t *testing.T) {
	l := newLatency()
	var s samples
	for us := 1; us <= 1000; us++ {
		s.add(int64(us) * int64(time.Microsecond))
	}
	l.record(&s)
	if len(s) != 0 {
		t.Errorf("%d samples are left", len(s))
	}
	got := l.next()
	for _, p := range []struct {
		name      string
		got, want float64
	}{
		{"min", got.Min, 1}, {"p50", got.P50, 500}, {"p75", got.P75, 750}, {"p95", got.P95, 950},
		{"p99", got.P99, 990}, {"p99.9", got.P999, 999}, {"max", got.Max, 1000},
	} {
		if math.Abs(p.got-p.want) > p.want/100 {
			t.Errorf("%s is %v, want %v", p.name, p.got, p.want)
		}
	}
	if got.Count != 1000 {
		t.Errorf("counted %d", got.Count)
	}
}

func TestLatencyOfTheLapAndOfAll(t *testing.T) {
	l := newLatency()
	for lap := int64(1); lap <= 3; lap++ {
		s := samples{{value: lap * 1000, times: lap}}
		l.record(&s)
		if got := l.next(); got.Count != lap || math.Abs(got.P50-float64(lap)) > 0.01 {
			t.Errorf("lap %d: %+v", lap, got)
		}
	}
	if got := l.next(); got != (Latency{}) {
		t.Errorf("nothing happened: %+v", got)
	}
	if got := l.all(); got.Count != 6 || got.Min > 1.01 || got.Max < 2.99 {
		t.Errorf("all: %+v", got)
	}
}

// A clock set back, and a machine that slept, are no reason to lose a sample.
func TestLatencyOutOfRange(t *testing.T) {
	l := newLatency()
	s := samples{{value: -5, times: 1}, {value: math.MaxInt64, times: 1}}
	l.record(&s)
	if got := l.all(); got.Count != 2 || got.Min != 0 || got.Max < 0.99*maxLatency.Seconds()*1e6 {
		t.Errorf("%+v", got)
	}
}

func TestSamplesOfOneValueAreOne(t *testing.T) {
	var s samples
	for _, v := range []int64{7, 7, 7, 8, 7} {
		s.add(v)
	}
	if len(s) != 3 || s[0] != (sample{7, 3}) || s[1] != (sample{8, 1}) || s[2] != (sample{7, 1}) {
		t.Errorf("%v", s)
	}
}
