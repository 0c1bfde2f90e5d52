package perf

import (
	"io"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/brokertest"
)

const (
	// maxGarbage is how many allocations a message may cost in broker and
	// client together. There is no need for any; the rest is connections and
	// what the runtime does.
	maxGarbage = 0.05
	// maxLargeGarbage is the same for messages that fill a read by few: some of
	// them are cut by its end.
	maxLargeGarbage = 1
	// maxCollector is the share of the CPU time that may go to collecting it. A
	// twentieth is right; the runtime measures it by the clock, and counts more
	// where it has to wait for a processor.
	maxCollector = 0.1
)

// TestMessagesAreNoGarbage sends messages through a broker, from socket to
// socket.
func TestMessagesAreNoGarbage(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates, and has pools forget")
	}
	url := brokertest.Start(t, func(c *broker.Config) { c.Log = nil }).URL
	start := spent()
	for name, tt := range map[string]struct {
		change func(*Options)
		most   float64
	}{
		"no ack":       {func(o *Options) { o.AutoAck = true }, maxGarbage},
		"acks":         {func(o *Options) { o.Prefetch = 5000 }, maxGarbage},
		"acks of many": {func(o *Options) { o.Prefetch, o.AckEvery = 5000, 10 }, maxGarbage},
		"a topic":      {func(o *Options) { o.Type, o.RoutingKey = "topic", "a.b.c" }, maxGarbage},
		"large":        {func(o *Options) { o.Size = 4096 }, maxLargeGarbage},
	} {
		o := Options{
			URI: url, Producers: 1, Consumers: 1, AutoDelete: true,
			Size: 16, Confirm: 5000, Messages: 200_000, Interval: time.Hour,
		}
		tt.change(&o)
		before := spent()
		r, err := Run(t.Context(), o, io.Discard)
		cost := spent().minus(before)
		if err != nil || r.Received.Messages != int64(o.Messages) {
			t.Fatalf("%s: %v, %+v", name, err, r)
		}
		n := float64(o.Messages)
		t.Logf("%s: %.4f allocations a message, %.1f bytes", name, cost.mallocs/n, cost.bytes/n)
		if cost.mallocs > tt.most*n {
			t.Errorf("%s: %.3f allocations a message, at most %v are right", name, cost.mallocs/n, tt.most)
		}
	}
	all := spent().minus(start)
	t.Logf("the collector took %.1f %% of %.2f s", 100*all.collector/all.cpu, all.cpu)
	if all.collector > maxCollector*all.cpu {
		t.Errorf("the collector took %.1f %% of the CPU time, at most %v are right", 100*all.collector/all.cpu, 100*maxCollector)
	}
}

// expense is what the process has spent.
type expense struct {
	mallocs, bytes float64
	cpu, collector float64 // seconds
}

// spent returns what it was so far. The runtime adds up CPU time when it
// collects, so that it is made to.
func spent() expense {
	runtime.GC()
	s := []metrics.Sample{
		{Name: "/cpu/classes/gc/total:cpu-seconds"},
		{Name: "/cpu/classes/gc/mark/idle:cpu-seconds"},
		{Name: "/cpu/classes/total:cpu-seconds"},
		{Name: "/cpu/classes/idle:cpu-seconds"},
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	metrics.Read(s)
	at := func(i int) float64 { return s[i].Value.Float64() }
	return expense{
		mallocs: float64(m.Mallocs), bytes: float64(m.TotalAlloc),
		collector: at(0) - at(1), cpu: at(2) - at(3) - at(1),
	}
}

func (e expense) minus(o expense) expense {
	return expense{e.mallocs - o.mallocs, e.bytes - o.bytes, e.cpu - o.cpu, e.collector - o.collector}
}
