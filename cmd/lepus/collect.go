package main

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// Garbage is collected when there is so much of it, in percent of what is in
	// use: a part of Go's 100. Most of a broker's heap is the bytes of messages,
	// which a collection need not look at. It also empties the pools of buffers,
	// which costs something while there is little else.
	garbageUsual  = 50
	garbageFrugal = 25
	// muchInUse is from how many bytes on less garbage is let lie, and
	// littleInUse below how many that ends.
	muchInUse   = 48 << 20
	littleInUse = 32 << 20
	// collectLook is how often the use is looked at.
	collectLook = 250 * time.Millisecond
)

// collectOften has garbage collected more often than Go does by default, until
// stop is called, unless the environment variable GOGC says when.
func collectOften() (stop func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	c := collector{set: func(percent int) { debug.SetGCPercent(percent) }}
	c.look(0)
	use := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	return every(collectLook, func() {
		metrics.Read(use)
		c.look(use[0].Value.Uint64())
	})
}

// collector sets how much garbage may lie. It belongs to one goroutine at a time.
type collector struct {
	set     func(percent int)
	percent int // what was set
}

// look decides by what was in use after the last collection.
func (c *collector) look(live uint64) {
	percent := c.percent
	switch {
	case live >= muchInUse:
		percent = garbageFrugal
	case live < littleInUse:
		percent = garbageUsual
	}
	if percent != c.percent {
		c.percent = percent
		c.set(percent)
	}
}
