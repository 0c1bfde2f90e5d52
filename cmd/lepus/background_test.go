package main

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestEvery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks := 0
		stop := every(time.Minute, func() { looks++ })
		<-time.After(3*time.Minute + time.Second)
		stop()
		<-time.After(time.Hour)
		if looks != 3 {
			t.Errorf("looked %d times, want 3", looks)
		}
	})
}

// TestEveryStops stops while a look is under way, which is waited for.
func TestEveryStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks := 0
		stop := every(time.Minute, func() {
			<-time.After(time.Second)
			looks++
		})
		<-time.After(time.Minute + time.Millisecond)
		if stop(); looks != 1 {
			t.Errorf("%d looks had ended, want 1", looks)
		}
	})
}

func TestAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var did []time.Duration
		done := make(chan struct{})
		next := func(now time.Time) time.Time { return now.Truncate(time.Hour).Add(time.Hour) }
		go again(next, done, func() { did = append(did, time.Since(began)) })
		time.Sleep(150 * time.Minute)
		close(done)
		synctest.Wait()
		if len(did) != 2 || did[0] != time.Hour || did[1] != 2*time.Hour {
			t.Errorf("it was done after %v", did)
		}
	})
}
