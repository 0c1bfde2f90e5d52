package queue

import (
	"encoding/binary"
	"errors"
	"sync"
	"testing"

	"github.com/lepusmq/lepus/store"
)

// sink is a channel that keeps what it is given.
type sink struct {
	mu        sync.Mutex
	came      sync.Cond // on mu: got has grown
	got       []uint64
	after     func(q *Queue, batch []Settlement) // called without mu, by a goroutine
	workers   sync.WaitGroup
	full      int  // how often Deliver says that it has had enough
	stuffed   bool // nothing is to be delivered
	cancelled int
	flushed   int
	// redelivered notes the messages that came as such, if it is there.
	redelivered map[uint64]bool
}

func (s *sink) Deliver(q *Queue, batch []Delivery) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	var settled []Settlement
	for i := range batch {
		number := binary.BigEndian.Uint64(batch[i].Body())
		s.got = append(s.got, number)
		if s.redelivered != nil {
			s.redelivered[number] = batch[i].Redelivered()
		}
		if batch[i].Slot != 0 {
			settled = append(settled, Settlement{Slot: batch[i].Slot, Seq: batch[i].Seq})
		}
	}
	s.wake()
	if s.after != nil && len(settled) > 0 {
		s.workers.Go(func() { s.after(q, settled) })
	}
	if s.full > 0 {
		s.full--
		c := batch[0].Consumer
		s.workers.Go(func() { q.Resume(c) })
		return true
	}
	return false
}

func (s *sink) Full(*Consumer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stuffed
}

func (s *sink) Flush() {
	s.mu.Lock()
	s.flushed++
	s.mu.Unlock()
}

func (s *sink) Cancelled(*Consumer) {
	s.mu.Lock()
	s.cancelled++
	s.mu.Unlock()
}

func (s *sink) wake() {
	if s.came.L != nil {
		s.came.Broadcast()
	}
}

// await waits for n messages, and until nothing more happens.
func (s *sink) await(n int) []uint64 {
	s.mu.Lock()
	s.came.L = &s.mu
	for len(s.got) < n {
		s.came.Wait()
	}
	s.mu.Unlock()
	s.workers.Wait()
	return s.received()
}

func (s *sink) received() []uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got
}

// confirms counts what was confirmed.
type confirms struct {
	mu   sync.Mutex
	seen map[uint64]int
}

func (c *confirms) Confirm(first, last uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil {
		c.seen = map[uint64]int{}
	}
	for p := first; p <= last; p++ {
		c.seen[p]++
	}
}

func (c *confirms) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.seen)
}

// publish puts messages numbered first to last into q.
func publish(q *Queue, slab *Slab, c Confirmer, persistent bool, first, last uint64) {
	var batch []Publication
	for n := first; n <= last; n++ {
		m := slab.Add([]byte("\x00\x01k"), []byte{0, 0}, binary.BigEndian.AppendUint64(nil, n))
		m.Persistent = persistent
		batch = append(batch, Publication{Message: m, Confirm: c, Publish: n})
	}
	q.Publish(batch)
}

func consume(t *testing.T, q *Queue, c *Consumer) {
	t.Helper()
	q.Consume(c, func(err error) {
		if err != nil {
			t.Errorf("Consume: %v", err)
		}
	})
}

func durable(t *testing.T) *Queue {
	t.Helper()
	s := store.NewMemory()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return New(Config{ID: 1, Name: "q", Store: s.Queue(1)})
}

func TestDeliversInOrder(t *testing.T) {
	q := durable(t)
	s := &sink{after: (*Queue).Ack, full: 5}
	consume(t, q, &Consumer{Holder: Sink(s), Prefetch: 10})
	var slab Slab
	var c confirms
	const n = 5000
	for first := uint64(1); first <= n; first += 100 {
		publish(q, &slab, &c, first%200 == 1, first, first+99)
	}
	got := s.await(n)
	q.await()
	if len(got) != n {
		t.Fatalf("%d messages delivered, want %d", len(got), n)
	}
	for i, v := range got {
		if v != uint64(i)+1 {
			t.Fatalf("message %d came as number %d", v, i+1)
		}
	}
	if c.count() != n {
		t.Errorf("%d messages confirmed, want %d", c.count(), n)
	}
	if err := q.Check(); err != nil {
		t.Error(err)
	}
	q.Close()
}

// TestFullSink has one of two sinks be full from the start: the other gets all,
// until the first may go on.
func TestFullSink(t *testing.T) {
	q := durable(t)
	full, other := &sink{stuffed: true}, &sink{}
	c := &Consumer{Holder: Sink(full), NoAck: true}
	consume(t, q, c)
	consume(t, q, &Consumer{Holder: Sink(other), NoAck: true, Prefetch: 1})
	var slab Slab
	publish(q, &slab, nil, false, 1, 10)
	other.await(10)
	full.mu.Lock()
	full.stuffed = false
	full.mu.Unlock()
	publish(q, &slab, nil, false, 11, 12)
	other.await(12)
	q.Resume(c)
	publish(q, &slab, nil, false, 13, 14)
	if got := full.await(1); len(got) != 1 {
		t.Errorf("%v came to who was full", got)
	}
	other.await(13)
	q.Close()
}

