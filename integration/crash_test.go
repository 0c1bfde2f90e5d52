package integration

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// TestCrash kills the server with signal 9 at random moments while clients publish, consume and declare, starts it again
// on the same folder and compares what it has with what the clients know. LEPUS_SOAK_ROUNDS sets how often.
func TestCrash(t *testing.T) {
	t.Parallel()
	rounds := 3
	if s := os.Getenv("LEPUS_SOAK_ROUNDS"); s != "" {
		var err error
		if rounds, err = strconv.Atoi(s); err != nil {
			t.Fatalf("LEPUS_SOAK_ROUNDS: %v", err)
		}
	}
	binary, dir := buildLepus(t), t.TempDir()
	load := &load{t: t, ledger: newLedger(), queues: []string{"q0", "q1", "q2", "q3"}, declared: map[string]bool{}}
	server := binary.start(t, dir)
	load.declare(server.url)
	for round := range rounds {
		load.begin(server.url, round)
		after := time.Duration(100+rand.IntN(1400)) * time.Millisecond
		<-time.After(after)
		crash := time.Now()
		server.kill()
		load.end()
		server = binary.start(t, dir)
		load.verify(server.url, crash)
		if t.Failed() {
			t.Fatalf("round %d, killed after %v", round, after)
		}
	}
	server.stop()
}

// load is the clients of a broker that will be killed: their connections, and what they know.
type load struct {
	t        testing.TB
	ledger   *ledger
	queues   []string
	clients  []*amqp.Connection
	all      sync.WaitGroup
	mu       sync.Mutex
	declared map[string]bool // durable queues that must be there, or must not; guarded by mu
}

func (l *load) declare(url string) {
	c := connect(l.t, url)
	for _, q := range l.queues {
		c.durable(q)
	}
	c.bind("q2", "", "amq.fanout", nil)
	c.bind("q3", "", "amq.fanout", nil)
	c.must(c.conn.Close())
}

// begin starts all clients. Each ends when its connection does.
func (l *load) begin(url string, round int) {
	l.clients = nil
	start := func(client func(ch *amqp.Channel) error) {
		conn, err := amqp.Dial(url)
		if err != nil {
			l.t.Fatal(err)
		}
		ch, err := conn.Channel()
		if err != nil {
			l.t.Fatal(err)
		}
		l.clients = append(l.clients, conn)
		l.all.Go(func() { _ = client(ch) })
	}
	for i := range 3 {
		start(func(ch *amqp.Channel) error { return l.publish(ch, fmt.Sprintf("p%d.%d", round, i)) })
	}
	start(func(ch *amqp.Channel) error { return l.transact(ch, fmt.Sprintf("t%d", round)) })
	start(func(ch *amqp.Channel) error { return l.define(ch) })
	for i, q := range l.queues[:3] { // the last queue only fills
		for range 1 + i%2 {
			start(func(ch *amqp.Channel) error { return l.consume(ch, q) })
		}
	}
}

// end waits for the clients of a dead server.
func (l *load) end() {
	for _, conn := range l.clients {
		_ = conn.Close()
	}
	l.all.Wait()
}

// publish sends persistent messages to every queue and to several at once, with a window of unconfirmed ones.
func (l *load) publish(ch *amqp.Channel, name string) error {
	if err := ch.Confirm(false); err != nil {
		return err
	}
	window := make(chan struct{}, 64)
	confirms := ch.NotifyPublish(make(chan amqp.Confirmation, cap(window)))
	ended := make(chan struct{})
	l.all.Go(func() {
		defer close(ended)
		for c := range confirms {
			if c.Ack {
				l.ledger.confirmed(newID(name, int(c.DeliveryTag)), l.route(int(c.DeliveryTag)))
			}
			<-window
		}
	})
	for n := 1; ; n++ {
		select {
		case window <- struct{}{}:
		case <-ended:
			return nil
		case <-time.After(patience):
			l.t.Errorf("%s: no confirm in %v", name, patience)
			return nil
		}
		id, exchange, key := newID(name, n), "", l.route(n)[0]
		if len(l.route(n)) > 1 {
			exchange, key = "amq.fanout", ""
		}
		l.ledger.sent(id, "", l.route(n))
		if err := ch.Publish(exchange, key, false, false, amqp.Publishing{DeliveryMode: amqp.Persistent, Body: composed(id)}); err != nil {
			return err
		}
	}
}

