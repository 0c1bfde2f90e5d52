package integration

import (
	"fmt"
	"math"
	"os"
	"slices"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// Delayed messages are those of RabbitMQ's plugin for them, which a broker need not have.

// foreign says that the broker under test is not ours.
func foreign() bool { return os.Getenv("AMQP_URL") != "" }

// delaying declares an exchange at which messages may wait, and a queue bound to it with the key k. Where there is no such
// type of exchange the test is skipped.
func (c *client) delaying(x, typ string, args amqp.Table) (queue string) {
	c.t.Helper()
	err := c.other().ExchangeDeclare(x, typ, true, false, false, false, args)
	if foreign() && err != nil {
		c.t.Skipf("the broker has no exchange of type %s: %v", typ, err)
	}
	c.must(err)
	c.t.Cleanup(func() {
		if err := connect(c.t, c.url).ExchangeDelete(x, false, false); err != nil {
			c.t.Error(err)
		}
	})
	queue = c.queue()
	c.must(c.QueueBind(queue, "k", x, false, nil))
	return queue
}

func TestDelayedMessage(t *testing.T) {
	t.Parallel()
	for name, args := range map[string]amqp.Table{
		"x-delayed-message": {"x-delayed-type": "direct"},
		"direct":            {"x-delayed": true}, // LepusMQ only
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t)
			if foreign() && name == "direct" {
				t.Skip("an extension of LepusMQ")
			}
			x := unique(t)
			q := c.delaying(x, name, args)
			deliveries, err := c.Consume(q, "", true, false, false, false, nil)
			c.must(err)
			c.must(c.Confirm(false))
			start := time.Now()
			for _, m := range []struct {
				body  string
				delay any
				mode  uint8
			}{
				{"600", int32(600), amqp.Persistent},
				{"400", int64(400), amqp.Transient},
				{"200", "200", amqp.Persistent},
				{"300", float64(300.9), amqp.Persistent},
				{"0", int32(0), amqp.Persistent},
				{"0", int32(-5), amqp.Persistent},
				{"0", int64(math.MaxUint32) + 1, amqp.Persistent},
				{"0", nil, amqp.Persistent},
			} {
				headers := amqp.Table{"other": "kept"}
				if m.delay != nil {
					headers["x-delay"] = m.delay
				}
				c.confirmed(x, "k", amqp.Publishing{Body: []byte(m.body), Headers: headers, DeliveryMode: m.mode, ContentType: "text/x"})
			}
			for _, want := range []struct {
				body  string
				delay any
			}{
				{"0", int32(0)}, {"0", int32(-5)}, {"0", int64(math.MaxUint32) + 1}, {"0", nil},
				{"200", int32(-200)}, {"300", int32(-300)}, {"400", int32(-400)}, {"600", int32(-600)},
			} {
				d := receive(t, deliveries, "a delayed message")
				var ms int
				_, _ = fmt.Sscan(want.body, &ms)
				took := time.Since(start)
				if string(d.Body) != want.body || d.Headers["x-delay"] != want.delay || d.Headers["other"] != "kept" ||
					d.Exchange != x || d.RoutingKey != "k" || d.ContentType != "text/x" || d.Redelivered {
					t.Errorf("got %s %v, want %s with x-delay %v", d.Body, d.Headers, want.body, want.delay)
				}
				if took < time.Duration(ms)*time.Millisecond {
					t.Errorf("%s came after %v", d.Body, took)
				}
			}
		})
	}
}

// A delayed message has been taken, wherever it will go: it is confirmed, and not returned.
func TestDelayedMessageIsTaken(t *testing.T) {
	t.Parallel()
	c := open(t)
	x := unique(t)
	c.delaying(x, "x-delayed-message", amqp.Table{"x-delayed-type": "topic"})
	c.must(c.Confirm(false))
	confirm, err := c.PublishWithDeferredConfirm(x, "nowhere", true, false, amqp.Publishing{
		Headers: amqp.Table{"x-delay": int32(50)}, DeliveryMode: amqp.Persistent})
	c.must(err)
	if !confirm.Wait() {
		t.Error("it was refused")
	}
	// Once it has gone nowhere, one behind it arrives.
	q := c.queue()
	c.must(c.QueueBind(q, "#", x, false, nil))
	c.must(c.QueueUnbind(q, "#", x, nil))
	c.must(c.QueueBind(q, "later", x, false, nil))
	c.confirmed(x, "later", amqp.Publishing{Body: []byte("later"), Headers: amqp.Table{"x-delay": int32(200)}})
	deliveries, err := c.Consume(q, "", true, false, false, false, nil)
	c.must(err)
	if d := receive(t, deliveries, "a delayed message"); string(d.Body) != "later" {
		t.Errorf("got %s", d.Body)
	}
	if len(c.returns) > 0 {
		t.Error("it was returned")
	}
}

