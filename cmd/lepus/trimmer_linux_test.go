package main

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

func TestTrimmer(t *testing.T) {
	var worked time.Duration
	var collected uint64
	trimmed := 0
	tr := &trimmer{
		worked:    func() time.Duration { return worked },
		collected: func() uint64 { return collected },
		trim:      func() { trimmed++ },
	}
	for _, step := range []struct {
		name      string
		worked    time.Duration
		collected uint64
		trims     bool
	}{
		{"a collection while there is little to do", trimBusy - 1, 1, true},
		{"no collection since", 0, 0, false},
		{"much to do", trimBusy, 1, false},
		{"still much", 5 * trimBusy, 3, false},
		{"little again", 0, 0, true},
		{"that was all", trimBusy - 1, 0, false},
	} {
		worked += step.worked
		collected += step.collected
		before := trimmed
		tr.look()
		if trims := trimmed > before; trims != step.trims {
			t.Errorf("%s: trimmed: %v", step.name, trims)
		}
	}
}

func TestTrimmerRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		trimmed := 0
		tr := &trimmer{
			worked:    func() time.Duration { return 0 },
			collected: func() uint64 { return uint64(time.Now().Unix()) },
			trim:      func() { trimmed++ },
		}
		stop := tr.start()
		<-time.After(3*trimEvery + time.Second)
		if stop(); trimmed != 1+3 {
			t.Errorf("trimmed %d times, want once at the start and 3 times after it", trimmed)
		}
	})
}

// TestTrimmerSources checks what a trimmer goes by.
func TestTrimmerSources(t *testing.T) {
	worked, collected := processorTime(), collections()
	runtime.GC()
	for processorTime() == worked {
	}
	if collections() <= collected {
		t.Errorf("%d collections, before %d", collections(), collected)
	}
}

// TestKeepTrimmedStops leaves a bubble, which fails if a goroutine stays in it.
func TestKeepTrimmedStops(t *testing.T) {
	synctest.Test(t, func(*testing.T) { keepTrimmed()() })
}
