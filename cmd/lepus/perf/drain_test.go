package perf

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestDeliveriesOfAProducer(t *testing.T) {
	three := []string{"a", "b", "c"}
	for _, tt := range []struct {
		t         topology
		consumers int
		want      [4]int // by producer
	}{
		{topology{queues: three[:1]}, 5, [4]int{1, 1, 1, 1}},
		{topology{queues: three}, 3, [4]int{1, 1, 1, 1}},
		{topology{queues: three}, 2, [4]int{1, 1, 0, 1}},
		{topology{queues: three}, 0, [4]int{}},
		{topology{queues: three, each: true}, 2, [4]int{2, 2, 2, 2}},
		{topology{queues: three, each: true}, 9, [4]int{3, 3, 3, 3}},
	} {
		for i, want := range tt.want {
			if got := tt.t.deliveries(i, tt.consumers); got != want {
				t.Errorf("%+v, %d consumers, producer %d: %d, want %d", tt.t, tt.consumers, i, got, want)
			}
		}
	}
}

// newDrain returns a load of which ten messages were sent, two of them refused.
func newDrain() *load {
	return &load{
		options:   &Options{Size: 16},
		meter:     &meter{confirm: newLatency(), delivery: newLatency()},
		topology:  &topology{queues: []string{"q"}, exact: true},
		producers: []*producer{{seq: 10, refused: 2}},
		consumers: []*consumer{{}},
	}
}

func TestDrain(t *testing.T) {
	for name, tt := range map[string]struct {
		change  func(*load)
		short   bool
		stalled bool
		took    time.Duration
		missing int64
	}{
		"all there":       {change: func(l *load) { l.meter.own.Store(8) }},
		"lost":            {change: func(l *load) { l.meter.own.Store(5) }, stalled: true, took: stall, missing: 3},
		"others consume":  {change: func(l *load) { l.topology.exact = false }, stalled: true, took: quiet},
		"time is over":    {change: func(l *load) { l.options.ConsumerRate = 0.01 }, short: true, took: drainTime, missing: 8},
		"no consumers":    {change: func(l *load) { l.consumers = nil }},
		"a lost one":      {change: func(l *load) { l.errs = []error{context.Canceled} }},
		"a stranded one":  {change: func(l *load) { l.producers[0].stranded = true }, stalled: true, took: quiet},
		"without a stamp": {change: func(l *load) { l.options.Size = 2; l.meter.received.Store(8) }},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := newDrain()
			tt.change(l)
			start := time.Now()
			stalled := l.drain(t.Context(), tt.short)
			took := time.Since(start)
			if stalled != tt.stalled || took < tt.took || took > tt.took+10*time.Millisecond || l.missing() != tt.missing {
				t.Errorf("%s: stalled %v after %v, %d missing", name, stalled, took, l.missing())
			}
		})
	}
}

func TestDrainGoesOnWhileMessagesCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newDrain()
		go func() {
			for range 8 {
				time.Sleep(stall / 2)
				l.meter.received.Add(1)
				l.meter.own.Add(1)
			}
		}()
		if l.drain(t.Context(), false) || l.missing() != 0 {
			t.Errorf("%d are missing", l.missing())
		}
	})
}

func TestDrainEndsWhenItIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if newDrain().drain(ctx, false) || time.Since(start) != time.Second {
			t.Errorf("it ended after %v", time.Since(start))
		}
	})
}
