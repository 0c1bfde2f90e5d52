package exchange

import (
	"slices"
	"testing"

	"github.com/lepusmq/lepus/amqp"
)

type testQueue string

func (q *testQueue) QueueName() string { return string(*q) }

func newQueue(name string) *testQueue {
	q := testQueue(name)
	return &q
}

// build is a graph that a test changes step by step.
type build struct {
	t testing.TB
	g *Graph
}

func newBuild(t testing.TB, queues ...string) *build {
	b := &build{t, NewGraph()}
	for _, name := range queues {
		b.g = b.g.AddQueue(newQueue(name))
	}
	return b
}

func (b *build) exchange(x Exchange) {
	b.t.Helper()
	g, err := b.g.AddExchange(x)
	if err != nil {
		b.t.Fatal(err)
	}
	b.g = g
}

func (b *build) bind(source, queue, key string, args ...amqp.Field) {
	b.t.Helper()
	b.binding(Binding{Source: source, Destination: queue, Key: key, Arguments: args})
}

func (b *build) bindExchange(source, to, key string) {
	b.t.Helper()
	b.binding(Binding{Source: source, Destination: to, ToExchange: true, Key: key})
}

func (b *build) binding(x Binding) {
	b.t.Helper()
	g, err := b.g.Bind(x)
	if err != nil {
		b.t.Fatal(err)
	}
	b.g = g
}

// route returns the names of the queues that a message reaches, sorted.
func (b *build) route(exchange, key string, headers ...amqp.Field) []string {
	b.t.Helper()
	var r Result
	var raw []byte
	if headers != nil {
		raw = amqp.Table(headers).Append(nil)
	}
	b.g.Route(&r, b.g.Exchange(exchange), []byte(key), raw)
	names := []string{}
	for _, q := range r.Queues() {
		names = append(names, q.QueueName())
	}
	slices.Sort(names)
	return names
}

func (b *build) routes(exchange, key string, want ...string) {
	b.t.Helper()
	if got := b.route(exchange, key); !slices.Equal(got, want) {
		b.t.Errorf("%q with key %q went to %q, want %q", exchange, key, got, want)
	}
}

func exchangeNames(xs []*Exchange) []string {
	var names []string
	for _, x := range xs {
		names = append(names, x.Name)
	}
	slices.Sort(names)
	return names
}
