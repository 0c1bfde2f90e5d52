package integration

import (
	"fmt"
	"slices"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// expiring publishes a message that lives for some milliseconds.
func (c *client) expiring(queue, body string, ms int) {
	c.t.Helper()
	c.send("", queue, amqp.Publishing{Body: []byte(body), Expiration: fmt.Sprint(ms), DeliveryMode: amqp.Persistent})
}

// pass lets so many milliseconds pass, by the broker's own clock: as long as a message lives.
func (c *client) pass(ms int) {
	c.t.Helper()
	q := c.queue()
	p := c.channel()
	p.must(p.Confirm(false))
	p.confirmed("", q, amqp.Publishing{Expiration: fmt.Sprint(ms)})
	c.wantReady(q, 0)
	p.must(p.Close())
}

// queueWith declares an exclusive queue with arguments.
func (c *client) queueWith(args amqp.Table) string {
	c.t.Helper()
	q, err := c.QueueDeclare("", false, false, true, false, args)
	c.must(err)
	return q.Name
}

// A queue's messages expire by themselves, the oldest first, and not before their time.
func TestTTLOfQueue(t *testing.T) {
	t.Parallel()
	c := open(t)
	inTime(t, 200, func(ms int) bool {
		q := c.queueWith(amqp.Table{"x-message-ttl": int32(ms)})
		start := time.Now()
		c.settled("", q, numbers(0, 10)...)
		c.wantReady(q, 0)
		if !late(start, ms) {
			t.Errorf("gone after %v, want %d ms", time.Since(start), ms)
		}
		c.wantDrained(q)
		start = time.Now()
		c.publish("", q, "later")
		got := c.drain(q)
		if late(start, ms) {
			return false
		}
		if !slices.Equal(got, []string{"later"}) {
			t.Errorf("got %q", got)
		}
		return true
	})
}

// A message has the shorter of its own time and the queue's.
func TestTTLOfMessage(t *testing.T) {
	t.Parallel()
	c := open(t)
	plain, short := c.queue(), c.queueWith(amqp.Table{"x-message-ttl": int32(50)})
	c.expiring(plain, "short", 50)
	c.expiring(short, "long", 60000)
	long := c.queueWith(amqp.Table{"x-message-ttl": int32(60000)})
	c.expiring(long, "short", 50)
	for _, q := range []string{plain, short, long} {
		c.wantReady(q, 0)
	}
}

// Messages expire at the head only: one that lives long keeps others behind it.
func TestTTLBehindHead(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queue()
	c.expiring(q, "first", 60000)
	c.expiring(q, "second", 50)
	c.publish("", q, "third")
	c.pass(200)
	c.wantReady(q, 3)
	c.wantDrained(q, "first", "third")
}

// With a time of zero a message is delivered at once or not at all.
func TestTTLZero(t *testing.T) {
	t.Parallel()
	c := open(t)
	byQueue, byMessage := c.queueWith(amqp.Table{"x-message-ttl": int32(0)}), c.queue()
	send := func(body string) {
		c.publish("", byQueue, body)
		c.expiring(byMessage, body, 0)
	}
	send("to nobody")
	c.wantDrained(byQueue)
	c.wantDrained(byMessage)
	for _, q := range []string{byQueue, byMessage} {
		deliveries, err := c.Consume(q, "", true, false, false, false, nil)
		c.must(err)
		send("to somebody")
		if d := receive(t, deliveries, "a message that lives for no time"); string(d.Body) != "to somebody" {
			t.Errorf("got %q", d.Body)
		}
	}
}

// A message that is returned has what is left of its time.
func TestTTLOfReturned(t *testing.T) {
	t.Parallel()
	c := open(t)
	inTime(t, 200, func(ms int) bool {
		q := c.queueWith(amqp.Table{"x-message-ttl": int32(ms)})
		start := time.Now()
		c.publish("", q, "held")
		d, ok, err := c.Get(q, false)
		c.must(err)
		if late(start, ms) {
			return false
		}
		if !ok {
			t.Fatal("gone before its time")
		}
		c.pass(ms)
		c.must(d.Nack(false, true))
		c.wantReady(q, 0)
		c.wantDrained(q)
		return true
	})
}

// What expires while it waits for its consumer is never delivered.
func TestTTLBeforeDelivery(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queue()
	c.must(c.Qos(1, 0, false))
	deliveries, err := c.Consume(q, "", false, false, false, false, nil)
	c.must(err)
	c.publish("", q, "first")
	for _, body := range numbers(0, 20) {
		c.expiring(q, body, 100)
	}
	c.publish("", q, "last")
	first := receive(t, deliveries, "the first message")
	c.pass(200)
	c.must(first.Ack(false))
	if d := receive(t, deliveries, "the last message"); string(d.Body) != "last" {
		t.Errorf("got %q", d.Body)
	}
}

// A queue that nobody uses for its time is deleted, and not before; to declare it, to ask for it and to get from it is to
// use it.
func TestQueueExpires(t *testing.T) {
	t.Parallel()
	declare := func(c *client, queue string, args amqp.Table) error {
		_, err := c.QueueDeclare(queue, true, false, false, false, args)
		return err
	}
	for how, use := range map[string]func(c *client, queue string, args amqp.Table) error{
		"declared": declare,
		"asked for": func(c *client, queue string, _ amqp.Table) error {
			_, err := c.QueueDeclarePassive(queue, false, false, false, false, nil)
			return err
		},
		"fetched from": func(c *client, queue string, _ amqp.Table) error {
			_, _, err := c.Get(queue, true)
			return err
		},
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			inTime(t, 400, func(ms int) bool {
				q, args := unique(t), amqp.Table{"x-expires": int32(ms)}
				declared := time.Now()
				c.must(declare(c, q, args))
				c.wantExpiry(q, declared, ms)
				declared = time.Now()
				c.must(declare(c, q, args))
				c.pass(ms / 2)
				used := time.Now()
				err := use(c.channel(), q, args)
				if late(declared, ms) {
					return false
				}
				c.must(err)
				c.wantExpiry(q, used, ms)
				return true
			})
		})
	}
}