// TestManyPublishersAndSinks has several goroutines on one queue at once: each
// message arrives once, and those of one publisher in order.
func TestManyPublishersAndSinks(t *testing.T) {
	const publishers, each, sinks = 4, 3000, 3
	q := New(Config{Name: "q"})
	var all [sinks]*sink
	for i := range all {
		all[i] = &sink{full: 20 * i}
		consume(t, q, &Consumer{Holder: Sink(all[i]), NoAck: true})
	}
	var workers sync.WaitGroup
	for p := range uint64(publishers) {
		workers.Go(func() {
			var slab Slab
			for n := uint64(0); n < each; n += 30 {
				publish(q, &slab, nil, false, p<<32+n, p<<32+n+29)
				q.Throttle()
			}
			slab.Close()
		})
	}
	workers.Wait()
	for _, s := range all {
		s.await(1)
	}
	q.await()
	seen := map[uint64]bool{}
	for _, s := range all {
		var last [publishers]uint64
		for _, v := range s.received() {
			p, n := v>>32, v&0xffffffff+1
			if seen[v] || n <= last[p] {
				t.Fatalf("message %d of publisher %d came after %d", n, p, last[p])
			}
			seen[v], last[p] = true, n
		}
	}
	if len(seen) != publishers*each {
		t.Fatalf("%d messages delivered, want %d", len(seen), publishers*each)
	}
	q.Close()
}

func TestGetReturnsMessagesAndCounts(t *testing.T) {
	q := New(Config{Name: "q"})
	var slab Slab
	publish(q, &slab, nil, false, 1, 3)
	s := &sink{}
	var held Settlement
	q.Get(s, false, func(d *Delivery, ready int, ok bool, err error) {
		if !ok || err != nil || ready != 2 || d.Redelivered() {
			t.Errorf("got ok=%v err=%v ready=%d redelivered=%v", ok, err, ready, d.Redelivered())
		}
		held = Settlement{Slot: d.Slot, Seq: d.Seq}
	})
	q.Return([]Settlement{held})
	q.Get(s, true, func(d *Delivery, ready int, ok bool, err error) {
		if n := binary.BigEndian.Uint64(d.Body()); n != 1 || !d.Redelivered() {
			t.Errorf("got message %d, redelivered=%v", n, d.Redelivered())
		}
	})
	q.Info(func(i Info, err error) {
		if i.Ready != 2 || i.Unacked != 0 || err != nil {
			t.Errorf("got %+v, %v", i, err)
		}
	})
	q.Purge(func(n int, err error) {
		if n != 2 || err != nil {
			t.Errorf("purged %d, %v", n, err)
		}
	})
	q.Close()
}

func TestDeleteTellsConsumersAndConfirms(t *testing.T) {
	q := durable(t)
	s := &sink{}
	consume(t, q, &Consumer{Holder: Sink(s), Prefetch: 1})
	var slab Slab
	var c confirms
	publish(q, &slab, &c, true, 1, 10)
	q.Delete(true, false, func(_ int, err error) {
		if !errors.Is(err, ErrInUse) {
			t.Errorf("delete if-unused: %v", err)
		}
	})
	q.Delete(false, true, func(_ int, err error) {
		if !errors.Is(err, ErrNotEmpty) {
			t.Errorf("delete if-empty: %v", err)
		}
	})
	q.Delete(false, false, func(n int, err error) {
		if n != 9 || err != nil {
			t.Errorf("deleted with %d ready, %v", n, err)
		}
	})
	publish(q, &slab, &c, true, 11, 12)
	if s.cancelled != 1 {
		t.Errorf("the consumer was told %d times", s.cancelled)
	}
	if c.count() != 12 {
		t.Errorf("%d confirmed, want 12", c.count())
	}
	q.Info(func(_ Info, err error) {
		if !errors.Is(err, ErrDeleted) {
			t.Errorf("info of a deleted queue: %v", err)
		}
	})
	q.await()
}

// TestStoreGetsItsReferenceFirst has messages that leave the queue in the turn
// in which they came: to a consumer that acks nothing, or to nobody. Their
// memory must stay until the store has taken its own reference.
func TestStoreGetsItsReferenceFirst(t *testing.T) {
	for _, deleted := range []bool{false, true} {
		kept := &keeper{}
		q := New(Config{ID: 1, Name: "q", Store: kept})
		s := &sink{}
		consume(t, q, &Consumer{Holder: Sink(s), NoAck: true})
		if deleted {
			q.Delete(false, false, func(int, error) {})
		}
		var batch []Publication
		for n := range uint64(8) {
			// A slab each, so that every message is alone in its chunk.
			var slab Slab
			m := slab.Add([]byte("\x00\x01k"), []byte{0, 0}, binary.BigEndian.AppendUint64(nil, n))
			slab.Close()
			m.Persistent = true
			batch = append(batch, Publication{Message: m})
		}
		q.Publish(batch)
		for n := range uint64(8) {
			if got := binary.BigEndian.Uint64(kept.messages[n].Body()); got != n {
				t.Errorf("deleted=%v: the store holds %d instead of message %d", deleted, got, n)
			}
			kept.messages[n].Release() // panics if the reference was not its own
		}
	}
}

