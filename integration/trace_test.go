package integration

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/brokertest"
)

// openTraced opens a client of a vhost that nobody else uses, and returns what turns its tracing on and off. Of another broker it
// needs the address of the management API, as policies do.
func openTraced(t *testing.T) (c *client, trace func(on bool)) {
	t.Helper()
	address := os.Getenv("AMQP_URL")
	if address == "" {
		f := brokertest.Start(t)
		c = connect(t, f.URL)
		return c, func(on bool) { c.must(f.Broker.SetTracing("/", on)) }
	}
	api := os.Getenv("MANAGEMENT_URL")
	if api == "" {
		t.Skip("AMQP_URL names another broker; its tracing needs MANAGEMENT_URL")
	}
	name := unique(t)
	set := func(method, body string) {
		t.Helper()
		if err := request(method, api+"/api/vhosts/"+url.PathEscape(name), []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	set(http.MethodPut, "{}")
	t.Cleanup(func() { set(http.MethodDelete, "") })
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	c = connect(t, u.String())
	return c, func(on bool) {
		t.Helper()
		set(http.MethodPut, map[bool]string{true: `{"tracing":true}`, false: `{"tracing":false}`}[on])
	}
}

// traces binds a queue for the traces of these keys.
func (c *client) traces(keys ...string) (queue string) {
	c.t.Helper()
	queue = c.queue()
	for _, k := range keys {
		c.bind(queue, k, "amq.rabbitmq.trace", nil)
	}
	return queue
}

// wantTrace fetches the next trace, which must have this key, body and headers. Those that say who it was are added.
func (c *client) wantTrace(from, key, body string, by *client, channel int32, headers amqp.Table) {
	c.t.Helper()
	d := c.get(from)
	want := amqp.Table{
		"vhost": by.conn.Config.Vhost, "user": "guest", "channel": channel,
		"connection": by.conn.LocalAddr().String() + " -> " + by.conn.RemoteAddr().String(),
	}
	for k, v := range headers {
		want[k] = v
	}
	if node, _ := d.Headers["node"].(string); !strings.HasPrefix(node, "rabbit@") {
		c.t.Errorf("the node is %q", node)
	}
	delete(d.Headers, "node")
	if queues, ok := d.Headers["routed_queues"].([]any); ok {
		slices.SortFunc(queues, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	}
	if !reflect.DeepEqual(d.Headers, want) {
		c.t.Errorf("got  %#v\nwant %#v", d.Headers, want)
	}
	if d.Exchange != "amq.rabbitmq.trace" || d.RoutingKey != key || string(d.Body) != body || d.DeliveryMode != 0 || d.ContentType != "" {
		c.t.Errorf("got exchange %q, key %q, body %q, mode %d, type %q; want the key %q and body %q", d.Exchange, d.RoutingKey, d.Body,
			d.DeliveryMode, d.ContentType, key, body)
	}
}

// Each message that is published, and each that is delivered, is copied with all that is known of it, in values of RabbitMQ's types.
func TestTrace(t *testing.T) {
	t.Parallel()
	c, trace := openTraced(t)
	traces := c.traces("#")
	a, b := c.queue(), c.shared(nil)
	c.bind(a, "*.a", "amq.topic", nil)
	c.bind(b, "b", "amq.topic", nil)
	m := amqp.Publishing{
		Headers:     amqp.Table{"k": "v", "n": int64(5), "CC": []any{"b", "none"}, "BCC": []any{"blind"}},
		ContentType: "text/plain", ContentEncoding: "enc", DeliveryMode: amqp.Persistent, Priority: 3, CorrelationId: "corr",
		ReplyTo: "reply", Expiration: "600000", MessageId: "mid", Timestamp: time.Unix(1700000000, 0), Type: "typ", UserId: "guest",
		AppId: "app", Body: []byte("body"),
	}
	c.send("amq.topic", "before.a", m)
	c.wantDrained(a, "body")
	c.wantDrained(b, "body")
	trace(true)
	c.send("amq.topic", "x.a", m)
	got := c.get(a)
	consumer := c.other().channel()
	if err := consumer.Qos(1, 0, false); err != nil {
		t.Fatal(err)
	}
	deliveries, err := consumer.Consume(b, "", false, true, false, false, nil)
	consumer.must(err)
	d := receive(t, deliveries, "a delivery")
	c.must(d.Nack(false, true))
	c.must(receive(t, deliveries, "the redelivery").Ack(false))
	trace(false)
	c.send("amq.topic", "after.a", m)
	if string(got.Body) != "body" || got.Headers["BCC"] != nil {
		t.Errorf("got %q with headers %v", got.Body, got.Headers)
	}

	about := func(more amqp.Table) amqp.Table {
		t := amqp.Table{
			"exchange_name": "amq.topic",
			"routing_keys":  []any{"x.a", "b", "none", "blind"},
			"properties": amqp.Table{
				"headers":      amqp.Table{"k": "v", "n": int64(5), "CC": []any{"b", "none"}},
				"content_type": "text/plain", "content_encoding": "enc", "delivery_mode": int32(2), "priority": int32(3),
				"correlation_id": "corr", "reply_to": "reply", "expiration": "600000", "message_id": "mid", "timestamp": int32(1700000000),
				"type": "typ", "user_id": "guest", "app_id": "app",
			},
		}
		for k, v := range more {
			t[k] = v
		}
		return t
	}
	routed := []any{a, b}
	if a > b {
		routed = []any{b, a}
	}
	c.wantTrace(traces, "publish.amq.topic", "body", c, 1, about(amqp.Table{"routed_queues": routed}))
	c.wantTrace(traces, "deliver."+a, "body", c, 1, about(amqp.Table{"redelivered": int32(0)}))
	c.wantTrace(traces, "deliver."+b, "body", consumer, 2, about(amqp.Table{"redelivered": int32(0)}))
	c.wantTrace(traces, "deliver."+b, "body", consumer, 2, about(amqp.Table{"redelivered": int32(1)}))
	c.wantReady(traces, 0)
}

// What the client wants of a message does not matter: mandatory or not, confirmed or rolled back, it was published.
func TestTraceOfAllPublishes(t *testing.T) {
	t.Parallel()
	c, trace := openTraced(t)
	traces := c.traces("publish.#")
	trace(true)
	plain := func(x string, keys, routed []any) amqp.Table {
		return amqp.Table{"exchange_name": x, "routing_keys": keys, "routed_queues": routed, "properties": amqp.Table{}}
	}
	none := []any(nil)
	c.publish("amq.fanout", "k", "lost")
	c.sendMandatory("amq.direct", "k", "returned")
	receive(t, c.returns, "the return")
	tx := c.tx()
	tx.publish("amq.fanout", "tx", "rolled back")
	tx.must(tx.TxRollback())
	tx.publish("amq.fanout", "tx", "committed")
	c.wantTrace(traces, "publish.amq.fanout", "lost", c, 1, plain("amq.fanout", []any{"k"}, none))
	c.wantTrace(traces, "publish.amq.direct", "returned", c, 1, plain("amq.direct", []any{"k"}, none))
	c.wantTrace(traces, "publish.amq.fanout", "rolled back", c, 2, plain("amq.fanout", []any{"tx"}, none))
	tx.must(tx.TxCommit())
	c.wantTrace(traces, "publish.amq.fanout", "committed", c, 2, plain("amq.fanout", []any{"tx"}, none))
	c.wantReady(traces, 0)

	// Of the default exchange, queues are named that may not be there.
	c.send("", "nowhere", amqp.Publishing{Headers: amqp.Table{"CC": []any{"b", "a", "b"}}, Body: []byte("m")})
	h := plain("", []any{"nowhere", "b", "a", "b"}, []any{"a", "b", "nowhere"})
	h["properties"] = amqp.Table{"headers": amqp.Table{"CC": []any{"b", "a", "b"}}}
	c.wantTrace(traces, "publish.", "m", c, 1, h)

	// A request bears the address of its reply, which is published as any other, and no delivery of a queue.
	everything := c.traces("#")
	replies, err := c.Consume("amq.rabbitmq.reply-to", "", true, false, false, false, nil)
	c.must(err)
	q := c.queue()
	c.send("", q, amqp.Publishing{ReplyTo: "amq.rabbitmq.reply-to"})
	address := c.get(q).ReplyTo
	c.publish("", address, "reply")
	receive(t, replies, "the reply")
	h = plain("", []any{q}, []any{q})
	h["properties"] = amqp.Table{"reply_to": address}
	c.wantTrace(everything, "publish.", "", c, 1, h)
	delete(h, "routed_queues")
	h["redelivered"] = int32(0)
	c.wantTrace(everything, "deliver."+q, "", c, 1, h)
	c.wantTrace(everything, "publish.", "reply", c, 1, plain("", []any{address}, none))
	c.wantReady(everything, 0)
}

// What the broker has added to a message is traced as it is delivered.
func TestTraceOfAddedHeaders(t *testing.T) {
	t.Parallel()
	c, trace := openTraced(t)
	same := func(q string, keys ...any) {
		t.Helper()
		traces := c.traces("deliver." + q)
		d := c.get(q)
		h := c.get(traces).Headers
		if p, _ := h["properties"].(amqp.Table); !reflect.DeepEqual(p["headers"], d.Headers) || !reflect.DeepEqual(h["routing_keys"], keys) {
			t.Errorf("the headers are %v; traced with keys %q: %v", d.Headers, h["routing_keys"], p)
		}
		c.must(d.Nack(false, true))
	}
	trace(true)
	again := c.shared(amqp.Table{"x-queue-type": "quorum"})
	c.channel().settled("", again, "m")
	c.must(c.get(again).Reject(true))
	same(again, again)

	dead := c.queue()
	dying := c.shared(amqp.Table{"x-dead-letter-exchange": "amq.fanout"})
	c.bind(dead, "", "amq.fanout", nil)
	c.send("", dying, copied([]any{"cc"}, []any{"bcc"}))
	c.must(c.get(dying).Nack(false, false))
	c.wantReady(dead, 1)
	same(dead, dying, "cc", "bcc")
}

// A stream of messages is traced whole and in order, also into the queue that they come from, and traces are never traced.
func TestTraceOfMany(t *testing.T) {
	t.Parallel()
	c, trace := openTraced(t)
	const n = 2000
	q := c.traces("#")
	publishes, deliveries := c.traces("publish.#"), c.traces("deliver."+q)
	trace(true)
	in, err := c.channel().Consume(q, "", true, false, false, false, nil)
	c.must(err)
	want := numbers(0, n)
	c.channel().settled("", q, want...)
	counts := map[string]int{}
	for range 3 * n {
		d := receive(t, in, "a delivery")
		counts[d.Exchange+" "+d.RoutingKey]++
	}
	const from = "amq.rabbitmq.trace "
	if counts[from+"publish."] != n || counts[from+"deliver."+q] != n || counts[" "+q] != n {
		t.Errorf("got %v", counts)
	}
	for _, queue := range []string{publishes, deliveries} {
		ready := 0
		eventually(t, func() bool { ready, _ = c.inspect(queue); return ready == n }, func() string { return fmt.Sprint(ready, " traces") })
		c.wantDrained(queue, want...)
	}
	select {
	case d := <-in:
		t.Errorf("another delivery: %q, key %q", d.Exchange, d.RoutingKey)
	default:
	}
}

// Whatever is traced at the moment, a broker ends in order.
func TestShutdownWhileTraced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := brokertest.Start(t, func(c *broker.Config) { c.DataDir = dir })
	if err := f.Broker.SetTracing("/", true); err != nil {
		t.Fatal(err)
	}
	c := connect(t, f.URL)
	var publishers sync.WaitGroup
	for _, kind := range []string{"classic", "quorum"} {
		traces := c.shared(amqp.Table{"x-queue-type": kind})
		c.bind(traces, "#", "amq.rabbitmq.trace", nil)
		q := c.shared(nil)
		in, err := c.other().Consume(q, "", true, false, false, false, nil)
		c.must(err)
		from := c.other()
		publishers.Go(func() {
			for from.PublishWithContext(context.Background(), "", q, false, false, amqp.Publishing{DeliveryMode: amqp.Persistent}) == nil {
			}
		})
		for range 500 {
			receive(t, in, "a delivery")
		}
		publishers.Go(func() {
			for range in {
			}
		})
	}
	if err := f.Broker.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	publishers.Wait()
}

// Tracing is a setting of the vhost, and as durable as the others. (RabbitMQ forgets it.)
func TestTracingSurvivesRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keep := func(c *broker.Config) { c.DataDir, c.NodeName = dir, "rabbit@here" }
	f := brokertest.Start(t, keep)
	if err := f.Broker.SetTracing("nowhere", true); err == nil {
		t.Error("a vhost is traced that is not there")
	}
	if err := f.Broker.SetTracing("/", true); err != nil {
		t.Fatal(err)
	}
	if err := f.Broker.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	f = brokertest.Start(t, keep)
	if s, err := f.Broker.VHostSettings("/"); err != nil || !s.Tracing {
		t.Errorf("the settings are %+v, %v", s, err)
	}
	c := connect(t, f.URL)
	traces := c.traces("#")
	c.publish("amq.fanout", "", "m")
	if node := c.get(traces).Headers["node"]; node != "rabbit@here" {
		t.Errorf("the node is %v", node)
	}
}
