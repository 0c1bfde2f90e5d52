package queue

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lepusmq/lepus/queue/fifo"
	"github.com/lepusmq/lepus/store"
)

// buried gives a rig's queue options, a clock and a grave.
func buried(t *testing.T, g *grave, o Options) func(*Config) {
	clock := NewClock()
	t.Cleanup(clock.Close)
	return func(cfg *Config) { cfg.Options, cfg.Clock, cfg.Bury = o, clock, g.bury }
}

func wantDead(t *testing.T, got []string, first uint64, why Reason) {
	t.Helper()
	for i := range got {
		if want := fmt.Sprintf("%d %v", first+uint64(i), why); got[i] != want {
			t.Fatalf("died %s, want %s", got[i], want)
		}
	}
}

// TestBacklogExpires has messages expire that are on disk, without consumers.
func TestBacklogExpires(t *testing.T) {
	for name, kept := range map[string]func(uint64) bool{"kept": all, "mixed": mixed, "transient": none} {
		t.Run(name, func(t *testing.T) {
			g := newGrave()
			r := newPagingRig(t, 4*leastWindow, buried(t, g, Options{TTL: set(300), DeadLetter: &DeadLetter{}}))
			const n = 10000
			r.fill(1, n, 512, 50, kept)
			wantDead(t, g.await(n), 1, Expired)
		})
	}
}

// TestBacklogIsDropped keeps a queue short whose head is on disk.
func TestBacklogIsDropped(t *testing.T) {
	g := newGrave()
	r := newPagingRig(t, 4*leastWindow, buried(t, g, Options{MaxLength: set(3000), DeadLetter: &DeadLetter{}}))
	const n = 10000
	r.fill(1, n, 512, 50, mixed)
	wantDead(t, g.await(n-3000), 1, MaxLen)
	r.queue.Configure(Options{MaxBytes: set(1000 * 512), DeadLetter: &DeadLetter{}})
	wantDead(t, g.await(n-1000), 1, MaxLen)
	s := &sink{after: (*Queue).Ack}
	consume(t, r.queue, &Consumer{Holder: s, Prefetch: 100})
	s.await(1000)
	if got := s.received(); got[0] != n-999 || len(got) != 1000 {
		t.Errorf("%d messages from %d on are left", len(got), got[0])
	}
}

// TestRejectedAreRead rejects messages that have left the memory.
func TestRejectedAreRead(t *testing.T) {
	g := newGrave()
	r := newPagingRig(t, 4*leastWindow, buried(t, g, Options{DeadLetter: &DeadLetter{}}))
	const n = 3000
	r.fill(1, n, 512, 50, all)
	held := make(chan []Settlement, n)
	s := &sink{after: func(_ *Queue, batch []Settlement) { held <- batch }}
	consume(t, r.queue, &Consumer{Holder: s})
	var taken []Settlement
	for len(taken) < n {
		taken = append(taken, <-held...)
	}
	s.await(n)
	slices.SortFunc(taken, func(a, b Settlement) int { return cmp.Compare(a.Seq, b.Seq) })
	r.queue.Reject(taken)
	wantDead(t, g.await(n), 1, Rejected)
}

// restarted is a queue of a store that is closed and opened again.
type restarted struct {
	t     *testing.T
	dir   string
	store store.Store
	id    uint64
	queue *Queue
}

func newRestarted(t *testing.T, o Options) *restarted {
	r := &restarted{t: t, dir: t.TempDir()}
	r.open()
	r.id = r.store.NewID()
	r.store.Define([]store.Definition{{Kind: store.KindQueue, ID: r.id}}, nil)
	r.begin(o, nil)
	return r
}

func (r *restarted) open() {
	var err error
	if r.store, err = store.Open(store.Options{Dir: r.dir}); err != nil {
		r.t.Fatal(err)
	}
}

func (r *restarted) begin(o Options, g *grave) {
	cfg := Config{ID: r.id, Name: "q", Store: r.store.Queue(r.id), Budget: NewBudget(0), Options: o}
	if g != nil {
		buried(r.t, g, o)(&cfg)
	}
	r.queue = New(cfg)
	r.queue.Recover(nil)
	r.queue.Open()
}

