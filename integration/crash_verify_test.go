package integration

import (
	amqp "github.com/rabbitmq/amqp091-go"
)

// verify compares a recovered broker with the ledger and leaves it with a full backlog and about half of most other
// queues' messages. If whole is set it reads the backlog, too, settles most of it, here and there, and fills it up anew, so that
// little is left in the log's files; else it only counts it, so that the next crash finds it as the start left it.
func (l *load) verify(url string, whole bool) {
	l.t.Helper()
	c := connect(l.t, url)
	l.awaitLate(c)
	inBacklog, _ := c.inspect(deep)
	l.ledger.wantCount(l.t, deep, inBacklog)
	held := map[string][]amqp.Delivery{}
	c.durable(emptied) // it may have been deleted last
	for _, q := range append(l.queues, emptied) {
		held[q] = l.readAll(c, q)
	}
	if whole {
		held[deep] = l.readAll(c, deep)
	}
	l.ledger.forget(l.t, held)
	settled := map[string][]string{}
	for q := range held {
		for i, d := range held[q] {
			if q == deep && i%8 == 0 || q != deep && q != emptied && i%2 == 1 {
				continue
			}
			id, _ := identify(d.Body)
			settled[q] = append(settled[q], id)
			l.ledger.acked(q, id)
			c.must(d.Ack(false))
		}
	}
	l.t.Logf("%d messages in the backlog, %d settled now; %d, %d, %d, %d and %d in other queues", inBacklog, len(settled[deep]),
		len(held[l.queues[0]]), len(held[l.queues[1]]), len(held[l.queues[2]]), len(held[l.queues[3]]), len(held[emptied]))
	l.verifyDefinitions(c)
	c.must(c.conn.Close())
	for q := range held {
		l.ledger.hungUp(q)
	}
	l.fill(url, max(1000, l.backlog-inBacklog+len(settled[deep])))
	for q, ids := range settled {
		l.ledger.stored(q, ids...) // before what fills the backlog
	}
}

// awaitLate waits until all has come that waited: nothing comes before what was due before.
func (l *load) awaitLate(c *client) {
	l.t.Helper()
	last := c.queue()
	c.bind(last, last, delaying, nil)
	deliveries := c.consume(last)
	c.send(delaying, last, amqp.Publishing{DeliveryMode: amqp.Persistent, Headers: amqp.Table{"x-delay": lateBy}})
	receive(l.t, deliveries, "the last delayed message")
}

// readAll takes everything that a queue has and checks it. It settles nothing.
func (l *load) readAll(c *client, queue string) []amqp.Delivery {
	l.t.Helper()
	ready, _ := c.inspect(queue)
	held := make([]amqp.Delivery, 0, ready)
	deliveries := c.consume(queue)
	for range ready {
		held = append(held, receive(l.t, deliveries, "a recovered message"))
	}
	c.wantIdle(deliveries)
	l.ledger.wantAll(l.t, queue, held)
	return held
}

// verifyDefinitions checks that those queues are there that must be, and deletes them.
func (l *load) verifyDefinitions(c *client) {
	l.t.Helper()
	for queue, want := range l.declared {
		if got := c.exists(queue); got != want {
			l.t.Errorf("queue %s: there %v, want %v", queue, got, want)
		}
		_, err := c.QueueDelete(queue, false, false, false)
		c.must(err)
	}
	clear(l.declared)
}
