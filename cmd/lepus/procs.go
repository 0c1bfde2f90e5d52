package main

import (
	"os"
	"runtime"
)

// spareProcessor lets one goroutine more run at a time than there are cores for,
// until restore is called, unless the environment variable GOMAXPROCS says how many.
// Somebody waits for the network then while all cores are busy, or wait for the disk
// (broker/DESIGN.md S1).
func spareProcessor() (restore func()) {
	if os.Getenv("GOMAXPROCS") != "" {
		return func() {}
	}
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	return runtime.SetDefaultGOMAXPROCS
}
