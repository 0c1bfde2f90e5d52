package broker_test

import (
	"encoding/json"
	"net"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/broker/stats"
)

// listens says whether a broker tells of a listener for AMQP.
func listens(b *broker.Broker) bool {
	for _, l := range b.Node().Listeners {
		if l.Protocol == "amqp" {
			return true
		}
	}
	return false
}

func TestSuspendedListeners(t *testing.T) {
	t.Parallel()
	f := brokertest.Start(t, brokertest.WithManagement)
	there := channel(t, f.URL)
	for range 2 { // twice is as good as once
		if err := f.Broker.SuspendListeners(); err != nil {
			t.Fatal(err)
		}
	}
	if conn, err := amqp.Dial(f.URL); err == nil {
		_ = conn.Close()
		t.Error("a client got in")
	}
	if listens(f.Broker) || len(f.Broker.Node().Listeners) != 1 || f.Broker.Node().BeingDrained {
		t.Errorf("the node says %+v", f.Broker.Node())
	}
	if _, err := there.QueueDeclare("q", false, true, false, false, nil); err != nil {
		t.Errorf("who was there cannot go on: %v", err)
	}
	for range 2 {
		if err := f.Broker.ResumeListeners(); err != nil {
			t.Fatal(err)
		}
	}
	channel(t, f.URL) // at the same address
	if !listens(f.Broker) {
		t.Error("the listener is not told of")
	}
}

func TestListenerWhosePlaceIsTakenStaysSuspended(t *testing.T) {
	t.Parallel()
	f := brokertest.Start(t)
	if _, err := f.Broker.Drain(); err != nil {
		t.Fatal(err)
	}
	other, err := net.Listen("tcp", f.Broker.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Broker.Revive(); err == nil || !strings.Contains(err.Error(), f.Broker.Addr().String()) {
		t.Errorf("resumed: %v", err)
	}
	if listens(f.Broker) || !f.Broker.Node().BeingDrained {
		t.Error("the broker is out of maintenance")
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Broker.Revive(); err != nil {
		t.Fatal(err)
	}
	channel(t, f.URL)
}

// The keys and headers of the events are those of RabbitMQ 3.10.
func TestMaintenance(t *testing.T) {
	t.Parallel()
	f := brokertest.Start(t)
	conn := dial(t, f.URL)
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ch.QueueDeclare("events", true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	if err := ch.QueueBind("events", "maintenance.#", "amq.rabbitmq.event", false, nil); err != nil {
		t.Fatal(err)
	}
	gone := conn.NotifyClose(make(chan *amqp.Error, 1))
	if n, err := f.Broker.Drain(); n != 1 || err != nil {
		t.Fatalf("closed %d, %v", n, err)
	}
	if e := await(t, gone, "end of the connection"); e == nil || e.Code != amqp.ConnectionForced || e.Reason != "CONNECTION_FORCED - Node was put into maintenance mode" {
		t.Errorf("the client was told %v", e)
	}
	if !f.Broker.Node().BeingDrained || listens(f.Broker) {
		t.Error("the broker is in no maintenance")
	}
	if err := f.Broker.Revive(); err != nil {
		t.Fatal(err)
	}
	if f.Broker.Node().BeingDrained || !listens(f.Broker) {
		t.Error("the broker is still in maintenance")
	}
	all, err := channel(t, f.URL).Consume("events", "", true, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"maintenance.connections.closed", "maintenance.draining", "maintenance.revived"} {
		e := await(t, all, "event "+key)
		_, named := e.Headers["user_who_performed_action"]
		if e.RoutingKey != key || named || (e.Headers["reason"] == nil) != (key == "maintenance.revived") {
			t.Errorf("got %s %v instead of %s", e.RoutingKey, e.Headers, key)
		}
	}
}

// TestShovelsGoOnInMaintenance holds the broker to closing its clients' connections
// and not those to itself.
func TestShovelsGoOnInMaintenance(t *testing.T) {
	t.Parallel()
	f := brokertest.Start(t)
	ch := channel(t, f.URL)
	if _, err := ch.QueueDeclare("from", true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	value := `{"src-protocol":"amqp091","src-uri":"amqp://","src-queue":"from","dest-protocol":"amqp091","dest-uri":"amqp://","dest-queue":"to"}`
	if err := f.Broker.SetParameterAs("guest", "shovel", "/", "s", json.RawMessage(value)); err != nil {
		t.Fatal(err)
	}
	running := func() bool {
		all, err := f.Broker.Shovels("/")
		return err == nil && len(all) == 1 && all[0].State == stats.ShovelRunning
	}
	until(t, "the shovel runs", running)
	clients := len(f.Broker.Connections())
	if n, err := f.Broker.Drain(); n != 1 || err != nil {
		t.Fatalf("closed %d, %v", n, err)
	}
	until(t, "the client has gone", func() bool { return len(f.Broker.Connections()) == clients-1 })
	if !running() || clients < 2 {
		t.Error("the shovel was stopped")
	}
}
