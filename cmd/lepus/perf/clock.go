package perf

import "time"

// clock tells the time in nanoseconds since 1970. It never goes back, and as
// long as nobody sets the machine's clock two processes agree on it.
type clock struct {
	base time.Time
	unix int64
}

func newClock() clock {
	now := time.Now()
	return clock{base: now, unix: now.UnixNano()}
}

func (c clock) now() int64 { return c.unix + int64(time.Since(c.base)) }