// A message that comes to a delaying exchange through another one waits there, and comes at once where the other leads besides.
func TestDelayedMessageThroughExchange(t *testing.T) {
	t.Parallel()
	c := open(t)
	x := unique(t)
	late := c.delaying(x, "x-delayed-message", amqp.Table{"x-delayed-type": "direct"})
	c.must(c.ExchangeBind(x, "k", "amq.direct", false, nil))
	soon := c.queue()
	key := "k"
	c.must(c.QueueBind(soon, key, "amq.direct", false, nil))
	c.must(c.Confirm(false))
	c.confirmed("amq.direct", key, amqp.Publishing{Body: []byte("m"), Headers: amqp.Table{"x-delay": int32(300)}, DeliveryMode: amqp.Persistent})
	c.wantDrained(soon, "m")
	c.wantReady(late, 0)
	deliveries, err := c.Consume(late, "", true, false, false, false, nil)
	c.must(err)
	if d := receive(t, deliveries, "a delayed message"); string(d.Body) != "m" || d.Headers["x-delay"] != int32(-300) {
		t.Errorf("got %s %v", d.Body, d.Headers)
	}
}

// What a transaction publishes waits from its commit on.
func TestDelayedMessageInTransaction(t *testing.T) {
	t.Parallel()
	c := open(t)
	x := unique(t)
	q := c.delaying(x, "x-delayed-message", amqp.Table{"x-delayed-type": "fanout"})
	c.must(c.Tx())
	publish := func(body string, delay int32) {
		c.send(x, "k", amqp.Publishing{Body: []byte(body), Headers: amqp.Table{"x-delay": delay}, DeliveryMode: amqp.Persistent})
	}
	publish("rolled back", 1)
	c.must(c.TxRollback())
	publish("b", 200)
	publish("a", 100)
	publish("now", 0)
	c.must(c.TxCommit())
	deliveries, err := c.Consume(q, "", true, false, false, false, nil)
	c.must(err)
	var got []string
	for range 3 {
		got = append(got, string(receive(t, deliveries, "a delayed message").Body))
	}
	if want := []string{"now", "a", "b"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A duplicate is one at the commit, too, and then does not wait.
func TestDelayedDuplicateInTransaction(t *testing.T) {
	t.Parallel()
	c := open(t)
	needType(t, "x-message-deduplication")
	late := unique(t)
	q := c.delaying(late, "x-delayed-message", amqp.Table{"x-delayed-type": "direct"})
	x := c.exchange("x-message-deduplication", amqp.Table{"x-cache-size": int32(3)})
	c.must(c.ExchangeBind(late, "k", x, false, nil))
	deliveries, err := c.Consume(q, "", true, false, false, false, nil)
	c.must(err)
	c.must(c.Tx())
	publish := func(key, body string, delay int32) {
		m := unlike(key, body)
		m.Headers["x-delay"] = delay
		c.send(x, "k", m)
	}
	publish("a", "first", 100)
	publish("a", "duplicate", 50)
	publish("b", "last", 150)
	c.must(c.TxCommit())
	for _, want := range []string{"first", "last"} {
		if d := receive(t, deliveries, "a delayed message"); string(d.Body) != want || d.Headers["x-delay"].(int32) >= 0 {
			t.Errorf("got %s with x-delay %v, want %s", d.Body, d.Headers["x-delay"], want)
		}
	}
}

func TestDelayedMessageDeclare(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.delaying(unique(t), "x-delayed-message", amqp.Table{"x-delayed-type": "direct"})
	const missing = "PRECONDITION_FAILED - Invalid argument, 'x-delayed-type' must be an existing exchange type"
	for _, bad := range []struct {
		args amqp.Table
		text string
	}{
		{nil, missing},
		{amqp.Table{"x-delayed-type": int32(1)}, missing},
		{amqp.Table{"x-delayed-type": "x-delayed-message"}, "PRECONDITION_FAILED - Invalid argument, 'x-delayed-message' can't be used for 'x-delayed-type'"},
	} {
		wantError(t, c.channel().ExchangeDeclare(unique(t), "x-delayed-message", false, false, false, false, bad.args), amqp.PreconditionFailed, bad.text)
	}
}

// restartDelayed has persistent messages wait over a restart, those due meanwhile too; others are forgotten.
func restartDelayed(c *client, _ bool) func(*client) {
	const x = "delaying"
	c.must(c.ExchangeDeclare(x, "x-delayed-message", true, false, false, false, amqp.Table{"x-delayed-type": "fanout"}))
	q := c.durable("q")
	c.must(c.QueueBind(q, "", x, false, nil))
	c.must(c.Confirm(false))
	for i := range 100 {
		mode := amqp.Persistent
		if i%10 == 9 {
			mode = amqp.Transient
		}
		c.confirmed(x, "", amqp.Publishing{Body: []byte(fmt.Sprintf("%02d", i)), DeliveryMode: mode,
			Headers: amqp.Table{"x-delay": int32(6000 - 50*i)}})
	}
	return func(c *client) {
		deliveries, err := c.Consume(q, "", true, false, false, false, nil)
		c.must(err)
		seen := map[string]bool{}
		for len(seen) < 90 {
			d := receive(c.t, deliveries, "a delayed message")
			if seen[string(d.Body)] || d.Body[1] == '9' {
				c.t.Errorf("%s came, again: %v", d.Body, seen[string(d.Body)])
			}
			seen[string(d.Body)] = true
		}
	}
}
