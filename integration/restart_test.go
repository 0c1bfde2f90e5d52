package integration

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// What a broker has after its end, by request or by kill -9, when it comes back on the same folder. Each case fills a
// broker and returns what to check on the next.
func TestRestart(t *testing.T) {
	t.Parallel()
	binary := buildLepus(t)
	cases := map[string]func(c *client, clean bool) (check func(c *client)){
		"messages":    restartMessages,
		"topology":    restartTopology,
		"settled":     restartSettled,
		"redelivered": restartRedelivered,
		"deleted":     restartDeleted,
		"names":       restartNames,
		"contents":    restartContents,
		"transaction": restartTransaction,
		"fanout":      restartFanout,
		"backlog":     restartBacklog,
		"history":     restartHistory,
		"dedup":       restartDedup,
		"dedup queue": restartDedupQueue,
		"priorities":  restartPriorities,
		"times":       restartTimes,
		"lengths":     restartLengths,
		"failures":    restartFailures,
	}
	ends := map[string]func(*process){"stopped": (*process).stop, "killed": (*process).kill}
	for name, fill := range cases {
		for end, finish := range ends {
			t.Run(name+" "+end, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				server := binary.start(t, dir)
				check := fill(connect(t, server.url), end == "stopped")
				finish(server)
				// Twice, so that what was recovered is itself recovered.
				server = binary.start(t, dir)
				finish(server)
				server = binary.start(t, dir)
				check(connect(t, server.url))
				server.stop()
			})
		}
	}
}

// durable declares a durable queue that is left behind: the folder goes with the test.
func (c *client) durable(name string) string {
	c.t.Helper()
	_, err := c.QueueDeclare(name, true, false, false, false, nil)
	c.must(err)
	return name
}

func restartMessages(c *client, _ bool) func(*client) {
	q := c.durable("q")
	c.must(c.Confirm(false))
	for _, body := range numbers(0, 100) {
		mode := amqp.Persistent
		if len(body) == 1 {
			mode = amqp.Transient
		}
		c.send("", q, amqp.Publishing{Body: []byte(body), DeliveryMode: mode})
	}
	c.confirmed("", q, amqp.Publishing{Body: []byte("100"), DeliveryMode: amqp.Persistent})
	return func(c *client) {
		c.wantReady(q, 91)
		c.wantDrained(q, numbers(10, 101)...)
	}
}

func restartTopology(c *client, _ bool) func(*client) {
	c.durable("durable")
	_, err := c.QueueDeclare("arguments", true, true, false, false, amqp.Table{"x-max-length": int32(5), "note": "kept"})
	c.must(err)
	_, err = c.QueueDeclare("transient", false, false, false, false, nil)
	c.must(err)
	_, err = c.QueueDeclare("exclusive", true, false, true, false, nil)
	c.must(err)
	c.must(c.ExchangeDeclare("headers", "headers", true, false, false, false, nil))
	c.must(c.ExchangeDeclare("topic", "topic", true, false, true, false, nil))
	c.must(c.ExchangeDeclare("direct", "direct", true, true, false, false, amqp.Table{"alternate-exchange": "headers"}))
	c.must(c.ExchangeDeclare("passing", "fanout", false, false, false, false, nil))
	c.bind("durable", "", "headers", amqp.Table{"x-match": "any", "a": int32(1)})
	c.bind("durable", "a.#", "topic", nil)
	c.bind("durable", "mine", "amq.direct", nil)
	c.bind("transient", "mine", "amq.direct", nil)
	c.bindExchange("topic", "a.b", "direct")
	return func(c *client) {
		for queue, want := range map[string]bool{"durable": true, "arguments": true, "transient": false, "exclusive": false} {
			if got := c.exists(queue); got != want {
				c.t.Errorf("queue %s: there %v, want %v", queue, got, want)
			}
		}
		if c.exchangeExists("passing") {
			c.t.Error("an exchange that is not durable came back")
		}
		_, err := c.QueueDeclare("arguments", true, true, false, false, amqp.Table{"x-max-length": int32(5)})
		c.must(err)
		c.must(c.ExchangeDeclare("topic", "topic", true, false, true, false, nil))
		c.must(c.ExchangeDeclare("direct", "direct", true, true, false, false, amqp.Table{"alternate-exchange": "headers"}))
		c.publish("direct", "a.b", "bound through")
		c.send("direct", "elsewhere", amqp.Publishing{Body: []byte("by the alternate"), Headers: amqp.Table{"a": int64(1)}})
		c.send("direct", "elsewhere", amqp.Publishing{Body: []byte("lost"), Headers: amqp.Table{"a": int64(2)}})
		c.publish("amq.direct", "mine", "bound")
		c.wantDrained("durable", "bound through", "by the alternate", "bound")
		// An auto-delete queue has waited for its first consumer.
		_, err = c.Consume("arguments", "tag", true, false, false, false, nil)
		c.must(err)
		c.must(c.Cancel("tag", false))
		c.wantGone("arguments")
	}
}

