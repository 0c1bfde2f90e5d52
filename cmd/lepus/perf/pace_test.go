package perf

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestPaceIsEven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		p := newPace(newClock(), 1000)
		for i := range 2501 {
			if n := p.take(t.Context(), 100); n != 1 {
				t.Fatalf("message %d comes with %d more", i, n-1)
			}
		}
		if d := time.Since(start); d != 2500*time.Millisecond {
			t.Errorf("message 2500 is due after 2.5s and came after %v", d)
		}
	})
}

func TestPaceCatchesUpAndCountsTheDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		start := c.now()
		p := newPace(c, 1000)
		p.take(t.Context(), 1)
		time.Sleep(10*time.Millisecond + 1)
		if n := p.take(t.Context(), 4); n != 4 {
			t.Errorf("%d let through, want the limit", n)
		}
		if n := p.take(t.Context(), 100); n != 6 {
			t.Fatalf("%d let through, want 6", n)
		}
		for i := range 6 {
			if got, want := p.at(i)-start, int64(5+i)*int64(time.Millisecond); got != want {
				t.Errorf("message %d counts from %v, want %v", i, time.Duration(got), time.Duration(want))
			}
		}
	})
}

// The pace itself waits longer than it wants to; messages that became due
// meanwhile are not late.
func TestPaceDoesNotCountItsOwnDelay(t *testing.T) {
	p := &pace{step: 1000, woke: 2500, first: 1}
	for i, want := range []int64{2500, 2500, 3000} {
		if got := p.at(i); got != want {
			t.Errorf("message %d counts from %d, want %d", i, got, want)
		}
	}
}

func TestPaceForgives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(newClock(), 1000)
		time.Sleep(time.Hour)
		if n := p.take(t.Context(), 1<<20); n != 1001 {
			t.Errorf("after an hour %d are due at once, want one second's", n)
		}
	})
}

func TestPaceEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(newClock(), 0.001)
		p.take(t.Context(), 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if n := p.take(ctx, 1); n != 0 || time.Since(start) != time.Second {
			t.Errorf("%d let through after %v", n, time.Since(start))
		}
	})
}

func TestNoRateIsNoPace(t *testing.T) {
	if p := newPace(newClock(), 0); p != nil {
		t.Errorf("%+v", p)
	}
}
