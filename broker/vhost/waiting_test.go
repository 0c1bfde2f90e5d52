package vhost

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/exchange"
	"github.com/lepusmq/lepus/queue"
	"github.com/lepusmq/lepus/store"
)

// arrivals is a consumer that notes what comes, and when.
type arrivals struct {
	mu  sync.Mutex
	got []arrival
}

type arrival struct {
	body string
	at   int64
}

func (a *arrivals) Deliver(_ *queue.Queue, batch []queue.Delivery) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range batch {
		a.got = append(a.got, arrival{string(batch[i].Body()), time.Now().UnixMilli()})
	}
	return false
}

func (a *arrivals) Flush()                    {}
func (a *arrivals) Full(*queue.Consumer) bool { return false }
func (a *arrivals) Cancelled(*queue.Consumer) {}

// bodies are what has come.
func (a *arrivals) bodies() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []string
	for _, g := range a.got {
		all = append(all, g.body)
	}
	return all
}

// arrive has a consumer note what comes to a queue.
func (f *fixture) arrive(name string) *arrivals {
	f.t.Helper()
	q, err := f.Queue(me, name)
	f.ok(err)
	a := &arrivals{}
	p := make(pending, 1)
	q.Consume(&queue.Consumer{Holder: queue.Sink(a), NoAck: true}, func(err error) { p <- err })
	f.ok(f.wait(p))
	return a
}

// tally counts confirms as they come.
type tally struct {
	mu sync.Mutex
	n  int
}

func (c *tally) Confirm(first, last uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n += int(last - first + 1)
}

func (c *tally) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

// postpone publishes a message that is to wait at one exchange.
func (f *fixture) postpone(x, key, body string, delay time.Duration, mode uint8, confirm queue.Confirmer) {
	f.t.Helper()
	var r Route
	asks := amqp.Properties{
		Flags: amqp.HasHeaders | amqp.HasDeliveryMode, DeliveryMode: mode,
		Headers: args(amqp.DelayHeader, amqp.Int64(delay.Milliseconds())),
	}
	f.ok(f.Route(&r, []byte(x), []byte(key), asks.Headers.Append(nil)))
	if len(r.Waits) != 1 || len(r.Queues) != 0 || r.Delay != delay.Milliseconds() {
		f.t.Fatalf("waits at %d exchanges for %d ms, %d queues", len(r.Waits), r.Delay, len(r.Queues))
	}
	var slab queue.Slab
	route := fmt.Sprintf("%c%s%c%s", len(x), x, len(key), key)
	p := queue.Publication{Message: slab.Add([]byte(route), amqp.AppendWaited(nil, asks.Append(nil)), []byte(body))}
	slab.Close()
	p.Persistent = mode == amqp.Persistent
	p.Confirm, p.Publish = confirm, 1
	r.Waits[0].Put(&p, r.Delay)
}

// delayed declares a delaying exchange and binds durable queues to it, by their names.
func (f *fixture) delayed(name string, durable bool, queues ...string) {
	f.t.Helper()
	f.ok(f.exchange(ExchangeSpec{Name: name, Type: exchange.Delayed, Durable: durable,
		Arguments: args(exchange.DelayedTypeArgument, amqp.String("direct"))}))
	for _, q := range queues {
		f.durableQueue(q)
		f.ok(f.bind(me, Binding{Source: name, Destination: q, Key: q}))
	}
}

func (f *fixture) wantDelayed(name string, want int) {
	f.t.Helper()
	n, err := f.Delayed(name)
	f.ok(err)
	if n != want {
		f.t.Errorf("%d messages wait at %q, want %d", n, name, want)
	}
}

// Messages come when they are due, to the millisecond, whatever the others are.
func TestDelayedInTime(t *testing.T) {
	for _, c := range []struct {
		mode    uint8
		durable bool
	}{{amqp.Persistent, true}, {1, true}, {amqp.Persistent, false}} {
		synctest.Test(t, func(t *testing.T) {
			d := openDisk(t, t.TempDir())
			d.delayed("x", c.durable, "q")
			a := d.arrive("q")
			rng := rand.New(rand.NewPCG(1, 2))
			confirms := &tally{}
			want := map[string]int64{}
			longest := time.Duration(0)
			for i := range 200 {
				delay := time.Duration(1+rng.Int64N(int64(1)<<rng.IntN(18))) * time.Millisecond
				longest = max(longest, delay)
				body := fmt.Sprint(i)
				want[body] = time.Now().Add(delay).UnixMilli()
				d.postpone("x", "q", body, delay, c.mode, confirms)
				if i%10 == 0 {
					time.Sleep(time.Duration(rng.IntN(100)) * time.Millisecond)
				}
			}
			time.Sleep(longest)
			synctest.Wait()
			a.mu.Lock()
			defer a.mu.Unlock()
			last := int64(0)
			for _, g := range a.got {
				if late := g.at - want[g.body]; late < 0 || late > 1 {
					t.Errorf("%s came %d ms late", g.body, late)
				}
				if want[g.body] < last {
					t.Errorf("%s came after one that was due %d ms later", g.body, last-want[g.body])
				}
				last = want[g.body]
				delete(want, g.body)
			}
			if len(want) > 0 || confirms.count() != 200 {
				t.Errorf("%d did not come, %d were confirmed", len(want), confirms.count())
			}
			d.wantDelayed("x", 0)
		})
	}
}

