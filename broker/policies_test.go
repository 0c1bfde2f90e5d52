package broker_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/broker/vhost"
)

func TestPolicies(t *testing.T) {
	dir := t.TempDir()
	onDisk := func(c *broker.Config) { c.DataDir = dir }
	f := brokertest.Start(t, onDisk)
	p := vhost.Policy{Name: "p", Pattern: "^q", ApplyTo: "queues", Priority: 7,
		Definition: map[string]any{"message-ttl": int64(5000), "dead-letter-exchange": "dead"}}
	o := vhost.Policy{Name: "o", ApplyTo: "all", Definition: map[string]any{"message-ttl": int64(3000)}}
	if err := errors.Join(f.Broker.SetPolicy("/", p), f.Broker.SetOperatorPolicy("/", o)); err != nil {
		t.Fatal(err)
	}
	conn := dial(t, f.URL)
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ch.QueueDeclare("q", true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	check := func(b *broker.Broker) {
		t.Helper()
		users, err := b.Policies("/")
		operators, err2 := b.OperatorPolicies("/")
		if err != nil || err2 != nil || !reflect.DeepEqual(users, []vhost.Policy{p}) || !reflect.DeepEqual(operators, []vhost.Policy{o}) {
			t.Errorf("policies are %v (%v) and %v (%v)", users, err, operators, err2)
		}
		want := vhost.Applied{Policy: "p", OperatorPolicy: "o",
			Definition: map[string]any{"message-ttl": int64(3000), "dead-letter-exchange": "dead"}}
		if a, ok, err := b.QueuePolicies("/", "q"); !ok || err != nil || !reflect.DeepEqual(a, want) {
			t.Errorf("the queue has %v (%v, %v)", a, ok, err)
		}
		if a, ok, err := b.ExchangePolicies("/", "amq.direct"); !ok || err != nil || a.OperatorPolicy != "o" || a.Policy != "" {
			t.Errorf("an exchange has %v (%v, %v)", a, ok, err)
		}
		if _, ok, err := b.QueuePolicies("/", "none"); ok || err != nil {
			t.Errorf("no queue has policies: %v, %v", ok, err)
		}
	}
	check(f.Broker)
	if err := f.Broker.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := f.Broker.SetPolicy("/", p); !errors.Is(err, broker.ErrStopped) {
		t.Errorf("a broker that has stopped says %v", err)
	}
	g := brokertest.Start(t, onDisk)
	check(g.Broker)
	if err := errors.Join(g.Broker.DeletePolicy("/", "p"), g.Broker.DeleteOperatorPolicy("/", "o")); err != nil {
		t.Fatal(err)
	}
	if a, _, _ := g.Broker.QueuePolicies("/", "q"); !reflect.DeepEqual(a, vhost.Applied{}) {
		t.Errorf("the queue has %v", a)
	}
	if err := g.Broker.DeletePolicy("/", "p"); !errors.Is(err, vhost.ErrNoPolicy) {
		t.Errorf("got %v", err)
	}
	var invalid vhost.InvalidPolicy
	if err := g.Broker.SetPolicy("/", vhost.Policy{Name: "p"}); !errors.As(err, &invalid) {
		t.Errorf("got %v", err)
	}
	if err := g.Broker.SetPolicy("none", p); !errors.Is(err, broker.ErrNoVHost) {
		t.Errorf("got %v", err)
	}
}

func TestDefaultQueueType(t *testing.T) {
	b := broker.New(broker.Config{DefaultQueueType: "stream"})
	if err := b.Start(); err == nil {
		t.Error("there are no streams")
	}
	f := brokertest.Start(t, func(c *broker.Config) { c.DefaultQueueType = "quorum" })
	ch, err := dial(t, f.URL).Channel()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ch.QueueDeclare("q", true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	if err := f.Broker.SetPolicy("/", vhost.Policy{Name: "p", ApplyTo: "quorum_queues", Definition: map[string]any{"expires": 1 << 40}}); err != nil {
		t.Fatal(err)
	}
	if a, _, _ := f.Broker.QueuePolicies("/", "q"); a.Policy != "p" {
		t.Error("it is no quorum queue")
	}
}
