package perf

import (
	"context"
	"time"
)

// maxLate is how far a producer that was held up may fall behind its rate and
// catch up. What it fell behind further is forgiven: hours of a blocked
// connection must not end in a flood.
const maxLate = time.Second

// pace spreads messages evenly over time. It is used by one goroutine.
type pace struct {
	clock clock
	step  float64 // nanoseconds from one message to the next
	timer *time.Timer

	start int64 // when message 0 was due
	taken int64
	first int64 // of those that the last take let through
	woke  int64 // when take last waited and had to wait no more
}

// newPace returns the pace of so many messages a second, nil if rate is 0.
func newPace(c clock, rate float64) *pace {
	if rate == 0 {
		return nil
	}
	p := &pace{clock: c, step: float64(time.Second) / rate, start: c.now(), timer: time.NewTimer(time.Hour)}
	p.timer.Stop()
	return p
}

func (p *pace) due(n int64) int64 { return p.start + int64(float64(n)*p.step) }

// take waits until a message is due and returns how many are, at most limit;
// 0 when ctx ends while it waits.
func (p *pace) take(ctx context.Context, limit int) int {
	for {
		now := p.clock.now()
		if late := now - p.due(p.taken); late > int64(maxLate) {
			p.start += late - int64(maxLate)
		}
		p.first = p.taken
		for int(p.taken-p.first) < limit && p.due(p.taken) <= now {
			p.taken++
		}
		if n := int(p.taken - p.first); n > 0 {
			return n
		}
		p.timer.Reset(time.Duration(p.due(p.taken) - now))
		select {
		case <-p.timer.C:
			p.woke = p.clock.now()
		case <-ctx.Done():
			p.timer.Stop()
			return 0
		}
	}
}

// at returns from when on the latency of the i-th message counts that the last
// take let through. That is when it was due, so that what holds the producer up
// counts against every message it delays; but a timer that fires late does not.
func (p *pace) at(i int) int64 { return max(p.due(p.first+int64(i)), p.woke) }
