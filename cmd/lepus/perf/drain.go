package perf

import (
	"context"
	"slices"
	"time"
)

const (
	// drainTime is how long consumers may go on with a backlog when the time is
	// over, or the run was told to end.
	drainTime = 5 * time.Second
	// stall is how long a queue may give nothing before what is missing is
	// taken for lost.
	stall = 5 * time.Second
	// quiet is how long it may where nobody knows whether something is missing.
	quiet = 500 * time.Millisecond
	// drainPoll is how often it is looked whether all has come.
	drainPoll = time.Millisecond
)

// drain waits for what was sent to be received, and reports whether it never
// will be. Where others may receive it, too, it waits as long as something
// comes.
func (l *load) drain(ctx context.Context, short bool) (stalled bool) {
	if len(l.consumers) == 0 || len(l.producers) == 0 {
		return false
	}
	var limit <-chan time.Time
	if short {
		limit = time.After(drainTime)
	}
	var told <-chan struct{} // to end, while draining
	if ctx.Err() == nil {
		told = ctx.Done()
	}
	tick := time.NewTicker(drainPoll)
	defer tick.Stop()
	want, patience := l.expected(), l.stallTime()
	got, idle := int64(-1), time.Duration(0) // in looks, as those who send may stall together with this
	for l.got() < want && !l.hasFailed() {
		if n := l.meter.received.Load(); n != got {
			got, idle = n, 0
		} else if idle > patience {
			return true
		}
		select {
		case <-tick.C:
			idle += drainPoll
		case <-limit:
			return false
		case <-told:
			return false
		}
	}
	return false
}

// got returns how much of what was sent is received. What has no stamp could be
// anything.
func (l *load) got() int64 {
	if l.options.Size < stampSize {
		return l.meter.received.Load()
	}
	return l.meter.own.Load()
}

// exact says whether this run's consumers must get all that was sent.
func (l *load) exact() bool {
	stranded := slices.ContainsFunc(l.producers, func(p *producer) bool { return p.stranded })
	return l.topology.exact && !stranded
}

// missing returns how much of what was sent was not received, 0 if that cannot
// be known.
func (l *load) missing() int64 {
	if !l.exact() || len(l.consumers) == 0 || l.hasFailed() {
		return 0
	}
	return max(l.expected()-l.got(), 0)
}

// stallTime is stall, or more if consumers are slow by the options.
func (l *load) stallTime() time.Duration {
	if !l.exact() {
		return quiet
	}
	if rate := l.options.ConsumerRate; rate > 0 {
		return stall + time.Duration(2*float64(time.Second)/rate)
	}
	return stall
}

// expected returns how many deliveries of what was sent there must be. Called
// when the producers have ended.
func (l *load) expected() (n int64) {
	for i, p := range l.producers {
		n += (int64(p.seq) - p.refused) * int64(l.topology.deliveries(i, len(l.consumers)))
	}
	return n
}
