package queue

import (
	"cmp"
	"encoding/binary"
	"iter"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lepusmq/lepus/store"
	"github.com/lepusmq/lepus/store/vfs"
)

// pagingRig is a queue with little memory on a real disk.
type pagingRig struct {
	store    store.Store
	overflow *store.Volatile
	budget   *Budget
	queue    *Queue
	// priority is that of a message; nil if none has one.
	priority func(n uint64) uint8
}

func newPagingRig(t *testing.T, memory int64, change ...func(*Config)) *pagingRig {
	t.Helper()
	r := &pagingRig{budget: &Budget{limit: memory, mostAlone: memory / 2}}
	damaged := func(err error) { t.Error(err) }
	var err error
	r.store, err = store.Open(store.Options{Dir: t.TempDir(), SegmentSize: 1 << 20, OnDamage: damaged, OnFail: damaged})
	if err != nil {
		t.Fatal(err)
	}
	r.overflow = store.NewVolatile(store.Options{Dir: t.TempDir(), SegmentSize: 1 << 20, OnDamage: damaged, OnFail: damaged})
	id := r.store.NewID()
	r.store.Define([]store.Definition{{Kind: store.KindQueue, ID: id}}, nil)
	cfg := Config{
		ID: id, Name: "q", Store: r.store.Queue(id), Parts: partsOf(r.store), Budget: r.budget, Overflow: r.overflow,
	}
	for _, f := range change {
		f(&cfg)
	}
	r.queue = New(cfg)
	r.queue.Open()
	t.Cleanup(func() {
		r.queue.Close()
		if n := r.budget.Used(); n != 0 {
			t.Errorf("%d bytes in use by a queue that is closed", n)
		}
		if err := r.store.Close(); err != nil {
			t.Error(err)
		}
		if err := r.overflow.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// partsOf makes parts of a store.
func partsOf(s store.Store) func(uint64) store.Queue {
	return func(uint64) store.Queue {
		id := s.NewID()
		s.Define([]store.Definition{{Kind: store.KindQueue, ID: id}}, nil)
		return s.Queue(id)
	}
}

// fill publishes messages numbered first to last, of a size and as many at a
// time as is said; kept says which of them the store is to keep.
func (r *pagingRig) fill(first, last uint64, size, batch int, kept func(uint64) bool) {
	var slab Slab
	body := make([]byte, max(size, 8))
	var list []Publication
	for n := first; n <= last; n++ {
		binary.BigEndian.PutUint64(body, n)
		m := slab.Add([]byte("\x00\x01k"), []byte{0, 0}, body)
		m.Persistent = kept(n)
		if r.priority != nil {
			m.Priority = r.priority(n)
		}
		if list = append(list, Publication{Message: m}); len(list) == batch || n == last {
			r.queue.Publish(list)
			r.queue.Throttle()
			r.store.Throttle()
			r.overflow.Throttle()
			list = list[:0]
		}
	}
	slab.Close()
}

func all(uint64) bool           { return true }
func none(uint64) bool          { return false }
func mixed(n uint64) bool       { return n/7%2 == 0 }
func numbers(n uint64) []uint64 { return slices.Collect(counting(1, n)) }

func counting(first, last uint64) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for n := first; n <= last && yield(n); n++ {
		}
	}
}

func wantNumbers(t *testing.T, got, want []uint64) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("message %d came instead of %d", got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d messages, want %d", len(got), len(want))
	}
}

