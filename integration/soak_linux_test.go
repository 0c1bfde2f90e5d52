package integration

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// TestSoak has a server work for LEPUS_SOAK_MINUTES, or a few seconds, while a backlog swells and drains again and again
// and queues and connections come and go. At each low tide, when all messages are consumed and all clients are gone,
// nothing may be lost, doubled or out of order, and what the server takes of the machine must be what it always took.
func TestSoak(t *testing.T) {
	t.Parallel()
	s := &soak{t: t, ledger: newLedger(), swell: 5 << 20, quiet: 200 * time.Millisecond}
	length, every := 2*time.Second, 300*time.Millisecond
	want := limits{rss: 128 << 20, overflow: 1 << 20, disk: 200_000_000, within: time.Minute}
	flags := smallWindows()
	if minutes, ok := setting(t, "LEPUS_SOAK_MINUTES"); ok {
		length, every = time.Duration(minutes)*time.Minute, 3*time.Second
		s.swell, s.quiet = 400<<20, 3*time.Second
		want.rss, want.overflow, flags = 160<<20, 96<<20, nil
	} else {
		t.Logf("only %v, as LEPUS_SOAK_MINUTES is not set", length)
	}
	binary, dir := buildLepus(t), t.TempDir()
	server := binary.start(t, dir, flags...)
	s.url = server.url
	s.declare()
	m := &meter{t: t, server: server, dir: dir, goroutines: newGoroutineCounter(t, binary)}
	s.atHigh = func() { m.take(highTide) }
	stop := make(chan struct{})
	var measuring sync.WaitGroup
	measuring.Go(func() { m.run(every, stop) })
	begun := time.Now()
	for n := 0; n < 4 || time.Since(begun) < length; n++ {
		s.tide(n)
		<-time.After(s.quiet)
		m.take(lowTide)
		if t.Failed() {
			t.Logf("tide %d, after %v: %d complaints", n, time.Since(begun), s.ledger.complaints.Load())
			break
		}
	}
	close(stop)
	measuring.Wait()
	t.Logf("%d messages to %d queues in %v; %d visitors came and went", s.messages, len(soakQueues()), time.Since(begun).Round(time.Second), s.visits.Load())
	m.verdict()
	m.check(want)
	server.wantCalm()
	server.stop()
}

// soak is the clients of a server that is to last.
type soak struct {
	t        testing.TB
	url      string
	ledger   *ledger
	swell    int64         // bytes published in each tide
	quiet    time.Duration // how long nothing happens at low tide
	atHigh   func()        // called when all is published and the backlogs are there
	messages int           // how many there have been, once in each queue they went to
	visits   atomic.Int64

	// Of one tide.
	left    atomic.Int64  // bytes still to be published
	ebbed   chan struct{} // closed when all is consumed
	clients sync.WaitGroup
}

// The queues that stay: backlog and spilled are consumed only when all is published, the others always. The fanout goes
// to the last two.
const (
	backlogQueue = "backlog"
	spilledQueue = "spilled" // not durable
	plainQueue   = "plain"   // not durable
	fan0, fan1   = "fan0", "fan1"
)

func soakQueues() []string { return []string{backlogQueue, spilledQueue, plainQueue, fan0, fan1} }

func (s *soak) declare() {
	c := connect(s.t, s.url)
	for _, q := range soakQueues() {
		_, err := c.QueueDeclare(q, q != plainQueue && q != spilledQueue, false, false, false, nil)
		c.must(err)
	}
	c.bind(fan0, "", "amq.fanout", nil)
	c.bind(fan1, "", "amq.fanout", nil)
	c.must(c.conn.Close())
}

// tide lets the backlog swell and drain once. All clients have gone when it returns.
func (s *soak) tide(n int) {
	s.t.Helper()
	s.left.Store(s.swell)
	s.ebbed = make(chan struct{})
	s.start(func(conn *amqp.Connection) error { return s.consumeUnacked(conn, plainQueue) })
	s.start(func(conn *amqp.Connection) error { return s.consumeAcking(conn, fan0) })
	s.start(func(conn *amqp.Connection) error { return s.consumeReopening(conn, fan1) })
	for i := range 2 {
		s.clients.Go(func() { s.visit(2*n + i) })
	}
	var publishers sync.WaitGroup
	name := func(kind string, i int) string { return fmt.Sprintf("%s%d.%d", kind, n, i) }
	for i := range 2 {
		publishers.Go(func() { s.check(s.publishConfirmed(name("p", i))) })
		publishers.Go(func() { s.check(s.publishInTransactions(name("t", i))) })
	}
	publishers.Go(func() { s.check(s.publishUnconfirmed(name("u", 0))) })
	publishers.Go(func() { s.check(s.dropBacklog()) })
	publishers.Wait()
	s.atHigh()

	s.start(func(conn *amqp.Connection) error { return s.consumeAcking(conn, backlogQueue) })
	s.start(func(conn *amqp.Connection) error { return s.consumeReturning(conn, backlogQueue) })
	s.start(func(conn *amqp.Connection) error { return s.consumeReopening(conn, backlogQueue) })
	s.start(func(conn *amqp.Connection) error { return s.get(conn, backlogQueue) })
	s.start(func(conn *amqp.Connection) error { return s.consumeUnacked(conn, spilledQueue) })
	s.start(func(conn *amqp.Connection) error { return s.consumeReturning(conn, spilledQueue) })
	s.start(func(conn *amqp.Connection) error { return s.consumeReopening(conn, spilledQueue) })
	s.awaitSettled()
	close(s.ebbed)
	s.clients.Wait()
	s.messages += s.ledger.size()
	s.ledger.wantSettled(s.t)
}

// awaitSettled waits until all is consumed, however long it takes as long as it goes on.
func (s *soak) awaitSettled() {
	s.t.Helper()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	last, since := -1, time.Now()
	for {
		switch now := s.ledger.unsettled(); {
		case now == 0:
			return
		case now != last:
			last, since = now, time.Now()
		case time.Since(since) > 3*patience:
			return // wantSettled will name them
		}
		<-again.C
	}
}

// start runs a consumer on a connection of its own until the tide has ebbed.
func (s *soak) start(client func(conn *amqp.Connection) error) {
	s.t.Helper()
	conn, err := s.dial()
	if err != nil {
		s.t.Fatal(err)
	}
	s.clients.Go(func() { s.check(client(conn)) })
	s.clients.Go(func() {
		<-s.ebbed
		s.check(conn.Close())
	})
}

func (s *soak) dial() (*amqp.Connection, error) {
	return amqp.DialConfig(s.url, amqp.Config{Heartbeat: time.Minute, Locale: "en_US"})
}

// check reports an error. None is expected until the tide has ebbed and connections are closed.
func (s *soak) check(err error) {
	if err == nil {
		return
	}
	select {
	case <-s.ebbed:
	default:
		s.t.Errorf("a client failed: %v", err)
	}
}
