package broker_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/broker/vhost"
)

// events returns what comes to the event exchange from now on.
func events(t *testing.T, url string) <-chan amqp.Delivery {
	t.Helper()
	ch := channel(t, url)
	q, err := ch.QueueDeclare("", false, false, true, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := ch.QueueBind(q.Name, "#", "amq.rabbitmq.event", false, nil); err != nil {
		t.Fatal(err)
	}
	all, err := ch.Consume(q.Name, "watch", true, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"binding.created", "consumer.created"} {
		if e := await(t, all, "event"); e.RoutingKey != want {
			t.Fatalf("got %s instead of %s", e.RoutingKey, want)
		}
	}
	return all
}

// The keys and headers are those of RabbitMQ 3.10's event exchange, in its order.
func TestEvents(t *testing.T) {
	f := brokertest.Start(t)
	b := f.Broker
	got := events(t, f.URL)
	next := func(key string, headers map[string]string) {
		t.Helper()
		e := await(t, got, "event "+key)
		if e.RoutingKey != key || len(e.Body) != 0 || e.DeliveryMode != amqp.Persistent || time.Since(e.Timestamp) > time.Minute {
			t.Fatalf("got %s %v instead of %s", e.RoutingKey, e.Headers, key)
		}
		if at, ok := e.Headers["timestamp_in_ms"].(int64); !ok || time.Since(time.UnixMilli(at)) > time.Minute {
			t.Errorf("%s was at %v", key, e.Headers["timestamp_in_ms"])
		}
		for name, want := range headers {
			if have := fmt.Sprint(e.Headers[name]); have != want {
				t.Errorf("%s: %s is %s, want %s", key, name, have, want)
			}
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	conn := dial(t, f.URL)
	name := conn.LocalAddr().String() + " -> " + b.Addr().String()
	next("user.authentication.success", map[string]string{
		"name": "guest", "auth_mechanism": "PLAIN", "connection_name": name, "peer_host": "{127,0,0,1}", "ssl": "false", "connection_type": "network",
	})
	next("connection.created", map[string]string{"name": name, "user": "guest", "vhost": "/", "user_who_performed_action": "guest"})
	ch, err := conn.Channel()
	must(err)
	next("channel.created", map[string]string{"name": name + " (1)", "number": "1", "user": "guest", "vhost": "/"})
	must(ch.ExchangeDeclare("ex", "topic", true, false, false, false, nil))
	next("exchange.created", map[string]string{"name": "ex", "type": "topic", "durable": "true", "internal": "false", "vhost": "/", "arguments": "[]"})
	must(ch.ExchangeDeclare("ex", "topic", true, false, false, false, nil)) // nothing new
	_, err = ch.QueueDeclare("q", true, false, false, false, amqp.Table{"x-max-length": 10})
	must(err)
	next("queue.created", map[string]string{
		"name": "q", "durable": "true", "exclusive": "false", "user_who_performed_action": "guest", "arguments": "[{<<\"x-max-length\">>,signedint,10}]",
	})
	must(ch.QueueBind("q", "a.b", "ex", false, nil))
	next("binding.created", map[string]string{
		"source_name": "ex", "source_kind": "exchange", "destination_name": "q", "destination_kind": "queue", "routing_key": "a.b", "vhost": "/",
	})
	must(ch.Qos(7, 0, false))
	_, err = ch.Consume("q", "tag", false, false, false, false, nil)
	must(err)
	next("consumer.created", map[string]string{
		"consumer_tag": "tag", "queue": "q", "ack_required": "true", "exclusive": "false", "prefetch_count": "7", "vhost": "/",
	})
	must(ch.Cancel("tag", false))
	next("consumer.deleted", map[string]string{"consumer_tag": "tag", "queue": "q", "vhost": "/"})
	_, err = ch.QueueDelete("q", false, false, false)
	must(err)
	next("binding.deleted", map[string]string{"source_name": "ex", "destination_name": "q"})
	next("queue.deleted", map[string]string{"name": "q", "vhost": "/"})
	must(ch.ExchangeDelete("ex", false, false))
	next("exchange.deleted", map[string]string{"name": "ex", "vhost": "/"})
	if _, err := ch.QueueDeclarePassive("none", false, false, false, false, nil); err == nil {
		t.Fatal("there is a queue")
	}
	next("channel.closed", map[string]string{"user_who_performed_action": "guest"})
	must(conn.Close())
	next("connection.closed", map[string]string{"name": name})

	if _, err := amqp.Dial(strings.Replace(f.URL, "guest@", "wrong@", 1)); err == nil {
		t.Fatal("a wrong password is right")
	}
	next("user.authentication.failure", map[string]string{"name": "guest"})
	next("connection.closed", nil)

	testAdministratorsEvents(t, b, next, must)
}

func testAdministratorsEvents(t *testing.T, b *broker.Broker, next func(string, map[string]string), must func(error)) {
	t.Helper()
	must(b.SetPolicy("/", vhost.Policy{Name: "p", Pattern: "^x", ApplyTo: "queues", Priority: 1, Definition: map[string]any{"max-length": 5}}))
	next("policy.set", map[string]string{"name": "p", "pattern": "^x", "apply-to": "queues", "priority": "1", "definition": "map[max-length:5]", "vhost": "/"})
	must(b.DeletePolicy("/", "p"))
	next("policy.cleared", map[string]string{"name": "p", "vhost": "/"})
	must(b.AddVHost("v", vhost.Settings{Description: "d", Tags: []string{"a"}}))
	next("vhost.created", map[string]string{"name": "v", "description": "d", "tags": "[a]"})
	five := 5
	must(b.SetVHostLimits("v", nil, &five))
	next("vhost.limits.set", map[string]string{"name": "limits", "max-queues": "5"})
	must(b.SetVHostLimits("v", nil, nil))
	next("vhost.limits.cleared", map[string]string{"name": "limits"})
	must(b.PutUser(auth.User{Name: "u", PasswordHash: auth.HashPassword("x"), Tags: []string{"management"}}))
	next("user.created", map[string]string{"name": "u"})
	next("user.tags.set", map[string]string{"name": "u", "tags": "[management]"})
	must(b.PutUser(auth.User{Name: "u"}))
	next("user.password.cleared", map[string]string{"name": "u"})
	next("user.tags.set", map[string]string{"name": "u", "tags": "[]"})
	must(b.SetUserLimits("u", auth.Limits{MaxChannels: &five}))
	next("user.limits.set", map[string]string{"username": "u", "max-channels": "5"})
	must(b.SetPermission("u", "v", auth.Permission{Configure: ".*", Write: "a"}))
	next("permission.created", map[string]string{"user": "u", "vhost": "v", "configure": ".*", "write": "a", "read": ""})
	must(b.SetTopicPermission("u", "v", "amq.topic", auth.TopicPermission{Write: "a"}))
	next("topic.permission.created", map[string]string{"user": "u", "vhost": "v", "exchange": "amq.topic", "write": "a"})
	must(b.ClearTopicPermission("u", "v", "amq.topic"))
	next("topic.permission.deleted", map[string]string{"user": "u", "vhost": "v"})
	must(b.SetGlobalParameter("g", json.RawMessage(`{"a":[1]}`)))
	next("parameter.set", map[string]string{"component": "global", "name": "g", "value": "map[a:[1]]"})
	must(b.ClearGlobalParameter("g"))
	next("parameter.cleared", map[string]string{"component": "global", "name": "g"})
	shovel := `{"src-uri":"amqp://a:S3cret@127.0.0.1:1","src-queue":"a","dest-uri":["amqp://a:S3cret@127.0.0.1:1"],"dest-queue":"b"}`
	must(b.SetParameter("shovel", "v", "s", json.RawMessage(shovel)))
	next("parameter.set", map[string]string{
		"component": "shovel", "name": "s", "vhost": "v",
		"value": "map[dest-queue:b dest-uri:[amqp://127.0.0.1:1] src-queue:a src-uri:amqp://127.0.0.1:1]",
	})
	next("shovel.worker.status", map[string]string{"name": "s", "vhost": "v", "status": "starting"})
	next("shovel.worker.status", map[string]string{"name": "s", "vhost": "v", "status": "terminated"})
	must(b.ClearParameter("shovel", "v", "s"))
	next("parameter.cleared", map[string]string{"component": "shovel", "name": "s", "vhost": "v"})
	next("shovel.worker.removed", map[string]string{"name": "s", "vhost": "v"})
	must(b.DeleteVHost("v"))
	next("permission.deleted", map[string]string{"user": "u", "vhost": "v"})
	next("vhost.deleted", map[string]string{"name": "v"})
	must(b.DeleteUser("u"))
	next("user.deleted", map[string]string{"name": "u"})
	b.SetAlarm(broker.MemoryAlarm, true)
	next("alarm.set", map[string]string{"source": "memory"})
	b.SetAlarm(broker.MemoryAlarm, false)
	next("alarm.cleared", map[string]string{"source": "memory"})
}

// A binding to the event exchange is kept like any other.
func TestEventBindingsComeBack(t *testing.T) {
	dir := t.TempDir()
	onDisk := func(c *broker.Config) { c.DataDir = dir }
	f := brokertest.Start(t, onDisk)
	ch := channel(t, f.URL)
	if _, err := ch.QueueDeclare("q", true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	if err := ch.QueueBind("q", "vhost.#", "amq.rabbitmq.event", false, nil); err != nil {
		t.Fatal(err)
	}
	if err := f.Broker.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	g := brokertest.Start(t, onDisk)
	if err := errors.Join(g.Broker.AddVHost("v", vhost.Settings{}), g.Broker.DeleteVHost("v")); err != nil {
		t.Fatal(err)
	}
	var keys []string
	until(t, "two events come", func() bool {
		for _, d := range drain(t, g.URL, "q") {
			keys = append(keys, d.RoutingKey)
		}
		return len(keys) >= 2
	})
	if !slices.Equal(keys, []string{"vhost.created", "vhost.deleted"}) {
		t.Errorf("got %v", keys)
	}
}