// What waits survives the broker, and what was due meanwhile comes at once, in
// the order in which it was due.
func TestDelayedRecover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openDisk(t, t.TempDir())
		d.delayed("x", true, "q")
		confirms := &tally{}
		for i := range 100 {
			// The last is due first.
			d.postpone("x", "q", fmt.Sprintf("%02d", i), 5*time.Minute-time.Duration(i)*time.Second, amqp.Persistent, confirms)
		}
		d.postpone("x", "q", "lost", 5*time.Minute, 1, confirms)
		d.sync()
		synctest.Wait()
		if confirms.count() != 101 {
			t.Fatalf("%d confirmed", confirms.count())
		}
		for _, after := range []int{0, 50, 100} {
			time.Sleep(time.Duration(after/50) * 2 * time.Minute)
			e := d.kill()
			a := e.arrive("q")
			synctest.Wait()
			e.wantDelayed("x", 100-len(a.bodies()))
			if !slices.IsSortedFunc(a.bodies(), func(x, y string) int { return strings.Compare(y, x) }) {
				t.Errorf("out of order: %q", a.bodies())
			}
			time.Sleep(5 * time.Minute)
			synctest.Wait()
			if got := a.bodies(); len(got) != 100 || slices.Contains(got, "lost") {
				t.Errorf("%d came: %q", len(got), got)
			}
			e.wantDelayed("x", 0)
		}
	})
}

// What waits besides what was recovered is kept, and comes, like all else.
func TestDelayedAmongRecovered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openDisk(t, t.TempDir())
		d.delayed("x", true, "q")
		d.postpone("x", "q", "before", 2*time.Hour, amqp.Persistent, nil)
		d.sync()
		e := d.kill()
		confirms := &tally{}
		e.postpone("x", "q", "after", 2*time.Hour, amqp.Persistent, confirms)
		time.Sleep(time.Second) // the delay has been told that it is kept
		synctest.Wait()
		if confirms.count() != 1 {
			t.Errorf("%d confirmed", confirms.count())
		}
		a := e.arrive("q")
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if got := a.bodies(); !slices.Equal(got, []string{"before", "after"}) {
			t.Errorf("%q came", got)
		}
	})
}

// However often the broker is killed, at whatever moment, each message comes to
// each of its queues exactly once.
func TestDelayedOnce(t *testing.T) {
	d := openDisk(t, t.TempDir())
	d.delayed("x", true, "a", "b")
	d.ok(d.bind(me, Binding{Source: "x", Destination: "b", Key: "a"}))
	const n = 3000
	confirms := &tally{}
	for i := range n {
		d.postpone("x", "a", fmt.Sprint(i), 50*time.Millisecond+time.Duration(i/10)*time.Millisecond, amqp.Persistent, confirms)
	}
	d.sync()
	for range 4 {
		d = d.kill()
	}
	for _, name := range []string{"a", "b"} {
		a := d.arrive(name)
		seen := map[string]int{}
		waitFor(t, func() bool { return len(a.bodies()) >= n })
		for _, body := range a.bodies() {
			if seen[body]++; seen[body] > 1 {
				t.Errorf("%s came to %s %d times", body, name, seen[body])
			}
		}
	}
	d.wantDelayed("x", 0)
}

// waitFor waits until something is so.
func waitFor(t *testing.T, so func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); !so(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("it did not happen")
		}
	}
}

// With an exchange all that waits at it goes, for good.
func TestDelayedDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openDisk(t, t.TempDir())
		d.delayed("x", true, "q")
		a := d.arrive("q")
		confirms := &tally{}
		for _, mode := range []uint8{1, amqp.Persistent} {
			d.postpone("x", "q", "gone", time.Second, mode, confirms)
			d.postpone("x", "q", "gone", 5*time.Minute, mode, confirms)
		}
		d.wantDelayed("x", 4)
		d.ok(d.deleteExchange("x", false))
		d.delayed("x", true)
		d.ok(d.bind(me, Binding{Source: "x", Destination: "q", Key: "q"}))
		d.wantDelayed("x", 0)
		time.Sleep(6 * time.Minute)
		synctest.Wait()
		if len(a.bodies()) > 0 || confirms.count() != 4 {
			t.Errorf("%q came, %d were confirmed", a.bodies(), confirms.count())
		}
		if n := len(d.queueDefinitions()); n != 0 {
			t.Errorf("%d parts and queues were there at the start", n)
		}
		d.sync()
		if e := d.kill(); len(e.queueDefinitions()) != 1 {
			t.Errorf("%d parts and queues are left, want the queue", len(e.queueDefinitions()))
		}
	})
}

