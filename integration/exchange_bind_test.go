package integration

import (
	"fmt"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

func (c *client) bindExchange(destination, key, source string) {
	c.t.Helper()
	c.must(c.ExchangeBind(destination, key, source, false, nil))
}

func TestExchangeToExchange(t *testing.T) {
	t.Parallel()
	c := open(t)
	first, second, third := c.exchange("topic", nil), c.exchange("direct", nil), c.exchange("fanout", nil)
	q := c.queue()
	c.bindExchange(second, "a.*", first)
	c.bindExchange(third, "a.b", second)
	c.bind(q, "", third, nil)
	c.publish(first, "a.b", "through three")
	c.publish(first, "a.c", "stops at the second")
	c.publish(first, "b.b", "stops at the first")
	c.publish(second, "a.b", "through two")
	c.must(c.ExchangeUnbind(second, "a.*", first, false, nil))
	c.publish(first, "a.b", "unbound")
	c.wantDrained(q, "through three", "through two")
}

// Exchanges may be bound in circles; a message visits each once and reaches each queue once.
func TestExchangeCycle(t *testing.T) {
	t.Parallel()
	c := open(t)
	a, b := c.exchange("fanout", nil), c.exchange("fanout", nil)
	q1, q2 := c.queue(), c.queue()
	c.bindExchange(b, "", a)
	c.bindExchange(a, "", b)
	c.bindExchange(a, "", a)
	c.bind(q1, "", a, nil)
	c.bind(q1, "", b, nil)
	c.bind(q2, "", b, nil)
	c.publish(a, "", "one")
	c.publish(b, "", "two")
	c.wantDrained(q1, "one", "two")
	c.wantDrained(q2, "one", "two")
}

func TestExchangeBindIsIdempotent(t *testing.T) {
	t.Parallel()
	c := open(t)
	from, to, q := c.exchange("direct", nil), c.exchange("fanout", nil), c.queue()
	c.bind(q, "", to, nil)
	c.bindExchange(to, "k", from)
	c.bindExchange(to, "k", from)
	c.publish(from, "k", "once")
	c.must(c.ExchangeUnbind(to, "k", from, false, nil))
	c.must(c.ExchangeUnbind(to, "k", from, false, nil))
	c.must(c.ExchangeUnbind(to, "k", unique(t), false, nil))
	c.must(c.ExchangeUnbind(unique(t), "k", from, false, nil))
	c.publish(from, "k", "unbound")
	c.wantDrained(q, "once")
}

// Deleting an exchange takes its bindings along, on both sides.
func TestDeletedExchangeLosesBindings(t *testing.T) {
	t.Parallel()
	c := open(t)
	from, middle, q := c.exchange("fanout", nil), c.exchange("fanout", nil), c.queue()
	c.bindExchange(middle, "", from)
	c.bind(q, "", middle, nil)
	c.must(c.ExchangeDelete(middle, false, false))
	c.must(c.ExchangeDeclare(middle, "fanout", true, false, false, false, nil))
	c.publish(from, "", "lost")
	c.publish(middle, "", "lost too")
	c.bind(q, "", middle, nil)
	c.publish(middle, "", "bound again")
	c.wantDrained(q, "bound again")
}

func TestDeletedQueueLosesBindings(t *testing.T) {
	t.Parallel()
	c := open(t)
	x, q := c.exchange("fanout", nil), c.shared(nil)
	c.bind(q, "", x, nil)
	_, err := c.QueueDelete(q, false, false, false)
	c.must(err)
	_, err = c.QueueDeclare(q, true, false, false, false, nil)
	c.must(err)
	c.publish(x, "", "lost")
	c.wantDrained(q)
	c.must(c.ExchangeDelete(x, true, false))
}

// The alternate exchange gets what its exchange cannot route, and only that.
func TestAlternateExchange(t *testing.T) {
	t.Parallel()
	c := open(t)
	last := c.exchange("fanout", nil)
	middle := c.exchange("direct", amqp.Table{"alternate-exchange": last})
	first := c.exchange("direct", amqp.Table{"alternate-exchange": middle})
	own, middles, rest := c.queue(), c.queue(), c.queue()
	c.bind(own, "own", first, nil)
	c.bind(middles, "middle", middle, nil)
	c.bind(middles, "own", middle, nil)
	c.bind(rest, "", last, nil)
	for _, key := range []string{"own", "middle", "neither"} {
		c.publish(first, key, key)
	}
	c.wantDrained(own, "own")
	c.wantDrained(middles, "middle")
	c.wantDrained(rest, "neither")

	c.sendMandatory(first, "neither", "routed by the alternate")
	c.must(c.ExchangeDelete(last, false, false))
	c.sendMandatory(first, "neither", "nobody left")
	if r := receive(t, c.returns, "a return"); string(r.Body) != "nobody left" {
		t.Errorf("%q came back", r.Body)
	}
	c.wantDrained(rest, "routed by the alternate")
}

// Alternates may form a circle, and one that does not exist is no error.
func TestAlternateExchangeCycle(t *testing.T) {
	t.Parallel()
	c := open(t)
	a, b := unique(t), unique(t)
	for name, alternate := range map[string]string{a: b, b: a} {
		c.must(c.ExchangeDeclare(name, "direct", true, false, false, false, amqp.Table{"alternate-exchange": alternate}))
		c.removeExchange(name)
	}
	c.sendMandatory(a, "nowhere", "around")
	if r := receive(t, c.returns, "a return"); r.Exchange != a || r.RoutingKey != "nowhere" {
		t.Errorf("came back from %q with key %q", r.Exchange, r.RoutingKey)
	}
	lost := c.exchange("direct", amqp.Table{"alternate-exchange": unique(t)})
	c.sendMandatory(lost, "k", "no alternate")
	receive(t, c.returns, "a return")
}

// An alternate that finds a destination by an exchange binding counts as routed.
func TestAlternateBehindBinding(t *testing.T) {
	t.Parallel()
	c := open(t)
	spare := c.exchange("fanout", nil)
	inner := c.exchange("direct", amqp.Table{"alternate-exchange": spare})
	outer, q := c.exchange("fanout", nil), c.queue()
	c.bindExchange(inner, "", outer)
	c.bind(q, "", spare, nil)
	c.publish(outer, "k", "by the spare")
	c.wantDrained(q, "by the spare")
}

// Thousands of bindings come and go without holding others up, and a queue's go with it.
func TestManyBindings(t *testing.T) {
	t.Parallel()
	c := open(t)
	for _, kind := range []string{"direct", "topic", "headers", "fanout"} {
		x, q, other := c.exchange(kind, nil), c.queue(), c.queue()
		const bindings = 3000
		for i := range bindings {
			c.must(c.QueueBind(q, fmt.Sprintf("a.%d.*.#", i), x, true, amqp.Table{"n": int32(i)}))
		}
		c.bind(other, "a.7.*.#", x, amqp.Table{"n": int32(7)})
		msg := amqp.Publishing{Headers: amqp.Table{"n": int32(7)}, Body: []byte("to both")}
		c.send(x, "a.7.*.#", msg)
		c.wantDrained(q, "to both")
		if n, err := c.QueueDelete(q, false, false, false); err != nil || n != 0 {
			t.Fatalf("delete: %d messages, %v", n, err)
		}
		msg.Body = []byte("to one")
		c.send(x, "a.7.*.#", msg)
		c.wantDrained(other, "to both", "to one")
		c.must(c.QueueUnbind(other, "a.7.*.#", x, amqp.Table{"n": int32(7)}))
		c.must(c.ExchangeDelete(x, true, false))
	}
}
