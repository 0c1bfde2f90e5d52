package integration

import (
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

func TestExchangeRedeclared(t *testing.T) {
	t.Parallel()
	c := open(t)
	for _, kind := range []string{"direct", "fanout", "topic", "headers"} {
		for _, auto := range []bool{false, true} {
			name := unique(t)
			args := amqp.Table{"alternate-exchange": "spare", "whatever": int32(1)}
			c.must(c.ExchangeDeclare(name, kind, false, auto, false, false, args))
			c.must(c.ExchangeDeclare(name, kind, false, auto, false, false, args))
			c.must(c.ExchangeDeclarePassive(name, "no such type", true, !auto, true, false, nil))
			// Arguments the broker does not know are stored, never compared.
			args["whatever"] = "else"
			c.must(c.ExchangeDeclare(name, kind, false, auto, false, false, args))
			c.must(c.ExchangeDelete(name, false, false))
		}
	}
}

func TestExchangeDeleted(t *testing.T) {
	t.Parallel()
	c := open(t)
	x, q := c.exchange("direct", nil), c.queue()
	c.must(c.ExchangeDelete(unique(t), false, false))
	c.bind(q, "k", x, nil)
	c.must(c.ExchangeDelete(x, false, false))
	if c.exchangeExists(x) {
		t.Error("the exchange is still there")
	}
	c.must(c.ExchangeDelete(x, true, false))
}

// An exchange is in use while it is the source of a binding; being a destination does not count.
func TestExchangeDeleteIfUnused(t *testing.T) {
	t.Parallel()
	c := open(t)
	from, to := c.exchange("fanout", nil), c.exchange("fanout", nil)
	c.bindExchange(to, "", from)
	wantError(t, c.channel().ExchangeDelete(from, true, false), 406,
		"PRECONDITION_FAILED - exchange '"+from+"' in vhost '/' in use")
	c.must(c.ExchangeDelete(to, true, false))
	c.must(c.ExchangeDelete(from, true, false))
}

// An auto-delete exchange goes with its last binding as a source, and never before it had one.
func TestExchangeAutoDelete(t *testing.T) {
	t.Parallel()
	declare := func(t *testing.T, c *client) string {
		name := unique(t)
		c.must(c.ExchangeDeclare(name, "fanout", false, true, false, false, nil))
		c.removeExchange(name)
		return name
	}
	for name, end := range map[string]func(c *client, x, q string){
		"unbind":          func(c *client, x, q string) { c.must(c.QueueUnbind(q, "", x, nil)) },
		"queue deleted":   func(c *client, x, q string) { _, err := c.QueueDelete(q, false, false, false); c.must(err) },
		"exchange unbind": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			x, q, other := declare(t, c), c.queue(), c.queue()
			if !c.exchangeExists(x) {
				t.Fatal("gone before it had a binding")
			}
			if end == nil {
				to := c.exchange("fanout", nil)
				c.bindExchange(to, "", x)
				c.must(c.ExchangeUnbind(to, "", x, false, nil))
			} else {
				c.bind(q, "", x, nil)
				c.bind(other, "", x, nil)
				c.must(c.QueueUnbind(other, "", x, nil))
				if !c.exchangeExists(x) {
					t.Fatal("gone with a binding left")
				}
				end(c, x, q)
			}
			eventually(t, func() bool { return !c.exchangeExists(x) }, func() string { return "the exchange is still there" })
		})
	}
	t.Run("chain", func(t *testing.T) {
		t.Parallel()
		c := open(t)
		first, second, q := declare(t, c), declare(t, c), c.queue()
		c.bindExchange(second, "", first)
		c.bind(q, "", second, nil)
		c.must(c.QueueUnbind(q, "", second, nil))
		eventually(t, func() bool { return !c.exchangeExists(first) && !c.exchangeExists(second) },
			func() string { return "the exchanges are still there" })
	})
}

// Nobody publishes to an internal exchange, but it may be bound behind another.
func TestInternalExchange(t *testing.T) {
	t.Parallel()
	c := open(t)
	inner, outer, q := unique(t), c.exchange("fanout", nil), c.queue()
	c.must(c.ExchangeDeclare(inner, "fanout", false, false, true, false, nil))
	c.removeExchange(inner)
	c.bind(q, "", inner, nil)
	c.bindExchange(inner, "", outer)
	c.publish(outer, "", "through the outer")
	c.wantDrained(q, "through the outer")
	c.publish(inner, "", "direct")
	c.wantClosed(403, "ACCESS_REFUSED - cannot publish to internal exchange '"+inner+"' in vhost '/'")
}

// Line ends are dropped from names, in every method that takes one.
func TestLineEndsInNames(t *testing.T) {
	t.Parallel()
	c := open(t)
	x, q := unique(t), unique(t)
	split := func(name string) string {
		half := len(name) / 2
		return "\r\n" + name[:half] + "\n" + name[half:] + "\r"
	}
	c.must(c.ExchangeDeclare(split(x), "direct", false, false, false, false, nil))
	c.removeExchange(x)
	declared, err := c.QueueDeclare(split(q), false, false, true, false, nil)
	c.must(err)
	if declared.Name != q {
		t.Errorf("declare-ok names %q, want %q", declared.Name, q)
	}
	if !c.exchangeExists(x) || !c.exists(q) {
		t.Error("not there under the plain name")
	}
	c.must(c.ExchangeDeclarePassive(split(x), "direct", false, false, false, false, nil))
	_, err = c.QueueDeclarePassive(split(q), false, false, true, false, nil)
	c.must(err)
	c.bind(split(q), "k", split(x), nil)
	c.publish(x, "k", "bound")
	c.must(c.QueueUnbind(split(q), "k", split(x), nil))
	c.publish(x, "k", "unbound")
	c.wantDrained(q, "bound")
	_, err = c.QueueDelete(split(q), false, false, false)
	c.must(err)
	c.must(c.ExchangeDelete(split(x), false, false))
	if c.exchangeExists(x) || c.exists(q) {
		t.Error("still there under the plain name")
	}
}

func TestLongNames(t *testing.T) {
	t.Parallel()
	c := open(t)
	name := unique(t)
	name += strings.Repeat("x", 255-len(name))
	c.must(c.ExchangeDeclare(name, "fanout", false, false, false, false, nil))
	c.removeExchange(name)
	q, err := c.QueueDeclare(name, false, false, true, false, nil)
	c.must(err)
	c.bind(q.Name, name, name, nil)
	c.publish(name, name, "long")
	c.publish("", name, "by name")
	c.wantDrained(name, "long", "by name")
}