// TestBacklogInOrder fills queues far beyond their windows and drains them.
func TestBacklogInOrder(t *testing.T) {
	for _, c := range []struct {
		name        string
		n           uint64
		size, batch int
		memory      int64
		kept        func(uint64) bool
	}{
		{"small", 20000, 8, 50, 4 * leastWindow, all},
		{"transient", 20000, 8, 50, 4 * leastWindow, none},
		{"mixed", 20000, 8, 50, 4 * leastWindow, mixed},
		{"one by one", 3000, 100, 1, 4 * leastWindow, mixed},
		{"blocks", 30000, 1024, 2000, defaultBudget, all},
		{"transient blocks", 30000, 1024, 2000, 8 << 20, none},
		{"large", 60, 300 << 10, 1, 4 * leastWindow, mixed},
		{"larger than a record", 12, 3 << 20, 1, 4 * leastWindow, mixed},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newPagingRig(t, c.memory)
			r.fill(1, c.n, c.size, c.batch, c.kept)
			s := &sink{after: (*Queue).Ack}
			consume(t, r.queue, &Consumer{Holder: s, Prefetch: 500})
			wantNumbers(t, s.await(int(c.n)), numbers(c.n))
		})
	}
}

// TestBacklogStaysOnDisk fills a queue and looks what it has in memory.
func TestBacklogStaysOnDisk(t *testing.T) {
	for _, kept := range []func(uint64) bool{all, none} {
		r := newPagingRig(t, 4<<20)
		r.fill(1, 20000, 1024, 100, kept)
		// The last messages leave when they have been written.
		for r.budget.Used() > 3<<20 {
			runtime.Gosched()
		}
		info := make(chan Info, 1)
		r.queue.Info(func(i Info, err error) { info <- i })
		if i := <-info; i.Ready != 20000 {
			t.Errorf("%d messages are ready", i.Ready)
		}
	}
}

// TestUnackedLeaveMemory delivers messages, of a backlog and as they come, to a
// consumer that acknowledges few and then goes: all others are ready again, in order.
func TestUnackedLeaveMemory(t *testing.T) {
	for name, kept := range map[string]func(uint64) bool{"persistent": all, "transient": none, "mixed": mixed} {
		t.Run(name, func(t *testing.T) {
			r := newPagingRig(t, 4<<20)
			const n = 20000
			r.fill(1, n/2, 1024, 100, kept)
			s := &sink{after: func(q *Queue, batch []Settlement) {
				for _, a := range batch {
					if a.Seq%100 == 0 {
						q.Ack([]Settlement{a})
					}
				}
			}}
			consume(t, r.queue, &Consumer{Holder: s})
			r.fill(n/2+1, n, 1024, 100, kept)
			wantNumbers(t, s.await(n), numbers(n))
			s.workers.Wait()
			for r.budget.Used() > 5<<20 {
				runtime.Gosched()
			}
			if alone := r.budget.alone.Load(); alone > 2<<20 {
				t.Errorf("%d bytes are in memory that nobody keeps", alone)
			}
			r.queue.Detach(s)
			again := &sink{after: (*Queue).Ack}
			consume(t, r.queue, &Consumer{Holder: again, Prefetch: 100})
			left := slices.DeleteFunc(numbers(n), func(n uint64) bool { return n%100 == 0 })
			wantNumbers(t, again.await(len(left)), left)
		})
	}
}

// TestSettleRuns settles messages that follow each other with one word.
func TestSettleRuns(t *testing.T) {
	const n, first, last = 200, 50, 149
	for name, settle := range map[string]func(*Queue, []Settlement){
		"ack": (*Queue).Ack, "reject": (*Queue).Reject, "return": (*Queue).Return, "fail": (*Queue).Fail,
	} {
		t.Run(name, func(t *testing.T) {
			r := newPagingRig(t, 4<<20)
			given := make(chan []Settlement, n)
			s := &sink{after: func(_ *Queue, batch []Settlement) { given <- batch }}
			consume(t, r.queue, &Consumer{Holder: s})
			r.fill(1, n, 100, 10, mixed)
			wantNumbers(t, s.await(n), numbers(n))
			var all []Settlement
			for len(all) < n {
				all = append(all, <-given...)
			}
			slices.SortFunc(all, func(a, b Settlement) int { return cmp.Compare(a.Seq, b.Seq) })
			run := all[first]
			run.More = last - first
			if all[last].Slot-run.Slot != last-first {
				t.Fatalf("slots %d to %d for %d messages", run.Slot, all[last].Slot, last-first+1)
			}
			settle(r.queue, []Settlement{run})
			s.workers.Wait()
			want, back := numbers(n), name == "return" || name == "fail"
			if back {
				want = slices.AppendSeq(want, counting(first+1, last+1))
			}
			wantNumbers(t, s.await(len(want)), want)
			info := make(chan Info, 1)
			r.queue.Info(func(i Info, err error) { info <- i })
			left := n
			if !back {
				left -= last - first + 1
			}
			if i := <-info; i.Unacked != left || i.Ready != 0 {
				t.Errorf("%d messages are unacked and %d ready, want %d and none", i.Unacked, i.Ready, left)
			}
		})
	}
}

