package perf

import (
	"fmt"
	"io"
	"time"
)

// reporter writes a line of progress at every interval.
type reporter struct {
	meter   *meter
	options *Options
	clock   clock
	out     io.Writer
	start   int64
	last    int64
	counts  counts
	line    []byte
	quit    chan struct{}
	done    chan struct{}
}

func startReporter(m *meter, o *Options, c clock, out io.Writer) *reporter {
	now := c.now()
	r := &reporter{
		meter: m, options: o, clock: c, out: out, start: now, last: now,
		quit: make(chan struct{}), done: make(chan struct{}),
	}
	go r.run()
	return r
}

// stop ends the lines; none is written after it.
func (r *reporter) stop() {
	close(r.quit)
	<-r.done
}

func (r *reporter) run() {
	defer close(r.done)
	tick := time.NewTicker(r.options.Interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.report()
		case <-r.quit:
			return
		}
	}
}

// report writes what came of the time since it last did.
func (r *reporter) report() {
	now, counts := r.clock.now(), r.meter.counts()
	seconds := time.Duration(now - r.last).Seconds()
	rate := func(now, before int64) float64 { return float64(now-before) / seconds }
	b := fmt.Appendf(r.line[:0], "time %.1fs", time.Duration(now-r.start).Seconds())
	if r.options.Producers > 0 {
		b = fmt.Appendf(b, ", sent %.0f msg/s", rate(counts.sent, r.counts.sent))
	}
	if r.options.Confirm > 0 {
		b = fmt.Appendf(b, ", confirmed %.0f msg/s", rate(counts.confirmed, r.counts.confirmed))
	}
	if r.options.Consumers > 0 {
		b = fmt.Appendf(b, ", received %.0f msg/s", rate(counts.received, r.counts.received))
	}
	if n := counts.returned - r.counts.returned; n > 0 {
		b = fmt.Appendf(b, ", returned %.0f msg/s", float64(n)/seconds)
	}
	if n := counts.nacked - r.counts.nacked; n > 0 {
		b = fmt.Appendf(b, ", nacked %.0f msg/s", float64(n)/seconds)
	}
	if n := r.meter.blocked.Load(); n > 0 {
		b = fmt.Appendf(b, ", %d blocked", n)
	}
	b = appendLatency(b, "confirm latency", r.meter.confirm.next())
	b = appendLatency(b, "latency", r.meter.delivery.next())
	r.line = append(b, '\n')
	// Who does not want to see the lines any more still wants the result.
	_, _ = r.out.Write(r.line)
	r.last, r.counts = now, counts
}

func appendLatency(b []byte, name string, l Latency) []byte {
	if l.Count == 0 {
		return b
	}
	return fmt.Appendf(b, ", %s p50/p95/p99/max %.0f/%.0f/%.0f/%.0f µs", name, l.P50, l.P95, l.P99, l.Max)
}