func restartSettled(c *client, _ bool) func(*client) {
	q := c.durable("q")
	c.settled("", q, numbers(0, 10)...)
	c.fetch(q, 6)
	c.must(c.Ack(3, true))
	c.must(c.Reject(5, false))
	c.settled("", q, "10") // a confirm after the acks, which are then written too
	return func(c *client) { c.wantDrained(q, "3", "5", "6", "7", "8", "9", "10") }
}

// After a clean stop exactly those messages are marked that had been delivered; after a crash any may be.
func restartRedelivered(c *client, clean bool) func(*client) {
	q := c.durable("q")
	c.settled("", q, numbers(0, 6)...)
	c.fetch(q, 4)
	c.must(c.Ack(1, false))
	c.must(c.Nack(2, false, true))
	c.settled("", q, "6")
	return func(c *client) {
		for i, want := range []string{"1", "2", "3", "4", "5", "6"} {
			d := c.get(q)
			if string(d.Body) != want {
				c.t.Errorf("got %q, want %q", d.Body, want)
			}
			if delivered := i < 3; d.Redelivered != delivered && (clean || delivered) {
				c.t.Errorf("%q: redelivered %v", d.Body, d.Redelivered)
			}
		}
	}
}

func restartDeleted(c *client, _ bool) func(*client) {
	again, gone, purged := c.durable("again"), c.durable("gone"), c.durable("purged")
	c.must(c.ExchangeDeclare("gone", "fanout", true, false, false, false, nil))
	c.bind(again, "", "amq.fanout", nil)
	c.bind(purged, "", "amq.fanout", nil)
	c.settled("amq.fanout", "", numbers(0, 10)...)
	_, err := c.QueueDelete(again, false, false, false)
	c.must(err)
	_, err = c.QueueDelete(gone, false, false, false)
	c.must(err)
	c.must(c.ExchangeDelete("gone", false, false))
	_, err = c.QueuePurge(purged, false)
	c.must(err)
	c.must(c.QueueUnbind(purged, "", "amq.fanout", nil))
	c.durable(again)
	c.settled("", again, "new")
	c.settled("", purged, "after the purge")
	return func(c *client) {
		if c.exists(gone) || c.exchangeExists("gone") {
			c.t.Error("what was deleted came back")
		}
		c.settled("amq.fanout", "", "unbound")
		c.wantDrained(again, "new")
		c.wantDrained(purged, "after the purge")
	}
}

// Names that begin alike, or look like paths or patterns, are apart.
func restartNames(c *client, _ bool) func(*client) {
	names := []string{"a", "a.b", "a.b.c", "A", "a/b", "../a", "a ", "ä", strings.Repeat("a", 255), "a\x00b", "0", "*"}
	for _, name := range names {
		c.durable(name)
		c.settled("", name, "in "+name)
	}
	_, err := c.QueuePurge("a", false)
	c.must(err)
	_, err = c.QueueDelete("A", false, false, false)
	c.must(err)
	c.settled("", "a", "purged before")
	return func(c *client) {
		c.wantDrained("a", "purged before")
		if c.exists("A") {
			c.t.Error("A came back")
		}
		for _, name := range names {
			if name != "a" && name != "A" {
				c.wantDrained(name, "in "+name)
			}
		}
	}
}

