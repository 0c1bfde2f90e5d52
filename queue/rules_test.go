package queue

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lepusmq/lepus/store"
)

// grave is where dead messages of tests go.
type grave struct {
	mu   sync.Mutex
	came sync.Cond // on mu
	got  []string  // number and reason
	// full has burials wait until it is emptied.
	full    bool
	waiting []func()
	most    int // messages on their way at a time
	onWay   int
}

func newGrave() *grave {
	g := &grave{}
	g.came.L = &g.mu
	return g
}

func (g *grave) bury(q *Queue, dead []Dead, done func()) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	var stored []uint64
	for i := range dead {
		d := &dead[i]
		g.got = append(g.got, fmt.Sprintf("%d %v", binary.BigEndian.Uint64(d.Body()), d.Reason))
		if d.Stored {
			stored = append(stored, d.Seq)
		}
		d.Release()
	}
	g.onWay += len(dead)
	g.most = max(g.most, g.onWay)
	arrive := func() {
		g.onWay -= len(dead)
		if len(stored) > 0 {
			// As the strand of the queue would, for a real burial.
			q.prompt(func(q *Queue) { q.store.Settle(stored) })
		}
		done()
	}
	g.came.Broadcast()
	if g.full {
		g.waiting = append(g.waiting, arrive)
		return true
	}
	arrive()
	return true
}

// empty lets what waits arrive, and all that comes.
func (g *grave) empty() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.full = false
	for _, f := range g.waiting {
		f()
	}
	g.waiting = nil
}

func (g *grave) await(n int) []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	for len(g.got) < n {
		g.came.Wait()
	}
	return slices.Clone(g.got)
}

// want checks, in a bubble, what has died since the last time.
func (g *grave) want(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	if !slices.Equal(g.got, want) {
		t.Errorf("died %q, want %q", g.got, want)
	}
	g.got = nil
}

func set(n int64) Bound { return Bound{Set: true, N: n} }

// ruled runs a test in a bubble with a queue that has options.
func ruled(t *testing.T, o Options, test func(t *testing.T, q *Queue, g *grave)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		clock, g := NewClock(), newGrave()
		q := New(Config{Name: "q", Clock: clock, Options: o, Bury: g.bury})
		q.Open()
		test(t, q, g)
		if err := q.Check(); err != nil {
			t.Error(err)
		}
		clock.Close()
		q.Close()
	})
}

// expiring puts a message into q that expires after some milliseconds.
func expiring(q *Queue, number uint64, ms int64) {
	var slab Slab
	m := slab.Add([]byte("\x00\x01k"), []byte{0, 0}, binary.BigEndian.AppendUint64(nil, number))
	m.Expires = time.Now().UnixMilli() + ms
	q.Publish([]Publication{{Message: m}})
	slab.Close()
}

func info(q *Queue) (i Info) {
	synctest.Wait()
	q.Info(func(got Info, err error) { i = got })
	return i
}

// wantReady checks how many messages are ready, in a bubble.
func wantReady(t *testing.T, q *Queue, n int) {
	t.Helper()
	if i := info(q); i.Ready != n {
		t.Errorf("%d messages are ready, want %d", i.Ready, n)
	}
}

func sleep(ms int) { time.Sleep(time.Duration(ms) * time.Millisecond); synctest.Wait() }

func TestExpiresAtTheHead(t *testing.T) {
	ruled(t, Options{DeadLetter: &DeadLetter{}}, func(t *testing.T, q *Queue, g *grave) {
		expiring(q, 1, 200)
		expiring(q, 2, 100)
		expiring(q, 3, 300)
		sleep(199)
		g.want(t)
		wantReady(t, q, 3) // the second waits behind the first
		sleep(1)
		g.want(t, "1 expired", "2 expired")
		sleep(99)
		wantReady(t, q, 1)
		sleep(1)
		g.want(t, "3 expired")
		wantReady(t, q, 0)
	})
}