// What has no queue when it is due is dropped, and a queue that has come
// meanwhile gets its messages.
func TestDelayedRoutedWhenDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openDisk(t, t.TempDir())
		d.delayed("x", true, "old")
		d.postpone("x", "old", "dropped", time.Second, amqp.Persistent, nil)
		d.postpone("x", "new", "kept", time.Second, amqp.Persistent, nil)
		_, err := d.delete(me, "old", false, false)
		d.ok(err)
		d.queue("new")
		d.ok(d.bind(me, Binding{Source: "x", Destination: "new", Key: "new"}))
		a := d.arrive("new")
		time.Sleep(time.Second)
		synctest.Wait()
		if got := a.bodies(); !slices.Equal(got, []string{"kept"}) {
			t.Errorf("%q came", got)
		}
		d.wantDelayed("x", 0)
		time.Sleep(3 * time.Minute)
		d.sync()
		if e := d.kill(); len(e.queueDefinitions()) != 0 {
			t.Errorf("%d parts are left", len(e.queueDefinitions()))
		}
	})
}

// A dead letter that comes to a delaying exchange waits there, and its queue
// keeps it until the exchange does.
func TestDelayedDeadLetter(t *testing.T) {
	t.Run("at most once", func(t *testing.T) { delayedDeadLetter(t, false) })
	t.Run("at least once", func(t *testing.T) { delayedDeadLetter(t, true) })
}

func delayedDeadLetter(t *testing.T, atLeastOnce bool) {
	synctest.Test(t, func(t *testing.T) {
		d := openDisk(t, t.TempDir())
		d.delayed("x", true, "retry")
		d.durableQueue("q")
		asks := amqp.Properties{
			Flags: amqp.HasHeaders | amqp.HasDeliveryMode, DeliveryMode: amqp.Persistent,
			Headers: args(amqp.DelayHeader, amqp.Int32(5000)),
		}
		d.publish("q", testMessage("", "q", asks, "late"))
		d.publish("q", testMessage("", "q", amqp.Properties{Flags: amqp.HasDeliveryMode, DeliveryMode: amqp.Persistent}, "now"))
		dead := d.die("q", 2, queue.Rejected)
		letter := queue.DeadLetter{Exchange: "x", Key: "retry", HasKey: true, AtLeastOnce: atLeastOnce}
		if q, done := d.entry("q").queue, make(chan struct{}); atLeastOnce {
			d.deliver(q, letter, dead, func() { close(done) })
			<-done
		} else {
			d.buried("q", letter, dead)
		}
		d.wantDelayed("x", 1)
		d.sync()
		synctest.Wait()

		e := d.kill()
		e.wantDelayed("x", 1)
		e.ready("q", 0)
		a := e.arrive("retry")
		synctest.Wait()
		if got := a.bodies(); !slices.Equal(got, []string{"now"}) {
			t.Errorf("%q came at once", got)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if got := a.bodies(); !slices.Equal(got, []string{"now", "late"}) {
			t.Errorf("%q came", got)
		}
	})
}

// Many messages that are due at once, far off, take next to no memory until
// then, and all come.
func TestDelayedMemory(t *testing.T) {
	d := openDisk(t, t.TempDir())
	d.delayed("x", true, "q")
	const n, size = 20_000, 1000
	before := store.ChunkBytes()
	for i := range n {
		d.postpone("x", "q", strings.Repeat("x", size)+fmt.Sprint(i), time.Hour, amqp.Persistent, nil)
		d.VHost.Throttle()
	}
	d.sync()
	waitFor(t, func() bool { return store.ChunkBytes()-before < n*size/20 })
	d.wantDelayed("x", n)
}

func TestDelayedDeclare(t *testing.T) {
	f := newFixture(t)
	declare := func(typ string, a amqp.Table) error {
		return f.exchange(ExchangeSpec{Name: "x" + fmt.Sprint(rand.Uint64()), Type: typ, Arguments: a})
	}
	const missing = "PRECONDITION_FAILED - Invalid argument, 'x-delayed-type' must be an existing exchange type"
	f.refused(declare(exchange.Delayed, nil), missing)
	f.refused(declare(exchange.Delayed, args(exchange.DelayedTypeArgument, amqp.Int32(1))), missing)
	f.refused(declare(exchange.Delayed, args(exchange.DelayedTypeArgument, amqp.String(exchange.Delayed))),
		"PRECONDITION_FAILED - Invalid argument, 'x-delayed-message' can't be used for 'x-delayed-type'")
	f.refused(declare(exchange.Delayed, args(exchange.DelayedTypeArgument, amqp.String("nosuch"))),
		"PRECONDITION_FAILED - unknown exchange type 'nosuch'")
	f.ok(declare(exchange.Delayed, args(exchange.DelayedTypeArgument, amqp.String("topic"))))
	f.ok(declare("topic", args(exchange.DelayedArgument, amqp.Bool(true))))
	_, err := f.Delayed("nosuch")
	f.refused(err, "NOT_FOUND - no exchange 'nosuch' in vhost '/'")
}
