package store

import (
	"runtime"
	"testing"
)

// maxGarbage is how many allocations a message may cost. There is no need for
// any; the rest is what the runtime and pools that were just emptied do.
const maxGarbage = 0.05

// TestConfirmsAreNoGarbage appends, syncs, confirms and settles messages, some
// thousands unconfirmed at a time.
func TestConfirmsAreNoGarbage(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates, and has pools forget")
	}
	s := mustOpen(t, Options{Dir: t.TempDir()})
	defer mustClose(t, s)
	q := define(t, s, s.NewID())
	flow := newTraffic(q, 64)
	flow.send(100, 8)

	const batches = 200
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	flow.send(batches, 8)
	runtime.ReadMemStats(&after)
	n := float64(batches * benchBatch)
	per, bytes := float64(after.Mallocs-before.Mallocs)/n, float64(after.TotalAlloc-before.TotalAlloc)/n
	t.Logf("%.4f allocations a message, %.1f bytes", per, bytes)
	if per > maxGarbage {
		t.Errorf("%.3f allocations a message, at most %v are right", per, maxGarbage)
	}
}