func TestTTLOfTheQueue(t *testing.T) {
	ruled(t, Options{TTL: set(100), DeadLetter: &DeadLetter{}}, func(t *testing.T, q *Queue, g *grave) {
		var slab Slab
		publish(q, &slab, nil, false, 1, 2)
		sleep(50)
		publish(q, &slab, nil, false, 3, 3)
		expiring(q, 4, 1000) // the shorter one counts
		sleep(50)
		g.want(t, "1 expired", "2 expired")
		sleep(50)
		g.want(t, "3 expired", "4 expired")
		slab.Close()
	})
}

// TestExpiredIsNotDelivered returns a message after its time, which is still
// the one that it came with, and asks for one while the clock is not looked at.
func TestExpiredIsNotDelivered(t *testing.T) {
	ruled(t, Options{TTL: set(100), DeadLetter: &DeadLetter{}}, func(t *testing.T, q *Queue, g *grave) {
		var slab Slab
		publish(q, &slab, nil, false, 1, 2)
		s := &sink{}
		var held Settlement
		q.Get(s, false, func(d *Delivery, _ int, _ bool, _ error) { held = Settlement{Slot: d.Slot, Seq: d.Seq} })
		sleep(150)
		g.want(t, "2 expired")
		consume(t, q, &Consumer{Holder: s})
		q.Return([]Settlement{held})
		synctest.Wait()
		g.want(t, "1 expired")
		if got := s.received(); len(got) > 0 {
			t.Errorf("%v came after their time", got)
		}
		slab.Close()
	})
}

func TestTTLZero(t *testing.T) {
	ruled(t, Options{TTL: set(0), DeadLetter: &DeadLetter{}}, func(t *testing.T, q *Queue, g *grave) {
		var slab Slab
		publish(q, &slab, nil, false, 1, 2)
		g.want(t, "1 expired", "2 expired")
		s := &sink{}
		consume(t, q, &Consumer{Holder: s, Prefetch: 2})
		publish(q, &slab, nil, false, 3, 5)
		g.want(t, "5 expired")
		wantNumbers(t, s.received(), []uint64{3, 4})
		slab.Close()
	})
}

// TestLimboIsBounded lets nothing arrive: what has expired is not delivered, and
// neither is more of it on its way.
func TestLimboIsBounded(t *testing.T) {
	ruled(t, Options{TTL: set(10), DeadLetter: &DeadLetter{}}, func(t *testing.T, q *Queue, g *grave) {
		g.full = true
		var slab Slab
		const n = 3000
		publish(q, &slab, nil, false, 1, n)
		sleep(20)
		wantReady(t, q, n-maxLimbo)
		q.Get(&sink{}, true, func(_ *Delivery, _ int, ok bool, _ error) {
			if ok {
				t.Error("got a message that has expired")
			}
		})
		g.empty()
		synctest.Wait()
		wantReady(t, q, 0)
		if g.most > maxLimbo {
			t.Errorf("%d dead messages on their way", g.most)
		}
		for i, got := range g.await(n) {
			if want := fmt.Sprintf("%d expired", i+1); got != want {
				t.Fatalf("%s came instead of %s", got, want)
			}
		}
		slab.Close()
	})
}

func TestDropHead(t *testing.T) {
	ruled(t, Options{MaxLength: set(3), DeadLetter: &DeadLetter{}}, func(t *testing.T, q *Queue, g *grave) {
		var slab Slab
		publish(q, &slab, nil, false, 1, 5)
		g.want(t, "1 maxlen", "2 maxlen")
		q.Configure(Options{MaxLength: set(5), MaxBytes: set(16), DeadLetter: &DeadLetter{}})
		g.want(t, "3 maxlen")
		s := &sink{}
		consume(t, q, &Consumer{Holder: s, Prefetch: 1})
		publish(q, &slab, nil, false, 6, 6) // room: what is unacked does not count
		g.want(t)
		q.Detach(s)
		g.want(t, "4 maxlen")
		wantReady(t, q, 2)
		q.Configure(Options{})
		publish(q, &slab, nil, false, 7, 100)
		wantReady(t, q, 96)
		slab.Close()
	})
}

