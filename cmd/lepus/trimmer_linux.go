package main

import (
	"runtime/metrics"
	"syscall"
	"time"
)

const (
	// trimEvery is how often a trimmer looks whether there is little to do: less
	// than trimBusy of processor time since it looked last. What is done each second
	// takes about 100 ms of it on a virtual machine whose timers are slow.
	trimEvery = 10 * time.Second
	trimBusy  = 300 * time.Millisecond
)

// trimmer trims a program that has little to do, again after each collection of
// garbage: a collection, of which there is one in two minutes at least, needs a
// little of many parts, and the system then maps whatever of the file lies around
// them. It belongs to one goroutine at a time.
type trimmer struct {
	worked    func() time.Duration // processor time of the process
	collected func() uint64        // collections
	trim      func()

	lastWorked    time.Duration
	lastCollected uint64
}

// keepTrimmed trims the program now, and again whenever it has little to do, until
// stop is called, which waits for the end of that.
func keepTrimmed() (stop func()) {
	t := &trimmer{worked: processorTime, collected: collections, trim: trimProgram}
	return t.start()
}

func (t *trimmer) start() (stop func()) {
	t.trimNow()
	return every(trimEvery, t.look)
}

func (t *trimmer) look() {
	worked := t.worked()
	busy := worked-t.lastWorked >= trimBusy
	t.lastWorked = worked
	if !busy && t.collected() != t.lastCollected {
		t.trimNow()
	}
}

func (t *trimmer) trimNow() {
	t.lastCollected = t.collected()
	t.trim()
}

func processorTime() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func collections() uint64 {
	s := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindUint64 {
		return 0 // this version of Go does not know it
	}
	return s[0].Value.Uint64()
}