// restart stops, in order or without the queue's knowledge, and starts again.
func (r *restarted) restart(o Options, g *grave, inOrder bool) {
	if inOrder {
		r.queue.Close()
	} else {
		r.queue.await()
	}
	if err := r.store.Close(); err != nil {
		r.t.Fatal(err)
	}
	r.open()
	r.begin(o, g)
}

func (r *restarted) end() {
	r.queue.Close()
	if err := r.store.Close(); err != nil {
		r.t.Fatal(err)
	}
}

func (r *restarted) ready() int { return r.info().Ready }

func (r *restarted) info() Info {
	info := make(chan Info, 1)
	r.queue.Info(func(i Info, _ error) { info <- i })
	return <-info
}

// take gets a message, of which it returns the number in its body; 0 if there is
// none.
func (r *restarted) take() (number uint64, held Settlement, tally fifo.Tally) {
	done := make(chan struct{})
	r.queue.Get(&sink{}, false, func(d *Delivery, _ int, ok bool, _ error) {
		if ok {
			number, held, tally = binary.BigEndian.Uint64(d.Body()), Settlement{Slot: d.Slot, Seq: d.Seq}, d.Count
		}
		close(done)
	})
	<-done
	return number, held, tally
}

// TestLengthSurvivesRestart has a queue know, after a restart, how many bytes it
// has.
func TestLengthSurvivesRestart(t *testing.T) {
	o := Options{MaxBytes: set(8 * 1000), Overflow: RejectPublish}
	r := newRestarted(t, o)
	var slab Slab
	c := &refusals{}
	publish(r.queue, &slab, c, true, 1, 990)
	r.restart(o, nil, true)
	publish(r.queue, &slab, c, true, 991, 1005)
	if n := r.ready(); n != 1000 || len(c.refused) != 5 {
		t.Errorf("%d messages are ready, %d were refused", n, len(c.refused))
	}
	r.queue.Purge(func(n int, err error) {})
	publish(r.queue, &slab, c, true, 1006, 1010)
	if n := r.ready(); n != 5 || len(c.refused) != 5 {
		t.Errorf("%d messages are ready after a purge, %d were refused", n, len(c.refused))
	}
	// One without limits that gets one later.
	r.restart(Options{}, nil, true)
	publish(r.queue, &slab, c, true, 1011, 1020)
	r.queue.Configure(Options{MaxBytes: set(8 * 7)})
	if n := r.ready(); n != 7 {
		t.Errorf("%d messages are ready, want 7", n)
	}
	slab.Close()
	r.end()
}

// TestExpiryAfterRestart has messages expire that were there before, in a queue
// that nobody looks at.
func TestExpiryAfterRestart(t *testing.T) {
	r := newRestarted(t, Options{})
	o, g := Options{DeadLetter: &DeadLetter{}}, newGrave()
	r.restart(o, g, true) // on a slow machine they expire before the next
	var slab Slab
	for n := uint64(1); n <= 20; n++ {
		m := slab.Add([]byte("\x00\x01k"), []byte{0, 0}, binary.BigEndian.AppendUint64(nil, n))
		m.Persistent = true
		if n <= 10 {
			m.Expires = time.Now().UnixMilli() + 50
		}
		r.queue.Publish([]Publication{{Message: m}})
	}
	r.restart(o, g, true)
	wantDead(t, g.await(10), 1, Expired)
	if n := r.ready(); n != 10 {
		t.Errorf("%d messages are ready, want 10", n)
	}
	slab.Close()
	r.end()
}

// TestFailuresSurviveRestart counts on after a stop that was none in order.
func TestFailuresSurviveRestart(t *testing.T) {
	o := Options{DeliveryLimit: set(5)}
	r := newRestarted(t, o)
	var slab Slab
	publish(r.queue, &slab, nil, true, 1, 2)
	fail := func(want uint64, failures uint32) {
		t.Helper()
		number, held, tally := r.take()
		if number != want {
			t.Fatalf("got %d, want %d", number, want)
		}
		if tally.Failures() != failures || (tally > 0) != (failures > 0) {
			t.Errorf("got tally %d, want %d failures", tally, failures)
		}
		r.queue.Fail([]Settlement{held})
	}
	fail(1, 0)
	fail(1, 1)
	r.restart(o, nil, false)
	fail(1, 2)
	r.restart(o, nil, true)
	fail(1, 3)
	slab.Close()
	r.end()
}

