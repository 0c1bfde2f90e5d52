package integration

import (
	"fmt"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

// restartDeaths leaves messages that have died: their history, and keys that nobody sees, are the broker's afterwards, too.
func restartDeaths(c *client, _ bool) func(*client) {
	for q, args := range map[string]amqp.Table{
		"one":   {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "two"},
		"two":   {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "one"},
		"src":   {"x-dead-letter-exchange": "amq.direct"},
		"blind": nil,
	} {
		_, err := c.QueueDeclare(q, true, false, false, false, args)
		c.must(err)
	}
	c.bind("blind", "secret", "amq.direct", nil)
	c.settled("", "one", "history")
	c.must(c.get("one").Reject(false))
	c.wantReady("two", 1)
	c.send("", "src", amqp.Publishing{Headers: amqp.Table{"BCC": keys("secret")}, DeliveryMode: amqp.Persistent})
	c.settled("", "src", "last")
	return func(c *client) {
		c.must(c.get("two").Reject(false))
		c.wantReady("one", 1)
		c.must(c.get("one").Reject(false))
		c.wantReady("two", 1)
		d := c.arrival("two")
		got := deaths(c.t, d)
		if len(got) != 2 || got[0].count != 2 || got[0].queue != "one" || got[1].count != 1 || d.Headers["x-first-death-queue"] != "one" {
			c.t.Errorf("headers %v", d.Headers)
		}
		d = c.get("src")
		if d.Headers["BCC"] != nil {
			c.t.Errorf("headers %v", d.Headers)
		}
		c.must(d.Reject(false))
		if d := c.arrival("blind"); d.RoutingKey != "src" || d.Headers["BCC"] != nil {
			c.t.Errorf("key %q, headers %v", d.RoutingKey, d.Headers)
		}
	}
}

// Dead letters on their way when the broker ends are found in one queue or the other, each once.
func TestDeadLettersWhenTheBrokerEnds(t *testing.T) {
	t.Parallel()
	binary := buildLepus(t)
	const n = 6000
	for end, finish := range map[string]func(*process){"stopped": (*process).stop, "killed": (*process).kill} {
		for kind, args := range map[string]amqp.Table{
			"rejected":      {"x-dead-letter-exchange": "amq.fanout"},
			"expired":       {"x-dead-letter-exchange": "amq.fanout", "x-message-ttl": int32(300)},
			"at least once": {"x-dead-letter-exchange": "amq.fanout", "x-queue-type": "quorum", "x-overflow": "reject-publish", "x-dead-letter-strategy": "at-least-once"},
		} {
			t.Run(kind+" "+end, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				server := binary.start(t, dir)
				c := connect(t, server.url)
				_, err := c.QueueDeclare("src", true, false, false, false, args)
				c.must(err)
				for _, q := range []string{"one", "two"} {
					c.durable(q)
					c.bind(q, "", "amq.fanout", nil)
				}
				c.settled("", "src", numbers(0, n)...)
				for round := 1; round <= 2; round++ {
					w := connect(t, server.url)
					if kind != "expired" {
						w.rejectAll("src")
					}
					eventually(t, func() bool { ready, _ := c.inspect("one"); return ready >= round*n/4 },
						func() string {
							ready, _ := c.inspect("one")
							return fmt.Sprintf("round %d: %d have died", round, ready)
						})
					finish(server)
					server = binary.start(t, dir)
					c = connect(t, server.url)
				}
				if kind == "expired" {
					c.wantReady("one", n)
				}
				src := c.drain("src")
				for _, q := range []string{"one", "two"} {
					c.wantEach(n, src, c.drain(q))
				}
				server.stop()
			})
		}
	}
}

// rejectAll rejects whatever a queue has, until the connection ends.
func (c *client) rejectAll(queue string) {
	c.must(c.Qos(200, 0, false))
	deliveries, err := c.Consume(queue, "", false, false, false, false, nil)
	c.must(err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for d := range deliveries {
			_ = d.Reject(false)
		}
	}()
	c.t.Cleanup(func() {
		_ = c.conn.Close() // unless its broker has ended
		<-done
	})
}

// wantEach checks that each of n numbered messages is in one of both lists, once.
func (c *client) wantEach(n int, one, other []string) {
	c.t.Helper()
	times := map[string]int{}
	for _, body := range append(append([]string{}, one...), other...) {
		times[body]++
	}
	for i := range n {
		if times[fmt.Sprint(i)] != 1 {
			c.t.Fatalf("message %d is there %d times; %d and %d messages", i, times[fmt.Sprint(i)], len(one), len(other))
		}
	}
}