// A queue with a consumer does not expire, and its time begins when it has none.
func TestConsumedQueueExpires(t *testing.T) {
	t.Parallel()
	c := open(t)
	inTime(t, 400, func(ms int) bool {
		q, declared := unique(t), time.Now()
		_, err := c.QueueDeclare(q, true, false, false, false, amqp.Table{"x-expires": int32(ms)})
		c.must(err)
		ch := c.channel()
		_, err = ch.Consume(q, "tag", true, false, false, false, nil)
		if late(declared, ms) {
			return false
		}
		c.must(err)
		c.pass(2 * ms)
		if !c.reaches(q) {
			t.Error("a queue with a consumer has expired")
		}
		cancelled := time.Now()
		c.must(ch.Cancel("tag", false))
		c.wantExpiry(q, cancelled, ms)
		return true
	})
}

// wantExpiry waits until a queue has gone by itself, which must not be within so many milliseconds after it was last used.
// It does so without using the queue.
func (c *client) wantExpiry(queue string, used time.Time, ms int) {
	c.t.Helper()
	eventually(c.t, func() bool { return !c.reaches(queue) }, func() string { return "queue " + queue + " does not expire" })
	if !late(used, ms) {
		c.t.Errorf("a queue has expired %v after it was used, want %d ms", time.Since(used), ms)
	}
}

// reaches says whether a message can be published to a queue, which is not to use it.
func (c *client) reaches(queue string) bool {
	c.t.Helper()
	p := c.channel()
	p.must(p.Confirm(false))
	d, err := p.PublishWithDeferredConfirm("", queue, true, false, amqp.Publishing{})
	c.must(err)
	if !receiveConfirm(c.t, d) {
		c.t.Fatal("not confirmed")
	}
	c.must(p.Close())
	return len(p.returns) == 0
}