// route is where message n of a publisher goes: to one queue in turn, or by the fanout to the last two.
func (l *load) route(n int) []string {
	if n%5 == 0 {
		return l.queues[2:]
	}
	return l.queues[n%len(l.queues):][:1]
}

// transact sends three messages to three queues in each transaction.
func (l *load) transact(ch *amqp.Channel, name string) error {
	if err := ch.Tx(); err != nil {
		return err
	}
	for group := 0; ; group++ {
		for i, q := range l.queues[:3] {
			id := newID(name, 3*group+i)
			l.ledger.sent(id, fmt.Sprint(name, ".", group), []string{q})
			if err := ch.Publish("", q, false, false, amqp.Publishing{DeliveryMode: amqp.Persistent, Body: composed(id)}); err != nil {
				return err
			}
		}
		if err := ch.TxCommit(); err != nil {
			return err
		}
		for i, q := range l.queues[:3] {
			l.ledger.confirmed(newID(name, 3*group+i), []string{q})
		}
	}
}

// consume acknowledges most messages, one by one or several at once, and puts some back.
func (l *load) consume(ch *amqp.Channel, queue string) error {
	if err := ch.Qos(40, 0, false); err != nil {
		return err
	}
	deliveries, err := ch.Consume(queue, "", false, false, false, false, nil)
	if err != nil {
		return err
	}
	var held []uint64
	heldIDs := map[uint64]string{}
	for d := range deliveries {
		if wrong := l.ledger.delivered(queue, d); wrong != "" {
			l.t.Error(wrong)
		}
		id, _ := identify(d.Body)
		switch d.DeliveryTag % 10 {
		case 0:
			err = d.Nack(false, true)
		case 1, 2, 3:
			held = append(held, d.DeliveryTag)
			heldIDs[d.DeliveryTag] = id
		case 4:
			if len(held) > 0 && held[len(held)-1] == d.DeliveryTag-1 {
				// A multiple ack covers what was held since the last one, and this.
				for _, tag := range held {
					l.ledger.acked(queue, heldIDs[tag])
				}
				held = held[:0]
				clear(heldIDs)
				l.ledger.acked(queue, id)
				err = d.Ack(true)
				break
			}
			fallthrough
		default:
			l.ledger.acked(queue, id)
			err = d.Ack(false)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// define declares and deletes durable queues, the same few names over and over.
func (l *load) define(ch *amqp.Channel) error {
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

// verify compares a recovered broker with the ledger and leaves it with about half of its messages.
func (l *load) verify(url string, crash time.Time) {
	l.t.Helper()
	c := connect(l.t, url)
	held := map[string][]amqp.Delivery{}
	for _, q := range l.queues {
		ready, _ := c.inspect(q)
		deliveries := c.consume(q)
		for range ready {
			held[q] = append(held[q], receive(l.t, deliveries, "a recovered message"))
		}
		c.wantIdle(deliveries)
		l.ledger.recovered(l.t, q, held[q], crash)
	}
	l.t.Logf("%d messages sent, %d, %d, %d and %d of them recovered in the queues", len(l.ledger.entries),
		len(held[l.queues[0]]), len(held[l.queues[1]]), len(held[l.queues[2]]), len(held[l.queues[3]]))
	l.ledger.forget(l.t, held)
	for q, deliveries := range held {
		for i, d := range deliveries {
			if id, _ := identify(d.Body); i%2 == 0 {
				l.ledger.acked(q, id)
				c.must(d.Ack(false))
			}
		}
	}
	for queue, want := range l.declared {
		if got := c.exists(queue); got != want {
			l.t.Errorf("queue %s: there %v, want %v", queue, got, want)
		}
		_, err := c.QueueDelete(queue, false, false, false)
		c.must(err)
	}
	clear(l.declared)
	c.must(c.conn.Close())
}
