package main

import (
	"sync"
	"time"
)

// every calls look once in each period, until stop is called, which waits for the
// end of that. look belongs to the goroutine that it starts.
func every(period time.Duration, look func()) (stop func()) {
	quit := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(period)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				look()
			}
		}
	})
	return func() {
		close(quit)
		running.Wait()
	}
}
