package integration

import (
	"regexp"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

func TestServerNamedQueue(t *testing.T) {
	t.Parallel()
	c := open(t)
	form := regexp.MustCompile(`^amq\.gen-[A-Za-z0-9_-]{22}$`)
	seen := map[string]bool{}
	for range 10 {
		name := c.queue()
		if !form.MatchString(name) || seen[name] {
			t.Fatalf("queue named %q", name)
		}
		seen[name] = true
	}
}

// declare-ok counts ready messages, not delivered ones, and consumers.
func TestDeclareCounts(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(nil)
	c.settled("", q, "a", "b", "c")
	c.get(q)
	for range 2 {
		_, err := c.channel().Consume(c.queue(), "", false, false, false, false, nil)
		c.must(err)
	}
	ch := c.channel()
	ch.must(ch.Qos(1, 0, false))
	deliveries, err := ch.Consume(q, "", false, false, false, false, nil)
	c.must(err)
	receive(t, deliveries, "a delivery")
	got, err := c.QueueDeclare(q, true, false, false, false, nil)
	c.must(err)
	if got.Name != q || got.Messages != 1 || got.Consumers != 1 {
		t.Errorf("declare-ok says %+v, want 1 message and 1 consumer", got)
	}
}

// Arguments are compared by value whatever the width of an integer; unknown ones are not compared at all.
func TestEquivalentArguments(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(amqp.Table{"x-max-length": int32(1000), "x-note": "first", "x-expires": int64(3600000)})
	for _, args := range []amqp.Table{
		{"x-max-length": int64(1000), "x-expires": int32(3600000), "x-note": "second"},
		{"x-max-length": int16(1000), "x-expires": int64(3600000)},
		{"x-max-length": int16(1000), "x-expires": int64(3600000), "other": amqp.Table{"a": int32(1)}},
		{"x-max-length": int32(1000), "x-expires": int64(3600000), "x-queue-type": "classic"},
	} {
		if _, err := c.QueueDeclare(q, true, false, false, false, args); err != nil {
			t.Fatalf("%v: %v", args, err)
		}
	}
}

func TestInequivalentArguments(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(amqp.Table{"x-max-length": int32(5), "x-overflow": "reject-publish", "x-dead-letter-exchange": "d"})
	same := amqp.Table{"x-max-length": int32(5), "x-overflow": "reject-publish", "x-dead-letter-exchange": "d"}
	for _, tt := range []struct {
		key     string
		value   any // nil: left out
		explain string
	}{
		{"x-max-length", int32(6), "received '6' but current is '5'"},
		{"x-max-length", int64(6), "received '6' but current is '5'"},
		{"x-max-length", nil, "received none but current is the value '5' of type 'signedint'"},
		{"x-overflow", "drop-head", "received 'drop-head' but current is 'reject-publish'"},
		{"x-overflow", nil, "received none but current is the value 'reject-publish' of type 'longstr'"},
		{"x-dead-letter-exchange", "e", "received 'e' but current is 'd'"},
		{"x-message-ttl", int64(10), "received the value '10' of type 'long' but current is none"},
		{"x-max-priority", int8(10), "received the value '10' of type 'byte' but current is none"},
		{"x-single-active-consumer", true, "received the value 'true' of type 'bool' but current is none"},
	} {
		args := amqp.Table{}
		for k, v := range same {
			args[k] = v
		}
		args[tt.key] = tt.value
		if tt.value == nil {
			delete(args, tt.key)
		}
		_, err := c.channel().QueueDeclare(q, true, false, false, false, args)
		wantError(t, err, 406, cut("PRECONDITION_FAILED - inequivalent arg '"+tt.key+"' for queue '"+q+"' in vhost '/': "+tt.explain))
	}
}

func TestInequivalentFlags(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(nil)
	_, err := c.channel().QueueDeclare(q, false, false, false, false, nil)
	wantError(t, err, 406, "PRECONDITION_FAILED - inequivalent arg 'durable' for queue '"+q+"' in vhost '/': received 'false' but current is 'true'")
	_, err = c.channel().QueueDeclare(q, true, true, false, false, nil)
	wantError(t, err, 406, "PRECONDITION_FAILED - inequivalent arg 'auto_delete' for queue '"+q+"' in vhost '/': received 'true' but current is 'false'")
	_, err = c.channel().QueueDeclare(q, true, false, true, false, nil)
	wantError(t, err, 405, cut("RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '"+q+
		"' in vhost '/'. It could be originally declared on another connection or the exclusive property value does not match that of the original declaration."))
	_, err = c.QueueDeclarePassive(q, false, true, false, false, amqp.Table{"x-max-length": int32(9)})
	c.must(err)
}

// Every channel of its connection may use an exclusive queue; others may only publish to it.
func TestExclusiveQueue(t *testing.T) {
	t.Parallel()
	c := open(t)
	other := c.other()
	q := unique(t)
	_, err := c.QueueDeclare(q, true, false, true, false, nil)
	c.must(err)
	second := c.channel()
	_, err = second.QueueDeclare(q, false, false, true, false, nil) // an exclusive queue is never durable
	c.must(err)
	second.bind(q, q, "amq.direct", nil)
	other.settled("", q, "by name")
	other.settled("amq.direct", q, "by binding")
	second.wantDrained(q, "by name", "by binding")
	c.must(c.Close())
	second.publish("", q, "without its first channel")
	second.wantDrained(q, "without its first channel")
	c.must(c.conn.Close())
	if other.exists(q) {
		t.Error("the queue outlived its connection")
	}
}

// A connection that is cut off takes its exclusive queues along too.
func TestExclusiveQueueOfLostConnection(t *testing.T) {
	t.Parallel()
	url := brokerURL(t)
	c, p := connect(t, url), dialPeer(t, url).open()
	q := p.queue()
	if err := p.conn.Close(); err != nil {
		t.Fatal(err)
	}
	c.wantGone(q)
}

// An auto-delete queue goes with its last consumer, however that goes, and not before it had one.
func TestAutoDeleteQueue(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(consuming *client) error{
		"cancel":            func(c *client) error { return c.Cancel("tag", false) },
		"channel closed":    func(c *client) error { return c.Close() },
		"connection closed": func(c *client) error { return c.conn.Close() },
		"channel error": func(c *client) error {
			_, err := c.QueueDeclarePassive(unique(c.t), false, false, false, false, nil)
			wantError(c.t, err, 404, err.(*amqp.Error).Reason)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			q := unique(t)
			_, err := c.QueueDeclare(q, false, true, false, false, nil)
			c.must(err)
			c.removeQueue(q)
			c.publish("", q, "fetched")
			c.wantDrained(q, "fetched")
			staying, leaving := c.channel(), c.other()
			_, err = staying.Consume(q, "tag", true, false, false, false, nil)
			c.must(err)
			_, err = leaving.Consume(q, "tag", true, false, false, false, nil)
			c.must(err)
			c.must(staying.Cancel("tag", false))
			if !c.exists(q) {
				t.Fatal("gone while it had a consumer")
			}
			c.must(end(leaving))
			c.wantGone(q)
		})
	}
}

