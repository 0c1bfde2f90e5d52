package exchange

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/lepusmq/lepus/amqp"
)

func TestPredeclared(t *testing.T) {
	var got []string
	NewGraph().EachExchange(func(x *Exchange) bool {
		got = append(got, fmt.Sprintf("%s %s durable=%v internal=%v", x.Name, x.Type, x.Durable, x.Internal))
		return true
	})
	slices.Sort(got)
	want := []string{
		" direct durable=true internal=false",
		"amq.direct direct durable=true internal=false",
		"amq.fanout fanout durable=true internal=false",
		"amq.headers headers durable=true internal=false",
		"amq.match headers durable=true internal=false",
		"amq.rabbitmq.trace topic durable=true internal=true",
		"amq.topic topic durable=true internal=false",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestDefaultExchange(t *testing.T) {
	b := newBuild(t, "q", "r")
	b.routes("", "q", "q")
	b.routes("", "none")
	b.routes("", "")
	b.g, _ = b.g.RemoveQueue("q")
	b.routes("", "q")
	b.routes("", "r", "r")
}

func TestDirect(t *testing.T) {
	b := newBuild(t, "q1", "q2", "q3")
	b.bind("amq.direct", "q1", "a")
	b.bind("amq.direct", "q2", "a")
	b.bind("amq.direct", "q2", "b")
	b.bind("amq.direct", "q3", "")
	b.bind("amq.direct", "q1", "a", amqp.Field{Key: "x", Value: amqp.Int32(1)}) // twice the same queue
	b.routes("amq.direct", "a", "q1", "q2")
	b.routes("amq.direct", "b", "q2")
	b.routes("amq.direct", "", "q3")
	b.routes("amq.direct", "c")
}

func TestVersion(t *testing.T) {
	b := newBuild(t, "q")
	last := b.g.Version()
	rises := func(what string, want bool) {
		t.Helper()
		if got := b.g.Version(); (got > last) != want {
			t.Errorf("%s: version %d after %d", what, got, last)
		}
		last = b.g.Version()
	}
	b.exchange(Exchange{Name: "x", Type: "fanout"})
	rises("exchange added", true)
	b.g = b.g.AddQueue(newQueue("r"))
	rises("queue added", true)
	b.bind("x", "q", "")
	rises("bound", true)
	b.bind("x", "q", "")
	rises("bound again", false)
	b.g, _ = b.g.Unbind(Binding{Source: "x", Destination: "q"})
	rises("unbound", true)
	b.g, _ = b.g.RemoveQueue("q")
	rises("queue removed", true)
	b.g, _ = b.g.RemoveExchange("x")
	rises("exchange removed", true)
	b.g, _ = b.g.RemoveExchange("x")
	rises("nothing removed", false)
}

func TestFanout(t *testing.T) {
	names := []string{}
	for i := range 40 {
		names = append(names, fmt.Sprintf("q%02d", i))
	}
	b := newBuild(t, names...)
	b.routes("amq.fanout", "k")
	for _, name := range names {
		b.bind("amq.fanout", name, "k")
		b.bind("amq.fanout", name, "another")
	}
	b.routes("amq.fanout", "whatever", names...)
}

func TestBindErrors(t *testing.T) {
	b := newBuild(t, "q")
	for _, c := range []struct {
		binding Binding
		want    error
	}{
		{Binding{Source: "none", Destination: "q"}, ErrNoSource},
		{Binding{Source: "none", Destination: "none"}, ErrNoSource},
		{Binding{Source: "amq.direct", Destination: "none"}, ErrNoDestination},
		{Binding{Source: "amq.direct", Destination: "q", ToExchange: true}, ErrNoDestination},
		{Binding{Source: "amq.direct", Destination: "amq.fanout"}, ErrNoDestination},
	} {
		if _, err := b.g.Bind(c.binding); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v, want %v", c.binding, err, c.want)
		}
	}
	if _, err := b.g.AddExchange(Exchange{Name: "x", Type: "bogus"}); !errors.Is(err, ErrUnknownType) {
		t.Errorf("unknown type: %v", err)
	}
	if _, err := b.g.AddExchange(Exchange{Name: "amq.topic", Type: "topic"}); !errors.Is(err, ErrExists) {
		t.Errorf("declared twice: %v", err)
	}
}

func TestBindTwiceIsOneBinding(t *testing.T) {
	one, two := amqp.Field{Key: "a", Value: amqp.Int32(1)}, amqp.Field{Key: "b", Value: amqp.Int32(1)}
	b := newBuild(t, "q")
	b.bind("amq.direct", "q", "k", one, two)
	before := b.g
	b.bind("amq.direct", "q", "k", two, one)
	if b.g != before {
		t.Error("the order of the arguments made another binding")
	}
	b.bind("amq.direct", "q", "k", one)
	b.bind("amq.direct", "q", "k")
	if n := b.g.Exchange("amq.direct").Bindings(); n != 3 {
		t.Errorf("%d bindings, want 3", n)
	}
}

func TestUnbind(t *testing.T) {
	b := newBuild(t, "q", "r")
	b.bind("amq.topic", "q", "a.*")
	b.bind("amq.topic", "q", "a.#")
	b.bind("amq.topic", "r", "a.*")
	for _, missing := range []Binding{
		{Source: "none", Destination: "q"},
		{Source: "amq.topic", Destination: "none", Key: "a.*"},
		{Source: "amq.topic", Destination: "none", Key: "a.*", ToExchange: true},
		{Source: "amq.topic", Destination: "r", Key: "a.#"},
		{Source: "amq.topic", Destination: "r", Key: "a.*", Arguments: amqp.Table{{Key: "x"}}},
	} {
		if g, gone := b.g.Unbind(missing); g != b.g || gone.Bindings != nil {
			t.Errorf("unbinding %+v changed something", missing)
		}
	}
	g, gone := b.g.Unbind(Binding{Source: "amq.topic", Destination: "q", Key: "a.*"})
	if len(gone.Bindings) != 1 || gone.Exchanges != nil {
		t.Errorf("went: %+v", gone)
	}
	b.routes("amq.topic", "a.b", "q", "r") // the old graph is as it was
	b.g = g
	b.routes("amq.topic", "a.b", "q", "r")
	b.g, _ = b.g.Unbind(Binding{Source: "amq.topic", Destination: "q", Key: "a.#"})
	b.routes("amq.topic", "a.b", "r")
	b.g, _ = b.g.Unbind(Binding{Source: "amq.topic", Destination: "r", Key: "a.*"})
	b.routes("amq.topic", "a.b")
	if b.g.Exchange("amq.topic").table.(topic).root != nil {
		t.Error("the trie keeps nodes")
	}
}

func TestExchangeToExchange(t *testing.T) {
	b := newBuild(t, "q1", "q2", "q3")
	for _, name := range []string{"a", "b", "c"} {
		b.exchange(Exchange{Name: name, Type: "fanout"})
	}
	b.bindExchange("a", "b", "")
	b.bindExchange("b", "c", "")
	b.bindExchange("c", "a", "") // a circle
	b.bindExchange("a", "a", "") // and a small one
	b.bind("a", "q1", "")
	b.bind("b", "q2", "")
	b.bind("c", "q3", "")
	b.bind("c", "q1", "")
	b.bindExchange("a", "amq.direct", "")
	b.bind("amq.direct", "q3", "k")
	b.routes("a", "k", "q1", "q2", "q3")
	b.routes("c", "x", "q1", "q2", "q3")
	b.routes("amq.direct", "k", "q3")

	g, gone := b.g.RemoveExchange("a")
	b.g = g
	if len(gone.Bindings) != 5 || len(gone.Exchanges) != 1 {
		t.Errorf("%d bindings and %q went", len(gone.Bindings), exchangeNames(gone.Exchanges))
	}
	b.routes("b", "", "q1", "q2", "q3")
	b.g, _ = b.g.RemoveExchange("c")
	b.routes("b", "", "q2")
}

func TestAlternate(t *testing.T) {
	b := newBuild(t, "q1", "q2", "q3")
	alternate := func(name string) amqp.Table {
		return amqp.Table{{Key: AlternateExchange, Value: amqp.String(name)}}
	}
	b.exchange(Exchange{Name: "first", Type: "direct", Arguments: alternate("second")})
	b.routes("first", "k") // there is no such exchange yet
	b.exchange(Exchange{Name: "second", Type: "direct", Arguments: alternate("third")})
	b.exchange(Exchange{Name: "third", Type: "fanout", Arguments: alternate("first"), Internal: true})
	b.routes("first", "k") // a circle
	b.bind("first", "q1", "1")
	b.bind("second", "q2", "2")
	b.bind("third", "q3", "")
	b.routes("first", "1", "q1")
	b.routes("first", "2", "q2")
	b.routes("first", "3", "q3")

	// A binding that matches is enough, wherever it leads in the end.
	b.exchange(Exchange{Name: "empty", Type: "fanout"})
	b.bindExchange("first", "empty", "4")
	b.routes("first", "4")

	// The alternate of an exchange in between counts too.
	b.bindExchange("amq.fanout", "first", "")
	b.routes("amq.fanout", "none", "q3")

	b.exchange(Exchange{Name: "last", Type: "direct", Arguments: alternate("")})
	b.routes("last", "q1")
}

// An alternate by policy counts where the arguments name none, and can change.
func TestAlternateByPolicy(t *testing.T) {
	b := newBuild(t, "q1", "q2")
	b.bind("amq.fanout", "q1", "")
	b.bind("amq.topic", "q2", "#")
	b.exchange(Exchange{Name: "plain", Type: "direct", Alternate: "amq.fanout"})
	b.exchange(Exchange{Name: "own", Type: "direct", Alternate: "amq.fanout",
		Arguments: amqp.Table{{Key: AlternateExchange, Value: amqp.String("amq.topic")}}})
	b.routes("plain", "k", "q1")
	b.routes("own", "k", "q2")
	before := b.g
	b.g = b.g.SetAlternates(map[string]string{"plain": "amq.topic", "own": "amq.fanout", "amq.direct": "plain", "missing": "plain"})
	b.routes("plain", "k", "q2")
	b.routes("own", "k", "q2")
	b.routes("amq.direct", "k", "q2")
	if before.Version() == b.g.Version() || before.Exchange("plain").Alternate != "amq.fanout" {
		t.Error("the graph before has changed")
	}
	b.bind("plain", "q1", "k") // keeps the alternate
	b.routes("plain", "k", "q1")
	b.routes("plain", "l", "q2")
	b.g = b.g.SetAlternates(map[string]string{"plain": "", "own": ""})
	b.routes("plain", "l")
	b.routes("own", "k", "q2")
}

func TestAutoDelete(t *testing.T) {
	b := newBuild(t, "q", "r")
	b.exchange(Exchange{Name: "a", Type: "fanout", AutoDelete: true})
	b.exchange(Exchange{Name: "b", Type: "fanout", AutoDelete: true})
	b.exchange(Exchange{Name: "c", Type: "fanout", AutoDelete: true})
	b.bindExchange("a", "b", "")
	b.bindExchange("b", "c", "")
	b.bind("c", "q", "1")
	b.bind("c", "q", "2")
	b.bind("amq.fanout", "q", "")
	b.bindExchange("amq.fanout", "b", "")
	keep := b.g

	// Not the last binding.
	g, gone := keep.Unbind(Binding{Source: "c", Destination: "q", Key: "1"})
	if g.Exchange("c") == nil || len(gone.Bindings) != 1 {
		t.Fatal("c went with a binding that was not its last")
	}
	// The last one takes all with it that then has none.
	_, gone = g.Unbind(Binding{Source: "c", Destination: "q", Key: "2"})
	if got := exchangeNames(gone.Exchanges); !slices.Equal(got, []string{"a", "b", "c"}) || len(gone.Bindings) != 4 {
		t.Errorf("%q and %d bindings went with the last binding", got, len(gone.Bindings))
	}
	g, gone = keep.RemoveQueue("q")
	if got := exchangeNames(gone.Exchanges); !slices.Equal(got, []string{"a", "b", "c"}) || len(gone.Bindings) != 6 {
		t.Errorf("%q and %d bindings went with the queue", got, len(gone.Bindings))
	}
	if n := g.Exchange("amq.fanout").Bindings(); n != 0 {
		t.Errorf("amq.fanout still has %d bindings", n)
	}
	_, gone = keep.RemoveExchange("b")
	if got := exchangeNames(gone.Exchanges); !slices.Equal(got, []string{"a", "b"}) || len(gone.Bindings) != 3 {
		t.Errorf("%q and %d bindings went with b", got, len(gone.Bindings))
	}
	b.g = keep
	b.routes("a", "", "q") // the old graph is as it was

	if g, gone := keep.RemoveQueue("none"); g != keep || gone.Bindings != nil {
		t.Error("removing a queue that is not there changed something")
	}
	if g, gone := keep.RemoveExchange("none"); g != keep || gone.Exchanges != nil {
		t.Error("removing an exchange that is not there changed something")
	}
}

// A queue with many bindings must go quickly, and so must a queue whose
// bindings come from many exchanges.
func TestRemoveQueueWithManyBindings(t *testing.T) {
	b := newBuild(t, "q")
	const n = 3000
	for i := range n {
		x := fmt.Sprintf("x%d", i)
		b.exchange(Exchange{Name: x, Type: "direct", AutoDelete: i%2 == 0})
		b.bind(x, "q", "k")
		b.bind("amq.topic", "q", fmt.Sprintf("a.%d.#", i))
	}
	g, gone := b.g.RemoveQueue("q")
	if len(gone.Bindings) != 2*n || len(gone.Exchanges) != n/2 {
		t.Errorf("%d bindings and %d exchanges went", len(gone.Bindings), len(gone.Exchanges))
	}
	if g.Exchange("amq.topic").table.(topic).root != nil {
		t.Error("the trie keeps nodes")
	}
}
