package integration

import (
	"context"
	"reflect"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

// copied is a message with keys in its headers.
func copied(cc, bcc []any) amqp.Publishing {
	return amqp.Publishing{Headers: amqp.Table{"CC": cc, "BCC": bcc, "other": "kept"}, Body: []byte("m"), DeliveryMode: amqp.Persistent}
}

// Keys in CC and BCC lead to queues as that of the publish does, whatever the exchange; receivers see CC and not BCC.
func TestCopies(t *testing.T) {
	t.Parallel()
	c := open(t)
	for _, kind := range []string{"", "direct", "topic", "fanout", "headers"} {
		to, cc, bcc, none := c.queue(), c.shared(nil), c.shared(nil), c.queue()
		x := ""
		if kind != "" {
			x = c.exchange(kind, nil)
			for _, q := range []string{to, cc, bcc} {
				c.bind(q, q, x, amqp.Table{"x-match": "all", "other": "kept"})
			}
		}
		c.send(x, to, copied([]any{cc, int32(5), "nowhere", to, nil}, []any{bcc, cc}))
		for _, q := range []string{to, cc, bcc} {
			d := c.get(q)
			want := amqp.Table{"CC": []any{cc, int32(5), "nowhere", to, nil}, "other": "kept"}
			if !reflect.DeepEqual(d.Headers, want) || d.RoutingKey != to || d.Exchange != x {
				t.Errorf("%q: got headers %v, key %q", kind, d.Headers, d.RoutingKey)
			}
			c.wantReady(q, 0)
		}
		c.wantReady(none, 0)
	}
}

// A message with copies between others leaves the route of the others alone.
func TestCopiesBetweenOthers(t *testing.T) {
	t.Parallel()
	c := open(t)
	a, b := c.queue(), c.queue()
	for range 3 {
		c.publish("", a, "plain")
		c.send("", a, amqp.Publishing{Headers: amqp.Table{"CC": []any{b}}, Body: []byte("copied")})
		c.send("", a, amqp.Publishing{Headers: amqp.Table{"x": "y"}, Body: []byte("headers")})
	}
	c.wantReady(a, 9)
	c.wantDrained(b, "copied", "copied", "copied")
}

// Copies are confirmed when all queues have them, and an unroutable message is returned without BCC.
func TestCopiesConfirmed(t *testing.T) {
	t.Parallel()
	c := open(t)
	a, b := c.shared(nil), c.shared(nil)
	c.must(c.Confirm(false))
	c.confirmed("", "nowhere", copied([]any{a}, []any{b}))
	c.wantReady(a, 1)
	c.wantReady(b, 1)
	c.must(c.PublishWithContext(context.Background(), "", "nowhere", true, false, copied([]any{"no"}, []any{"neither"})))
	r := receive(t, c.returns, "the return")
	if want := (amqp.Table{"CC": []any{"no"}, "other": "kept"}); !reflect.DeepEqual(r.Headers, want) || r.ReplyCode != amqp.NoRoute {
		t.Errorf("returned %d with headers %v", r.ReplyCode, r.Headers)
	}
}

func TestCopiesInTx(t *testing.T) {
	t.Parallel()
	c := open(t)
	a, b := c.shared(nil), c.shared(nil)
	tx := c.tx()
	tx.send("", "nowhere", copied([]any{a}, []any{b}))
	c.wantReady(a, 0)
	tx.must(tx.TxCommit())
	for _, q := range []string{a, b} {
		if d := c.get(q); len(d.Headers) != 2 {
			t.Errorf("got headers %v", d.Headers)
		}
	}
}

func TestCopiesOfWrongType(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		headers amqp.Table
		fault   string
	}{
		{amqp.Table{"CC": "key"}, `"CC",longstr`},
		{amqp.Table{"BCC": int32(5)}, `"BCC",signedint`},
		{amqp.Table{"CC": nil}, `"CC",void`},
		{amqp.Table{"CC": amqp.Table{}, "BCC": true}, `"CC",table`},
	} {
		c := open(t)
		q := c.queue()
		c.send("", q, amqp.Publishing{Headers: tt.headers})
		c.wantClosed(amqp.PreconditionFailed, "PRECONDITION_FAILED - invalid message: {unacceptable_type_in_header,"+tt.fault+"}")
		c.channel().wantReady(q, 0)
	}
}

// BCC is hidden also from a large message, whose body is sent from where it lies.
func TestBlindCopyOfLargeMessage(t *testing.T) {
	t.Parallel()
	c := open(t)
	a, b := c.shared(nil), c.shared(nil)
	big := copied(nil, []any{b})
	big.Body = make([]byte, 100_000)
	c.send("", a, big)
	for _, q := range []string{a, b} {
		d := c.get(q)
		if want := (amqp.Table{"CC": []any(nil), "other": "kept"}); len(d.Headers) != len(want) || len(d.Body) != len(big.Body) {
			t.Errorf("got headers %v and %d octets", d.Headers, len(d.Body))
		}
	}
}
