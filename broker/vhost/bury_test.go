package vhost

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
	"github.com/lepusmq/lepus/queue/fifo"
	"github.com/lepusmq/lepus/store"
	"github.com/lepusmq/lepus/store/vfs"
)

// hearse is a consumer that keeps what it gets, as a queue keeps what has died
// until it is buried.
type hearse struct {
	sink
	got chan queue.Dead
}

func (h *hearse) Deliver(_ *queue.Queue, batch []queue.Delivery) bool {
	for i := range batch {
		d := &batch[i]
		d.Retain(1)
		h.got <- queue.Dead{Seq: d.Seq, Stored: d.Kept == fifo.Store, Message: d.Message}
	}
	return false
}

// die takes n messages out of a queue.
func (f *fixture) die(name string, n int, reason queue.Reason) []queue.Dead {
	f.t.Helper()
	h := &hearse{got: make(chan queue.Dead, n)}
	q, err := f.Queue(me, name)
	f.ok(err)
	p := make(pending, 1)
	c := &fifo.Consumer{Holder: h}
	q.Consume(c, func(err error) { p <- err })
	f.ok(f.wait(p))
	var dead []queue.Dead
	for range n {
		d := <-h.got
		d.Reason = reason
		dead = append(dead, d)
	}
	f.cancel(name, c)
	return dead
}

// message makes a message as a session does.
func testMessage(exchange, key string, p amqp.Properties, body string) queue.Publication {
	var slab queue.Slab
	defer slab.Close()
	m := queue.Publication{Message: slab.Add(appendRoute(nil, exchange, []byte(key)), p.Append(nil), []byte(body))}
	m.Persistent = p.DeliveryMode == amqp.Persistent
	return m
}

func (f *fixture) publish(name string, p queue.Publication) {
	f.t.Helper()
	q, err := f.Queue(me, name)
	f.ok(err)
	q.Publish([]queue.Publication{p})
}

// buried buries messages and waits until they are safe.
func (f *fixture) buried(name string, to queue.DeadLetter, dead []queue.Dead) {
	f.t.Helper()
	q, err := f.Queue(me, name)
	f.ok(err)
	done := make(chan struct{})
	if !f.bury(q, &to, dead, func() { close(done) }) {
		f.t.Fatal("refused")
	}
	<-done
}

// get fetches a message and settles it.
func (f *fixture) get(name string) (route string, p amqp.Properties, body string, marks [2]bool) {
	f.t.Helper()
	q, err := f.Queue(me, name)
	f.ok(err)
	got := make(chan bool, 1)
	q.Get(sink{}, true, func(d *queue.Delivery, _ int, ok bool, err error) {
		if ok {
			route, body = string(d.Route()), string(d.Body())
			p, _ = amqp.ParseProperties(d.Head())
			marks = [2]bool{d.Has(queue.Died), d.Has(queue.Blind)}
		}
		got <- ok && err == nil
	})
	if !<-got {
		f.t.Fatalf("queue %q is empty", name)
	}
	return route, p, body, marks
}

var letter = amqp.Properties{
	Flags: amqp.HasHeaders | amqp.HasExpiration | amqp.HasDeliveryMode | amqp.HasAppID, DeliveryMode: 2, AppID: "app", Expiration: "5000",
	Headers: amqp.Table{
		{Key: "z", Value: amqp.Void()}, {Key: "CC", Value: amqp.Array(amqp.String("cc"))}, {Key: "BCC", Value: amqp.Array(amqp.String("bcc"))},
	},
}

// Without a key of its own a dead letter goes by all keys of the message, with
// one only by that, and then forgets CC and BCC.
func TestBuryRoutes(t *testing.T) {
	for _, durable := range []bool{false, true} {
		f := newFixture(t)
		for _, name := range []string{"src", "key", "cc", "bcc", "dl"} {
			_, err := f.declare(me, QueueSpec{Name: name, Durable: durable})
			f.ok(err)
		}
		send := func(to queue.DeadLetter) {
			m := testMessage("x", "key", letter, "body")
			m.Note(queue.Blind)
			f.publish("src", m)
			f.buried("src", to, f.die("src", 1, queue.Rejected))
		}
		send(queue.DeadLetter{})
		for _, name := range []string{"key", "cc", "bcc"} {
			route, p, body, marks := f.get(name)
			history, _ := p.Headers.Get("x-death")
			entries, _ := history.Array()
			entry, _ := entries[0].Table()
			keys, _ := entry.Get("routing-keys")
			if route != "\x00\x03key" || body != "body" || marks != [2]bool{true, true} || p.Flags&amqp.HasExpiration != 0 || p.AppID != "app" ||
				len(p.Headers) != 10 || keys.Text() != `[{longstr,<<"key">>},{longstr,<<"cc">>}]` || textOf(entry, "original-expiration") != "5000" {
				t.Errorf("queue %q: route %q, %+v, marks %v", name, route, p, marks)
			}
		}
		send(queue.DeadLetter{Key: "dl", HasKey: true})
		route, p, _, marks := f.get("dl")
		_, cc := p.Headers.Get("CC")
		_, bcc := p.Headers.Get("BCC")
		if route != "\x00\x02dl" || cc || bcc || marks != [2]bool{true, false} {
			t.Errorf("with a key: route %q, %+v, marks %v", route, p, marks)
		}
		for _, name := range []string{"key", "cc", "bcc", "dl"} {
			q, _ := f.Queue(me, name)
			q.Info(func(i queue.Info, _ error) {
				if i.Ready != 0 {
					t.Errorf("queue %q got %d messages too many", name, i.Ready)
				}
			})
		}
	}
}

