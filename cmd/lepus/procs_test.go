package main

import (
	"runtime"
	"testing"
)

func TestSpareProcessor(t *testing.T) {
	t.Setenv("GOMAXPROCS", "")
	before := runtime.GOMAXPROCS(0)
	restore := spareProcessor()
	if got := runtime.GOMAXPROCS(0); got != before+1 {
		t.Errorf("%d at a time, were %d", got, before)
	}
	restore()
	t.Setenv("GOMAXPROCS", "7")
	restore = spareProcessor()
	if got := runtime.GOMAXPROCS(0); got != before {
		t.Errorf("%d at a time, the environment says how many", got)
	}
	restore()
	if got := runtime.GOMAXPROCS(0); got != before {
		t.Errorf("%d at a time, were %d", got, before)
	}
}
