package vhost

import (
	"bytes"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/exchange"
	"github.com/lepusmq/lepus/queue"
	"github.com/lepusmq/lepus/store"
)

// remembered is a message with a deduplication header and others.
func remembered(key amqp.Value, more ...amqp.Field) amqp.Properties {
	headers := amqp.Table{{Key: queue.DeduplicationHeader, Value: key}}
	return amqp.Properties{Flags: amqp.HasHeaders | amqp.HasDeliveryMode, DeliveryMode: amqp.Persistent, Headers: append(headers, more...)}
}

// publishVia publishes to an exchange as a session does, and reports whether the
// message went anywhere. safe is called when it is safe, with its originals.
func (f *fixture) publishVia(x string, p amqp.Properties, body string, safe func()) bool {
	f.t.Helper()
	m := testMessage(x, "", p, body)
	var r Route
	var facts amqp.Facts
	f.ok(amqp.CheckProperties(m.Head(), &facts))
	for {
		r.Head = m.Head()
		f.ok(f.Route(&r, []byte(x), nil, facts.Headers))
		if f.Claim(&r, m.Route(), m.Head(), m.Body()) {
			break
		}
	}
	if r.Durable > 1 {
		m.Fanout = queue.NewFanout(r.Durable)
	}
	var g queue.Group
	m.Retain(len(r.Queues))
	for _, q := range r.Queues {
		g.Publish(q, m)
	}
	m.Release()
	r.Join(&g)
	if r.Known() > 0 {
		r.AwaitKnown(func(bool) { safe() })
	} else {
		g.Commit(f.NewGroup, safe)
	}
	return len(r.Queues) > 0
}

func (f *fixture) cache(name string, fields ...amqp.Field) {
	f.t.Helper()
	f.ok(f.exchange(ExchangeSpec{Name: name, Type: exchange.Deduplication, Durable: true, Arguments: fields}))
}

func field(key string, v amqp.Value) amqp.Field { return amqp.Field{Key: key, Value: v} }

// A key is known for the time that its message, or else the exchange, says.
func TestWindowTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.queue("q")
		f.cache("x", field("x-cache-size", amqp.Int32(100)), field("x-cache-ttl", amqp.String("1000")))
		f.cache("y", field("x-cache-size", amqp.Int32(100)))
		f.ok(f.bind(me, Binding{Source: "x", Destination: "q"}))
		f.ok(f.bind(me, Binding{Source: "y", Destination: "q"}))
		passes := func(x string, want bool, key string, ttl ...amqp.Value) {
			t.Helper()
			p := remembered(amqp.String(key))
			for _, v := range ttl {
				p.Headers = append(p.Headers, field("x-cache-ttl", v))
			}
			if got := f.publishVia(x, p, "", func() {}); got != want {
				t.Errorf("%q to %q passes: %v", key, x, got)
			}
		}
		passes("x", true, "a")
		passes("x", true, "b", amqp.Int32(3000))
		passes("x", true, "c", amqp.String("no number"))
		passes("y", true, "a")
		passes("y", true, "b", amqp.Int64(500))
		time.Sleep(999 * time.Millisecond)
		passes("x", false, "a")
		passes("y", true, "b")
		time.Sleep(time.Millisecond)
		passes("x", true, "a")
		passes("x", true, "c")
		passes("x", false, "b")
		passes("y", false, "a")
		time.Sleep(2 * time.Second)
		passes("x", true, "b")
		time.Sleep(1000 * time.Hour)
		passes("y", false, "a")
		if w := f.graph.Load().Exchange("x").Memory.(*window); len(w.marks) > 3 {
			t.Errorf("%d keys are remembered of 3", len(w.marks))
		}
	})
}

// What is remembered is bounded in memory and in the store, and is there again
// after a kill.
func TestWindowBound(t *testing.T) {
	const size, n = 50, 2000
	d := openDisk(t, t.TempDir())
	d.durableQueue("q")
	d.cache("x", field("x-cache-size", amqp.Int32(size)), field("x-cache-persistence", amqp.String("disk")))
	d.ok(d.bind(me, Binding{Source: "x", Destination: "q"}))
	c := make(chan struct{}, n)
	for i := range n {
		d.publishVia("x", remembered(amqp.Int32(int32(i))), "", func() { c <- struct{}{} })
		if i%100 == 99 {
			for range 100 {
				<-c
			}
		}
	}
	w := d.graph.Load().Exchange("x").Memory.(*window)
	if len(w.marks) != size || len(w.dead) > 200 {
		t.Errorf("%d keys are remembered and %d to be forgotten", len(w.marks), len(w.dead))
	}
	d.sync()
	next := d.kill()
	w = next.graph.Load().Exchange("x").Memory.(*window)
	if len(w.marks) != size {
		t.Errorf("after a kill %d keys are remembered, want %d", len(w.marks), size)
	}
	if _, n := w.part().Stock(); n > size+300 {
		t.Errorf("the store has %d keys", n)
	}
	for i := n - 1; i >= n-size; i-- {
		if next.publishVia("x", remembered(amqp.Int64(int64(i))), "", func() {}) {
			t.Fatalf("key %d was forgotten", i)
		}
	}
}

