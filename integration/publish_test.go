package integration

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"reflect"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

func TestAllProperties(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queue()
	msg := amqp.Publishing{
		Headers: amqp.Table{
			"bool": true, "byte": byte(1), "int8": int8(-1), "int16": int16(-2), "int32": int32(-3), "int64": int64(-4),
			"float32": float32(1.5), "float64": 2.5, "string": "s", "bytes": []byte{0, 255}, "time": time.Unix(1700000000, 0),
			"decimal": amqp.Decimal{Scale: 2, Value: 314}, "table": amqp.Table{"inner": int32(1)}, "nil": nil,
			"array": []any{"a", int32(1), amqp.Table{"deep": true}},
		},
		ContentType: "text/plain", ContentEncoding: "identity", DeliveryMode: amqp.Persistent, Priority: 7,
		CorrelationId: "correlation", ReplyTo: "reply", Expiration: "60000", MessageId: "id",
		Timestamp: time.Unix(1700000000, 0), Type: "type", UserId: "guest", AppId: "app", Body: []byte("body"),
	}
	c.send("", q, msg)
	d := c.get(q)
	got := amqp.Publishing{
		Headers: d.Headers, ContentType: d.ContentType, ContentEncoding: d.ContentEncoding, DeliveryMode: d.DeliveryMode,
		Priority: d.Priority, CorrelationId: d.CorrelationId, ReplyTo: d.ReplyTo, Expiration: d.Expiration,
		MessageId: d.MessageId, Timestamp: d.Timestamp, Type: d.Type, UserId: d.UserId, AppId: d.AppId, Body: d.Body,
	}
	if !reflect.DeepEqual(got, msg) {
		t.Errorf("sent %+v\ngot  %+v", msg, got)
	}
}

// Bodies of any size arrive whole, an empty one too.
func TestBodySizes(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queue()
	deliveries, err := c.Consume(q, "", true, false, false, false, nil)
	c.must(err)
	for _, size := range []int{0, 1, 4095, 4096, 131063, 131064, 131065, 262144, 1 << 20, 10 << 20} {
		body := bytes.Repeat([]byte("0123456789abcdef!"), size/17+1)[:size]
		c.send("", q, amqp.Publishing{Body: body})
		d := receive(t, deliveries, fmt.Sprintf("%d bytes", size))
		if len(d.Body) != size || sha256.Sum256(d.Body) != sha256.Sum256(body) {
			t.Errorf("sent %d bytes, got %d or other ones", size, len(d.Body))
		}
	}
}

// Messages of different sizes keep their order, also when some need many frames.
func TestOrderOfSizes(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queue()
	const messages = 200
	for i := range messages {
		body := make([]byte, 4+(i%7)*40_000)
		body[0], body[1] = byte(i>>8), byte(i)
		c.send("", q, amqp.Publishing{Body: body})
	}
	deliveries, err := c.Consume(q, "", true, false, false, false, nil)
	c.must(err)
	for i := range messages {
		d := receive(t, deliveries, "a delivery")
		if got := int(d.Body[0])<<8 | int(d.Body[1]); got != i || len(d.Body) != 4+(i%7)*40_000 {
			t.Fatalf("delivery %d is message %d with %d bytes", i, got, len(d.Body))
		}
	}
}

