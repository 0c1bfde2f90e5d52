package broker_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/broker/parameter"
	"github.com/lepusmq/lepus/broker/vhost"
)

func TestClusterNameIsToldAtOnceAndKept(t *testing.T) {
	dir := t.TempDir()
	onDisk := func(c *broker.Config) { c.DataDir, c.ClusterName = dir, "configured" }
	told := func(f *brokertest.Fixture, want string) {
		t.Helper()
		if name := f.Broker.ClusterName(); name != want {
			t.Errorf("the cluster's name is %q, want %q", name, want)
		}
		if name := dial(t, f.URL).Properties["cluster_name"]; name != want {
			t.Errorf("clients are told %q, want %q", name, want)
		}
	}
	f := brokertest.Start(t, onDisk)
	told(f, "configured")
	if err := f.Broker.SetGlobalParameter("cluster_name", json.RawMessage(`"hares"`)); err != nil {
		t.Fatal(err)
	}
	told(f, "hares")
	id := global(f.Broker, "internal_cluster_id")
	if !strings.HasPrefix(id, `"rabbitmq-cluster-id-`) {
		t.Errorf("the cluster's id is %s", id)
	}
	var invalid parameter.Invalid
	if err := f.Broker.SetGlobalParameter("cluster_name", json.RawMessage(`5`)); !errors.As(err, &invalid) {
		t.Errorf("a name that is a number: %v", err)
	}
	if err := f.Broker.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}

	g := brokertest.Start(t, onDisk)
	told(g, "hares")
	if now := global(g.Broker, "internal_cluster_id"); now != id {
		t.Errorf("after a restart the cluster's id is %s, it was %s", now, id)
	}
	if err := g.Broker.ClearGlobalParameter("cluster_name"); err != nil {
		t.Fatal(err)
	}
	told(g, "configured")
	if err := g.Broker.ClearGlobalParameter("cluster_name"); !errors.Is(err, broker.ErrNoParameter) {
		t.Errorf("cleared twice: %v", err)
	}
}

func global(b *broker.Broker, name string) string {
	for _, g := range b.GlobalParameters() {
		if g.Name == name {
			return string(g.Value)
		}
	}
	return ""
}

// As in RabbitMQ's definitions files.
func TestLimitsAndOperatorPoliciesAreParameters(t *testing.T) {
	b := brokertest.Start(t).Broker
	limits, policy := json.RawMessage(`{"max-queues":3}`), json.RawMessage(`{"pattern":"^q","definition":{"max-length":5},"priority":1,"apply-to":"queues"}`)
	if err := errors.Join(
		b.SetParameter("vhost-limits", "/", "limits", limits),
		b.SetParameter("operator_policy", "/", "op", policy),
	); err != nil {
		t.Fatal(err)
	}
	if s, err := b.VHostSettings("/"); err != nil || s.MaxQueues == nil || *s.MaxQueues != 3 || s.MaxConnections != nil {
		t.Errorf("the limits are %v, %v", s, err)
	}
	if all, err := b.OperatorPolicies("/"); err != nil || len(all) != 1 || all[0].Pattern != "^q" || all[0].Priority != 1 {
		t.Errorf("the operator's policies are %v, %v", all, err)
	}
	all, err := b.Parameters("", "")
	if err != nil || len(all) != 2 || all[0].Component != "operator_policy" || all[1].Name != "limits" {
		t.Fatalf("the parameters are %v, %v", all, err)
	}
	if string(all[1].Value) != string(limits) {
		t.Errorf("the limits are shown as %s", all[1].Value)
	}
	for _, p := range all {
		if err := errors.Join(b.SetParameter(p.Component, p.VHost, p.Name, p.Value), b.ClearParameter(p.Component, p.VHost, p.Name)); err != nil {
			t.Errorf("%s: %v", p.Component, err)
		}
	}
	if all, err := b.Parameters("", "/"); err != nil || len(all) != 0 {
		t.Errorf("in the end the parameters are %v, %v", all, err)
	}
}

func TestBadParametersAreRefusedInRabbitMQsWords(t *testing.T) {
	b := brokertest.Start(t).Broker
	for _, c := range []struct{ component, value, want string }{
		{"nonsense", `{}`, "Validation failed\n\ncomponent nonsense not found\n"},
		{"policy", `{}`, "policies may not be set using this method"},
		{"vhost-limits", `{"a":1}`, "Validation failed\n\nUnrecognised terms [{<<\"a\">>,1}] in x\n"},
		{"vhost-limits", `{"max-queues":"x"}`, "Validation failed\n\nmax-queues should be a number, actually was <<\"x\">>\n"},
		{"operator_policy", `{}`, "Validation failed\n\nKey \"definition\" not found in x\nKey \"pattern\" not found in x\nKey \"priority\" not found in x\n"},
	} {
		if err := b.SetParameter(c.component, "/", "x", json.RawMessage(c.value)); err == nil || err.Error() != c.want {
			t.Errorf("%s %s: %v, want %s", c.component, c.value, err, c.want)
		}
	}
	if err := b.SetParameter("vhost-limits", "none", "limits", json.RawMessage(`{}`)); !errors.Is(err, broker.ErrNoVHost) {
		t.Errorf("without a virtual host: %v", err)
	}
	var invalid vhost.InvalidPolicy
	if err := b.SetParameter("operator_policy", "/", "x", json.RawMessage(`{"pattern":"(","definition":{},"priority":1}`)); !errors.As(err, &invalid) {
		t.Errorf("a bad pattern: %v", err)
	}
	if _, err := b.Parameters("", "none"); !errors.Is(err, broker.ErrNoVHost) {
		t.Errorf("listed without a virtual host: %v", err)
	}
	for _, err := range []error{b.ClearParameter("nonsense", "/", "x"), b.ClearParameter("vhost-limits", "/", "limits")} {
		if !errors.Is(err, broker.ErrNoParameter) {
			t.Errorf("there was nothing to clear: %v", err)
		}
	}
}

// TestClusterIDIsGivenOnce: the data folder has it, whatever the cluster is called.
func TestClusterIDIsGivenOnce(t *testing.T) {
	dir := t.TempDir()
	var ids []string
	for range 2 {
		t.Run("run", func(t *testing.T) {
			f := brokertest.Start(t, func(c *broker.Config) { c.DataDir = dir })
			if err := f.Broker.SetGlobalParameter("cluster_name", []byte(`"hares"`)); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, f.Broker.ClusterID())
		})
	}
	if ids[0] != ids[1] || ids[0] == "" {
		t.Errorf("it is %q, and later %q", ids[0], ids[1])
	}
	if other := brokertest.Start(t).Broker.ClusterID(); other == ids[0] || other == "" {
		t.Errorf("another cluster is %q, too", other)
	}
}
