package integration

import (
	"testing"
	"time"
)

// The machine may stall at any moment for seconds, and must not make a test fail by that. So a test waits with patience for
// what must happen, measures only that nothing happened too early, and has what must be done in time tried again with more
// of it.

// inTime tries something whose steps must follow each other within some milliseconds, such as the life of a message. When
// they did not, try returns false, whatever else it saw, and gets twice the time. What is wrong it reports itself.
func inTime(t testing.TB, ms int, try func(ms int) (inTime bool)) {
	t.Helper()
	for range 8 {
		if try(ms) {
			return
		}
		ms *= 2
	}
	t.Fatalf("the machine is too slow for what must be done in %d ms", ms/2)
}

// late says whether so many milliseconds have passed. Brokers count in milliseconds, so that one of theirs may be as good as
// none of ours.
func late(since time.Time, ms int) bool {
	return time.Since(since) >= time.Duration(ms-1)*time.Millisecond
}
