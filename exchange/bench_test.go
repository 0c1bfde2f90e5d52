package exchange

import (
	"fmt"
	"testing"

	"github.com/lepusmq/lepus/amqp"
)

// Routing must not allocate, headers apart, and must not depend on how many
// bindings an exchange has that do not match.

func benchRoute(b *testing.B, g *Graph, exchange, key string, headers amqp.Table, want int) {
	b.Helper()
	var r Result
	var raw []byte
	if headers != nil {
		raw = headers.Append(nil)
	}
	k := []byte(key)
	b.ReportAllocs()
	for b.Loop() {
		g.Route(&r, g.Exchange(exchange), k, raw)
	}
	if len(r.Queues()) != want {
		b.Fatalf("went to %d queues, want %d", len(r.Queues()), want)
	}
}

// wide is a graph with n queues, each bound to every exchange.
func wide(b *testing.B, n int) *Graph {
	x := newBuild(b)
	for i := range n {
		name := fmt.Sprintf("queue-%d", i)
		x.g = x.g.AddQueue(newQueue(name))
		x.bind("amq.direct", name, name)
		x.bind("amq.topic", name, fmt.Sprintf("stock.%d.*.#", i))
	}
	return x.g
}

func BenchmarkRoute(b *testing.B) {
	for _, n := range []int{100, 100_000} {
		g := wide(b, n)
		b.Run(fmt.Sprintf("default/%d", n), func(b *testing.B) { benchRoute(b, g, "", "queue-7", nil, 1) })
		b.Run(fmt.Sprintf("direct/%d", n), func(b *testing.B) { benchRoute(b, g, "amq.direct", "queue-7", nil, 1) })
		b.Run(fmt.Sprintf("topic/%d", n), func(b *testing.B) { benchRoute(b, g, "amq.topic", "stock.7.usd.nyse", nil, 1) })
	}
	for _, n := range []int{10, 1000} {
		x := newBuild(b)
		for i := range n {
			name := fmt.Sprintf("queue-%d", i)
			x.g = x.g.AddQueue(newQueue(name))
			x.bind("amq.fanout", name, "")
		}
		b.Run(fmt.Sprintf("fanout/%d", n), func(b *testing.B) { benchRoute(b, x.g, "amq.fanout", "k", nil, n) })
	}
	headers := amqp.Table{field("a", amqp.Int64(3)), field("b", amqp.String("x"))}
	for _, n := range []int{10, 100, 100_000} {
		for _, match := range []string{"all", "any"} {
			x := newBuild(b, "q")
			for i := range n {
				x.bind("amq.headers", "q", "", field("x-match", amqp.String(match)), field("a", amqp.Int32(int32(i))), field("c", amqp.Int32(int32(i))))
				if match == "all" {
					x.bind("amq.headers", "q", "", field("b", amqp.String("x")), field("c", amqp.Int32(int32(i))))
				}
			}
			x.bind("amq.headers", "q", "", field("a", amqp.Int32(3)), field("b", amqp.String("x")))
			b.Run(fmt.Sprintf("headers-%s/%d", match, n), func(b *testing.B) { benchRoute(b, x.g, "amq.headers", "k", headers, 1) })
		}
	}
}

// Topic patterns that share their words, in all the ways that a key can match.
func BenchmarkTopicPatterns(b *testing.B) {
	for _, n := range []int{100, 100_000} {
		x := newBuild(b, "q")
		for i := range n / 4 {
			x.bind("amq.topic", "q", fmt.Sprintf("stock.%d.usd.nyse", i))
			x.bind("amq.topic", "q", fmt.Sprintf("stock.*.usd.%d", i))
			x.bind("amq.topic", "q", fmt.Sprintf("#.%d", i))
			x.bind("amq.topic", "q", fmt.Sprintf("*.%d.#", i))
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchRoute(b, x.g, "amq.topic", "stock.7.usd.nyse", nil, 1) })
	}
}

func BenchmarkSpread(b *testing.B) {
	for _, n := range []int{10, 1000} {
		for _, typ := range []string{ConsistentHash, "x-random", "x-modulus-hash"} {
			x := newBuild(b)
			x.exchange(Exchange{Name: "x", Type: typ})
			for i := range n {
				name := fmt.Sprintf("queue-%d", i)
				x.g = x.g.AddQueue(newQueue(name))
				x.bind("x", name, "1")
			}
			b.Run(fmt.Sprintf("%s/%d", typ, n), func(b *testing.B) { benchRoute(b, x.g, "x", "some.routing.key", nil, 1) })
		}
	}
}

func BenchmarkBind(b *testing.B) {
	g := wide(b, 10000)
	b.ReportAllocs()
	for b.Loop() {
		next, err := g.Bind(Binding{Source: "amq.topic", Destination: "queue-7", Key: "one.more"})
		if err != nil {
			b.Fatal(err)
		}
		g, _ = next.Unbind(Binding{Source: "amq.topic", Destination: "queue-7", Key: "one.more"})
	}
}

func BenchmarkQueue(b *testing.B) {
	g := wide(b, 10000)
	q := newQueue("one more")
	b.ReportAllocs()
	for b.Loop() {
		g, _ = g.AddQueue(q).RemoveQueue("one more")
	}
}