// TestAloneIsCounted delivers what nobody keeps, and counts it until it is settled.
func TestAloneIsCounted(t *testing.T) {
	r := newPagingRig(t, 4<<20)
	s := &sink{}
	consume(t, r.queue, &Consumer{Holder: s})
	const n, size = 100, 1024
	r.fill(1, n, size, 10, none)
	wantNumbers(t, s.await(n), numbers(n))
	count := func() (alone, others int64) {
		done := make(chan bool)
		r.queue.Info(func(Info, error) { close(done) })
		<-done
		// Of two requests, the second is answered after the turn of the first.
		done = make(chan bool)
		r.queue.Info(func(Info, error) { close(done) })
		<-done
		return r.budget.alone.Load(), r.budget.used.Load()
	}
	if alone, others := count(); alone < n*size || alone > n*(size+200) || others != 0 {
		t.Errorf("%d bytes of delivered messages are counted, and %d of others", alone, others)
	}
	r.queue.Detach(s)
	again := &sink{after: (*Queue).Ack}
	consume(t, r.queue, &Consumer{Holder: again})
	wantNumbers(t, again.await(n), numbers(n))
	again.workers.Wait()
	if alone, others := count(); alone != 0 || others != 0 {
		t.Errorf("%d bytes of delivered messages are counted, and %d of others, of an empty queue", alone, others)
	}
}

// TestGetFromBacklog fetches messages that are on disk, while others come.
func TestGetFromBacklog(t *testing.T) {
	r := newPagingRig(t, 4*leastWindow)
	const n = 2000
	r.fill(1, n, 512, 20, mixed)
	s := &sink{}
	for want := uint64(1); want <= n; want++ {
		type got struct {
			number uint64
			ready  int
		}
		reply := make(chan got, 1)
		r.queue.Get(s, want%2 == 0, func(d *Delivery, ready int, ok bool, err error) {
			if !ok || err != nil {
				t.Errorf("get %d: %v, %v", want, ok, err)
				reply <- got{}
				return
			}
			reply <- got{binary.BigEndian.Uint64(d.Body()), ready}
		})
		if g := <-reply; g.number != want || g.ready != int(n-want) {
			t.Fatalf("got %d with %d behind it, want %d with %d", g.number, g.ready, want, n-want)
		}
	}
}

// TestPurgeBacklog purges a queue that is mostly on disk while it is being
// read, and goes on with it.
func TestPurgeBacklog(t *testing.T) {
	r := newPagingRig(t, 4*leastWindow)
	const n = 5000
	r.fill(1, n, 512, 20, mixed)
	s := &sink{}
	consume(t, r.queue, &Consumer{Holder: s, Prefetch: 40})
	s.await(40)
	purged := make(chan int, 1)
	r.queue.Purge(func(n int, err error) { purged <- n })
	if got := <-purged; got != n-40 {
		t.Errorf("purged %d, want %d", got, n-40)
	}
	r.fill(n+1, 2*n, 512, 20, mixed)
	r.queue.Detach(s)
	again := &sink{after: (*Queue).Ack}
	consume(t, r.queue, &Consumer{Holder: again, Prefetch: 100})
	want := slices.AppendSeq(numbers(40), counting(n+1, 2*n))
	wantNumbers(t, again.await(len(want)), want)
}

