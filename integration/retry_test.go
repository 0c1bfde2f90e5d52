package integration

import (
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

func quorum(args amqp.Table) amqp.Table {
	all := amqp.Table{"x-queue-type": "quorum"}
	for k, v := range args {
		all[k] = v
	}
	return all
}

// await fetches one message as soon as there is one.
func (c *client) await(queue string) (d amqp.Delivery) {
	c.t.Helper()
	eventually(c.t, func() (ok bool) {
		var err error
		d, ok, err = c.Get(queue, false)
		c.must(err)
		return ok
	}, func() string { return "queue " + queue + " stays empty" })
	return d
}

// A message whose deliveries have failed too often is dropped; each is told how often they have.
func TestDeliveryLimit(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(quorum(amqp.Table{"x-delivery-limit": int32(2)}))
	c.send("", q, amqp.Publishing{Body: []byte("fails"), Headers: amqp.Table{"z": "kept", "a": int32(1)}})
	for failures := int64(0); failures < 3; failures++ {
		// A connection that is lost has failed as much as one that says so.
		lost := c.other()
		d := lost.await(q)
		if string(d.Body) != "fails" || d.Redelivered != (failures > 0) || d.Headers["z"] != "kept" {
			t.Fatalf("got %q, redelivered %v, headers %v", d.Body, d.Redelivered, d.Headers)
		}
		if got := d.Headers["x-delivery-count"]; failures > 0 && got != failures {
			t.Errorf("x-delivery-count is %v, want %d", got, failures)
		}
		if failures == 1 {
			lost.must(lost.conn.Close())
		} else {
			lost.must(d.Reject(true))
		}
	}
	c.send("", q, amqp.Publishing{Body: []byte("behind")})
	if d := c.await(q); string(d.Body) != "behind" {
		t.Errorf("got %q", d.Body)
	}
}

// Quorum queues serve what was returned in the order in which it came back.
func TestQuorumRequeueOrder(t *testing.T) {
	t.Parallel()
	requeueInTurn(open(t), 4)
}

// They do so before all else; RabbitMQ 3.10 does not, newer ones do.
func TestQuorumRequeuedFirst(t *testing.T) {
	t.Parallel()
	requeueInTurn(connect(t, ownBrokerURL(t)), 6)
}

func requeueInTurn(c *client, n int) {
	c.t.Helper()
	q := c.shared(quorum(nil))
	for _, body := range numbers(0, n) {
		c.publish("", q, body)
	}
	c.wantReady(q, n)
	held := c.fetch(q, 4)
	c.wantReady(q, n-4)
	for _, i := range []int{2, 0, 3, 1} {
		c.must(held[i].Nack(false, true))
	}
	c.wantReady(q, n)
	c.wantDrained(q, append([]string{"2", "0", "3", "1"}, numbers(4, n)...)...)
}

// A consumer that gives a message back has not failed; RabbitMQ says so since 4.3.
func TestNackIsNoFailure(t *testing.T) {
	t.Parallel()
	c := connect(t, ownBrokerURL(t))
	q := c.shared(quorum(amqp.Table{"x-delivery-limit": int32(1)}))
	c.publish("", q, "patient")
	for i := range 5 {
		d := c.await(q)
		if d.Redelivered != (i > 0) || d.Headers["x-delivery-count"] != nil {
			t.Errorf("redelivered %v, headers %v", d.Redelivered, d.Headers)
		}
		c.must(d.Nack(false, true))
	}
	c.wantReady(q, 1)
}

// Classic queues that do not say so have no limit and tell no count.
func TestClassicHasNoLimit(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queue()
	c.publish("", q, "again")
	for range 30 {
		d := c.await(q)
		if d.Headers["x-delivery-count"] != nil {
			t.Fatalf("headers %v", d.Headers)
		}
		c.must(d.Reject(true))
	}
}

// A message whose delivery has failed waits, longer each time, and no other for it. RabbitMQ has that since 4.3.
func TestRetry(t *testing.T) {
	t.Parallel()
	c := connect(t, ownBrokerURL(t))
	inTime(t, 100, func(ms int) bool {
		q := c.shared(quorum(amqp.Table{
			"x-delayed-retry-type": "failed", "x-delayed-retry-min": int32(ms), "x-delayed-retry-max": int32(ms * 3 / 2),
		}))
		c.publish("", q, "fails")
		c.publish("", q, "other")
		d := c.await(q)
		for _, wait := range []int{ms, ms * 3 / 2, ms * 3 / 2} {
			start := time.Now()
			c.must(d.Reject(true))
			other := c.await(q)
			if late(start, wait) {
				return false
			}
			if string(other.Body) != "other" {
				t.Fatalf("got %q", other.Body)
			}
			d = c.await(q)
			if string(d.Body) != "fails" || !late(start, wait) {
				t.Errorf("got %q after %v, want %d ms", d.Body, time.Since(start), wait)
			}
			c.must(other.Nack(false, true))
		}
		return true
	})
}
