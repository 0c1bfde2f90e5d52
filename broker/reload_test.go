package broker_test

import (
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/broker/session"
	"github.com/lepusmq/lepus/broker/vhost"
)

// Limits of channels and of all virtual hosts together have RabbitMQ's words.
func TestLimitsOfTheNode(t *testing.T) {
	f := brokertest.Start(t, func(c *broker.Config) { c.MaxConsumers, c.MaxQueues, c.MaxExchanges = 1, 2, 10 })
	if err := f.Broker.AddVHost("v", vhost.Settings{}); err != nil {
		t.Fatal(err)
	}
	conn := dial(t, f.URL)
	refused := func(want string, do func(*amqp.Channel) error) {
		t.Helper()
		ch, err := conn.Channel()
		if err != nil {
			t.Fatal(err)
		}
		if err := do(ch); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
			conn = dial(t, f.URL)
		}
	}
	ch := channel(t, f.URL)
	for _, name := range []string{"a", "b", "a"} {
		if _, err := ch.QueueDeclare(name, false, false, false, false, nil); err != nil {
			t.Fatal(err)
		}
	}
	refused("cannot declare queue 'c': queue limit in cluster (2) is reached", func(ch *amqp.Channel) error {
		_, err := ch.QueueDeclare("c", false, false, false, false, nil)
		return err
	})
	refused("cannot declare exchange 'x' in vhost '/': exchange limit of 10 is reached", func(ch *amqp.Channel) error {
		return ch.ExchangeDeclare("x", "fanout", false, false, false, false, nil)
	})
	refused("reached maximum (1) of consumers per channel", func(ch *amqp.Channel) error {
		if _, err := ch.Consume("a", "", true, false, false, false, nil); err != nil {
			t.Fatal(err)
		}
		_, err := ch.Consume("b", "", true, false, false, false, nil)
		return err
	})
	if err := f.Broker.Reload(broker.Config{}); err != nil {
		t.Fatal(err)
	}
	if _, err := channel(t, f.URL).QueueDeclare("c", false, false, false, false, nil); err != nil {
		t.Errorf("without a limit: %v", err)
	}
}

// What interceptors write is there for headers exchanges, too, and with bodies of all
// sizes.
func TestInterceptedMessages(t *testing.T) {
	f := brokertest.Start(t, func(c *broker.Config) {
		c.NodeName, c.Interceptors = "rabbit@n", session.Interceptors{Timestamp: session.Add, RoutingNode: session.Overwrite}
	})
	ch := channel(t, f.URL)
	q, err := ch.QueueDeclare("", false, false, true, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := ch.QueueBind(q.Name, "", "amq.headers", false, amqp.Table{"x-routed-by": "rabbit@n", "x-match": "all-with-x"}); err != nil {
		t.Fatal(err)
	}
	got, err := ch.Consume(q.Name, "", true, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 1, 10_000, 300_000} {
		p := amqp.Publishing{Headers: amqp.Table{"x-routed-by": "me", "a": "b"}, Body: make([]byte, size), AppId: "app"}
		if err := ch.PublishWithContext(t.Context(), "amq.headers", "k", false, false, p); err != nil {
			t.Fatal(err)
		}
		d := await(t, got, "a message")
		ms, _ := d.Headers["timestamp_in_ms"].(int64)
		if len(d.Body) != size || d.Headers["x-routed-by"] != "rabbit@n" || d.Headers["a"] != "b" || d.AppId != "app" || d.RoutingKey != "k" ||
			time.Since(time.UnixMilli(ms)) > time.Minute || time.Since(d.Timestamp) > time.Minute {
			t.Errorf("with %d bytes: %v %v", size, d.Headers, d.Timestamp)
		}
	}
}

// What is bounded by size or time counts at once, what is offered to clients for
// those who come then.
func TestReloadedLimitsOfSessions(t *testing.T) {
	f := brokertest.Start(t)
	before := dial(t, f.URL)
	change := broker.Config{
		MaxMessageSize: 10, Heartbeat: 7 * time.Second, FrameMax: 8192, ChannelMax: 3, ConsumerTimeout: time.Hour,
		LoopbackUsers: []string{"somebody"}, VHostDefaults: []broker.VHostDefault{{Names: "^n", MaxQueues: new(5)}},
	}
	if err := f.Broker.Reload(change); err != nil {
		t.Fatal(err)
	}
	after := dial(t, f.URL)
	if before.Config.ChannelMax == 3 || after.Config.ChannelMax != 3 || after.Config.FrameSize != 8192 || after.Config.Heartbeat != 7*time.Second {
		t.Errorf("they were offered %+v and %+v", before.Config, after.Config)
	}
	for _, conn := range []*amqp.Connection{before, after} {
		ch, err := conn.Channel()
		if err != nil {
			t.Fatal(err)
		}
		closed := ch.NotifyClose(make(chan *amqp.Error, 1))
		if err := ch.PublishWithContext(t.Context(), "", "q", false, false, amqp.Publishing{Body: []byte("as many as ten")}); err != nil {
			t.Fatal(err)
		}
		if e := await(t, closed, "the channel's end"); e.Code != amqp.PreconditionFailed || !strings.Contains(e.Reason, "message size 14 is larger than configured max size 10") {
			t.Errorf("it ended with %v", e)
		}
	}
	if err := f.Broker.AddVHost("n", vhost.Settings{}); err != nil {
		t.Fatal(err)
	}
	if s, err := f.Broker.VHostSettings("n"); err != nil || s.MaxQueues == nil || *s.MaxQueues != 5 {
		t.Errorf("a new virtual host has %+v, %v", s, err)
	}
}
