package exchange

import (
	"fmt"
	"math"
	"strconv"
	"testing"

	"github.com/lepusmq/lepus/amqp"
)

// one returns the queue to which a message goes, and fails if it is not one.
func (b *build) one(exchange, key string, headers ...amqp.Field) string {
	b.t.Helper()
	got := b.route(exchange, key, headers...)
	if len(got) != 1 {
		b.t.Fatalf("%q with key %q went to %q, want one queue", exchange, key, got)
	}
	return got[0]
}

// spread returns where each of n keys goes.
func (b *build) spread(exchange string, n int) []string {
	b.t.Helper()
	to := make([]string, n)
	for i := range to {
		to[i] = b.one(exchange, "key-"+strconv.Itoa(i))
	}
	return to
}

// shareOf fails unless each queue has its part of the keys, give or take four
// standard deviations.
func shareOf(t *testing.T, to []string, weights map[string]float64) {
	t.Helper()
	total := 0.0
	for _, w := range weights {
		total += w
	}
	got := map[string]int{}
	for _, name := range to {
		got[name]++
	}
	for name, w := range weights {
		p, n := w/total, float64(len(to))
		if off := math.Abs(float64(got[name]) - n*p); off > 4*math.Sqrt(n*p*(1-p)) {
			t.Errorf("%q has %d of %d keys, want %.0f", name, got[name], len(to), n*p)
		}
	}
	if len(got) > len(weights) {
		t.Errorf("keys went to %d queues, want %d", len(got), len(weights))
	}
}

func TestConsistentHash(t *testing.T) {
	const n = 3000
	b := newBuild(t)
	b.exchange(Exchange{Name: "x", Type: ConsistentHash})
	if got := b.route("x", "k"); len(got) != 0 {
		t.Errorf("without bindings a message went to %q", got)
	}
	weights := map[string]float64{}
	var to []string
	total := 0.0
	for i := range 50 {
		name, weight := fmt.Sprintf("q%d", i), i%3+1
		b.g = b.g.AddQueue(newQueue(name))
		b.bind("x", name, strconv.Itoa(weight))
		weights[name], total = float64(weight), total+float64(weight)
		next := b.spread("x", n)
		shareOf(t, next, weights)
		if to != nil {
			fewMove(t, to, next, float64(weight)/total)
		}
		to = next
	}
	// A graph with the same bindings, made in another order, is no different.
	other := newBuild(t)
	other.exchange(Exchange{Name: "x", Type: ConsistentHash})
	for i := 49; i >= 0; i-- {
		name := fmt.Sprintf("q%d", i)
		other.g = other.g.AddQueue(newQueue(name))
		other.bind("x", name, strconv.Itoa(i%3+1))
	}
	for i := range n {
		if got := other.one("x", "key-"+strconv.Itoa(i)); got != to[i] {
			t.Fatalf("key %d went to %q, and to %q when the bindings were made in another order", i, to[i], got)
		}
	}
	for i := range 49 {
		name := fmt.Sprintf("q%d", i)
		b.g, _ = b.g.RemoveQueue(name)
		gone := weights[name] / total
		total -= weights[name]
		delete(weights, name)
		next := b.spread("x", n)
		shareOf(t, next, weights)
		fewMove(t, to, next, gone)
		to = next
	}
	b.g, _ = b.g.RemoveQueue("q49")
	if got := b.route("x", "k"); len(got) != 0 {
		t.Errorf("without bindings a message went to %q", got)
	}
	if b.g.Exchange("x").table.(consistent).shares != nil {
		t.Error("the trie keeps nodes")
	}
}

// fewMove fails if many more keys moved than the part that had to.
func fewMove(t *testing.T, was, is []string, part float64) {
	t.Helper()
	moved := 0
	for i := range was {
		if was[i] != is[i] {
			moved++
		}
	}
	if most := 3*part*float64(len(was)) + 100; float64(moved) > most {
		t.Errorf("%d of %d keys moved, for a part of %.3f", moved, len(was), part)
	}
}

// The first binding of a queue is its weight, and when it goes the next is.
func TestConsistentHashFirstBinding(t *testing.T) {
	const n = 5000
	b := newBuild(t, "a", "b")
	b.exchange(Exchange{Name: "x", Type: ConsistentHash})
	b.bind("x", "a", "1")
	b.bind("x", "a", "9")
	b.bind("x", "b", "1")
	b.bind("x", "b", "3")
	shareOf(t, b.spread("x", n), map[string]float64{"a": 1, "b": 1})
	b.g, _ = b.g.Unbind(Binding{Source: "x", Destination: "b", Key: "1"})
	shareOf(t, b.spread("x", n), map[string]float64{"a": 1, "b": 3})
	b.g, _ = b.g.Unbind(Binding{Source: "x", Destination: "a", Key: "9"})
	shareOf(t, b.spread("x", n), map[string]float64{"a": 1, "b": 3})
	b.g, _ = b.g.Unbind(Binding{Source: "x", Destination: "a", Key: "1"})
	shareOf(t, b.spread("x", n), map[string]float64{"b": 3})
}

