package integration

import (
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"
)

// durableWith is durable for a queue with arguments.
func (c *client) durableWith(name string, args amqp.Table) string {
	c.t.Helper()
	_, err := c.QueueDeclare(name, true, false, false, false, args)
	c.must(err)
	return name
}

// A message that goes to several queues dies in each at its own time, also if that comes while the broker is down.
func restartTimes(c *client, _ bool) func(*client) {
	c.durableWith("short", amqp.Table{"x-message-ttl": int32(200)})
	c.durableWith("long", amqp.Table{"x-message-ttl": int32(3600_000)})
	c.durable("none")
	for _, q := range []string{"short", "long", "none"} {
		c.bind(q, "", "amq.fanout", nil)
	}
	c.must(c.Confirm(false))
	c.confirmed("amq.fanout", "", amqp.Publishing{Body: []byte("by the queue"), DeliveryMode: amqp.Persistent})
	c.confirmed("", "none", amqp.Publishing{Body: []byte("kept"), DeliveryMode: amqp.Persistent, Expiration: "3600000"})
	c.confirmed("", "long", amqp.Publishing{Body: []byte("by itself"), DeliveryMode: amqp.Persistent, Expiration: "200"})
	// Published after that one with the same time to live: when it has died, so has that one.
	c.confirmed("", "short", amqp.Publishing{Body: []byte("a clock"), DeliveryMode: amqp.Persistent})
	return func(c *client) {
		c.wantReady("short", 0)
		// The second waits behind the first, and has died when it is its turn.
		c.wantReady("long", 2)
		c.wantDrained("long", "by the queue")
		c.wantDrained("none", "by the queue", "kept")
	}
}

// A queue knows how long it is.
func restartLengths(c *client, _ bool) func(*client) {
	c.durableWith("bytes", amqp.Table{"x-max-length-bytes": int32(1000), "x-overflow": "reject-publish"})
	c.durableWith("number", amqp.Table{"x-max-length": int32(10)})
	c.settled("", "bytes", strings.Repeat("x", 300), strings.Repeat("y", 500))
	c.settled("", "number", numbers(0, 15)...)
	return func(c *client) {
		c.must(c.Confirm(false))
		for _, size := range []int{201, 200, 1} {
			if got, want := c.published("", "bytes", strings.Repeat("z", size), amqp.Persistent), size == 200; got != want {
				c.t.Errorf("%d bytes more: ack is %v", size, got)
			}
		}
		c.wantReady("bytes", 3)
		c.settled("", "number", numbers(15, 18)...)
		c.wantDrained("number", numbers(8, 18)...)
	}
}

// Failed deliveries are counted on.
func restartFailures(c *client, _ bool) func(*client) {
	c.durableWith("limited", amqp.Table{"x-queue-type": "quorum", "x-delivery-limit": int32(2)})
	c.must(c.Confirm(false))
	c.confirmed("", "limited", amqp.Publishing{Body: []byte("fails"), DeliveryMode: amqp.Transient})
	c.must(c.await("limited").Reject(true))
	c.confirmed("", "limited", amqp.Publishing{Body: []byte("behind")})
	return func(c *client) {
		for failures := int64(1); failures < 3; failures++ {
			d := c.await("limited")
			if got := d.Headers["x-delivery-count"]; got != failures || string(d.Body) != "fails" {
				c.t.Errorf("got %q with x-delivery-count %v, want %d", d.Body, got, failures)
			}
			c.must(d.Reject(true))
		}
		c.wantReady("limited", 1)
		c.wantDrained("limited", "behind")
	}
}
