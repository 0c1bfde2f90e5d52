package integration

import (
	"strconv"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

var once = amqp.Table{"x-message-deduplication": true}

// A key lives in a queue as long as a message with it does, ready or not.
func TestDeduplicationQueue(t *testing.T) {
	t.Parallel()
	needType(t, "x-message-deduplication")
	c := open(t)
	c.must(c.Confirm(false))
	for name, args := range map[string]amqp.Table{
		"classic":    once,
		"priorities": {"x-message-deduplication": true, "x-max-priority": int32(5)},
	} {
		q := c.shared(args)
		put := func(key any, body string) {
			m := unlike(key, body)
			m.Priority = uint8(len(body))
			c.safely("", q, m)
		}
		put("a", "1")
		put("a", "no, longer")
		d := c.get(q)
		put("a", "no") // unacked counts
		c.must(d.Nack(false, true))
		put("a", "no") // so does returned
		c.must(c.get(q).Ack(false))
		put("a", "2")
		c.wantDrained(q, "2") // acked on delivery
		put("a", "3")
		put(true, "4")
		put(true, "no")
		_, err := c.QueuePurge(q, false)
		c.must(err)
		put("a", "5")
		put(true, "6")
		put(false, "7")
		for range 2 {
			c.safely("", q, amqp.Publishing{Body: []byte("8")})
		}
		if got := c.drain(q); len(got) != 5 {
			t.Errorf("%s: got %q", name, got)
		}
	}
	if _, err := c.channel().QueueDeclare(unique(t), true, false, false, false, amqp.Table{"x-message-deduplication": "yes"}); err == nil {
		t.Error("declared with a string for a bool")
	}
}

// A message that goes to several queues is dropped by those that have its key only.
func TestDeduplicationOfFanout(t *testing.T) {
	t.Parallel()
	needType(t, "x-message-deduplication")
	c := open(t)
	c.must(c.Confirm(false))
	x, plain, q1, q2 := c.exchange("fanout", nil), c.shared(nil), c.shared(once), c.shared(once)
	for _, q := range []string{plain, q1, q2} {
		c.bind(q, "", x, nil)
	}
	c.safely(x, "", unlike("a", "1"))
	c.must(c.get(q1).Ack(false))
	c.safely(x, "", unlike("a", "2"))
	p := c.channel()
	p.must(p.Tx())
	p.send(x, "", unlike("a", "3"))
	p.send(x, "", unlike("b", "4"))
	p.send(x, "", unlike("b", "5"))
	p.must(p.TxCommit())
	c.wantDrained(plain, "1", "2", "3", "4", "5")
	c.wantDrained(q1, "2", "4")
	c.wantDrained(q2, "1", "4")
	c.safely(x, "", unlike("a", "6"))
	c.wantDrained(q1, "6")
	c.wantDrained(q2, "6")
}

// A message that a full queue has refused is not a duplicate when it comes again,
// whoever deduplicates.
func TestDeduplicationOfRefused(t *testing.T) {
	t.Parallel()
	needType(t, "x-message-deduplication")
	c := open(t)
	c.must(c.Confirm(false))
	full := amqp.Table{"x-max-length": int32(1), "x-overflow": "reject-publish"}
	by := c.exchange("x-message-deduplication", amqp.Table{"x-cache-size": int32(9), "x-cache-persistence": "disk"})
	byExchange, byQueue := c.shared(full), c.shared(amqp.Table{
		"x-max-length": int32(1), "x-overflow": "reject-publish", "x-message-deduplication": true,
	})
	c.bind(byExchange, "k", by, nil)
	for name, to := range map[string]struct{ exchange, key, queue string }{
		"exchange": {by, "k", byExchange},
		"queue":    {"", byQueue, byQueue},
	} {
		c.safely(to.exchange, to.key, unlike("a", "1"))
		for range 2 {
			d, err := c.PublishWithDeferredConfirm(to.exchange, to.key, false, false, unlike("b", "no"))
			c.must(err)
			if d.Wait() {
				t.Fatalf("%s: a full queue has taken a message", name)
			}
		}
		c.safely(to.exchange, to.key, unlike("a", "a duplicate, which needs no room"))
		c.must(c.get(to.queue).Ack(false))
		c.safely(to.exchange, to.key, unlike("b", "2"))
		c.wantDrained(to.queue, "2")
	}
}

func restartDedupQueue(c *client, _ bool) func(*client) {
	for name, args := range map[string]amqp.Table{"q": once, "p": {"x-message-deduplication": true, "x-max-priority": int32(3)}} {
		_, err := c.QueueDeclare(name, true, false, false, false, args)
		c.must(err)
	}
	c.must(c.Confirm(false))
	const n = 300
	put := func(c *client, to string, i int, body string) {
		m := unlike(int32(i), body)
		m.Priority = uint8(i % 4)
		c.safely("", to, m)
	}
	for i := range n {
		put(c, "q", i, strconv.Itoa(i))
		put(c, "p", i, strconv.Itoa(i))
	}
	return func(c *client) {
		c.must(c.Confirm(false))
		for _, q := range []string{"q", "p"} {
			for i := range n + 1 {
				put(c, q, i, "again")
			}
			got := c.drain(q)
			again := 0
			for _, body := range got {
				if body == "again" {
					again++
				}
			}
			if len(got) != n+1 || again != 1 {
				c.t.Errorf("%s: %d messages, %d of them new, want %d and 1", q, len(got), again, n+1)
			}
			put(c, q, 7, "seven")
			c.wantDrained(q, "seven")
		}
	}
}