// TestWindowCrash crashes at every step of publishing to two queues: each message
// is found in both, and its key in the window, or neither, and those that were
// confirmed are found.
func TestWindowCrash(t *testing.T) {
	const messages = 6
	whole := 0
	for n := 1; whole < 2; n++ {
		s := newGraves(t, uint64(n), nil)
		s.cache("x", field("x-cache-size", amqp.Int32(100)), field("x-cache-persistence", amqp.String("disk")))
		s.ok(s.bind(me, Binding{Source: "x", Destination: "one"}))
		s.ok(s.bind(me, Binding{Source: "x", Destination: "two"}))
		s.fs.CrashAt(n)
		confirmed := 0
		safe := make(chan struct{}, 2)
		for i := range messages {
			p := remembered(amqp.Int32(int32(i)))
			s.publishVia("x", p, fmt.Sprint("message ", i), func() { safe <- struct{}{} })
			s.publishVia("x", p, "a duplicate", func() { safe <- struct{}{} })
			crashed := false
			for range 2 {
				select {
				case <-safe:
					confirmed = i + 1
				case <-s.failed:
					crashed = true
				}
				if crashed {
					break
				}
			}
			if crashed {
				break
			}
		}
		if confirmed == messages {
			whole++
		}
		s.crash(n)
		s.wantWhole(n, messages, confirmed)
		if n > 1000 {
			t.Fatal("there is no end of steps")
		}
	}
}

// wantWhole looks for messages in queues and for their keys in windows.
func (s *graves) wantWhole(n, messages, confirmed int) {
	s.t.Helper()
	again, err := store.Open(s.opt)
	s.ok(err)
	defer func() { s.ok(again.Close()) }()
	found := map[string]int{}
	for _, d := range again.Definitions() {
		if d.Kind != store.KindQueue {
			continue
		}
		list, _ := again.Queue(d.ID).Load([]store.Range{{First: 1, Last: 1 << 40}}, 1<<20)
		for i := range list {
			body := list[i].Body()
			if !bytes.HasPrefix(body, []byte("message")) {
				body = body[:len(queue.Digest{})]
			}
			found[string(body)]++
			list[i].Release()
		}
	}
	for i := range messages {
		key, _ := queue.DigestOf(amqp.Int32(int32(i)))
		got, keys := found[fmt.Sprint("message ", i)], found[string(key[:])]
		if got == 0 && keys == 0 && i >= confirmed || got == 2 && keys == 1 {
			continue
		}
		s.t.Fatalf("step %d: message %d of %d that are confirmed is in %d queues, its key in %d windows", n, i, confirmed, got, keys)
	}
	if n := found["a duplicate"]; n != 0 {
		s.t.Errorf("%d duplicates", n)
	}
}

// A binding and a publish at the same time: a queue that is bound gets each
// message once, from the history or live.
func TestHistoryRace(t *testing.T) {
	const messages, queues = 400, 20
	f := newFixture(t)
	f.ok(f.exchange(ExchangeSpec{Name: "x", Type: exchange.RecentHistory, Arguments: amqp.Table{field("x-recent-history-length", amqp.Int32(messages))}}))
	for i := range queues {
		f.queue(fmt.Sprint("q", i))
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range messages {
			f.publishVia("x", amqp.Properties{}, "m", func() {})
		}
	}()
	for i := range queues {
		f.ok(f.bind(me, Binding{Source: "x", Destination: fmt.Sprint("q", i)}))
	}
	<-done
	for i := range queues {
		q, err := f.Queue(me, fmt.Sprint("q", i))
		f.ok(err)
		n := make(chan int, 1)
		q.Info(func(info queue.Info, _ error) { n <- info.Ready })
		if got := <-n; got != messages {
			t.Errorf("queue %d has %d messages, want %d", i, got, messages)
		}
	}
}

// Dead letters are deduplicated and remembered as what clients publish.
func TestDeadLettersRemembered(t *testing.T) {
	f := newFixture(t)
	for _, name := range []string{"src", "dst", "late"} {
		f.durableQueue(name)
	}
	f.cache("once", field("x-cache-size", amqp.Int32(10)))
	f.ok(f.exchange(ExchangeSpec{Name: "past", Type: exchange.RecentHistory}))
	f.ok(f.bind(me, Binding{Source: "once", Destination: "past", ToExchange: true}))
	f.ok(f.bind(me, Binding{Source: "past", Destination: "dst"}))
	for _, m := range []struct{ key, body string }{{"a", "1"}, {"a", "2"}, {"b", "3"}} {
		f.publish("src", testMessage("", "src", remembered(amqp.String(m.key)), m.body))
	}
	f.buried("src", queue.DeadLetter{Exchange: "once"}, f.die("src", 3, queue.Rejected))
	f.ok(f.bind(me, Binding{Source: "past", Destination: "late"}))
	for _, name := range []string{"dst", "late"} {
		for _, want := range []string{"1", "3"} {
			if _, _, got, _ := f.get(name); got != want {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		}
	}
}