// With no-wait there is no answer, the effect is the same, and an error still closes the channel.
func TestNoWait(t *testing.T) {
	t.Parallel()
	c := open(t)
	x, y, q := unique(t), unique(t), unique(t)
	c.must(c.ExchangeDeclare(x, "fanout", false, false, false, true, nil))
	c.removeExchange(x)
	c.must(c.ExchangeDeclare(y, "fanout", false, false, false, true, nil))
	c.removeExchange(y)
	_, err := c.QueueDeclare(q, false, false, true, true, nil)
	c.must(err)
	c.must(c.QueueBind(q, "", y, true, nil))
	c.must(c.ExchangeBind(y, "", x, true, nil))
	c.publish(x, "", "one")
	c.must(c.ExchangeUnbind(y, "", x, true, nil))
	c.publish(x, "", "unbound")
	c.wantDrained(q, "one")

	c.publish(y, "", "purged")
	_, err = c.QueuePurge(q, true)
	c.must(err)
	c.wantDrained(q)

	deliveries, err := c.Consume(q, "tag", true, false, false, true, nil)
	c.must(err)
	c.publish(y, "", "delivered")
	receive(t, deliveries, "a delivery")
	c.must(c.Cancel("tag", true))

	_, err = c.QueueDelete(q, false, false, true)
	c.must(err)
	c.must(c.ExchangeDelete(x, false, true))
	c.wantGone(q)
	eventually(t, func() bool { return !c.exchangeExists(x) }, func() string { return "the exchange is still there" })
	_, err = c.QueueDeclarePassive(q, false, false, false, true, nil)
	c.must(err)
	c.wantClosed(404, "NOT_FOUND - no queue '"+q+"' in vhost '/'")
}
