package integration

import (
	"slices"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

// deadLetters returns the arguments for a queue whose dead messages go to another queue, and that queue.
func (c *client) deadLetters(args amqp.Table) (amqp.Table, string) {
	c.t.Helper()
	to := c.queue()
	all := amqp.Table{"x-dead-letter-exchange": "", "x-dead-letter-routing-key": to}
	for k, v := range args {
		all[k] = v
	}
	return all, to
}

// wantDead waits for dead messages, in order, and checks what is said of them.
func (c *client) wantDead(in, reason string, bodies ...string) {
	c.t.Helper()
	for _, body := range bodies {
		d := c.await(in)
		deaths, _ := d.Headers["x-death"].([]any)
		if string(d.Body) != body || len(deaths) == 0 || d.Headers["x-first-death-reason"] != reason {
			c.t.Fatalf("got %q with headers %v, want %q dead of %s", d.Body, d.Headers, body, reason)
		}
		c.must(d.Ack(false))
	}
	c.wantReady(in, 0)
}

// Messages that are rejected together, refused, or given up go to where dead letters go, in order.
func TestDeadLetterOrder(t *testing.T) {
	t.Parallel()
	c := open(t)
	t.Run("rejected", func(t *testing.T) {
		args, to := c.deadLetters(nil)
		q := c.queueWith(args)
		for _, body := range numbers(0, 20) {
			c.publish("", q, body)
		}
		c.wantReady(q, 20)
		held := c.fetch(q, 20)
		c.must(held[9].Nack(true, false))
		for _, d := range held[10:] {
			c.must(d.Reject(false))
		}
		c.wantDead(to, "rejected", numbers(0, 20)...)
	})
	t.Run("reject-publish-dlx", func(t *testing.T) {
		args, to := c.deadLetters(amqp.Table{"x-max-length": int32(1), "x-overflow": "reject-publish-dlx"})
		q := c.queueWith(args)
		p := c.channel()
		p.must(p.Confirm(false))
		for i, body := range numbers(0, 3) {
			if got := p.published("", q, body, amqp.Persistent); got != (i == 0) {
				t.Errorf("publish %d: ack is %v", i, got)
			}
		}
		c.wantDead(to, "maxlen", "1", "2")
	})
	t.Run("delivery_limit", func(t *testing.T) {
		args, to := c.deadLetters(quorum(amqp.Table{"x-delivery-limit": int32(1)}))
		q := c.shared(args)
		c.publish("", q, "fails")
		for range 2 {
			c.must(c.await(q).Reject(true))
		}
		c.wantDead(to, "delivery_limit", "fails")
	})
}

// A long queue of messages that die together arrives whole and in order.
func TestDeadLetterMany(t *testing.T) {
	t.Parallel()
	c := open(t)
	args, to := c.deadLetters(amqp.Table{"x-message-ttl": int32(300)})
	q := c.shared(args)
	const n = 5000
	bodies := numbers(0, n)
	c.settled("", q, bodies...)
	c.wantReady(to, n)
	if got := c.drain(to); !slices.Equal(got, bodies) {
		t.Errorf("%d messages, not in order", len(got))
	}
	c.wantReady(q, 0)
}