func TestLengthZeroHandsOver(t *testing.T) {
	ruled(t, Options{MaxLength: set(0)}, func(t *testing.T, q *Queue, g *grave) {
		var slab Slab
		publish(q, &slab, nil, false, 1, 1)
		s := &sink{}
		consume(t, q, &Consumer{Holder: s, Prefetch: 1})
		publish(q, &slab, nil, false, 2, 3)
		synctest.Wait()
		wantNumbers(t, s.received(), []uint64{2})
		slab.Close()
	})
}

// refusals are confirms that may be refused.
type refusals struct {
	confirms
	refused []uint64
}

func (r *refusals) Refuse(publish uint64) { r.refused = append(r.refused, publish) }

func TestRejectPublish(t *testing.T) {
	for _, overflow := range []Overflow{RejectPublish, RejectPublishDLX} {
		o := Options{MaxLength: set(2), Overflow: overflow, DeadLetter: &DeadLetter{}}
		ruled(t, o, func(t *testing.T, q *Queue, g *grave) {
			var slab Slab
			r := &refusals{}
			publish(q, &slab, r, false, 1, 4)
			wantReady(t, q, 2)
			if !slices.Equal(r.refused, []uint64{3, 4}) || r.count() != 2 {
				t.Errorf("refused %v, confirmed %v", r.refused, r.seen)
			}
			if overflow == RejectPublish {
				g.want(t)
			} else {
				g.want(t, "3 maxlen", "4 maxlen")
			}
			s := &sink{after: (*Queue).Ack}
			consume(t, q, &Consumer{Holder: s, Prefetch: 10})
			publish(q, &slab, r, false, 5, 6)
			synctest.Wait()
			wantNumbers(t, s.received(), []uint64{1, 2, 5, 6})
			slab.Close()
		})
	}
}

// TestGroupIntoFullQueue has a queue refuse a part of a group.
func TestGroupIntoFullQueue(t *testing.T) {
	s := store.NewMemory()
	a := New(Config{ID: 1, Name: "a", Store: s.Queue(1), Options: Options{MaxLength: set(1), Overflow: RejectPublish}})
	b := New(Config{ID: 2, Name: "b", Store: s.Queue(2)})
	for _, refused := range []bool{false, true} {
		var slab Slab
		var g Group
		m := slab.Add([]byte("\x00\x01k"), []byte{0, 0}, binary.BigEndian.AppendUint64(nil, 1))
		m.Persistent = true
		m.Retain(1)
		f := NewFanout(2)
		g.Publish(a, Publication{Message: m, Fanout: f})
		g.Publish(b, Publication{Message: m, Fanout: f})
		done := make(chan struct{})
		g.Commit(s.NewGroup, func() { close(done) })
		<-done
		if g.Refused() != refused {
			t.Errorf("refused is %v", g.Refused())
		}
		slab.Close()
	}
	a.await()
	b.await()
	a.Info(func(i Info, _ error) {
		if i.Ready != 1 {
			t.Errorf("a has %d messages", i.Ready)
		}
	})
	b.Info(func(i Info, _ error) {
		if i.Ready != 2 {
			t.Errorf("b has %d messages", i.Ready)
		}
	})
	a.Close()
	b.Close()
}

func TestRejectedDie(t *testing.T) {
	ruled(t, Options{DeadLetter: &DeadLetter{}}, func(t *testing.T, q *Queue, g *grave) {
		var slab Slab
		publish(q, &slab, nil, false, 1, 4)
		s := &sink{after: (*Queue).Reject}
		consume(t, q, &Consumer{Holder: s, Prefetch: 2})
		s.await(4)
		synctest.Wait()
		g.want(t, "1 rejected", "2 rejected", "3 rejected", "4 rejected")
		if i := info(q); i.Ready+i.Unacked != 0 {
			t.Errorf("%+v", i)
		}
		slab.Close()
	})
}

