package integration

import (
	"context"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

// The oldest make room: only what is ready counts, and of it the bodies.
func TestMaxLength(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queueWith(amqp.Table{"x-max-length": int32(3)})
	for _, body := range numbers(0, 10) {
		c.publish("", q, body)
	}
	c.wantReady(q, 3)
	held := c.fetch(q, 2)
	for _, body := range numbers(10, 12) {
		c.publish("", q, body)
	}
	c.wantReady(q, 3)
	if got := string(held[0].Body); got != "7" {
		t.Errorf("got %s first", got)
	}
	// Those that are returned are the oldest.
	c.must(held[1].Nack(true, true))
	c.wantReady(q, 3)
	c.wantDrained(q, "9", "10", "11")
}

func TestMaxLengthBytes(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queueWith(amqp.Table{"x-max-length-bytes": int32(1000), "x-max-length": int32(50)})
	headers := amqp.Table{"h": strings.Repeat("not counted", 100)}
	for _, body := range numbers(10, 20) {
		c.send("", q, amqp.Publishing{Body: []byte(body + strings.Repeat("x", 298)), Headers: headers})
	}
	c.wantReady(q, 3)
	for range 100 {
		c.publish("", q, "")
	}
	c.wantReady(q, 50)
	c.publish("", q, strings.Repeat("y", 1001))
	c.wantReady(q, 0)
	c.publish("", q, strings.Repeat("y", 1000))
	c.wantReady(q, 1)
}

// A queue that can hold nothing hands over what a consumer waits for.
func TestMaxLengthZero(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queueWith(amqp.Table{"x-max-length": int32(0)})
	c.publish("", q, "to nobody")
	c.wantReady(q, 0)
	deliveries, err := c.Consume(q, "", true, false, false, false, nil)
	c.must(err)
	c.publish("", q, "to somebody")
	if d := receive(t, deliveries, "a message"); string(d.Body) != "to somebody" {
		t.Errorf("got %q", d.Body)
	}
}

// published publishes and says whether the confirm was an ack.
func (c *client) published(exchange, key, body string, mode uint8) bool {
	c.t.Helper()
	d, err := c.PublishWithDeferredConfirm(exchange, key, false, false, amqp.Publishing{Body: []byte(body), DeliveryMode: mode})
	c.must(err)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ok, err := d.WaitContext(ctx)
	c.must(err)
	return ok
}

// A full queue refuses what comes; other queues keep theirs.
func TestRejectPublish(t *testing.T) {
	t.Parallel()
	for _, overflow := range []string{"reject-publish", "reject-publish-dlx"} {
		c := open(t)
		full := c.shared(amqp.Table{"x-max-length": int32(2), "x-overflow": overflow})
		other, transient := c.shared(nil), c.queue()
		x := c.exchange("fanout", nil)
		for _, q := range []string{full, other, transient} {
			c.bind(q, "", x, nil)
		}
		c.publish(x, "", "0")
		c.must(c.Confirm(false))
		for i, body := range numbers(1, 6) {
			mode := []uint8{amqp.Transient, amqp.Persistent}[i%2]
			if got, want := c.published(x, "", body, mode), i == 0; got != want {
				t.Errorf("%s: publish %s: ack is %v", overflow, body, got)
			}
		}
		c.wantDrained(full, "0", "1")
		c.wantDrained(other, numbers(0, 6)...)
		c.wantDrained(transient, numbers(0, 6)...)
		if !c.published("", full, "6", amqp.Persistent) {
			t.Errorf("%s: refused by an empty queue", overflow)
		}
		c.wantDrained(full, "6")
	}
}

// Acks and nacks of a stream of publishes come for each number once.
func TestRejectPublishStream(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(amqp.Table{"x-max-length": int32(100), "x-overflow": "reject-publish"})
	const publishes = 2000
	confirms := c.NotifyPublish(make(chan amqp.Confirmation, publishes))
	c.must(c.Confirm(false))
	for range publishes {
		c.send("", q, amqp.Publishing{Body: []byte("x"), DeliveryMode: amqp.Persistent})
	}
	acks := 0
	for tag := uint64(1); tag <= publishes; tag++ {
		got := receive(t, confirms, "a confirm")
		if got.DeliveryTag != tag || got.Ack != (tag <= 100) {
			t.Fatalf("got %+v for %d", got, tag)
		}
		if got.Ack {
			acks++
		}
	}
	if got := len(c.drain(q)); got != acks {
		t.Errorf("%d messages, %d acks", got, acks)
	}
}

// A transaction into a full queue fails, and does what it can.
func TestTxIntoFullQueue(t *testing.T) {
	t.Parallel()
	c := open(t)
	full, other := c.shared(amqp.Table{"x-max-length": int32(1), "x-overflow": "reject-publish"}), c.shared(nil)
	x := c.exchange("fanout", nil)
	c.bind(full, "", x, nil)
	c.bind(other, "", x, nil)
	tx := c.channel()
	tx.must(tx.Tx())
	for _, body := range numbers(0, 3) {
		tx.send(x, "", amqp.Publishing{Body: []byte(body), DeliveryMode: amqp.Persistent})
	}
	wantError(t, tx.TxCommit(), amqp.PreconditionFailed, "PRECONDITION_FAILED - partial tx completion")
	c.wantDrained(full, "0")
	c.wantDrained(other, numbers(0, 3)...)
}
