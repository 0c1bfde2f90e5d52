package queue

import (
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lepusmq/lepus/amqp"
)

func counts(q *Queue) Counts {
	var c Counts
	done := make(chan struct{})
	q.Look(time.Now(), &c, func() { close(done) })
	<-done
	return c
}

// TestCounts follows what a queue says of itself from publish to purge.
func TestCounts(t *testing.T) {
	q := durable(t)
	var slab Slab
	if c := counts(q); c.Flow != (Flow{}) || c.Ready != 0 || c.Capacity != 0 {
		t.Errorf("a new queue says %+v", c)
	}
	publish(q, &slab, nil, true, 1, 6)
	publish(q, &slab, nil, false, 7, 8)
	c := counts(q)
	if c.Ready != 8 || c.ReadyBytes != 64 || c.Stored != 6 || c.Resident != 8 || c.ResidentBytes < 64 || c.Publish != 8 || c.DiskWrites != 6 {
		t.Errorf("after the publishes it says %+v", c)
	}

	s := &sink{}
	var held []Settlement
	get := func(noAck bool) {
		q.Get(s, noAck, func(d *Delivery, _ int, ok bool, _ error) {
			if ok && d.Slot != 0 {
				held = append(held, Settlement{Slot: d.Slot, Seq: d.Seq})
			}
		})
	}
	for range 3 {
		get(false)
	}
	get(true)
	c = counts(q)
	if c.Unacked != 3 || c.UnackedBytes != 24 || c.Ready != 4 || c.ReadyBytes != 32 || c.Get != 3 || c.GetNoAck != 1 || c.Stored != 5 {
		t.Errorf("with unacked messages it says %+v", c)
	}
	q.Ack(held[:1])
	q.Return(held[1:2])
	q.Reject(held[2:])
	q.Reject(held[2:]) // no such message any more
	get(false)
	c = counts(q)
	if c.Unacked != 1 || c.UnackedBytes != 8 || c.Ack != 1 || c.Redeliver != 1 || c.Stored != 3 {
		t.Errorf("after the settlements it says %+v", c)
	}
	q.Purge(func(int, error) {})
	get(true)
	c = counts(q)
	if c.Ready != 0 || c.ReadyBytes != 0 || c.Unacked != 1 || c.Stored != 1 || c.GetEmpty != 1 {
		t.Errorf("after the purge it says %+v", c)
	}
	if err := q.Check(); err != nil {
		t.Error(err)
	}
	slab.Close()
	q.Close()
}

func TestDeliveriesAreCounted(t *testing.T) {
	q := New(Config{Name: "q"})
	var slab Slab
	acks, noAcks := &sink{after: (*Queue).Ack}, &sink{}
	consume(t, q, &Consumer{Holder: Sink(acks)})
	consume(t, q, &Consumer{Holder: Sink(noAcks), NoAck: true})
	publish(q, &slab, nil, false, 1, 10)
	acks.await(5)
	noAcks.await(5)
	if f := counts(q).Flow; f != (Flow{Publish: 10, Deliver: 5, DeliverNoAck: 5, Ack: 5}) {
		t.Errorf("it says %+v", f)
	}
	slab.Close()
	q.Close()
}

// TestGroupsAreCounted: what a transaction publishes and acks counts, what the
// broker posts by itself does not.
func TestGroupsAreCounted(t *testing.T) {
	q := New(Config{Name: "q"})
	var slab Slab
	group := func(end func(g *Group, done func()), change func(g *Group)) {
		var g Group
		change(&g)
		done := make(chan struct{})
		end(&g, func() { close(done) })
		<-done
	}
	add := func(g *Group) {
		g.Publish(q, Publication{Message: slab.Add([]byte("\x00\x01k"), []byte{0, 0}, []byte("body"))})
	}
	group(func(g *Group, done func()) { g.Commit(nil, done) }, func(g *Group) { add(g); add(g) })
	group(func(g *Group, done func()) { g.Post(nil, done) }, add)
	var held [2]Settlement
	for i := range held {
		q.Get(&sink{}, false, func(d *Delivery, _ int, _ bool, _ error) { held[i] = Settlement{Slot: d.Slot, Seq: d.Seq} })
	}
	group(func(g *Group, done func()) { g.Commit(nil, done) }, func(g *Group) { g.Ack(q, held[0]); g.Reject(q, held[1]) })
	want := Flow{Publish: 2, Get: 2, Ack: 1, Dropped: [DeliveryLimit + 1]uint64{Rejected: 1}}
	if f := counts(q).Flow; f != want {
		t.Errorf("it says %+v, want %+v", f, want)
	}
	slab.Close()
	q.Close()
}