// What cannot go anywhere is dropped, settled, and complained of once.
func TestBuryNowhere(t *testing.T) {
	f := newFixture(t)
	core, logs := observer.New(zap.WarnLevel)
	f.log = zap.New(core)
	f.durableQueue("src")
	for range 3 {
		for _, to := range []queue.DeadLetter{{Exchange: "none"}, {Key: "nowhere", HasKey: true}, {Key: "src", HasKey: true}} {
			f.publish("src", testMessage("", "src", letter, "body"))
			f.buried("src", to, f.die("src", 1, queue.Expired))
		}
	}
	if logs.Len() != 2 {
		t.Errorf("logged %+v", logs.All())
	}
	// Rejected, it may come again.
	f.publish("src", testMessage("", "src", letter, "body"))
	f.buried("src", queue.DeadLetter{Key: "src", HasKey: true}, f.die("src", 1, queue.Rejected))
	if _, p, _, _ := f.get("src"); len(p.Headers) < 7 {
		t.Errorf("got %+v", p)
	}
}

// A burial and a publisher do not hold each other up, and after the vhost has
// begun to close there are none.
func TestBuryWhileClosing(t *testing.T) {
	f := newFixture(t)
	f.durableQueue("src")
	f.durableQueue("dst")
	f.publish("src", testMessage("", "src", letter, "body"))
	dead := f.die("src", 1, queue.Rejected)
	q, _ := f.Queue(me, "src")
	f.Close()
	if f.bury(q, &queue.DeadLetter{Key: "dst", HasKey: true}, dead, func() { t.Error("done") }) {
		t.Error("taken")
	}
	dead[0].Release()
}

// TestBuryCrash crashes at every step of burials: each message is found either
// where it died or in all queues that it goes to.
func TestBuryCrash(t *testing.T) {
	whole := 0
	for n := 1; whole < 2; n++ {
		s := newGraves(t, uint64(n), nil)
		finished := s.buryAll(n)
		src := s.found(n)
		if finished {
			whole++
			if len(src) != 0 {
				t.Errorf("step %d: done, and %d are still there", n, len(src))
			}
		}
		if n > 500 {
			t.Fatal("there is no end of steps")
		}
	}
}

// TestRejectCrash is the same with a queue that buries by itself.
func TestRejectCrash(t *testing.T) {
	for _, args := range []amqp.Table{
		{{Key: "x-dead-letter-exchange", Value: amqp.String("amq.fanout")}},
		{
			{Key: "x-dead-letter-exchange", Value: amqp.String("amq.fanout")}, {Key: "x-queue-type", Value: amqp.String("quorum")},
			{Key: "x-dead-letter-strategy", Value: amqp.String("at-least-once")}, {Key: "x-overflow", Value: amqp.String("reject-publish")},
		},
	} {
		for n := 1; n < 12; n++ {
			s := newGraves(t, uint64(n), args)
			s.rejectAll(n)
			s.found(n)
		}
	}
}

const graveMessages = 9

// graves is a vhost on a disk that crashes.
type graves struct {
	*fixture
	fs     *vfs.Fake
	opt    store.Options
	failed chan struct{}
	disk   store.Store
	clock  *queue.Clock
}

func newGraves(t *testing.T, seed uint64, args amqp.Table) *graves {
	s := &graves{fs: vfs.NewFake(seed), failed: make(chan struct{}, 1), clock: queue.NewClock()}
	s.opt = store.Options{Dir: t.TempDir(), FS: s.fs, SegmentSize: 1 << 20, OnFail: func(error) { s.failed <- struct{}{} }}
	var err error
	if s.disk, err = store.Open(s.opt); err != nil {
		t.Fatal(err)
	}
	s.fixture = &fixture{VHost: New(Config{Name: "/", ID: 1, Store: s.disk, Clock: s.clock}), t: t}
	_, err = s.declare(me, QueueSpec{Name: "src", Durable: true, Arguments: args})
	s.ok(err)
	s.durableQueue("one")
	s.durableQueue("two")
	s.ok(s.bind(me, Binding{Source: "amq.fanout", Destination: "one"}))
	s.ok(s.bind(me, Binding{Source: "amq.fanout", Destination: "two"}))
	return s
}