// Two exchanges in a row must not decide alike, or the second would use only
// part of its queues.
func TestConsistentHashInARow(t *testing.T) {
	b := newBuild(t, "a", "b", "c", "d")
	for _, name := range []string{"first", "left", "right"} {
		b.exchange(Exchange{Name: name, Type: ConsistentHash})
	}
	b.binding(Binding{Source: "first", Destination: "left", ToExchange: true, Key: "1"})
	b.binding(Binding{Source: "first", Destination: "right", ToExchange: true, Key: "1"})
	b.bind("left", "a", "1")
	b.bind("left", "b", "1")
	b.bind("right", "c", "1")
	b.bind("right", "d", "1")
	shareOf(t, b.spread("first", 20000), map[string]float64{"a": 1, "b": 1, "c": 1, "d": 1})
}

func TestConsistentHashOfHeader(t *testing.T) {
	b := newBuild(t, "a", "b", "c")
	b.exchange(Exchange{Name: "x", Type: ConsistentHash, Arguments: amqp.Table{field("hash-header", amqp.String("h"))}})
	for _, name := range []string{"a", "b", "c"} {
		b.bind("x", name, "1")
	}
	var to []string
	none := b.one("x", "k")
	for i := range 9000 {
		v := amqp.Int32(int32(i))
		got := b.one("x", strconv.Itoa(i), field("h", v))
		if again := b.one("x", "k", field("a", v), field("h", amqp.Int64(int64(i)))); got != again {
			t.Fatalf("header %d went to %q and to %q", i, got, again)
		}
		if again := b.one("x", strconv.Itoa(i), field("other", v)); again != none {
			t.Fatalf("messages without the header went to %q and to %q", again, none)
		}
		to = append(to, got)
	}
	shareOf(t, to, map[string]float64{"a": 1, "b": 1, "c": 1})
	for _, v := range []amqp.Value{amqp.Void(), amqp.Bool(true), amqp.Float64(1), amqp.Array(), amqp.TableValue(nil), amqp.String("")} {
		b.one("x", "k", field("h", v))
	}
}

func TestConsistentHashOfProperty(t *testing.T) {
	for name, set := range map[string]func(p *amqp.Properties, i int){
		"message_id":     func(p *amqp.Properties, i int) { p.Flags, p.MessageID = amqp.HasMessageID, strconv.Itoa(i) },
		"correlation_id": func(p *amqp.Properties, i int) { p.Flags, p.CorrelationID = amqp.HasCorrelationID, strconv.Itoa(i) },
		"timestamp":      func(p *amqp.Properties, i int) { p.Flags, p.Timestamp = amqp.HasTimestamp, int64(i) },
	} {
		b := newBuild(t, "a", "b")
		b.exchange(Exchange{Name: "x", Type: ConsistentHash, Arguments: amqp.Table{field("hash-property", amqp.String(name))}})
		b.bind("x", "a", "1")
		b.bind("x", "b", "2")
		var r Result
		var to []string
		route := func(head []byte) string {
			r.Properties = head
			b.g.Route(&r, b.g.Exchange("x"), []byte("k"), nil)
			if len(r.Queues()) != 1 || !r.Once() || r.Properties != nil {
				t.Fatalf("%s: %d queues, once: %v, %d bytes left", name, len(r.Queues()), r.Once(), len(r.Properties))
			}
			return r.Queues()[0].QueueName()
		}
		none := route(nil)
		for i := range 6000 {
			var p amqp.Properties
			set(&p, i)
			head := p.Append(nil)
			got := route(head)
			if again := route(head); got != again {
				t.Fatalf("%s %d went to %q and to %q", name, i, got, again)
			}
			to = append(to, got)
		}
		shareOf(t, to, map[string]float64{"a": 1, "b": 2})
		other := amqp.Properties{Flags: amqp.HasAppID, AppID: "x"}
		if got := route(other.Append(nil)); got != none {
			t.Errorf("%s: messages without it went to %q and to %q", name, got, none)
		}
	}
}

func TestModulusHash(t *testing.T) {
	b := newBuild(t)
	b.exchange(Exchange{Name: "x", Type: "x-modulus-hash"})
	if got := b.route("x", "k"); len(got) != 0 {
		t.Errorf("without bindings a message went to %q", got)
	}
	other := newBuild(t)
	other.exchange(Exchange{Name: "x", Type: "x-modulus-hash"})
	weights := map[string]float64{}
	for i := range 7 {
		for at, g := range []*build{b, other} {
			name := fmt.Sprintf("q%d", i+at*(6-2*i)) // the other one in reverse
			g.g = g.g.AddQueue(newQueue(name))
			g.bind("x", name, "ignored")
			weights[name] = 1
		}
	}
	to := b.spread("x", 7000)
	shareOf(t, to, weights)
	for i, want := range to {
		if got := other.one("x", fmt.Sprintf("key-%d", i)); got != want {
			t.Fatalf("key %d went to %q, and to %q when the bindings were made in another order", i, want, got)
		}
	}
}