// TestGroupToDeletedQueue has a group that comes too late: the store gets its
// part, and its references, all the same.
func TestGroupToDeletedQueue(t *testing.T) {
	kept := &keeper{}
	q := New(Config{ID: 1, Name: "q", Store: kept})
	q.Delete(false, false, func(int, error) {})
	var g Group
	for n := range uint64(8) {
		var slab Slab
		m := slab.Add([]byte("\x00\x01k"), []byte{0, 0}, binary.BigEndian.AppendUint64(nil, n))
		slab.Close()
		m.Persistent = true
		g.Publish(q, Publication{Message: m})
	}
	s := store.NewMemory()
	g.Commit(s.NewGroup, func() {})
	for n := range uint64(8) {
		if got := binary.BigEndian.Uint64(kept.messages[n].Body()); got != n {
			t.Errorf("the store holds %d instead of message %d", got, n)
		}
		kept.messages[n].Release()
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// keeper is a store that only keeps references.
type keeper struct {
	store.Queue
	messages []Message
}

func (k *keeper) NextSeq() uint64              { return 1 }
func (k *keeper) Kept() uint64                 { return 0 }
func (k *keeper) Settle([]uint64)              {}
func (k *keeper) SettleBelow(uint64, []uint64) {}
func (k *keeper) Join(_ *store.Group, entries []store.Enqueue, _ []uint64) {
	k.Append(entries)
}

func (k *keeper) Append(entries []store.Enqueue) {
	for i := range entries {
		entries[i].Retain(1)
		k.messages = append(k.messages, entries[i].Message)
	}
}

func TestLastConsumerGone(t *testing.T) {
	unused := 0
	q := New(Config{Name: "q", OnUnused: func(*Queue) { unused++ }})
	a, b := &sink{}, &sink{}
	ca := &Consumer{Holder: Sink(a)}
	consume(t, q, ca)
	consume(t, q, &Consumer{Holder: Sink(b)})
	q.Cancel(ca, func() {})
	if unused != 0 {
		t.Fatal("unused with a consumer left")
	}
	q.Detach(b)
	if unused != 1 {
		t.Fatalf("unused %d times, want once", unused)
	}
	q.Detach(b)
	if unused != 1 {
		t.Fatal("a sink without consumers made the queue unused again")
	}
}

// TestGroupGoesAsOne has a group of two queues; the messages of one are held
// back until the other has joined.
func TestGroupGoesAsOne(t *testing.T) {
	s := store.NewMemory()
	a := New(Config{ID: 1, Name: "a", Store: s.Queue(1)})
	b := New(Config{ID: 2, Name: "b", Store: s.Queue(2)})
	out := &sink{}
	consume(t, a, &Consumer{Holder: Sink(out), NoAck: true})
	consume(t, b, &Consumer{Holder: Sink(out), NoAck: true})
	var slab Slab
	var g Group
	for n := uint64(1); n <= 4; n++ {
		m := slab.Add([]byte("\x00\x01k"), []byte{0, 0}, binary.BigEndian.AppendUint64(nil, n))
		m.Persistent = true
		g.Publish([]*Queue{a, b}[n%2], Publication{Message: m})
	}
	done := make(chan struct{})
	g.Commit(s.NewGroup, func() { close(done) })
	<-done
	a.await()
	b.await()
	if got := out.received(); len(got) != 4 {
		t.Errorf("delivered %v", got)
	}
	a.Close()
	b.Close()
}

// BenchmarkPublishDeliver is the cost of a message through an otherwise idle
// queue, in the batches that a busy reader makes.
func BenchmarkPublishDeliver(b *testing.B) {
	q := New(Config{Name: "q"})
	s := discard{}
	q.Consume(&Consumer{Holder: Sink(s), NoAck: true}, func(error) {})
	var slab Slab
	by := &Origin{Name: "x"}
	const size = 256
	batch := make([]Publication, size)
	body := make([]byte, 16)
	b.ReportAllocs()
	for n := 0; n < b.N; n += size {
		for i := range batch {
			batch[i] = Publication{Message: slab.Add([]byte("\x00\x01k"), []byte{0, 0}, body)}
		}
		q.PublishBy(by, batch)
	}
}

type discard struct{}

func (discard) Deliver(*Queue, []Delivery) bool { return false }
func (discard) Full(*Consumer) bool             { return false }
func (discard) Flush()                          {}
func (discard) Cancelled(*Consumer)             {}
