package exchange

import (
	"testing"

	"github.com/lepusmq/lepus/amqp"
)

// A message with a delay waits at every delaying exchange that it comes to, and
// goes on where others lead; without one, or with one that was told, it goes through.
func TestRouteWaits(t *testing.T) {
	g := NewGraph()
	add := func(x Exchange) {
		t.Helper()
		next, err := g.AddExchange(x)
		if err != nil {
			t.Fatal(err)
		}
		g = next
	}
	bind := func(b Binding) {
		t.Helper()
		next, err := g.Bind(b)
		if err != nil {
			t.Fatal(err)
		}
		g = next
	}
	add(Exchange{Name: "late", Type: Delayed, Arguments: amqp.Table{{Key: DelayedTypeArgument, Value: amqp.String("topic")}}})
	add(Exchange{Name: "opted", Type: "fanout", Arguments: amqp.Table{{Key: DelayedArgument, Value: amqp.Bool(true)}}})
	add(Exchange{Name: "not", Type: "fanout", Arguments: amqp.Table{{Key: DelayedArgument, Value: amqp.Bool(false)}}})
	for _, name := range []string{"a", "b", "c"} {
		g = g.AddQueue(newQueue(name))
	}
	bind(Binding{Source: "late", Destination: "a", Key: "k.#"})
	bind(Binding{Source: "opted", Destination: "b"})
	bind(Binding{Source: "not", Destination: "c"})
	bind(Binding{Source: "not", Destination: "late", ToExchange: true})
	bind(Binding{Source: "not", Destination: "opted", ToExchange: true})

	for _, c := range []struct {
		from          string
		delay         int32
		waits, queues int
	}{
		{"late", 5, 1, 0}, {"opted", 5, 1, 0}, {"not", 5, 2, 1},
		{"late", 0, 0, 1}, {"opted", -5, 0, 1}, {"not", -5, 0, 3},
	} {
		var r Result
		headers := amqp.Table{{Key: amqp.DelayHeader, Value: amqp.Int32(c.delay)}}
		g.Route(&r, g.Exchange(c.from), []byte("k.k"), headers.Append(nil))
		if len(r.Waits()) != c.waits || len(r.Queues()) != c.queues || c.waits > 0 && r.Delay() != int64(c.delay) || !r.Once() {
			t.Errorf("%s with delay %d: waits at %d, %d queues", c.from, c.delay, len(r.Waits()), len(r.Queues()))
		}
	}
	if r := (Result{}); true {
		g.Route(&r, g.Exchange("amq.direct"), []byte("k"), nil)
		if r.Once() || len(r.Waits()) > 0 {
			t.Error("headers count where nothing waits")
		}
	}
}