func TestRandom(t *testing.T) {
	for _, typ := range []string{"x-random", LocalRandom} {
		b := newBuild(t)
		b.exchange(Exchange{Name: "x", Type: typ})
		if got := b.route("x", "k"); len(got) != 0 {
			t.Errorf("%s: without bindings a message went to %q", typ, got)
		}
		weights := map[string]float64{}
		for i := range 40 {
			name := fmt.Sprintf("q%d", i)
			b.g = b.g.AddQueue(newQueue(name))
			b.bind("x", name, "")
			weights[name] = 1
		}
		var to []string
		for range 20000 {
			to = append(to, b.one("x", "the same key"))
		}
		shareOf(t, to, weights)
		var r Result
		b.g.Route(&r, b.g.Exchange("x"), []byte("k"), nil)
		if !r.Once() {
			t.Errorf("%s: the answer would be used again", typ)
		}
		b.g.Route(&r, b.g.Exchange(""), []byte("q1"), nil)
		if r.Once() {
			t.Errorf("%s: the next answer would not be used again", typ)
		}
	}
}

func TestBindingChecks(t *testing.T) {
	const failed = "PRECONDITION_FAILED - "
	for _, c := range []struct {
		typ, key, text string
	}{
		{ConsistentHash, "1", ""},
		{ConsistentHash, "10000", ""},
		{ConsistentHash, "+5", ""},
		{ConsistentHash, "007", ""},
		{ConsistentHash, "0", failed + "The binding key must be greater than 0"},
		{ConsistentHash, "-1", failed + "The binding key must be greater than 0"},
		{ConsistentHash, "-99999999999999999999999999", failed + "The binding key must be greater than 0"},
		{ConsistentHash, "10001", failed + "The binding key must not exceed 10000"},
		{ConsistentHash, "99999999999999999999999999", failed + "The binding key must not exceed 10000"},
		{ConsistentHash, "a", failed + `The binding key must be an integer: <<"a">>`},
		{ConsistentHash, "", failed + `The binding key must be an integer: <<>>`},
		{ConsistentHash, "1.5", failed + `The binding key must be an integer: <<"1.5">>`},
		{ConsistentHash, " 5", failed + `The binding key must be an integer: <<" 5">>`},
		{ConsistentHash, "1_0", failed + `The binding key must be an integer: <<"1_0">>`},
		{LocalRandom, "", ""},
		{LocalRandom, "k", failed + "Non empty binding 'k' key not permitted"},
		{"x-random", "k", ""},
		{"x-modulus-hash", "k", ""},
	} {
		b := newBuild(t, "q")
		b.exchange(Exchange{Name: "x", Type: c.typ})
		_, err := b.g.Bind(Binding{Source: "x", Destination: "q", Key: c.key})
		if got := fmt.Sprint(err); err != nil && got != c.text || err == nil && c.text != "" {
			t.Errorf("%s with key %q: %v, want %q", c.typ, c.key, err, c.text)
		}
	}
	b := newBuild(t)
	b.exchange(Exchange{Name: "x", Type: LocalRandom})
	if _, err := b.g.Bind(Binding{Source: "x", Destination: "amq.fanout", ToExchange: true}); fmt.Sprint(err) != failed+"Destination not found" {
		t.Errorf("local random to an exchange: %v", err)
	}
}

func TestArgumentChecks(t *testing.T) {
	const failed = "PRECONDITION_FAILED - "
	for _, c := range []struct {
		args amqp.Table
		text string
	}{
		{nil, ""},
		{amqp.Table{field("hash-header", amqp.String("h"))}, ""},
		{amqp.Table{field("hash-property", amqp.String("timestamp"))}, ""},
		{amqp.Table{field("hash-property", amqp.String("app_id"))}, failed + "Unsupported property: app_id"},
		{amqp.Table{field("hash-property", amqp.String("message_id")), field("hash-header", amqp.String("h"))}, failed + "hash-header and hash-property are mutually exclusive"},
		{amqp.Table{field("hash-header", amqp.Int32(1))}, failed + "invalid type 'signedint' for arg 'hash-header' in exchange 'x' in vhost '/'"},
		{amqp.Table{field("hash-property", amqp.Bool(true))}, failed + "invalid type 'bool' for arg 'hash-property' in exchange 'x' in vhost '/'"},
	} {
		err := CheckArguments("/", &Exchange{Name: "x", Type: ConsistentHash, Arguments: c.args})
		if got := fmt.Sprint(err); err != nil && got != c.text || err == nil && c.text != "" {
			t.Errorf("%v: %v, want %q", c.args, err, c.text)
		}
		if err := CheckArguments("/", &Exchange{Name: "x", Type: "fanout", Arguments: c.args}); err != nil {
			t.Errorf("a fanout exchange: %v", err)
		}
	}
}