// TestDeleteBacklog deletes a queue while it is being read.
func TestDeleteBacklog(t *testing.T) {
	r := newPagingRig(t, 4*leastWindow)
	const n = 5000
	r.fill(1, n, 512, 20, mixed)
	s := &sink{}
	consume(t, r.queue, &Consumer{Holder: s, Prefetch: 1})
	s.await(1)
	deleted := make(chan int, 1)
	r.queue.Delete(false, false, func(n int, err error) { deleted <- n })
	if got := <-deleted; got != n-1 {
		t.Errorf("deleted with %d ready, want %d", got, n-1)
	}
}

// TestRecoverBacklog closes a store and opens it again: nothing is loaded
// before it is wanted.
func TestRecoverBacklog(t *testing.T) {
	dir := t.TempDir()
	open := func() store.Store {
		s, err := store.Open(store.Options{Dir: dir, SegmentSize: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := open()
	id := first.NewID()
	first.Define([]store.Definition{{Kind: store.KindQueue, ID: id}}, nil)
	r := &pagingRig{store: first, overflow: store.NewVolatile(store.Options{Dir: t.TempDir()})}
	r.queue = New(Config{ID: id, Store: first.Queue(id), Budget: NewBudget(0)})
	const n = 5000
	r.fill(1, n, 512, 100, all)
	s := &sink{}
	consume(t, r.queue, &Consumer{Holder: s, Prefetch: 10})
	s.await(10)
	r.queue.Detach(s)
	r.queue.Close()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	second := open()
	budget := NewBudget(0)
	q := New(Config{ID: id, Store: second.Queue(id), Budget: budget})
	q.Recover(nil)
	if used := budget.Used(); used != 0 {
		t.Errorf("%d bytes in memory after the start", used)
	}
	again := &sink{after: (*Queue).Ack, redelivered: map[uint64]bool{}}
	consume(t, q, &Consumer{Holder: again, Prefetch: 100})
	wantNumbers(t, again.await(n), numbers(n))
	for at := uint64(1); at <= n; at++ {
		if again.redelivered[at] != (at <= 10) {
			t.Fatalf("message %d: redelivered is %v", at, again.redelivered[at])
		}
	}
	q.Close()
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
}

// slowSink takes messages without acks, and is full until it is emptied.
type slowSink struct{ sink }

func (s *slowSink) Deliver(q *Queue, batch []Delivery) bool {
	s.sink.Deliver(q, batch)
	return true
}

// TestPublishersWaitForConsumers has consumers fall behind: publishers are
// slowed before anything leaves the memory, and go on when the consumers have
// caught up, or do not.
func TestPublishersWaitForConsumers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spill := store.NewVolatile(store.Options{Dir: "/none", FS: vfs.NewFake(1)})
		q := New(Config{Name: "q", Budget: &Budget{limit: 4 << 20}, Overflow: spill})
		s := &slowSink{}
		c := &Consumer{Holder: Sink(s), NoAck: true}
		q.Consume(c, func(error) {})
		var slab Slab
		publish := func(n int) {
			for range n {
				q.Publish([]Publication{{Message: slab.Add([]byte("\x00\x01k"), []byte{0, 0}, make([]byte, 10_000))}})
			}
		}
		publish(100)
		if q.Overloaded() {
			t.Fatal("overloaded with half of the window")
		}
		publish(70)
		if !q.Overloaded() {
			t.Fatal("not overloaded")
		}
		start := time.Now()
		q.Throttle()
		if wait := time.Since(start); wait != catchUp {
			t.Errorf("waited %v for a consumer that does not come", wait)
		}
		waited := make(chan time.Duration)
		go func() {
			start := time.Now()
			q.Throttle()
			waited <- time.Since(start)
		}()
		synctest.Wait()
		time.Sleep(catchUp / 2)
		for range 100 {
			q.Resume(c)
		}
		if wait := <-waited; wait != catchUp/2 || q.Overloaded() {
			t.Errorf("waited %v for a consumer that came, overloaded %v", wait, q.Overloaded())
		}
		q.Close()
	})
}
