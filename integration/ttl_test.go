package integration

import (
	"fmt"
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
	q := c.queueWith(amqp.Table{"x-message-ttl": int32(300)})
	start := time.Now()
	for _, body := range numbers(0, 10) {
		c.publish("", q, body)
	}
	c.wantReady(q, 10)
	c.wantReady(q, 0)
	if lived := time.Since(start); lived < 299*time.Millisecond {
		t.Errorf("gone after %v", lived)
	}
	c.wantDrained(q)
	c.publish("", q, "later")
	c.wantDrained(q, "later")
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
	q := c.queueWith(amqp.Table{"x-message-ttl": int32(300)})
	c.publish("", q, "held")
	d := c.get(q)
	c.pass(300)
	c.must(d.Nack(false, true))
	c.wantReady(q, 0)
	c.wantDrained(q)
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

// A queue that nobody uses for its time is deleted; to declare it, to ask for it and to get from it is to use it.
func TestQueueExpires(t *testing.T) {
	t.Parallel()
	c := open(t)
	args := amqp.Table{"x-expires": int32(1000)}
	declare := func(name string) {
		t.Helper()
		_, err := c.QueueDeclare(name, true, false, false, false, args)
		c.must(err)
	}
	uses := map[string]func(name string){
		"declared": declare,
		"asked":    func(name string) { c.inspect(name) },
		"fetched":  func(name string) { c.drain(name) },
	}
	for use := range uses {
		declare(unique(t) + use)
	}
	unused, consumed := unique(t), unique(t)
	declare(unused)
	declare(consumed)
	_, err := c.Consume(consumed, "tag", true, false, false, false, nil)
	c.must(err)
	named := map[string]string{}
	for use := range uses {
		named[use] = unique(t)
		declare(named[use])
	}
	c.pass(700)
	for use, f := range uses {
		f(named[use])
	}
	c.pass(700)
	for use, name := range named {
		if _, err := c.channel().QueueDeclarePassive(name, false, false, false, false, nil); err != nil {
			t.Errorf("a queue that was %s has expired", use)
		}
	}
	if c.exists(unused) {
		t.Error("an unused queue is still there")
	}
	if !c.exists(consumed) {
		t.Error("a queue with a consumer has expired")
	}
	c.must(c.Cancel("tag", false))
	eventuallyExpired(c, consumed)
}

// eventuallyExpired waits until a queue is gone, without asking for it: that would be to use it.
func eventuallyExpired(c *client, queue string) {
	c.t.Helper()
	c.pass(1300)
	if c.exists(queue) {
		c.t.Errorf("queue %s is still there", queue)
	}
}
