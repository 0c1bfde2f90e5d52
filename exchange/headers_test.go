package exchange

import (
	"errors"
	"testing"

	"github.com/lepusmq/lepus/amqp"
)

func field(key string, v amqp.Value) amqp.Field { return amqp.Field{Key: key, Value: v} }

func TestHeaders(t *testing.T) {
	s, n := amqp.String, amqp.Int32
	match := func(kind string) amqp.Field { return field("x-match", s(kind)) }
	type table = amqp.Table
	for _, c := range []struct {
		name          string
		binding, sent table
		want          bool
	}{
		{"no arguments", nil, nil, true},
		{"no arguments, some headers", nil, table{field("a", n(1))}, true},
		{"any of none", table{match("any")}, table{field("a", n(1))}, false},
		{"all, both there", table{match("all"), field("a", n(1)), field("b", s("x"))}, table{field("b", s("x")), field("a", n(1)), field("c", n(1))}, true},
		{"all, one missing", table{match("all"), field("a", n(1)), field("b", s("x"))}, table{field("a", n(1))}, false},
		{"all is the default", table{field("a", n(1)), field("b", n(2))}, table{field("a", n(1))}, false},
		{"any, one there", table{match("any"), field("a", n(1)), field("b", s("x"))}, table{field("b", s("x"))}, true},
		{"any, none right", table{match("any"), field("a", n(1)), field("b", s("x"))}, table{field("b", s("y"))}, false},
		{"x- does not count", table{match("all"), field("x-a", n(1)), field("b", n(2))}, table{field("b", n(2))}, true},
		{"any: x- does not count", table{match("any"), field("x-a", n(1))}, table{field("x-a", n(1))}, false},
		{"all-with-x", table{match("all-with-x"), field("x-a", n(1))}, table{field("b", n(2))}, false},
		{"all-with-x there", table{match("all-with-x"), field("x-a", n(1))}, table{field("x-a", n(1))}, true},
		{"any-with-x", table{match("any-with-x"), field("x-a", n(1)), field("b", n(1))}, table{field("x-a", n(1))}, true},
		{"x-match itself never counts", table{match("all-with-x")}, nil, true},
		{"any-with-x of x-match alone", table{match("any-with-x")}, table{match("any-with-x")}, false},
		{"void wants any value", table{field("a", amqp.Void())}, table{field("a", s("what"))}, true},
		{"void wants one", table{field("a", amqp.Void())}, table{field("b", s("what"))}, false},
		{"void and a table", table{field("a", amqp.Void())}, table{field("a", amqp.TableValue(nil))}, true},
		{"width of integers", table{field("a", amqp.Int64(7))}, table{field("a", amqp.Uint8(7))}, true},
		{"integer and float", table{field("a", n(1))}, table{field("a", amqp.Float64(1))}, false},
		{"width of floats", table{field("a", amqp.Float32(1.5))}, table{field("a", amqp.Float64(1.5))}, true},
		{"string and integer", table{field("a", s("1"))}, table{field("a", n(1))}, false},
		{"bool", table{field("a", amqp.Bool(true))}, table{field("a", amqp.Bool(true))}, true},
		{"wrong bool", table{field("a", amqp.Bool(true))}, table{field("a", amqp.Bool(false))}, false},
		{"tables never match", table{field("a", amqp.TableValue(nil))}, table{field("a", amqp.TableValue(nil))}, false},
		{"arrays never match", table{field("a", amqp.Array())}, table{field("a", amqp.Array())}, false},
	} {
		for _, exchange := range []string{"amq.headers", "amq.match"} {
			b := newBuild(t, "q")
			b.bind(exchange, "q", "ignored", c.binding...)
			if got := len(b.route(exchange, "key", c.sent...)) == 1; got != c.want {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
	}
}

func TestHeadersUsed(t *testing.T) {
	b := newBuild(t, "q")
	b.bindExchange("amq.fanout", "amq.headers", "")
	b.bind("amq.headers", "q", "", field("a", amqp.Int32(1)))
	var r Result
	b.g.Route(&r, b.g.Exchange("amq.fanout"), nil, amqp.Table{field("a", amqp.Int32(1))}.Append(nil))
	if len(r.Queues()) != 1 || !r.Once() {
		t.Errorf("%d queues, headers used: %v", len(r.Queues()), r.Once())
	}
	b.g.Route(&r, b.g.Exchange(""), []byte("q"), nil)
	if r.Once() {
		t.Error("the default exchange looked at headers")
	}
	// Headers that are none match nothing that wants one.
	b.g.Route(&r, b.g.Exchange("amq.fanout"), nil, []byte{0, 0, 0, 9, 1})
	if len(r.Queues()) != 0 {
		t.Error("malformed headers matched")
	}
}

func TestHeadersBindingArguments(t *testing.T) {
	for _, c := range []struct {
		v    amqp.Value
		text string
	}{
		{amqp.String("some"), `PRECONDITION_FAILED - Invalid x-match field value <<"some">>; expected all, any, all-with-x, or any-with-x`},
		{amqp.Int32(1), "PRECONDITION_FAILED - Invalid x-match field type signedint (value 1); expected longstr"},
	} {
		bad := Binding{Source: "amq.headers", Destination: "q", Arguments: amqp.Table{field("x-match", c.v)}}
		b := newBuild(t, "q")
		_, err := b.g.Bind(bad)
		var e *amqp.Error
		if !errors.As(err, &e) || e.Error() != c.text {
			t.Errorf("got %v, want %s", err, c.text)
		}
		bad.Source = "amq.direct" // which does not care
		b.binding(bad)
	}
}