// A mandatory message without a queue comes back before its confirm; one with a queue does not come back.
func TestReturnBeforeConfirm(t *testing.T) {
	t.Parallel()
	p := openPeer(t)
	q, nowhere := p.queue(), unique(t)
	p.call(confirmSelect, confirmSelectOk, bits{})
	const pairs = 10
	for range pairs {
		p.send(publishFrame(1, "", nowhere, true), headerFrame(1, 4, properties(0)), frame(frameBody, 1, []byte("lost")))
		p.send(publishFrame(1, "", q, true), headerFrame(1, 5, properties(0)), frame(frameBody, 1, []byte("found")))
	}
	returns, confirms := 0, map[uint64]bool{}
	for len(confirms) < 2*pairs {
		switch f := p.next(); f.method() {
		case basicReturn:
			if _, body := p.content(1); body != "lost" {
				t.Fatalf("%q came back", body)
			}
			returns++
			if confirms[uint64(2*returns-1)] {
				t.Fatalf("message %d came back after its confirm", 2*returns-1)
			}
		case basicAck:
			args := &arguments{b: f.payload[4:]}
			tag, multiple := args.uint64(), args.octet() == 1
			for n := tag; n > 0 && (n == tag || multiple); n-- {
				confirms[n] = true
			}
		default:
			t.Fatalf("got %v, want a return or a confirm", f)
		}
	}
	if returns != pairs {
		t.Errorf("%d messages came back, want %d", returns, pairs)
	}
}

// Every queue of a fanout has its own copy: settling in one changes nothing in another.
func TestFanoutCopiesAreIndependent(t *testing.T) {
	t.Parallel()
	c := open(t)
	x := c.exchange("fanout", nil)
	queues := make([]string, 10)
	for i := range queues {
		queues[i] = c.queue()
		c.bind(queues[i], "", x, nil)
	}
	c.publish(x, "", "one")
	c.publish(x, "", "two")
	for i, q := range queues {
		d := c.get(q)
		if d.Redelivered || d.MessageCount != 1 || string(d.Body) != "one" {
			t.Fatalf("queue %d: got %q, redelivered %v, %d left", i, d.Body, d.Redelivered, d.MessageCount)
		}
		switch i % 3 {
		case 0:
			c.must(d.Nack(false, true))
		case 1:
			c.must(d.Ack(false))
		}
	}
	for i, q := range queues {
		if i%3 == 0 {
			if d := c.get(q); !d.Redelivered || string(d.Body) != "one" {
				t.Fatalf("queue %d: got %q, redelivered %v", i, d.Body, d.Redelivered)
			}
		}
		if d := c.get(q); d.Redelivered || string(d.Body) != "two" {
			t.Fatalf("queue %d: got %q, redelivered %v", i, d.Body, d.Redelivered)
		}
	}
}

// After an error of one publish the channel is gone; what was published before is there.
func TestPublishErrorKeepsEarlierMessages(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queue()
	ch := c.channel()
	ch.publish("", q, "before")
	nowhere := unique(t)
	ch.publish(nowhere, "", "broken")
	_ = ch.Publish("", q, false, false, amqp.Publishing{Body: []byte("after")}) // if the channel is still open here
	ch.wantClosed(404, "NOT_FOUND - no exchange '"+nowhere+"' in vhost '/'")
	c.wantReady(q, 1)
	c.wantDrained(q, "before")
}

// Bodies of many publishers, short and long, arrive as they were sent, each publisher's in order.
func TestBodiesUnderLoad(t *testing.T) {
	t.Parallel()
	c := open(t)
	x := c.exchange("fanout", nil)
	queues := []string{c.queue(), c.shared(nil)}
	for _, q := range queues {
		c.bind(q, "", x, nil)
	}
	const publishers, messages = 4, 400
	for i := range publishers {
		p := c.other()
		go func() {
			for n := 1; n <= messages; n++ {
				msg := amqp.Publishing{Body: composed(newID(fmt.Sprint("p", i), n)), DeliveryMode: uint8(1 + n%2)}
				if err := p.Publish(x, "", false, false, msg); err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	for _, q := range queues {
		ch := c.channel()
		ch.must(ch.Qos(50, 0, false))
		deliveries := ch.consume(q)
		last := map[string]int{}
		for range publishers * messages {
			d := receive(t, deliveries, "a delivery")
			id, ok := identify(d.Body)
			if !ok {
				t.Fatalf("got %d bytes that nobody sent: %.60q", len(d.Body), d.Body)
			}
			publisher, n := split(id)
			if n != last[publisher]+1 {
				t.Fatalf("got %s after %d", id, last[publisher])
			}
			last[publisher] = n
			ch.must(d.Ack(false))
		}
	}
}
