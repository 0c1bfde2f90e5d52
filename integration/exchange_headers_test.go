package integration

import (
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

func TestHeadersRoutes(t *testing.T) {
	t.Parallel()
	c := open(t)
	x := c.exchange("headers", nil)
	now := time.Unix(1700000000, 0)
	for name, tt := range map[string]struct {
		binding amqp.Table
		yes, no []amqp.Table
	}{
		"all is the default": {
			amqp.Table{"a": "1", "b": "2"},
			[]amqp.Table{{"a": "1", "b": "2"}, {"a": "1", "b": "2", "c": "3"}},
			[]amqp.Table{nil, {"a": "1"}, {"a": "1", "b": "3"}, {"A": "1", "b": "2"}},
		},
		"all": {
			amqp.Table{"x-match": "all", "a": "1", "b": "2"},
			[]amqp.Table{{"a": "1", "b": "2"}},
			[]amqp.Table{{"a": "1"}, {"b": "2"}, nil},
		},
		"any": {
			amqp.Table{"x-match": "any", "a": "1", "b": "2"},
			[]amqp.Table{{"a": "1"}, {"b": "2"}, {"a": "1", "b": "3"}},
			[]amqp.Table{nil, {"a": "2"}, {"c": "1"}},
		},
		"all of nothing": {
			amqp.Table{"x-match": "all"},
			[]amqp.Table{nil, {"a": "1"}},
			nil,
		},
		"no arguments": {
			nil,
			[]amqp.Table{nil, {"a": "1"}},
			nil,
		},
		"any of nothing": {
			amqp.Table{"x-match": "any"},
			nil,
			[]amqp.Table{nil, {"a": "1"}},
		},
		"all ignores x- arguments": {
			amqp.Table{"x-match": "all", "x-a": "1", "b": "2"},
			[]amqp.Table{{"b": "2"}, {"x-a": "other", "b": "2"}},
			[]amqp.Table{{"x-a": "1"}},
		},
		"any ignores x- arguments": {
			amqp.Table{"x-match": "any", "x-a": "1", "b": "2"},
			[]amqp.Table{{"b": "2"}},
			[]amqp.Table{{"x-a": "1"}},
		},
		"all-with-x": {
			amqp.Table{"x-match": "all-with-x", "x-a": "1", "b": "2"},
			[]amqp.Table{{"x-a": "1", "b": "2"}},
			[]amqp.Table{{"b": "2"}, {"x-a": "1"}, {"x-a": "2", "b": "2"}},
		},
		"any-with-x": {
			amqp.Table{"x-match": "any-with-x", "x-a": "1", "b": "2"},
			[]amqp.Table{{"x-a": "1"}, {"b": "2"}},
			[]amqp.Table{nil, {"x-a": "2"}, {"x-match": "any-with-x"}},
		},
		"void means present": {
			amqp.Table{"a": nil},
			[]amqp.Table{{"a": "1"}, {"a": int32(0)}, {"a": nil}},
			[]amqp.Table{nil, {"b": "1"}},
		},
		"integers of any width": {
			amqp.Table{"a": int32(5)},
			[]amqp.Table{{"a": int64(5)}, {"a": int16(5)}, {"a": int32(5)}, {"a": int8(5)}},
			[]amqp.Table{{"a": "5"}, {"a": int64(6)}, {"a": 5.5}, {"a": true}},
		},
		"strings are not numbers": {
			amqp.Table{"a": "5"},
			[]amqp.Table{{"a": "5"}},
			[]amqp.Table{{"a": int32(5)}, {"a": "5 "}},
		},
		"booleans": {
			amqp.Table{"a": true},
			[]amqp.Table{{"a": true}},
			[]amqp.Table{{"a": false}, {"a": int32(1)}, {"a": "true"}},
		},
		"floats": {
			amqp.Table{"a": 1.5},
			[]amqp.Table{{"a": 1.5}, {"a": float32(1.5)}},
			[]amqp.Table{{"a": 1.25}, {"a": int32(1)}, {"a": "1.5"}},
		},
		"timestamps": {
			amqp.Table{"a": now},
			[]amqp.Table{{"a": now}},
			[]amqp.Table{{"a": now.Add(time.Second)}, {"a": "1700000000"}},
		},
		"empty string": {
			amqp.Table{"a": ""},
			[]amqp.Table{{"a": ""}},
			[]amqp.Table{{"a": "x"}, nil},
		},
	} {
		q := c.queue()
		c.bind(q, "ignored", x, tt.binding)
		for i, headers := range append(tt.yes, tt.no...) {
			c.send(x, "whatever", amqp.Publishing{Headers: headers})
			matched := len(c.drain(q)) == 1
			if want := i < len(tt.yes); matched != want {
				t.Errorf("%s: %v against %v: matched %v, want %v", name, headers, tt.binding, matched, want)
			}
		}
		c.must(c.QueueUnbind(q, "ignored", x, tt.binding))
	}
}

// A message that has no header table at all matches what a message with an empty one does.
func TestHeadersAbsent(t *testing.T) {
	t.Parallel()
	c := open(t)
	x, all, any := c.exchange("headers", nil), c.queue(), c.queue()
	c.bind(all, "", x, nil)
	c.bind(any, "", x, amqp.Table{"x-match": "any", "a": "1"})
	c.publish(x, "", "no headers")
	c.wantDrained(all, "no headers")
	c.wantDrained(any)
}

// Headers bindings are told apart by their arguments, and the last one unbound ends the routing.
func TestHeadersBindings(t *testing.T) {
	t.Parallel()
	c := open(t)
	x, q := c.exchange("headers", nil), c.queue()
	first, second := amqp.Table{"a": "1"}, amqp.Table{"b": "2"}
	c.bind(q, "", x, first)
	c.bind(q, "", x, second)
	msg := amqp.Publishing{Headers: amqp.Table{"a": "1", "b": "2"}, Body: []byte("both")}
	c.send(x, "", msg)
	c.must(c.QueueUnbind(q, "", x, first))
	msg.Body = []byte("one")
	c.send(x, "", msg)
	c.must(c.QueueUnbind(q, "", x, second))
	msg.Body = []byte("none")
	c.send(x, "", msg)
	c.wantDrained(q, "both", "one")
}
