package integration

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// load is the clients of a broker that will crash: their connections, and what they know.
type load struct {
	t        testing.TB
	ledger   *ledger
	queues   []string
	backlog  int  // messages in the queue called deep, about
	long     bool // the test may take its time
	topped   int  // how often it was filled up
	clients  []*amqp.Connection
	all      sync.WaitGroup
	ending   atomic.Bool // clients may fail
	mu       sync.Mutex
	declared map[string]bool // durable queues that must be there, or must not; guarded by mu
}

// newLoad declares what the clients use and fills the backlog.
func newLoad(t testing.TB, url string, backlog int) *load {
	l := &load{
		t: t, ledger: newLedger(), queues: []string{"q0", "q1", "q2", "q3"},
		backlog: backlog, declared: map[string]bool{},
	}
	c := connect(t, url)
	for _, q := range append(l.queues, deep, emptied) {
		c.durable(q)
	}
	c.bind("q2", "", "amq.fanout", nil)
	c.bind("q3", "", "amq.fanout", nil)
	c.must(c.ExchangeDeclare(delaying, "x-delayed-message", true, false, false, false, amqp.Table{"x-delayed-type": "direct"}))
	c.bind("q2", "q2", delaying, nil)
	c.must(c.conn.Close())
	l.fill(url, backlog)
	return l
}

// begin starts all clients. Each ends when its connection does, which must not be before the server is about to die.
func (l *load) begin(url string, round int) {
	l.clients = nil
	l.ending.Store(false)
	start := func(client func(conn *amqp.Connection) error) {
		conn, err := amqp.Dial(url)
		if err != nil {
			l.t.Fatal(err)
		}
		l.clients = append(l.clients, conn)
		l.all.Go(func() {
			if err := client(conn); err != nil && !l.ending.Load() {
				l.t.Errorf("a client failed: %v", err)
			}
		})
	}
	name := func(kind string, i int) string { return fmt.Sprintf("%s%d.%d", kind, round, i) }
	for i := range 3 {
		start(func(conn *amqp.Connection) error { return l.publish(conn, name("p", i), l.spread) })
	}
	start(func(conn *amqp.Connection) error { return l.transact(conn, fmt.Sprint("t", round)) })
	start(func(conn *amqp.Connection) error { return l.empty(conn, name("de", 0)) })
	start(l.define)
	for i, q := range l.queues[:3] { // the last queue has none
		for j := range 1 + i%2 {
			start(func(conn *amqp.Connection) error { return l.consume(conn, q, name("w", 10*i+j)) })
		}
	}
	for i := range 2 {
		start(func(conn *amqp.Connection) error { return l.publish(conn, name("d", i), l.deepen) })
	}
	start(func(conn *amqp.Connection) error { return l.nibble(conn, name("dw", 0), 16) })
	start(func(conn *amqp.Connection) error { return l.nibble(conn, name("dw", 1), 5) })
}

// last lets the clients work until a random moment, in long tests also one shortly after the log is seen to be cleaned,
// and says how long that was.
func (l *load) last(round int, c *cleanings) time.Duration {
	begun, rest := time.Now(), 50+rand.IntN(250)
	switch {
	case l.long && round%2 == 0:
		rest = 100 + rand.IntN(1400)
	case l.long:
		c.await()
		rest = rand.IntN(60)
	}
	<-time.After(time.Duration(rest) * time.Millisecond)
	return time.Since(begun).Round(time.Millisecond)
}

// end waits for the clients of a dead server.
func (l *load) end() {
	for _, conn := range l.clients {
		_ = conn.Close()
	}
	l.all.Wait()
	l.ledger.crashed()
}

// posting is where a message goes, and how.
type posting struct {
	exchange, key string
	queues        []string
	transient     bool
}

// spread sends to one queue in turn, or by the fanout to the last two.
func (l *load) spread(n int) (posting, bool) {
	if n%5 == 0 {
		return posting{exchange: "amq.fanout", queues: l.queues[2:]}, true
	}
	q := l.queues[n%len(l.queues)]
	return posting{key: q, queues: []string{q}}, true
}

