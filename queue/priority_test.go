package queue

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/lepusmq/lepus/store"
)

// prioritized is numbers in the order in which they leave.
func prioritized(list []uint64, priority func(uint64) uint8, top uint8) []uint64 {
	slices.SortStableFunc(list, func(a, b uint64) int {
		return int(min(priority(b), top)) - int(min(priority(a), top))
	})
	return list
}

func someOfTen(n uint64) uint8  { return uint8(n / 3 * 7 % 11) }
func runsOf(n uint64) uint8     { return uint8(n / 500 % 4) }
func thousands(n uint64) uint8  { return uint8(n * 11 % 256) }
func maxPriority(n int) Options { return Options{MaxPriority: Bound{Set: true, N: int64(n)}} }

// ranked has a queue use priorities.
func ranked(n int) func(*Config) { return func(c *Config) { c.Options = maxPriority(n) } }

// TestPrioritiesFromDisk fills queues beyond their memory, and takes all of it:
// strictly by priority, in order inside of each.
func TestPrioritiesFromDisk(t *testing.T) {
	for _, c := range []struct {
		name     string
		n        uint64
		size     int
		top      int
		kept     func(uint64) bool
		priority func(uint64) uint8
	}{
		{"few", 20000, 64, 3, all, runsOf},
		{"transient", 20000, 64, 10, none, someOfTen},
		{"mixed", 20000, 64, 10, mixed, someOfTen},
		{"clipped", 5000, 64, 5, mixed, someOfTen},
		{"large", 300, 100 << 10, 10, mixed, someOfTen},
		{"all", 20000, 64, 255, mixed, thousands},
		{"one", 5000, 64, 0, mixed, someOfTen},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newPagingRig(t, 8*leastWindow, ranked(c.top))
			r.priority = c.priority
			r.fill(1, c.n, c.size, 50, c.kept)
			s := &sink{after: (*Queue).Ack}
			consume(t, r.queue, &Consumer{Holder: s, Prefetch: 500})
			wantNumbers(t, s.await(int(c.n)), prioritized(numbers(c.n), c.priority, uint8(c.top)))
			if err := r.queue.Check(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestPrioritiesReturned gives a whole backlog back that a consumer had, and
// takes it again.
func TestPrioritiesReturned(t *testing.T) {
	r := newPagingRig(t, 1<<20, ranked(10))
	r.priority = someOfTen
	const n = 5000
	r.fill(1, n, 1024, 100, mixed)
	s := &sink{}
	consume(t, r.queue, &Consumer{Holder: s})
	want := prioritized(numbers(n), someOfTen, 10)
	wantNumbers(t, s.await(n), want)
	r.queue.Detach(s)
	again := &sink{after: (*Queue).Ack, redelivered: map[uint64]bool{}}
	consume(t, r.queue, &Consumer{Holder: again, Prefetch: 100})
	wantNumbers(t, again.await(n), want)
	for _, number := range want {
		if !again.redelivered[number] {
			t.Fatalf("message %d is not redelivered", number)
		}
	}
}

// TestPurgePriorities purges lanes in memory and on disk, with messages unacked
// in all of them, which stay.
func TestPurgePriorities(t *testing.T) {
	r := newPagingRig(t, 8*leastWindow, ranked(10))
	r.priority = someOfTen
	const n = 5000
	r.fill(1, n, 512, 20, mixed)
	s := &sink{}
	consume(t, r.queue, &Consumer{Holder: s, Prefetch: 1000})
	s.await(1000)
	purged := make(chan int, 1)
	r.queue.Purge(func(n int, err error) { purged <- n })
	if got := <-purged; got != n-1000 {
		t.Errorf("purged %d, want %d", got, n-1000)
	}
	r.fill(n+1, 2*n, 512, 20, mixed)
	r.queue.Detach(s)
	want := slices.AppendSeq(s.received(), counting(n+1, 2*n))
	slices.Sort(want)
	again := &sink{after: (*Queue).Ack}
	consume(t, r.queue, &Consumer{Holder: again, Prefetch: 100})
	wantNumbers(t, again.await(len(want)), prioritized(want, someOfTen, 10))
}

// TestQuorumPriorities publishes with all priorities and without.
func TestQuorumPriorities(t *testing.T) {
	q := New(Config{Name: "q", Options: Options{Quorum: true}})
	var slab Slab
	want := map[int][]string{}
	for n := range 300 {
		priority, head := n%40, []byte{0x08, 0, byte(n % 40)}
		clipped := min(priority, 31)
		if n%3 == 0 {
			priority, clipped, head = 0, 4, []byte{0, 0}
		}
		m := slab.Add([]byte("\x00\x01k"), head, fmt.Append(nil, n))
		m.Priority = uint8(priority)
		q.Publish([]Publication{{Message: m}})
		want[clipped] = append(want[clipped], fmt.Sprint(n))
	}
	for priority := 31; priority >= 0; priority-- {
		for _, body := range want[priority] {
			q.Get(&sink{}, true, func(d *Delivery, _ int, ok bool, _ error) {
				if !ok || string(d.Body()) != body {
					t.Fatalf("priority %d: got %q, want %q", priority, d.Body(), body)
				}
			})
		}
	}
}

// TestGroupOfPriorities commits a group that takes messages of one priority and
// brings others: the store has all of it.
func TestGroupOfPriorities(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	next := uint64(1)
	lanes := map[uint64]uint64{}
	parts := func(key uint64) store.Queue {
		if lanes[key] == 0 {
			lanes[key] = next
			s.Define([]store.Definition{{Kind: store.KindQueue, ID: next}}, nil)
			next++
		}
		return s.Queue(lanes[key])
	}
	q := New(Config{ID: 1, Name: "q", Store: parts(0), Options: maxPriority(9), Parts: parts})
	var slab Slab
	message := func(n uint64, priority uint8) Publication {
		m := slab.Add([]byte("\x00\x01k"), []byte{0, 0}, binary.BigEndian.AppendUint64(nil, n))
		m.Persistent, m.Priority = true, priority
		return Publication{Message: m}
	}
	q.Publish([]Publication{message(1, 0), message(2, 7), message(3, 7), message(4, 9)})
	var taken []Settlement
	for range 3 {
		q.Get(&sink{}, false, func(d *Delivery, _ int, _ bool, _ error) {
			taken = append(taken, Settlement{Slot: d.Slot, Seq: d.Seq})
		})
	}
	var g Group
	for _, s := range taken {
		g.Ack(q, s)
	}
	for n, priority := range []uint8{0, 9, 3, 9} {
		g.Publish(q, message(uint64(10+n), priority))
	}
	done := make(chan struct{})
	g.Commit(s.NewGroup, func() { close(done) })
	<-done
	q.await()
	out := &sink{}
	consume(t, q, &Consumer{Holder: Sink(out)})
	wantNumbers(t, out.await(5), []uint64{11, 13, 12, 1, 10})
	q.Detach(out)
	q.Close()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s = openStore(t, dir)
	recovered := map[uint64]store.Queue{}
	for priority, n := range map[uint64]int{3: 1, 7: 0, 9: 2} {
		part := parts(PartKey(LanePart, priority))
		if _, got := part.Stock(); got != n {
			t.Errorf("the store has %d messages of priority %d, want %d", got, priority, n)
		}
		recovered[PartKey(LanePart, priority)] = part
	}
	q = New(Config{ID: 1, Name: "q", Store: parts(0), Options: maxPriority(9), Parts: parts})
	q.Recover(recovered)
	// Numbers go on above those of all lanes.
	q.Publish([]Publication{message(20, 5)})
	out = &sink{redelivered: map[uint64]bool{}}
	consume(t, q, &Consumer{Holder: Sink(out)})
	wantNumbers(t, out.await(6), []uint64{11, 13, 20, 12, 1, 10})
	for number, again := range out.redelivered {
		if again != (number != 20) {
			t.Errorf("message %d: redelivered is %v", number, again)
		}
	}
	q.Close()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func openStore(t *testing.T, dir string) store.Store {
	t.Helper()
	s, err := store.Open(store.Options{Dir: dir, SegmentSize: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestPrioritiesStayOnDisk fills lanes, with a consumer that takes some of them
// and without: together they have no more in memory than one line would.
func TestPrioritiesStayOnDisk(t *testing.T) {
	for _, kept := range []func(uint64) bool{all, none} {
		r := newPagingRig(t, 4<<20, ranked(255))
		r.priority = thousands
		s := &sink{}
		c := &Consumer{Holder: Sink(s), Prefetch: 500}
		consume(t, r.queue, c)
		r.fill(1, 10000, 1024, 100, kept)
		r.queue.Cancel(c, func() {})
		r.fill(10001, 20000, 1024, 100, kept)
		for r.budget.Used() > 3<<20 {
			runtime.Gosched()
		}
		if err := r.queue.Check(); err != nil {
			t.Error(err)
		}
	}
}

// BenchmarkPriorities is BenchmarkPublishDeliver with ten priorities.
func BenchmarkPriorities(b *testing.B) {
	q := New(Config{Name: "q", Options: maxPriority(9)})
	q.Consume(&Consumer{Holder: Sink(discard{}), NoAck: true}, func(error) {})
	var slab Slab
	batch := make([]Publication, 256)
	body := make([]byte, 16)
	b.ReportAllocs()
	for n := 0; n < b.N; n += len(batch) {
		for i := range batch {
			batch[i] = Publication{Message: slab.Add([]byte("\x00\x01k"), []byte{0, 0}, body)}
			batch[i].Priority = uint8(i * 7 % 10)
		}
		q.Publish(batch)
	}
}
