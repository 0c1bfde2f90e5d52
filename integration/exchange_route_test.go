package integration

import (
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

// A route is one binding key against the routing keys it must and must not match.
type route struct {
	binding string
	yes, no []string
}

// testRoutes binds a queue per route to one exchange and publishes every key to all of them.
func testRoutes(t *testing.T, kind string, routes []route) {
	c := open(t)
	x := c.exchange(kind, nil)
	queues := make([]string, len(routes))
	keys := map[string]bool{}
	for i, r := range routes {
		queues[i] = c.queue()
		c.bind(queues[i], r.binding, x, nil)
		for _, key := range append(r.yes, r.no...) {
			keys[key] = true
		}
	}
	for key := range keys {
		c.publish(x, key, "key:"+key)
	}
	for i, r := range routes {
		got := map[string]int{}
		for _, body := range c.drain(queues[i]) {
			got[strings.TrimPrefix(body, "key:")]++
		}
		for _, key := range r.yes {
			if got[key] != 1 {
				t.Errorf("binding %q got key %q %d times, want once", r.binding, key, got[key])
			}
		}
		for _, key := range r.no {
			if got[key] != 0 {
				t.Errorf("binding %q got key %q %d times, want never", r.binding, key, got[key])
			}
		}
	}
}

func TestTopicRoutes(t *testing.T) {
	t.Parallel()
	testRoutes(t, "topic", []route{
		{"a.b", []string{"a.b"}, []string{"a", "a.b.c", "a.c", "A.b", "a.b.", ".a.b", ""}},
		{"*", []string{"a", "long word"}, []string{"", "a.b", ".", "a."}},
		{"#", []string{"", "a", "a.b", "a.b.c.d", ".", "a..b"}, nil},
		{"*.b", []string{"a.b", ".b"}, []string{"b", "x.a.b"}},
		{"a.*", []string{"a.b", "a."}, []string{"a", "a.b.c"}},
		{"#.b", []string{"b", "a.b", "x.y.a.b"}, []string{"b.c", "a.b.c", ""}},
		{"a.#", []string{"a", "a.b", "a.b.c", "a."}, []string{"b", "b.a", ""}},
		{"a.#.b", []string{"a.b", "a.x.b", "a.x.y.b", "a..b"}, []string{"a", "b", "a.b.c"}},
		{"#.a.#", []string{"a", "x.a", "a.y", "x.a.y", "a.a.a"}, []string{"", "b", "x.y"}},
		{"*.*", []string{"a.b", ".", "a.", ".b"}, []string{"a", "a.b.c", ""}},
		{"#.#", []string{"", "a", "a.b", "a.b.c"}, nil},
		{"*.#", []string{"a", "a.b", "."}, []string{""}},
		{"#.*", []string{"a", "a.b", "."}, []string{""}},
		{"#.*.#.*.#", []string{"a.b", "a.b.c", "."}, []string{"", "a"}},
		{"a..b", []string{"a..b"}, []string{"a.b", "a.x.b"}},
		{"", []string{""}, []string{"a", "."}},
		{"a*.b", []string{"a*.b"}, []string{"a.b", "ax.b", "a.x.b"}},
		{"a#", []string{"a#"}, []string{"a", "ab", "a.b"}},
	})
}

func TestDirectRoutes(t *testing.T) {
	t.Parallel()
	testRoutes(t, "direct", []route{
		{"a", []string{"a"}, []string{"A", "a.b", "", "*", "#"}},
		{"#", []string{"#"}, []string{"a", ""}},
		{"", []string{""}, []string{"a"}},
		{strings.Repeat("k", 255), []string{strings.Repeat("k", 255)}, []string{strings.Repeat("k", 254)}},
	})
}

func TestFanoutRoutes(t *testing.T) {
	t.Parallel()
	testRoutes(t, "fanout", []route{
		{"", []string{"", "a", "a.b"}, nil},
		{"ignored", []string{"", "a", "a.b"}, nil},
	})
}

// The default exchange reaches every queue by its name, and no binding can change that.
func TestDefaultExchange(t *testing.T) {
	t.Parallel()
	c := open(t)
	q, other := c.queue(), c.queue()
	c.publish("", q, "one")
	c.publish("", q, "two")
	c.publish("", unique(t), "lost")
	c.wantDrained(q, "one", "two")
	c.wantDrained(other)
}

// Several bindings that match still bring a message once.
func TestOneCopyPerQueue(t *testing.T) {
	t.Parallel()
	for kind, keys := range map[string][]string{"direct": {"a.b", "x"}, "topic": {"#", "a.*", "*.b", "a.b"}, "fanout": {"1", "2", "3"}} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			x, q := c.exchange(kind, nil), c.queue()
			for _, key := range keys {
				c.bind(q, key, x, nil)
			}
			c.publish(x, "a.b", "once")
			c.wantDrained(q, "once")
		})
	}
}