// confirmed counts confirms.
type confirmed struct {
	left atomic.Int64
	all  chan struct{}
}

func (c *confirmed) Confirm(first, last uint64) {
	if c.left.Add(-int64(last-first+1)) == 0 {
		close(c.all)
	}
}

// fill publishes messages and waits until they are safe.
func (s *graves) fill() { s.fillWith(letter) }

func (s *graves) fillWith(p amqp.Properties) {
	c := &confirmed{all: make(chan struct{})}
	c.left.Store(graveMessages)
	for i := range graveMessages {
		m := testMessage("", "src", p, fmt.Sprint("message ", i))
		m.Confirm, m.Publish = c, uint64(i+1)
		s.publish("src", m)
	}
	<-c.all
}

// buryAll publishes messages, crashes at the n-th step from then on, and
// reports whether all have been buried before.
func (s *graves) buryAll(n int) (finished bool) {
	s.fill()
	dead := s.die("src", graveMessages, queue.Rejected)
	s.fs.CrashAt(n)
	q, _ := s.Queue(me, "src")
	to := &queue.DeadLetter{Exchange: "amq.fanout"}
	finished = true
	for part := range slices.Chunk(dead, 3) {
		done := make(chan struct{})
		s.bury(q, to, part, func() { close(done) })
		select {
		case <-done:
		case <-s.failed:
			finished = false
		}
		if !finished {
			break
		}
	}
	s.crash(n)
	return finished
}

// rejectAll has a consumer reject all messages, and crashes at the n-th step, at
// the latest when one of the others has all.
func (s *graves) rejectAll(n int) {
	s.fill()
	s.fs.CrashAt(n)
	h := &hearse{got: make(chan queue.Dead, graveMessages)}
	one, _ := s.Queue(me, "one")
	one.Consume(&fifo.Consumer{Holder: h}, s.ok)
	q, _ := s.Queue(me, "src")
	q.Consume(&fifo.Consumer{Holder: rejecter{}}, s.ok)
	for arrived, failed := 0, false; arrived < graveMessages && !failed; {
		select {
		case d := <-h.got:
			d.Release()
			arrived++
		case <-s.failed:
			failed = true
		}
	}
	s.crash(n)
}

// crash ends it all: the process only, or at odd n the machine, which may lose
// what was not synced.
func (s *graves) crash(n int) {
	s.t.Helper()
	s.fs.Crash()
	s.VHost.Close()
	s.clock.Close()
	if err := s.disk.Close(); err != nil && !errors.Is(err, vfs.ErrCrash) {
		s.t.Log(err)
	}
	if n%2 == 0 {
		s.fs.Kill()
	} else {
		s.fs.PowerCut(vfs.LoseSome)
	}
}

// found fails the test unless each message is in exactly one of both places: its
// queue, and wherever it goes. It returns those that are where they died.
func (s *graves) found(n int) []string { return s.once(n, "src", "one", "two") }

// once fails the test unless each message is in one place, or once in each of
// some others. It returns those that are in the one place.
func (s *graves) once(n int, place string, others ...string) []string {
	s.t.Helper()
	return s.onceOf(s.kept(), n, place, others...)
}

// onceOf is once for what has been found.
func (s *graves) onceOf(all map[string][]string, n int, place string, others ...string) []string {
	s.t.Helper()
	for i := range graveMessages {
		body := fmt.Sprint("message ", i)
		times := func(name string) (n int) {
			for _, b := range all[name] {
				if b == body {
					n++
				}
			}
			return n
		}
		in := times(place)
		for _, other := range others {
			if in > 1 || times(other) != 1-in {
				s.t.Fatalf("step %d: %s is %d times in %q, and %d times in %q", n, body, in, place, times(other), other)
			}
		}
	}
	return all[place]
}

// kept opens the store again and returns the bodies in each queue, by name, and
// those that wait, under "".
func (s *graves) kept() map[string][]string {
	s.t.Helper()
	again, err := store.Open(s.opt)
	s.ok(err)
	all := map[string][]string{}
	for _, d := range again.Definitions() {
		if d.Kind != store.KindQueue {
			continue
		}
		var def queueDefinition // of a part: without a name
		s.ok(json.Unmarshal(d.Value, &def))
		name := string(def.Name)
		list, _ := again.Queue(d.ID).Load([]store.Range{{First: 1, Last: 1 << 40}}, 1<<20)
		for i := range list {
			all[name] = append(all[name], string(list[i].Body()))
			list[i].Release()
		}
	}
	s.ok(again.Close())
	return all
}
