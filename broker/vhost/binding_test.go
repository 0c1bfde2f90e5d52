package vhost

import (
	"testing"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
)

func TestBind(t *testing.T) {
	f := newFixture(t)
	f.queue("q")
	f.ok(f.exchange(ExchangeSpec{Name: "x", Type: "fanout", Internal: true}))
	b := Binding{Source: "amq.\rtopic", Destination: "q\n", Key: "a.*"}
	f.ok(f.bind(me, b))
	f.ok(f.bind(me, b))
	f.ok(f.bind(me, Binding{Source: "amq.topic", Destination: "x", ToExchange: true, Key: "b"}))
	f.ok(f.bind(me, Binding{Source: "x", Destination: "q"}))
	f.routes("amq.topic", "a.b", "q")
	f.routes("amq.topic", "b", "q")
	f.ok(f.unbind(me, b))
	f.ok(f.unbind(me, b))
	f.routes("amq.topic", "a.b")
	f.ok(f.unbind(me, Binding{Source: "amq.topic", Destination: "x", ToExchange: true, Key: "b"}))
	f.routes("amq.topic", "b")
}

func TestBindRefused(t *testing.T) {
	f := newFixture(t)
	f.queue("q")
	const byDefault = "ACCESS_REFUSED - operation not permitted on the default exchange"
	for _, c := range []struct {
		b            Binding
		bind, unbind string
	}{
		{Binding{Source: "", Destination: "q"}, byDefault, byDefault},
		{Binding{Source: "", Destination: "none"}, byDefault, byDefault},
		{Binding{Source: "amq.direct", Destination: "", ToExchange: true}, byDefault, byDefault},
		{Binding{Source: "none", Destination: "q"}, "NOT_FOUND - no exchange 'none' in vhost '/'", ""},
		{Binding{Source: "none", Destination: "nothing"}, "NOT_FOUND - no exchange 'none' in vhost '/'", ""},
		{Binding{Source: "amq.direct", Destination: "none"}, "NOT_FOUND - no queue 'none' in vhost '/'", ""},
		{Binding{Source: "amq.direct", Destination: ""}, "NOT_FOUND - no queue '' in vhost '/'", ""},
		{Binding{Source: "amq.direct", Destination: "q", ToExchange: true}, "NOT_FOUND - no exchange 'q' in vhost '/'", ""},
		{Binding{Source: "amq.headers", Destination: "q", Arguments: args("x-match", amqp.String("bad"))},
			`PRECONDITION_FAILED - Invalid x-match field value <<"bad">>; expected all, any, all-with-x, or any-with-x`, ""},
	} {
		f.refused(f.bind(me, c.b), c.bind)
		if err := f.unbind(me, c.b); c.unbind == "" {
			f.ok(err)
		} else {
			f.refused(err, c.unbind)
		}
	}
}

func TestRoute(t *testing.T) {
	f := newFixture(t)
	f.queue("q")
	f.durableQueue("d")
	f.ok(f.exchange(ExchangeSpec{Name: "in", Type: "fanout", Internal: true}))
	f.ok(f.bind(me, Binding{Source: "amq.direct", Destination: "q", Key: "k"}))
	f.ok(f.bind(me, Binding{Source: "amq.direct", Destination: "d", Key: "k"}))
	var r Route
	exchange, key := []byte("amq.direct"), []byte("k")
	f.ok(f.Route(&r, exchange, key, nil))
	if len(r.Queues) != 2 || r.Durable != 1 {
		t.Errorf("%d queues, %d of them durable", len(r.Queues), r.Durable)
	}
	f.refused(f.Route(&r, []byte("none"), key, nil), "NOT_FOUND - no exchange 'none' in vhost '/'")
	f.refused(f.Route(&r, []byte("in"), key, nil), "ACCESS_REFUSED - cannot publish to internal exchange 'in' in vhost '/'")
	if len(r.Queues) != 0 || r.Durable != 0 {
		t.Error("a refused message goes somewhere")
	}

	f.ok(f.Route(&r, exchange, key, nil))
	copy(key, "z") // the caller's buffer is used again
	f.ok(f.Route(&r, exchange, key, nil))
	if len(r.Queues) != 0 {
		t.Error("another key went where the last one did")
	}
	copy(key, "k")
	f.ok(f.Route(&r, exchange, key, nil))
	if allocs := testing.AllocsPerRun(100, func() { f.ok(f.Route(&r, exchange, key, nil)) }); allocs != 0 {
		t.Errorf("%v allocations for the same place as before", allocs)
	}
	_, err := f.delete(me, "q", false, false)
	f.ok(err)
	f.ok(f.Route(&r, exchange, key, nil))
	if len(r.Queues) != 1 || r.Queues[0].QueueName() != "d" {
		t.Error("the place of the last message was not looked up again after a change")
	}
}

// What depends on headers is not remembered.
func TestRouteByHeaders(t *testing.T) {
	f := newFixture(t)
	f.queue("q")
	f.ok(f.bind(me, Binding{Source: "amq.headers", Destination: "q", Arguments: args("a", amqp.Int32(1))}))
	var r Route
	for i := range 3 {
		f.ok(f.Route(&r, []byte("amq.headers"), nil, args("a", amqp.Int32(int32(i))).Append(nil)))
		if want := i == 1; (len(r.Queues) == 1) != want {
			t.Errorf("a = %d: %d queues", i, len(r.Queues))
		}
	}
}

func BenchmarkRoute(b *testing.B) {
	f := newFixture(b)
	f.queue("q")
	f.ok(f.bind(me, Binding{Source: "amq.topic", Destination: "q", Key: "stock.#"}))
	exchange := []byte("amq.topic")
	keys := [][]byte{[]byte("stock.usd.nyse"), []byte("stock.eur.dax")}
	b.Run("same", func(b *testing.B) { benchmarkRoute(b, f, exchange, keys[:1]) })
	b.Run("alternating", func(b *testing.B) { benchmarkRoute(b, f, exchange, keys) })
}

func benchmarkRoute(b *testing.B, f *fixture, exchange []byte, keys [][]byte) {
	var r Route
	var sum []*queue.Queue
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := f.Route(&r, exchange, keys[i%len(keys)], nil); err != nil {
			b.Fatal(err)
		}
		sum = r.Queues
	}
	if len(sum) != 1 {
		b.Fatalf("%d queues", len(sum))
	}
}