// Binding twice is binding once, and unbinding what is not bound, or does not exist, is fine.
func TestBindingIsIdempotent(t *testing.T) {
	t.Parallel()
	c := open(t)
	x, q := c.exchange("direct", nil), c.queue()
	c.bind(q, "k", x, nil)
	c.bind(q, "k", x, nil)
	c.publish(x, "k", "bound")
	c.must(c.QueueUnbind(q, "k", x, nil))
	c.publish(x, "k", "unbound")
	c.must(c.QueueUnbind(q, "k", x, nil))
	c.must(c.QueueUnbind(q, "k", unique(t), nil))
	c.must(c.QueueUnbind(unique(t), "k", x, nil))
	c.wantDrained(q, "bound")
}

// A binding is its source, destination, key and arguments: other arguments make another binding.
func TestBindingsDifferByArguments(t *testing.T) {
	t.Parallel()
	c := open(t)
	x, q := c.exchange("direct", nil), c.queue()
	c.bind(q, "k", x, nil)
	c.bind(q, "k", x, amqp.Table{"note": "second"})
	c.publish(x, "k", "two bindings")
	c.must(c.QueueUnbind(q, "k", x, nil))
	c.publish(x, "k", "one binding")
	c.must(c.QueueUnbind(q, "k", x, amqp.Table{"note": "other"}))
	c.publish(x, "k", "still one")
	c.must(c.QueueUnbind(q, "k", x, amqp.Table{"note": "second"}))
	c.publish(x, "k", "none")
	c.wantDrained(q, "two bindings", "one binding", "still one")
}

// The exchanges that are there from the start.
func TestPredeclaredExchanges(t *testing.T) {
	t.Parallel()
	c := open(t)
	for name, kind := range map[string]string{
		"amq.direct": "direct", "amq.fanout": "fanout", "amq.topic": "topic", "amq.headers": "headers", "amq.match": "headers",
	} {
		c.must(c.ExchangeDeclarePassive(name, kind, true, false, false, false, nil))
		c.must(c.ExchangeDeclare(name, kind, true, false, false, false, nil))
		q := c.queue()
		c.bind(q, "key", name, amqp.Table{"only": unique(t)})
	}
	q, key := c.queue(), unique(t)
	c.bind(q, key, "amq.direct", nil)
	c.bind(q, key, "amq.topic", nil)
	c.publish("amq.direct", key, "direct")
	c.publish("amq.topic", key, "topic")
	c.wantDrained(q, "direct", "topic")
}

// With an empty queue name, a method means the queue last declared on its channel; an empty key then means its name.
func TestLastDeclaredQueue(t *testing.T) {
	t.Parallel()
	c := open(t)
	x := c.exchange("direct", nil)
	first, last := c.queue(), c.queue()
	c.bind("", "", x, nil)
	c.publish(x, last, "by its name")
	c.bind("", "k", x, nil)
	c.publish(x, "k", "by key")
	c.publish(x, "", "nobody's")
	c.wantDrained(first)
	if d := c.get(""); string(d.Body) != "by its name" {
		t.Errorf("got %q", d.Body)
	}
	n, err := c.QueuePurge("", false)
	c.must(err)
	if n != 1 {
		t.Errorf("purged %d messages, want 1", n)
	}
	deliveries, err := c.Consume("", "", true, false, false, false, nil)
	c.must(err)
	c.must(c.QueueUnbind("", "", x, nil))
	c.publish(x, last, "unbound")
	c.publish(x, "k", "still bound")
	if d := receive(t, deliveries, "a delivery"); string(d.Body) != "still bound" {
		t.Errorf("got %q", d.Body)
	}
	_, err = c.QueueDelete("", false, false, false)
	c.must(err)
	c.wantGone(last)
}
