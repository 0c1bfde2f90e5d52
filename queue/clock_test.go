package queue

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestClockFiresInTime sets, moves and stops timers at random and holds what
// fires against a list.
func TestClockFiresInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock()
		defer c.Close()
		r := rand.New(rand.NewPCG(1, 2))
		const n = 200
		var timers [n]Timer
		var mu sync.Mutex
		want := map[int]int64{} // guarded by mu
		fired := 0              // guarded by mu
		for i := range timers {
			timers[i].Fire = func() {
				mu.Lock()
				defer mu.Unlock()
				fired++
				if at, ok := want[i]; !ok || at > time.Now().UnixMilli() || at < time.Now().UnixMilli()-1 {
					t.Errorf("timer %d fired at %d, want %d, %v", i, time.Now().UnixMilli(), at, ok)
				}
				delete(want, i)
			}
		}
		for range 5000 {
			i := r.IntN(n)
			mu.Lock()
			switch r.IntN(4) {
			case 0:
				c.Stop(&timers[i])
				delete(want, i)
			default:
				at := time.Now().UnixMilli() + r.Int64N(3000)
				want[i] = at
				c.At(at, &timers[i])
			}
			mu.Unlock()
			if r.IntN(10) == 0 {
				time.Sleep(time.Duration(r.IntN(200)) * time.Millisecond)
			}
			synctest.Wait()
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if len(want) > 0 || fired < 1000 {
			t.Errorf("%d timers did not fire, %d did", len(want), fired)
		}
	})
}

// TestClockLongWait has a timer wait longer than the clock sleeps, and one that
// is past.
func TestClockLongWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock()
		start := time.Now().UnixMilli()
		var mu sync.Mutex
		var fired []int64 // guarded by mu
		note := func() {
			mu.Lock()
			fired = append(fired, time.Now().UnixMilli()-start)
			mu.Unlock()
		}
		late, past, never := Timer{Fire: note}, Timer{Fire: note}, Timer{Fire: note}
		c.At(start+10*longestSleep.Milliseconds(), &late)
		c.At(start-1, &past)
		c.At(start+11*longestSleep.Milliseconds(), &never)
		time.Sleep(10 * longestSleep)
		synctest.Wait()
		c.Close()
		c.At(start, &never)
		mu.Lock()
		defer mu.Unlock()
		if want := []int64{0, 10 * longestSleep.Milliseconds()}; !slices.Equal(fired, want) {
			t.Errorf("fired after %v, want %v", fired, want)
		}
	})
}

func TestAboutIsWhatTheClockWasTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock()
		defer c.Close()
		time.Sleep(time.Second)
		now := time.Now()
		if got := c.About(); got != now.UnixMilli() {
			t.Errorf("nobody told it, and it is %d, not %d", got, now.UnixMilli())
		}
		c.Tell(now)
		time.Sleep(time.Second)
		if got := c.About(); got != now.UnixMilli() {
			t.Errorf("it was told %d and says %d", now.UnixMilli(), got)
		}
	})
}
