package integration

import (
	"fmt"
	"slices"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

// prioritized publishes a message of each priority and waits until the broker has them; -1 is none. The bodies are the
// priority and how many of it came before.
func (c *client) prioritized(queue string, priorities ...int) {
	c.t.Helper()
	seen := map[int]int{}
	ch := c.channel()
	c.must(ch.Confirm(false))
	for i, p := range priorities {
		msg := amqp.Publishing{Body: fmt.Appendf(nil, "%d.%d", p, seen[p]), DeliveryMode: amqp.Persistent, Priority: uint8(max(p, 0))}
		seen[p]++
		if i == len(priorities)-1 {
			ch.confirmed("", queue, msg)
			continue
		}
		ch.send("", queue, msg)
	}
}

func TestPriorities(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(amqp.Table{"x-max-priority": int32(3)})
	c.prioritized(q, -1, 2, 1, 9, 3, 2, -1, 0, 255, 1)
	c.wantReady(q, 10)
	// Priorities above the highest count as that; the order among them is that of publishing.
	c.wantDrained(q, "9.0", "3.0", "255.0", "2.0", "2.1", "1.0", "1.1", "-1.0", "-1.1", "0.0")
}

// Without the argument priorities mean nothing, and are carried.
func TestPrioritiesNotAskedFor(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(nil)
	c.prioritized(q, 1, 5, 3)
	for i, want := range []uint8{1, 5, 3} {
		if d := c.get(q); d.Priority != want {
			t.Errorf("message %d has priority %d, want %d", i, d.Priority, want)
		}
	}
}

// A message that is returned takes its old place inside its priority.
func TestPrioritiesReturned(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(amqp.Table{"x-max-priority": int32(10)})
	c.prioritized(q, 1, 5, 5, 5, 1, 7)
	ch := c.channel()
	got := ch.fetch(q, 4)
	c.must(got[2].Nack(false, true)) // 5.1
	c.must(got[0].Nack(false, true)) // 7.0
	c.wantReady(q, 4)
	ch = c.channel()
	for i, want := range []string{"7.0", "5.1", "1.0", "1.1"} {
		d := ch.get(q)
		if string(d.Body) != want || d.Redelivered != (i < 2) {
			t.Errorf("get %d: %q, redelivered %v, want %s", i, d.Body, d.Redelivered, want)
		}
	}
}

// What comes meanwhile overtakes what waits, but not what a consumer has already.
func TestPrioritiesOvertake(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(amqp.Table{"x-max-priority": int32(10)})
	c.prioritized(q, 0, 0, 0)
	ch := c.channel()
	c.must(ch.Qos(1, 0, false))
	deliveries := ch.consume(q)
	first := wantDeliveries(t, deliveries, "0.0")[0]
	c.prioritized(q, 4, 9)
	c.must(first.Ack(false))
	for _, want := range []string{"9.0", "4.0", "0.1", "0.2"} {
		c.must(wantDeliveries(t, deliveries, want)[0].Ack(false))
	}
}

func TestPrioritiesPurgedAndCommitted(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(amqp.Table{"x-max-priority": int32(10)})
	c.prioritized(q, 3, 0, 8, 3)
	unacked := c.channel().fetch(q, 1)[0]
	if n, err := c.QueuePurge(q, false); err != nil || n != 3 {
		t.Errorf("purged %d: %v", n, err)
	}
	c.prioritized(q, 1, 8)
	tx := c.tx()
	for _, p := range []uint8{9, 0, 8} {
		tx.send("", q, amqp.Publishing{Body: fmt.Append(nil, "tx ", p), Priority: p, DeliveryMode: amqp.Persistent})
	}
	got := tx.fetch(q, 1)[0]
	c.must(got.Ack(false))
	c.must(tx.TxCommit())
	c.must(unacked.Nack(false, true))
	c.wantReady(q, 5)
	c.wantDrained(q, "tx 9", "8.0", "tx 8", "1.0", "tx 0")
}

// A backlog that is larger than the memory for it leaves in order.
func TestPrioritiesOfBacklog(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(amqp.Table{"x-max-priority": int32(4)})
	c.must(c.Confirm(false))
	body := make([]byte, 2000)
	const n = 20_000
	var last *amqp.DeferredConfirmation
	for i := range n {
		var err error
		last, err = c.PublishWithDeferredConfirm("", q, false, false, amqp.Publishing{
			Body: append(fmt.Appendf(nil, "%05d", i), body...), Priority: uint8(i * 7 % 5), DeliveryMode: amqp.Persistent,
		})
		c.must(err)
	}
	last.Wait()
	c.must(c.Qos(100, 0, false))
	deliveries := c.consume(q)
	priority, before := uint8(4), ""
	for i := range n {
		d := receive(t, deliveries, "a delivery")
		number := string(d.Body[:5])
		if d.Priority > priority || d.Priority == priority && number <= before {
			t.Fatalf("delivery %d: %s of priority %d came after %s of priority %d", i, number, d.Priority, before, priority)
		}
		priority, before = d.Priority, number
		c.must(d.Ack(false))
	}
	c.wantReady(q, 0)
}

// Quorum queues have priorities from 0 to 31, 4 if none is said, as RabbitMQ 4.3 has them; 3.10 has none.
func TestPrioritiesOfQuorumQueue(t *testing.T) {
	t.Parallel()
	c := connect(t, ownBrokerURL(t))
	q := c.shared(amqp.Table{"x-queue-type": "quorum"})
	c.prioritized(q, 3, -1, 5, 31, 200, 4, 30)
	var bodies []string
	for range 7 {
		bodies = append(bodies, string(c.get(q).Body))
	}
	if want := []string{"31.0", "200.0", "30.0", "5.0", "-1.0", "4.0", "3.0"}; !slices.Equal(bodies, want) {
		t.Errorf("got %q, want %q", bodies, want)
	}
}

// Priorities are kept over a restart, with what was settled, in a transaction too, and leave nothing behind when the
// queue goes.
func restartPriorities(c *client, _ bool) func(*client) {
	for _, q := range []string{"q", "gone", "quorum"} {
		args := amqp.Table{"x-max-priority": int32(10)}
		if q == "quorum" {
			args = amqp.Table{"x-queue-type": "quorum"}
		}
		_, err := c.QueueDeclare(q, true, false, false, false, args)
		c.must(err)
		c.prioritized(q, 3, 0, 8, 0, 3, 8, 5)
	}
	_, err := c.QueueDelete("gone", false, false, false)
	c.must(err)
	_, err = c.QueueDeclare("gone", true, false, false, false, amqp.Table{"x-max-priority": int32(10)})
	c.must(err)
	c.prioritized("gone", 3)
	c.must(c.fetch("quorum", 2)[0].Ack(false))

	tx := c.tx()
	for _, d := range tx.fetch("q", 4) { // 8, 8, 5, 3
		c.must(d.Ack(false))
	}
	for _, p := range []uint8{0, 5, 1} {
		tx.send("", "q", amqp.Publishing{Body: fmt.Append(nil, "tx ", p), Priority: p, DeliveryMode: amqp.Persistent})
	}
	c.must(tx.TxCommit())
	return func(c *client) {
		c.wantReady("q", 6)
		c.wantDrained("q", "tx 5", "3.1", "tx 1", "0.0", "0.1", "tx 0")
		c.wantDrained("gone", "3.0")
		c.prioritized("q", 8, 2)
		c.wantDrained("q", "8.0", "2.0")
		c.wantDrained("quorum", "8.1", "5.0", "0.0", "0.1", "3.0", "3.1")
	}
}
