package management_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/brokertest"
)

// until asks until an answer has a part.
func until(t *testing.T, f *brokertest.Fixture, path, part string) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); ; <-tick.C {
		_, text := do(t, f, "GET", path, "")
		if strings.Contains(text, part) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s never has %s: %s", path, part, text)
		}
	}
}

// counted are the rows of a key of an object, as "exchange, queue or channel name: counts that are not 0".
func counted(t *testing.T, f *brokertest.Fixture, path, key string) []string {
	t.Helper()
	_, text := do(t, f, "GET", path, "")
	var object map[string]json.RawMessage
	var rows []struct {
		Stats           map[string]any
		Exchange, Queue struct{ Name, VHost string }
		Channel         struct{ Name string } `json:"channel_details"`
	}
	if json.Unmarshal([]byte(text), &object) != nil || json.Unmarshal(object[key], &rows) != nil {
		t.Fatalf("%s has no list %s: %s", path, key, text)
	}
	all := []string{}
	for _, row := range rows {
		some := map[string]float64{}
		for name, n := range row.Stats {
			if n, ok := n.(float64); ok && n != 0 {
				some[name] = n
			}
		}
		all = append(all, fmt.Sprint(row.Exchange.Name, row.Queue.Name, row.Channel.Name, ": ", some))
	}
	return all
}

// What a channel publishes to exchanges and is given of queues is told at the exchange,
// the queue and the channel.
func TestPartsOfCounts(t *testing.T) {
	f := brokertest.Start(t, brokertest.WithManagement)
	conn, err := amqp091.Dial(f.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ch.QueueDeclare("q", false, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	if err := ch.QueueBind("q", "#", "amq.topic", false, nil); err != nil {
		t.Fatal(err)
	}
	deliveries, err := ch.Consume("q", "", false, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		exchange := []string{"amq.topic", ""}[i%2]
		if err := ch.Publish(exchange, "q", false, false, amqp091.Publishing{}); err != nil {
			t.Fatal(err)
		}
		if d := <-deliveries; i == 1 {
			if err := d.Ack(true); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := ch.Publish("", "nowhere", false, false, amqp091.Publishing{}); err != nil {
		t.Fatal(err)
	}
	want(t, f, 200, `"routed":true`, "POST", "/exchanges/%2F/amq.topic/publish", `{"routing_key":"k","payload":"","payload_encoding":"string","properties":{}}`)
	<-deliveries
	name := f.Broker.Channels()[0].Name
	until(t, f, "/channels/"+url.PathEscape(name), `"drop_unroutable":1`)

	given := "map[ack:2 deliver:6 deliver_get:6]"
	for path, wants := range map[string]map[string][]string{
		"/queues/%2F/q": {
			"incoming":   {"amq.topic: map[publish:4]", ": map[publish:2]"},
			"deliveries": {name + ": " + given},
		},
		"/exchanges/%2F/amq.topic": {
			"incoming": {name + ": map[publish:3]"},
			"outgoing": {"q: map[publish:4]"},
		},
		"/exchanges/%2F/amq.default": {
			"incoming": {name + ": map[drop_unroutable:1 publish:3]"},
			"outgoing": {"q: map[publish:2]"},
		},
		"/channels/" + url.PathEscape(name): {
			"publishes":  {"amq.topic: map[publish:3]", ": map[drop_unroutable:1 publish:3]"},
			"deliveries": {"q: " + given},
		},
	} {
		for key, want := range wants {
			if got := counted(t, f, path, key); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s of %s are %q, want %q", key, path, got, want)
			}
		}
	}
}

// What is published and got over HTTP is traced, with the user who did it.
func TestTraceOfHTTP(t *testing.T) {
	f := brokertest.Start(t, brokertest.WithManagement)
	want(t, f, 201, "", "PUT", "/queues/%2F/q", `{}`)
	want(t, f, 201, "", "PUT", "/queues/%2F/traces", `{}`)
	want(t, f, 201, "", "POST", "/bindings/%2F/e/amq.rabbitmq.trace/q/traces", `{"routing_key":"#"}`)
	want(t, f, 204, "", "PUT", "/vhosts/%2F", `{"tracing":true}`)
	want(t, f, 200, `"routed":true`, "POST", "/exchanges/%2F/amq.default/publish",
		`{"routing_key":"q","payload":"x","payload_encoding":"string","properties":{"app_id":"a"}}`)
	want(t, f, 200, `"payload":"x"`, "POST", "/queues/%2F/q/get", `{"count":1,"ackmode":"ack_requeue_true","encoding":"auto"}`)
	want(t, f, 204, "", "PUT", "/vhosts/%2F", `{"tracing":false}`)
	until(t, f, "/queues/%2F/traces", `"messages":2`)
	_, text := do(t, f, "POST", "/queues/%2F/traces/get", `{"count":2,"ackmode":"ack_requeue_false","encoding":"auto"}`)
	var traces []struct {
		Key        string `json:"routing_key"`
		Payload    string
		Properties struct {
			Headers struct {
				User, Node, VHost string
				Routed            []string `json:"routed_queues"`
				Properties        struct {
					App string `json:"app_id"`
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &traces); err != nil || len(traces) != 2 {
		t.Fatalf("%v: %s", err, text)
	}
	for i, key := range []string{"publish.", "deliver.q"} {
		h := &traces[i].Properties.Headers
		if traces[i].Key != key || traces[i].Payload != "x" || h.User != "guest" || h.VHost != "/" || h.Properties.App != "a" || h.Node == "" {
			t.Errorf("the trace %s is %+v", key, traces[i])
		}
	}
	if routed := traces[0].Properties.Headers.Routed; len(routed) != 1 || routed[0] != "q" {
		t.Errorf("it went to %q", routed)
	}
}

// The connections that shovels have within the node have no address, as in RabbitMQ.
func TestOwnConnectionIsDirect(t *testing.T) {
	f := brokertest.Start(t, brokertest.WithManagement)
	want(t, f, 201, "", "PUT", "/parameters/shovel/%2F/s",
		`{"value":{"src-uri":"amqp://","src-queue":"a","dest-uri":"amqp://","dest-queue":"b"}}`)
	until(t, f, "/shovels", `"state":"running"`)
	_, text := do(t, f, "GET", "/connections", "")
	var all []map[string]any
	if err := json.Unmarshal([]byte(text), &all); err != nil || len(all) == 0 {
		t.Fatalf("%v: %s", err, text)
	}
	for _, c := range all {
		_, host := c["peer_host"]
		if c["type"] != "direct" || c["protocol"] != "Direct 0-9-1" || host {
			t.Errorf("a connection is %v", c)
		}
	}
	want(t, f, 200, `"peer_host":"undefined"`, "GET", "/channels", "")
}

// A broker that is told to disable statistics has none to show.
func TestWithoutStatistics(t *testing.T) {
	f := brokertest.Start(t, brokertest.WithManagement, func(c *broker.Config) { c.DisableStats, c.EnableQueueTotals = true, true })
	want(t, f, 201, "", "PUT", "/queues/%2F/q", `{}`)
	want(t, f, 200, `{"arguments":{},"auto_delete":false,"durable":false,"exclusive":false,"messages":0,"messages_ready":0,"messages_unacknowledged":0,`+
		`"name":"q"`, "GET", "/queues/%2F/q", "")
	want(t, f, 200, `"disable_stats":true,"enable_queue_totals":true`, "GET", "/overview?columns=disable_stats,enable_queue_totals", "")
	want(t, f, 400, "Stats in management UI are disabled on this node", "GET", "/channels", "")
	want(t, f, 204, "", "DELETE", "/reset", "")
}
