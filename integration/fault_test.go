package integration

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// What the server does when the machine under it fails or falls short.
func TestFault(t *testing.T) {
	t.Parallel()
	binary := buildLepus(t)
	cases := map[string]func(t *testing.T, binary lepus){
		"memory":         testMemoryAlarm,
		"disk full":      testDiskFull,
		"disk filled":    testDiskFilled,
		"disk brimful":   testDiskBrimful,
		"failing device": testFailingDevice,
		"damage":         testDamage,
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, binary)
		})
	}
}

// flood is a client that publishes numbered messages to a queue without pause, with confirms and a window of 32.
type flood struct {
	c       *client
	queue   string
	mode    uint8 // amqp.Persistent or amqp.Transient
	size    int   // of a body, in bytes
	blocked chan amqp.Blocking
	window  chan struct{}
	quit    chan struct{}
	ended   chan struct{} // closed when no more confirms come
	over    chan struct{} // closed when nothing more is published
	all     sync.WaitGroup

	// guarded by mu
	mu        sync.Mutex
	sent      int
	confirmed []bool
	err       error

	drainedTo int // the first message that was not taken from the queue; owned by the test
}

// floodBytes and floodMessages bound a flood that nobody stops.
const (
	floodBytes    = 1 << 30
	floodMessages = 1 << 20
)

// startFlood begins to publish. The flood ends with stop, or with its connection.
func startFlood(t testing.TB, url, queue string, mode uint8, size int) *flood {
	t.Helper()
	f := &flood{
		c: connect(t, url), queue: queue, mode: mode, size: size,
		blocked: make(chan amqp.Blocking, 16), window: make(chan struct{}, 32), quit: make(chan struct{}),
		ended: make(chan struct{}), over: make(chan struct{}),
	}
	f.c.conn.NotifyBlocked(f.blocked)
	f.c.must(f.c.Confirm(false))
	confirms := f.c.NotifyPublish(make(chan amqp.Confirmation, cap(f.window)))
	f.all.Go(func() { f.note(confirms) })
	f.all.Go(f.publish)
	return f
}

func (f *flood) publish() {
	defer close(f.over)
	for n := 0; n < floodMessages && n*f.size < floodBytes; n++ {
		select {
		case f.window <- struct{}{}:
		case <-f.quit:
			return
		case <-f.ended:
			return
		}
		f.mu.Lock()
		f.sent, f.confirmed = n+1, append(f.confirmed, false)
		f.mu.Unlock()
		err := f.c.PublishWithContext(context.Background(), "", f.queue, false, false,
			amqp.Publishing{DeliveryMode: f.mode, Body: numbered(n, f.size)})
		if err != nil {
			f.mu.Lock()
			f.err = err
			f.mu.Unlock()
			return
		}
	}
}

// note takes confirms until the channel ends.
func (f *flood) note(confirms <-chan amqp.Confirmation) {
	defer close(f.ended)
	for c := range confirms {
		f.mu.Lock()
		f.confirmed[c.DeliveryTag-1] = c.Ack
		f.mu.Unlock()
		<-f.window
	}
}

// wantBlocked waits for the next word on whether the connection is blocked.
func (f *flood) wantBlocked(active bool, reason string) {
	f.c.t.Helper()
	got := receive(f.c.t, f.blocked, fmt.Sprintf("connection.blocked %v", active))
	if got.Active != active || got.Reason != reason {
		f.c.t.Fatalf("got %+v, want %v %q", got, active, reason)
	}
}

// stop ends the flood and waits until everything sent is confirmed. It returns how many that are.
func (f *flood) stop() int {
	f.c.t.Helper()
	close(f.quit)
	<-f.over // there may be one on its way
	eventually(f.c.t, func() bool { return f.settled() == f.published() }, func() string {
		return fmt.Sprintf("%d of %d messages are confirmed, %v", f.settled(), f.published(), f.err)
	})
	f.c.must(f.c.conn.Close())
	f.all.Wait()
	if f.err != nil {
		f.c.t.Fatal(f.err)
	}
	return f.sent
}

func (f *flood) published() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sent
}

// settled is how many messages are confirmed.
func (f *flood) settled() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, ok := range f.confirmed {
		if ok {
			n++
		}
	}
	return n
}

// numbered is the body of message n: its number over and over, so that damage shows.
func numbered(n, size int) []byte {
	word := fmt.Appendf(nil, "%d ", n)
	return bytes.Repeat(word, size/len(word)+1)[:size]
}

// drained consumes and acknowledges messages until all that were confirmed when it was called have come. It checks that
// they come whole, in order and once, and that none which was confirmed is missing, and returns how many came.
func (f *flood) drained(c *client) int {
	c.t.Helper()
	f.mu.Lock()
	confirmed := slices.Clone(f.confirmed)
	f.mu.Unlock()
	last := len(confirmed) - 1
	for last >= 0 && !confirmed[last] {
		last--
	}
	c.must(c.Qos(200, 0, false))
	deliveries, err := c.Consume(f.queue, "drain", false, false, false, false, nil)
	c.must(err)
	came := 0
	take := func(d amqp.Delivery) {
		n := f.identify(c.t, d)
		if n < f.drainedTo {
			c.t.Fatalf("message %d came where only %d and later ones could", n, f.drainedTo)
		}
		for lost := f.drainedTo; lost < n; lost++ {
			if confirmed[lost] {
				c.t.Fatalf("message %d is lost: it was confirmed, and %d came", lost, n)
			}
		}
		came, f.drainedTo = came+1, n+1
		c.must(d.Ack(false))
	}
	for f.drainedTo <= last {
		take(receive(c.t, deliveries, fmt.Sprintf("messages %d to %d", f.drainedTo, last)))
	}
	c.must(c.Cancel("drain", false))
	for d := range deliveries {
		take(d)
	}
	return came
}

func (f *flood) identify(t testing.TB, d amqp.Delivery) int {
	t.Helper()
	var n int
	if _, err := fmt.Sscan(string(d.Body[:min(len(d.Body), 20)]), &n); err != nil || !bytes.Equal(d.Body, numbered(n, f.size)) {
		t.Fatalf("got a body of %d bytes that nobody sent: %.40q", len(d.Body), d.Body)
	}
	return n
}

// afterwards checks a server that has got over a fault: it still runs, publishing goes on, and what it confirms now is
// there after a restart.
func afterwards(t testing.TB, binary lepus, server *process, dir, queue string) {
	t.Helper()
	server.running()
	c := connect(t, server.url)
	c.wantDrained(queue)
	c.settled("", queue, numbers(0, 100)...)
	server.stop()
	server = binary.start(t, dir)
	c = connect(t, server.url)
	c.wantReady(queue, 100)
	for i := range 100 {
		d := c.get(queue)
		if string(d.Body) != fmt.Sprint(i) || d.Redelivered {
			t.Fatalf("message %d is %q, redelivered %v", i, d.Body, d.Redelivered)
		}
		c.must(d.Ack(false))
	}
	server.stop()
}

// every does something again and again until the answer is no.
func every(t testing.TB, interval time.Duration, again func() bool) {
	t.Helper()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); again(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("it did not end in %v", patience)
		}
	}
}