// TestRetryWaitsOverRestart has a message that waits for its next try wait on
// after a stop, in order or not, and no other for it.
func TestRetryWaitsOverRestart(t *testing.T) {
	for _, on := range []RetryType{RetryFailed, RetryReturned} {
		o := Options{Retry: Retry{On: on, Min: 60_000, Max: 60_000}}
		back := (*Queue).Fail
		if on == RetryReturned {
			back = (*Queue).Return
		}
		r := newRestarted(t, o)
		var slab Slab
		publish(r.queue, &slab, nil, true, 1, 2)
		number, held, _ := r.take()
		if number != 1 {
			t.Fatalf("got %d", number)
		}
		back(r.queue, []Settlement{held})
		for _, inOrder := range []bool{false, true, true} {
			r.restart(o, newGrave(), inOrder)
			if number, _, _ := r.take(); number != 2 {
				t.Fatalf("%d: got %d", on, number)
			}
			if i := r.info(); i.Ready != 0 || i.Delayed != 1 {
				t.Errorf("%d: %+v", on, i)
			}
		}
		slab.Close()
		r.end()
	}
}

// TestRetryComesAfterRestart has messages that waited come in their time.
func TestRetryComesAfterRestart(t *testing.T) {
	o := Options{Retry: Retry{On: RetryFailed, Min: 200, Max: 200}}
	r := newRestarted(t, o)
	var slab Slab
	const n = 500
	publish(r.queue, &slab, nil, true, 1, n)
	var all []Settlement
	for range n {
		_, held, _ := r.take()
		all = append(all, held)
	}
	failed := time.Now().Truncate(time.Millisecond) // as the queue's clock has it
	r.queue.Fail(all)
	r.restart(o, newGrave(), false)
	s := &sink{after: (*Queue).Ack}
	consume(t, r.queue, &Consumer{Holder: s, Prefetch: 100})
	s.await(n)
	if waited := time.Since(failed); waited < 200*time.Millisecond {
		t.Errorf("they came after %v", waited)
	}
	if got := s.received(); len(got) != n || got[0] != 1 || got[n-1] != n {
		t.Errorf("%d came, from %d to %d", len(got), got[0], got[len(got)-1])
	}
	slab.Close()
	r.end()
}

// TestGroupComesAfterClose has a group of another queue's dead reach a queue that
// was closed: it has what it had, and what the group brought.
func TestGroupComesAfterClose(t *testing.T) {
	r := newRestarted(t, Options{})
	var slab Slab
	publish(r.queue, &slab, nil, true, 1, 5)
	r.queue.Close()
	m := slab.Add([]byte("\x00\x01k"), []byte{0, 0}, binary.BigEndian.AppendUint64(nil, 6))
	m.Persistent = true
	var g Group
	g.Publish(r.queue, Publication{Message: m})
	done := make(chan struct{})
	g.Post(r.store.NewGroup, func() { close(done) })
	<-done
	slab.Close()
	r.restart(Options{}, nil, false)
	if n := r.ready(); n != 6 {
		t.Errorf("%d messages are there, want 6", n)
	}
	r.end()
}

// TestDeadComeBack stops while dead messages are on their way: they are there
// again, also after a purge.
func TestDeadComeBack(t *testing.T) {
	o := Options{MaxLength: set(2), DeadLetter: &DeadLetter{}}
	r := newRestarted(t, Options{})
	g := newGrave()
	g.full = true
	r.restart(o, g, true)
	var slab Slab
	publish(r.queue, &slab, nil, true, 1, 5)
	wantDead(t, g.await(3), 1, MaxLen)
	purged := make(chan int, 1)
	r.queue.Purge(func(n int, _ error) { purged <- n })
	if n := <-purged; n != 2 {
		t.Errorf("purged %d", n)
	}
	r.restart(Options{}, nil, false)
	if n := r.ready(); n != 3 {
		t.Errorf("%d messages came back, want 3", n)
	}
	slab.Close()
	r.end()
}
