package main

import (
	"sync"
	"time"
)

// background runs f in a goroutine of its own. stop closes quit and waits for the end
// of f.
func background(f func(quit <-chan struct{})) (stop func()) {
	quit := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() { f(quit) })
	return func() {
		close(quit)
		running.Wait()
	}
}

// every calls look once in each period, in a goroutine of its own, until stop is
// called, which waits for the end of that.
func every(period time.Duration, look func()) (stop func()) {
	return background(func(quit <-chan struct{}) {
		again(func(now time.Time) time.Time { return now.Add(period) }, quit, look)
	})
}

// again does something at each of the times that next returns, until done is closed.
func again(next func(time.Time) time.Time, done <-chan struct{}, do func()) {
	for {
		t := time.NewTimer(time.Until(next(time.Now())))
		select {
		case <-t.C:
			do()
		case <-done:
			t.Stop()
			return
		}
	}
}
