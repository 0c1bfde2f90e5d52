package session

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestFloodsAreTold checks that there is news when the first reader sees a flood,
// and when none has for a while.
func TestFloodsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimits(0)
		var news []bool
		l.TellFloods(func(on bool) { news = append(news, on) })
		want := func(what string, want ...bool) {
			t.Helper()
			synctest.Wait()
			l.floods.mu.Lock() // held while news is told
			defer l.floods.mu.Unlock()
			if len(news) != len(want) || len(want) > 0 && news[0] != want[0] {
				t.Errorf("%s: told %v, want %v", what, news, want)
			}
			news = nil
		}
		l.floods.see()
		want("it begins", true)
		for range 10 {
			time.Sleep(floodEnds - 1)
			l.floods.see()
		}
		want("it goes on")
		time.Sleep(floodEnds - 1)
		want("it may be over")
		time.Sleep(floodEnds + 1)
		want("it is over", false)
		l.floods.see()
		want("it begins again", true)
		l.Close()
		want("the end", false)
		time.Sleep(3 * floodEnds)
		want("after the end")
	})
}

func TestNobodyWantsToKnowOfFloods(t *testing.T) {
	l := NewLimits(0)
	l.floods.see()
	if l.floods.timer != nil {
		t.Error("somebody looks whether it goes on")
	}
	l.Close()
}