// publish sends numbered messages, with a window of unconfirmed ones, until there is none to send. It returns
// when all are confirmed.
func (l *load) publish(conn *amqp.Connection, name string, next func(n int) (posting, bool)) error {
	ch, err := confirming(conn)
	if err != nil {
		return err
	}
	window := make(chan struct{}, 128)
	confirms := ch.NotifyPublish(make(chan amqp.Confirmation, cap(window)))
	ended := make(chan struct{})
	l.all.Go(func() {
		defer close(ended)
		for c := range confirms {
			if r, _ := next(int(c.DeliveryTag)); c.Ack {
				l.ledger.confirmed(newID(name, int(c.DeliveryTag)), r.queues...)
			}
			<-window
		}
	})
	room := func() error {
		select {
		case window <- struct{}{}:
			return nil
		case <-ended:
			return amqp.ErrClosed
		case <-time.After(patience):
			l.t.Errorf("%s: no confirm in %v", name, patience)
			return amqp.ErrClosed
		}
	}
	for n := 1; ; n++ {
		r, ok := next(n)
		if !ok {
			break
		}
		if err := room(); err != nil {
			return err
		}
		id := newID(name, n)
		l.ledger.sent(id, entry{transient: r.transient}, r.queues...)
		if err := ch.Publish(r.exchange, r.key, false, false, publishing(id, r.transient)); err != nil {
			return err
		}
	}
	for range cap(window) {
		if err := room(); err != nil {
			return err
		}
	}
	return nil
}

func publishing(id string, transient bool) amqp.Publishing {
	p := amqp.Publishing{DeliveryMode: amqp.Persistent, Body: composed(id)}
	if transient {
		p.DeliveryMode = amqp.Transient
	}
	return p
}

// confirming opens a channel whose publishes are confirmed.
func confirming(conn *amqp.Connection) (*amqp.Channel, error) {
	ch, err := conn.Channel()
	if err != nil {
		return nil, err
	}
	return ch, ch.Confirm(false)
}

// delaying is the exchange at which messages wait, for lateBy milliseconds.
const (
	delaying       = "delaying"
	lateBy   int32 = 20
)

// transact sends three messages to three queues in each transaction. The last waits first.
func (l *load) transact(conn *amqp.Connection, name string) error {
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	if err := ch.Tx(); err != nil {
		return err
	}
	for group := 0; ; group++ {
		for i, q := range l.queues[:3] {
			id := newID(name, 3*group+i)
			kind, to, m := entry{group: fmt.Sprint(name, ".", group)}, "", publishing(id, false)
			if i == 2 {
				kind.late, to, m.Headers = true, delaying, amqp.Table{"x-delay": lateBy}
			}
			l.ledger.sent(id, kind, q)
			if err := ch.Publish(to, q, false, false, m); err != nil {
				return err
			}
		}
		if err := ch.TxCommit(); err != nil {
			return err
		}
		for i, q := range l.queues[:3] {
			l.ledger.confirmed(newID(name, 3*group+i), q)
		}
	}
}

// consume acknowledges most messages, one by one or several at once, and puts some back.
func (l *load) consume(conn *amqp.Connection, queue, name string) error {
	w, deliveries, err := l.watch(conn, queue, name, 40)
	if err != nil {
		return err
	}
	var held []string // up to the last delivery
	for d := range deliveries {
		if wrong := l.ledger.delivered(queue, &d); wrong != "" {
			l.ledger.complain(l.t, "%s", wrong)
		}
		id, _ := identify(d.Body)
		switch d.DeliveryTag % 10 {
		case 0:
			l.ledger.returned(queue, id)
			err = d.Nack(false, true)
		case 1, 2, 3:
			held = append(held, id)
		case 4: // a multiple ack covers what was held, and this
			err = w.ack(d, true, append(held, id)...)
			held = nil
		default:
			err = w.ack(d, false, id)
		}
		if err != nil {
			return err
		}
	}
	return amqp.ErrClosed
}

// define declares and deletes durable queues, the same few names over and over.
func (l *load) define(conn *amqp.Connection) error {
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	note := func(queue string, there ...bool) {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.declared, queue) // unknown while a method is on its way
		for _, v := range there {
			l.declared[queue] = v
		}
	}
	for n := 0; ; n++ {
		queue := fmt.Sprint("defined", n*7%20)
		note(queue)
		if _, err := ch.QueueDeclare(queue, true, false, false, false, nil); err != nil {
			return err
		}
		note(queue, true)
		if n%3 == 0 {
			continue
		}
		note(queue)
		if _, err := ch.QueueDelete(queue, false, false, false); err != nil {
			return err
		}
		note(queue, false)
	}
}
