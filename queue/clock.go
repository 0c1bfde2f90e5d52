package queue

import (
	"sync"
	"sync/atomic"
	"time"
)

// Clock calls back at given times, for all queues of a broker: one heap and one
// timer of the runtime, however many wait. Times are Unix milliseconds. Its
// methods may be called from any goroutine; the nil Clock never calls.
type Clock struct {
	// Immutable.
	earlier chan struct{} // room for one: something comes before what is slept for
	stop    chan struct{}
	done    chan struct{}

	// coarse is the time that it was told last, for those to whom a second does not
	// matter; 0 if it was never told.
	coarse atomic.Int64

	// Guarded by mu.
	mu     sync.Mutex
	heap   timerHeap
	until  int64 // what is slept for; 0 while timers fire
	closed bool
}

// Timer is an entry of a [Clock], at most once at a time. It belongs to whoever
// has it called.
type Timer struct {
	// Fire is called by the clock's goroutine, without locks; it must not block
	// and takes no longer than to post to a mailbox. Set before the first At.
	Fire func()

	// Guarded by Clock.mu.
	at    int64
	place int // in the heap, from 1 on; 0 is not there
}

const (
	// longestSleep is how long the clock sleeps at most while somebody waits: a
	// step of the machine's clock is noticed then.
	longestSleep = time.Minute
	// firing is how many timers fire between two looks at the heap.
	firing = 64
)

// NewClock starts a clock. It ends with [Clock.Close].
func NewClock() *Clock {
	c := &Clock{earlier: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	go c.run()
	return c
}

// Close ends the clock and waits until nothing fires any more.
func (c *Clock) Close() {
	c.mu.Lock()
	first := !c.closed
	c.closed = true
	for _, t := range c.heap {
		t.place = 0
	}
	c.heap = nil
	c.mu.Unlock()
	if first {
		close(c.stop)
	}
	<-c.done
}

// At has a timer fire at a time, or soon if that is past, instead of when it was
// to fire before. It may still fire for that once.
func (c *Clock) At(ms int64, t *Timer) {
	if c == nil {
		return
	}
	c.mu.Lock()
	if !c.closed {
		c.heap.set(t, ms)
		if t.place == 1 && ms < c.until {
			select {
			case c.earlier <- struct{}{}:
			default: // it has been told
			}
		}
	}
	c.mu.Unlock()
}

// Tell tells the clock the time, for [Clock.About]. Whoever begins to goes on to,
// once a second or so.
func (c *Clock) Tell(now time.Time) { c.coarse.Store(now.UnixMilli()) }

// About is the time, as it was told last, or as it is if nobody tells it.
func (c *Clock) About() int64 {
	if c != nil {
		if ms := c.coarse.Load(); ms != 0 {
			return ms
		}
	}
	return time.Now().UnixMilli()
}

// Stop has a timer not fire, unless it is about to.
func (c *Clock) Stop(t *Timer) {
	if c == nil {
		return
	}
	c.mu.Lock()
	c.heap.remove(t)
	c.mu.Unlock()
}

func (c *Clock) run() {
	defer close(c.done)
	var due [firing]*Timer
	sleep := time.NewTimer(longestSleep)
	defer sleep.Stop()
	for {
		now := time.Now()
		n, until := c.take(now.UnixMilli(), due[:])
		for i, t := range due[:n] {
			t.Fire()
			due[i] = nil
		}
		if n > 0 {
			continue
		}
		sleep.Reset(min(time.UnixMilli(until).Sub(now), longestSleep))
		select {
		case <-sleep.C:
		case <-c.earlier:
		case <-c.stop:
			return
		}
	}
}

// take removes timers that are due and returns how many it has left in to. If
// there are none, until is when the next will be.
func (c *Clock) take(now int64, to []*Timer) (n int, until int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for n < len(to) && len(c.heap) > 0 && c.heap[0].at <= now {
		to[n] = c.heap[0]
		c.heap.remove(to[n])
		n++
	}
	c.until = 0
	if n == 0 {
		c.until = now + longestSleep.Milliseconds()
		if len(c.heap) > 0 {
			c.until = min(c.until, c.heap[0].at)
		}
	}
	return n, c.until
}

// timerHeap is a binary heap on the time; each timer knows its place.
type timerHeap []*Timer

func (h *timerHeap) set(t *Timer, at int64) {
	t.at = at
	if t.place == 0 {
		*h = append(*h, t)
		t.place = len(*h)
	}
	h.move(t)
}

func (h *timerHeap) remove(t *Timer) {
	if t.place == 0 {
		return
	}
	last := (*h)[len(*h)-1]
	(*h)[len(*h)-1] = nil
	*h = (*h)[:len(*h)-1]
	if last != t {
		h.put(last, t.place)
		h.move(last)
	}
	t.place = 0
}

// move brings a timer up or down to where it belongs.
func (h *timerHeap) move(t *Timer) {
	all := *h
	for at := t.place; at > 1 && all[at/2-1].at > t.at; at = t.place {
		h.put(all[at/2-1], at)
		h.put(t, at/2)
	}
	for {
		down := 2 * t.place
		if down > len(all) {
			return
		}
		if down < len(all) && all[down].at < all[down-1].at {
			down++
		}
		if all[down-1].at >= t.at {
			return
		}
		h.put(all[down-1], t.place)
		h.put(t, down)
	}
}

func (h *timerHeap) put(t *Timer, place int) {
	(*h)[place-1], t.place = t, place
}