// TestCapacity has the only consumer of a queue be busy for a second.
func TestCapacity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Config{Name: "q"})
		var slab Slab
		want := func(when string, capacity float64) {
			t.Helper()
			if c := counts(q); math.Abs(c.Capacity-capacity) > 0.001 {
				t.Errorf("%s the capacity is %v, want %v", when, c.Capacity, capacity)
			}
		}
		s := &sink{}
		var held []Settlement
		var mu sync.Mutex
		s.after = func(_ *Queue, batch []Settlement) {
			mu.Lock()
			defer mu.Unlock()
			held = append(held, batch...)
		}
		c := &Consumer{Holder: Sink(s), Prefetch: 1}
		consume(t, q, c)
		time.Sleep(time.Second)
		want("idle", 1)
		publish(q, &slab, nil, false, 1, 1)
		want("just busy", 1)
		time.Sleep(time.Second)
		want("after a second", 0.5)
		time.Sleep(time.Second)
		want("after two seconds", 0.25)
		s.workers.Wait()
		q.Ack(held)
		time.Sleep(time.Second)
		want("a second later", 0.625)
		q.Cancel(c, func() {})
		want("without consumers", 0)
		slab.Close()
		q.Close()
	})
}

func TestRestedIsWhenTheQueueWasLastUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Config{Name: "q"})
		time.Sleep(time.Minute)
		if since := time.Since(counts(q).Rested); since != time.Minute {
			t.Errorf("a new queue has rested for %v", since)
		}
		q.Info(func(Info, error) {})
		time.Sleep(time.Second)
		if since := time.Since(counts(q).Rested); since != time.Second {
			t.Errorf("it has rested for %v", since)
		}
		q.Close()
	})
}

func TestHeadTimestamp(t *testing.T) {
	q := New(Config{Name: "q"})
	var slab Slab
	stamped := amqp.Properties{Flags: amqp.HasTimestamp, Timestamp: 1700000000}
	q.Publish([]Publication{{Message: slab.Add([]byte("\x00\x01k"), stamped.Append(nil), []byte("body"))}})
	if at := counts(q).HeadTimestamp; at != 1700000000 {
		t.Errorf("the timestamp is %d", at)
	}
	slab.Close()
	q.Close()
}

// TestLookNeitherWaitsNorIsWaitedFor looks at a queue whose strand is at work: the
// answer comes with its next turn, before what waits in the mailbox.
func TestLookNeitherWaitsNorIsWaitedFor(t *testing.T) {
	q := New(Config{Name: "q"})
	atWork, goOn := make(chan struct{}), make(chan struct{})
	go q.Info(func(Info, error) {
		close(atWork)
		<-goOn
	})
	<-atWork
	q.Info(func(Info, error) {})
	var order []string
	var c Counts
	answered := make(chan struct{})
	q.Look(time.Now(), &c, func() {
		order = append(order, "look")
		close(answered)
	})
	q.do(func(*Queue) { order = append(order, "later") })
	select {
	case <-answered:
		t.Error("the strand was at work, and looked at")
	default:
	}
	close(goOn)
	<-answered
	q.await()
	if len(order) != 2 || order[0] != "look" {
		t.Errorf("the order was %v", order)
	}
	q.Close()
	if c := counts(q); c.Ready != 0 {
		t.Errorf("a queue that has ended says %+v", c)
	}
}

// BenchmarkLook is what it costs to look at a queue that is idle.
func BenchmarkLook(b *testing.B) {
	q := New(Config{Name: "q"})
	var c Counts
	now := time.Now()
	done := func() {}
	b.ReportAllocs()
	for b.Loop() {
		q.Look(now, &c, done)
	}
}
