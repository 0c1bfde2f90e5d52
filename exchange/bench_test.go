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
	x := newBuild(b, "q")
	for i := range 10 {
		x.bind("amq.headers", "q", "", field("a", amqp.Int32(int32(i))), field("b", amqp.String("x")))
	}
	headers := amqp.Table{field("a", amqp.Int64(3)), field("b", amqp.String("x"))}
	b.Run("headers/10", func(b *testing.B) { benchRoute(b, x.g, "amq.headers", "k", headers, 1) })
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