func restartContents(c *client, _ bool) func(*client) {
	q := c.durable("q")
	x := c.exchange("topic", nil)
	c.bind(q, "#", x, nil)
	sizes := []int{0, 1, 131064, 1 << 20, 1<<20 + 1, 10 << 20, 0}
	body := func(size int) []byte { return bytes.Repeat([]byte("0123456789abcdef!"), size/17+1)[:size] }
	msg := amqp.Publishing{
		Headers:     amqp.Table{"n": int32(1), "deep": amqp.Table{"list": []any{"a", true, nil}}},
		ContentType: "text/plain", DeliveryMode: amqp.Persistent, Priority: 3, MessageId: "id", Timestamp: time.Unix(1700000000, 0),
	}
	c.must(c.Confirm(false))
	for i, size := range sizes {
		msg.Body = body(size)
		c.confirmed(x, fmt.Sprint("key.", i), msg)
	}
	return func(c *client) {
		for i, size := range sizes {
			d := c.get(q)
			if !bytes.Equal(d.Body, body(size)) {
				c.t.Errorf("message %d has %d bytes or other ones, want %d", i, len(d.Body), size)
			}
			if d.Exchange != x || d.RoutingKey != fmt.Sprint("key.", i) || d.ContentType != "text/plain" || d.Priority != 3 ||
				d.MessageId != "id" || d.DeliveryMode != amqp.Persistent || !d.Timestamp.Equal(time.Unix(1700000000, 0)) ||
				fmt.Sprint(d.Headers) != fmt.Sprint(msg.Headers) {
				c.t.Errorf("message %d: %+v", i, d)
			}
		}
	}
}

func restartTransaction(c *client, _ bool) func(*client) {
	from, to := c.durable("from"), c.durable("to")
	c.settled("", from, numbers(0, 4)...)
	tx := c.tx()
	move := func(n int) {
		for _, d := range tx.fetch(from, n) {
			tx.send("", to, amqp.Publishing{Body: d.Body, DeliveryMode: amqp.Persistent})
			c.must(d.Ack(false))
		}
	}
	move(2)
	c.must(tx.TxCommit())
	move(1)
	tx.inspect(to) // the broker has seen all of it
	return func(c *client) {
		c.wantDrained(to, "0", "1")
		c.wantDrained(from, "2", "3")
	}
}

func restartFanout(c *client, _ bool) func(*client) {
	queues := []string{c.durable("q0"), c.durable("q1"), c.durable("q2")}
	for _, q := range queues {
		c.bind(q, "", "amq.fanout", nil)
	}
	c.settled("amq.fanout", "", numbers(0, 10)...)
	for i, q := range queues {
		for _, d := range c.fetch(q, 3*i) {
			c.must(d.Ack(false))
		}
	}
	c.settled("amq.fanout", "", "10")
	return func(c *client) {
		for i, q := range queues {
			c.wantDrained(q, numbers(3*i, 11)...)
		}
	}
}

// A long backlog is purged, deleted or kept as a whole.
func restartBacklog(c *client, _ bool) func(*client) {
	kept, purged, deleted := c.durable("kept"), c.durable("purged"), c.durable("deleted")
	for _, q := range []string{kept, purged, deleted} {
		c.settled("", q, numbers(0, 10_000)...)
	}
	_, err := c.QueuePurge(purged, false)
	c.must(err)
	_, err = c.QueueDelete(deleted, false, false, false)
	c.must(err)
	c.settled("", kept, "10000")
	return func(c *client) {
		c.wantReady(kept, 10_001)
		c.wantReady(purged, 0)
		if c.exists(deleted) {
			c.t.Error("the deleted queue came back")
		}
		deliveries := c.consume(kept)
		wantDeliveries(c.t, deliveries, numbers(0, 10_001)...)
	}
}
