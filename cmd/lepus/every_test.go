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
