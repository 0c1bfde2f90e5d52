package session

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestFloodIsManySmallReads(t *testing.T) {
	const enough = floodReads * time.Second / floodRate
	for name, c := range map[string]struct {
		took          time.Duration
		bytes, frames uint64 // a read
		want          bool
	}{
		"one by one, fast":         {enough, 444, 18, true},
		"one by one, in time":      {enough + 1, 444, 18, false},
		"one at a time":            {enough / 10, 74, 3, false},
		"with acks":                {enough, 105, floodFrames, true},
		"small parts of many":      {enough, floodBytes, 400, true},
		"gathered":                 {enough, floodBytes + 1, 400, false},
		"large messages, in parts": {enough, floodBytes, 1, false},
	} {
		var w floodWatch
		now := time.Now()
		if w.sees(received{bytes: c.bytes, reads: 1, frames: c.frames}, now) {
			t.Errorf("%s: seen at the first look", name)
		}
		all := w.then
		for range 2 {
			all.reads += floodReads
			all.bytes += floodReads * c.bytes
			all.frames += floodReads * c.frames
			now = now.Add(c.took)
			if got := w.sees(all, now); got != c.want {
				t.Errorf("%s: %v", name, got)
			}
		}
	}
}

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