// fetch gets one message and says what is to be said to settle it, and how many
// of its deliveries have failed.
func fetch(q *Queue, s Sink) (number uint64, held Settlement, failures uint32) {
	synctest.Wait()
	q.Get(s, false, func(d *Delivery, _ int, ok bool, _ error) {
		if ok {
			number, held, failures = binary.BigEndian.Uint64(d.Body()), Settlement{Slot: d.Slot, Seq: d.Seq}, d.Count.Failures()
		}
	})
	return number, held, failures
}

func TestDeliveryLimit(t *testing.T) {
	ruled(t, Options{DeliveryLimit: set(2), DeadLetter: &DeadLetter{}}, func(t *testing.T, q *Queue, g *grave) {
		var slab Slab
		publish(q, &slab, nil, false, 1, 1)
		s := &sink{}
		for want := uint32(0); want < 3; want++ {
			number, held, failures := fetch(q, s)
			if number != 1 || failures != want {
				t.Fatalf("got %d with %d failures, want %d", number, failures, want)
			}
			q.Return([]Settlement{held}) // which does not count
			_, held, _ = fetch(q, s)
			if want%2 == 0 {
				q.Fail([]Settlement{held})
			} else {
				q.Detach(s)
			}
		}
		g.want(t, "1 delivery_limit")
		wantReady(t, q, 0)
		slab.Close()
	})
}

func TestQuorumReturnsInTurn(t *testing.T) {
	ruled(t, Options{Quorum: true}, func(t *testing.T, q *Queue, g *grave) {
		var slab Slab
		publish(q, &slab, nil, false, 1, 4)
		s := &sink{}
		var held [4]Settlement
		for i := range 3 {
			_, held[i+1], _ = fetch(q, s)
		}
		for _, n := range []int{3, 1, 2} {
			q.Return([]Settlement{held[n]})
		}
		for _, want := range []uint64{3, 1, 2, 4} {
			if got, _, _ := fetch(q, s); got != want {
				t.Fatalf("%d came instead of %d", got, want)
			}
		}
		slab.Close()
	})
}

func TestRetryWaits(t *testing.T) {
	o := Options{Retry: Retry{On: RetryFailed, Min: 100, Max: 250}}
	ruled(t, o, func(t *testing.T, q *Queue, g *grave) {
		var slab Slab
		publish(q, &slab, nil, false, 1, 2)
		s := &sink{}
		_, held, _ := fetch(q, s)
		for _, wait := range []int{100, 200, 250, 250} {
			q.Fail([]Settlement{held})
			number, other, _ := fetch(q, s) // the other does not wait
			if number != 2 {
				t.Fatalf("got %d", number)
			}
			q.Return([]Settlement{other})
			_, other, _ = fetch(q, s)
			sleep(wait - 1)
			if i := info(q); i.Ready != 0 || i.Delayed != 1 {
				t.Fatalf("%+v before %d ms", i, wait)
			}
			sleep(1)
			if number, held, _ = fetch(q, s); number != 1 {
				t.Fatalf("got %d after %d ms", number, wait)
			}
			q.Return([]Settlement{other})
		}
		slab.Close()
	})
}

func TestUnusedQueueExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := NewClock()
		var expired atomic.Int32
		q := New(Config{Name: "q", Clock: clock, Options: Options{Expires: set(1000)}, OnExpired: func(*Queue) { expired.Add(1) }})
		q.Open()
		want := func(n int32) {
			t.Helper()
			synctest.Wait()
			if got := expired.Load(); got != n {
				t.Fatalf("expired %d times, want %d", got, n)
			}
		}
		sleep(900)
		q.Declared(func(Info, error) {})
		sleep(900)
		q.Info(func(Info, error) {}) // which is no use
		q.Get(&sink{}, true, func(*Delivery, int, bool, error) {})
		sleep(900)
		want(0)
		c := &Consumer{Holder: Sink(&sink{})}
		consume(t, q, c)
		sleep(5000)
		want(0)
		q.Cancel(c, func() {})
		sleep(999)
		want(0)
		sleep(1)
		want(1)
		q.Configure(Options{})
		sleep(5000)
		want(1)
		clock.Close()
		q.Close()
	})
}
