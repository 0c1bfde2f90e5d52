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
			c.must(c.Confirm(false))
			inTime(t, 100, func(ms int) bool { return c.delayTo(x, q, ms) })
		})
	}
}

// delayTo publishes messages with delays of a unit and more, and checks that they come in the order of their delays, and
// not before.
func (c *client) delayTo(x, q string, unit int) (inTime bool) {
	c.t.Helper()
	deliveries, err := c.Consume(q, "tag", true, false, false, false, nil)
	c.must(err)
	const long = int64(math.MaxUint32) + 1
	start := time.Now()
	for _, m := range []struct {
		body  string
		delay any
		mode  uint8
	}{
		{"6", int32(6 * unit), amqp.Persistent},
		{"4", int64(4 * unit), amqp.Transient},
		{"2", fmt.Sprint(2 * unit), amqp.Persistent},
		{"3", float64(3*unit) + 0.9, amqp.Persistent},
		{"0", int32(0), amqp.Persistent},
		{"0", int32(-5), amqp.Persistent},
		{"0", long, amqp.Persistent},
		{"0", nil, amqp.Persistent},
	} {
		headers := amqp.Table{"other": "kept"}
		if m.delay != nil {
			headers["x-delay"] = m.delay
		}
		c.confirmed(x, "k", amqp.Publishing{Body: []byte(m.body), Headers: headers, DeliveryMode: m.mode, ContentType: "text/x"})
	}
	inTime = !late(start, unit)
	for i, want := range []struct {
		units int
		delay any
	}{
		{0, int32(0)}, {0, int32(-5)}, {0, long}, {0, nil},
		{2, int32(-2 * unit)}, {3, int32(-3 * unit)}, {4, int32(-4 * unit)}, {6, int32(-6 * unit)},
	} {
		d := receive(c.t, deliveries, "a delayed message")
		if !inTime {
			continue
		}
		if string(d.Body) != fmt.Sprint(want.units) || d.Headers["x-delay"] != want.delay || d.Headers["other"] != "kept" ||
			d.Exchange != x || d.RoutingKey != "k" || d.ContentType != "text/x" || d.Redelivered {
			c.t.Errorf("message %d is %s %v, want %d with x-delay %v", i, d.Body, d.Headers, want.units, want.delay)
		}
		if !late(start, want.units*unit) {
			c.t.Errorf("message %d came after %v", i, time.Since(start))
		}
	}
	c.must(c.Cancel("tag", false))
	return inTime
}

// A delayed message has been taken, wherever it will go: it is confirmed, and not returned.
func TestDelayedMessageIsTaken(t *testing.T) {
	t.Parallel()
	c := open(t)
	x := unique(t)
	c.delaying(x, "x-delayed-message", amqp.Table{"x-delayed-type": "topic"})
	c.must(c.Confirm(false))
	inTime(t, 50, func(ms int) bool {
		start := time.Now()
		confirm, err := c.PublishWithDeferredConfirm(x, "nowhere", true, false, amqp.Publishing{
			Headers: amqp.Table{"x-delay": int32(ms)}, DeliveryMode: amqp.Persistent})
		c.must(err)
		if !confirm.Wait() {
			t.Error("it was refused")
		}
		q := c.queue()
		c.must(c.QueueBind(q, "#", x, false, nil))
		c.must(c.QueueUnbind(q, "#", x, nil))
		if late(start, ms) {
			return false
		}
		// Once it has gone nowhere, one behind it arrives.
		c.must(c.QueueBind(q, "later", x, false, nil))
		c.confirmed(x, "later", amqp.Publishing{Body: []byte("later"), Headers: amqp.Table{"x-delay": int32(2 * ms)}})
		deliveries, err := c.Consume(q, "", true, false, false, false, nil)
		c.must(err)
		if d := receive(t, deliveries, "a delayed message"); string(d.Body) != "later" {
			t.Errorf("got %s", d.Body)
		}
		if len(c.returns) > 0 {
			t.Error("it was returned")
		}
		return true
	})
}

// A message that comes to a delaying exchange through another one waits there, and comes at once where the other leads besides.
func TestDelayedMessageThroughExchange(t *testing.T) {
	t.Parallel()
	c := open(t)
	x := unique(t)
	waited := c.delaying(x, "x-delayed-message", amqp.Table{"x-delayed-type": "direct"})
	c.must(c.ExchangeBind(x, "k", "amq.direct", false, nil))
	soon := c.queue()
	key := "k"
	c.must(c.QueueBind(soon, key, "amq.direct", false, nil))
	c.must(c.Confirm(false))
	start := time.Now()
	c.confirmed("amq.direct", key, amqp.Publishing{Body: []byte("m"), Headers: amqp.Table{"x-delay": int32(300)}, DeliveryMode: amqp.Persistent})
	c.wantDrained(soon, "m")
	if d := c.arrival(waited); string(d.Body) != "m" || d.Headers["x-delay"] != int32(-300) || !late(start, 300) {
		t.Errorf("got %s %v after %v", d.Body, d.Headers, time.Since(start))
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
	deliveries, err := c.Consume(q, "", true, false, false, false, nil)
	c.must(err)
	inTime(t, 100, func(ms int) bool {
		publish("b", int32(2*ms))
		publish("a", int32(ms))
		publish("now", 0)
		start := time.Now()
		c.must(c.TxCommit())
		inTime := !late(start, ms)
		var got []string
		for range 3 {
			got = append(got, string(receive(t, deliveries, "a delayed message").Body))
		}
		if want := []string{"now", "a", "b"}; inTime && !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if !late(start, 2*ms) {
			t.Errorf("the last came after %v, want %d ms", time.Since(start), 2*ms)
		}
		return inTime
	})
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
