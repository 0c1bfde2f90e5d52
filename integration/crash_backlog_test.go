package integration

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"

	amqp "github.com/rabbitmq/amqp091-go"
)

// deep is the queue with the backlog: much larger than what a queue keeps in memory. It is published to at its end and
// consumed at its head, but never all of it: some messages are held until the crash, so that what is left of the log's
// old files is a little everywhere. None is put back, so that its messages keep their order even when redelivered.
const deep = "deep"

// fill adds n confirmed messages to the backlog.
func (l *load) fill(url string, n int) {
	l.t.Helper()
	conn, err := amqp.Dial(url)
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	l.topped++
	var all sync.WaitGroup
	for i := range 2 {
		all.Go(func() {
			err := l.publish(conn, fmt.Sprintf("df%d.%d", l.topped, i), func(k int) (posting, bool) {
				return posting{key: deep, queues: []string{deep}}, k <= n/2+1
			})
			if err != nil {
				l.t.Errorf("fill the backlog: %v", err)
			}
		})
	}
	all.Wait()
}

// deepen sends to the backlog, every fourth message a transient one, but no more than a quarter of it.
func (l *load) deepen(n int) (posting, bool) {
	return posting{key: deep, queues: []string{deep}, transient: n%4 == 0}, n <= l.backlog/4
}

// nibble consumes from the head of the backlog and acknowledges in no order. Of every n messages it holds one until it
// has very many.
func (l *load) nibble(conn *amqp.Connection, name string, n uint64) error {
	const most = 1000
	w, deliveries, err := l.watch(conn, deep, name, 2*most)
	if err != nil {
		return err
	}
	order := order{}
	var held, batch []amqp.Delivery
	for d := range deliveries {
		if wrong := l.ledger.delivered(deep, &d); wrong != "" {
			l.ledger.complain(l.t, "%s", wrong)
			continue
		}
		id, _ := identify(d.Body)
		if wrong := order.next(id); wrong != "" {
			l.ledger.complain(l.t, "queue %s: %s", deep, wrong)
		}
		if d.DeliveryTag%n != 0 {
			batch = append(batch, d)
		} else if held = append(held, d); len(held) > most {
			batch, held = append(batch, held[0]), held[1:]
		}
		if len(batch) < 50 {
			continue
		}
		rand.Shuffle(len(batch), func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
		for _, d := range batch {
			id, _ := identify(d.Body)
			if err := w.ack(d, false, id); err != nil {
				return err
			}
		}
		batch = batch[:0]
	}
	return amqp.ErrClosed
}

// witness sends a consumer's acks, and now and then makes sure that they are stored: a message that is sent when the
// queue has them is stored no earlier than they are. It is sent to a queue without consumers, as a message that is
// acknowledged soon enough is confirmed without being stored.
type witness struct {
	load      *load
	queue     string
	name      string
	acks      *amqp.Channel // which consumes
	publishes *amqp.Channel
	sent      int
	waiting   []string // acks that may not be stored yet
}

// watch starts to consume.
func (l *load) watch(conn *amqp.Connection, queue, name string, prefetch int) (*witness, <-chan amqp.Delivery, error) {
	w := &witness{load: l, queue: queue, name: name}
	var err error
	if w.publishes, err = confirming(conn); err != nil {
		return nil, nil, err
	}
	if w.acks, err = conn.Channel(); err != nil {
		return nil, nil, err
	}
	if err := w.acks.Qos(prefetch, 0, false); err != nil {
		return nil, nil, err
	}
	deliveries, err := w.acks.Consume(queue, "", false, false, false, false, nil)
	return w, deliveries, err
}

// ack acknowledges a delivery, whose ids are those of all messages that it settles.
func (w *witness) ack(d amqp.Delivery, multiple bool, ids ...string) error {
	w.load.ledger.acked(w.queue, ids...)
	if err := d.Ack(multiple); err != nil {
		return err
	}
	if w.waiting = append(w.waiting, ids...); len(w.waiting) < 200 {
		return nil
	}
	// The answer says that the queue has the acks, ...
	if _, err := w.acks.QueueDeclarePassive(w.queue, true, false, false, false, nil); err != nil {
		return err
	}
	// ... the confirm that they are stored.
	w.sent++
	id, unconsumed := newID(w.name, w.sent), w.load.queues[3]
	w.load.ledger.sent(id, entry{}, unconsumed)
	confirm, err := w.publishes.PublishWithDeferredConfirm("", unconsumed, false, false, publishing(id, false))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if ok, err := confirm.WaitContext(ctx); err != nil || !ok {
		return fmt.Errorf("confirmed %v, %w", ok, err)
	}
	w.load.ledger.confirmed(id, unconsumed)
	w.load.ledger.stored(w.queue, w.waiting...)
	w.waiting = w.waiting[:0]
	return nil
}
