package broker_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"go.uber.org/zap/zaptest"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/broker/vhost"
)

// url is where somebody connects to a virtual host.
func url(f *brokertest.Fixture, user, password, vhost string) string {
	return "amqp://" + user + ":" + password + "@" + f.Broker.Addr().String() + "/" + vhost
}

// login says whether somebody can.
func login(f *brokertest.Fixture, user, password, vhost string) error {
	conn, err := amqp.Dial(url(f, user, password, vhost))
	if err == nil {
		_ = conn.Close()
	}
	return err
}

// What a new broker has is configured; on a data folder that has something that
// means nothing any more.
func TestSeed(t *testing.T) {
	dir := t.TempDir()
	start := func(s broker.Seed) *brokertest.Fixture {
		return brokertest.Start(t, func(c *broker.Config) { c.DataDir, c.Seed = dir, s })
	}
	f := start(broker.Seed{VHost: "v", User: "ann", Password: "s3cret", Tags: []string{"management"}, Permission: auth.Permission{Read: ".*"}})
	if err := login(f, "ann", "s3cret", "v"); err != nil {
		t.Errorf("ann: %v", err)
	}
	if login(f, "guest", "guest", "v") == nil {
		t.Error("guest is there, too")
	}
	if u := f.Broker.Users(); len(u) != 1 || !slices.Equal(u[0].Tags, []string{"management"}) || u[0].Permissions["v"] != (auth.Permission{Read: ".*"}) {
		t.Errorf("users are %+v", u)
	}
	if err := f.Broker.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	f = start(broker.Seed{User: "bob", Password: "b"})
	if err := login(f, "ann", "s3cret", "v"); err != nil {
		t.Errorf("ann, later: %v", err)
	}
	if names := f.Broker.VHosts(); !slices.Equal(names, []string{"v"}) {
		t.Errorf("virtual hosts are %q", names)
	}
}

func TestDefaultsOfVirtualHosts(t *testing.T) {
	five := 5
	f := brokertest.Start(t, func(c *broker.Config) {
		c.MaxVHosts = 3
		c.VHostDefaults = []broker.VHostDefault{
			{Names: "^qa", MaxQueues: &five},
			{Names: "^qa", User: auth.User{Name: "qa", PasswordHash: auth.HashPassword("q"), Tags: []string{"policymaker"}}, Permission: auth.Everything()},
			{OperatorPolicy: &vhost.Policy{Name: "short", Pattern: ".*", ApplyTo: "queues", Definition: map[string]any{"expires": float64(1000)}}},
		}
	})
	for _, name := range []string{"qa1", "prod"} {
		if err := f.Broker.AddVHost(name, vhost.Settings{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Broker.AddVHost("qa2", vhost.Settings{}); !errors.Is(err, broker.ErrVHostLimit) || !strings.Contains(err.Error(), "vhost limit of 3 is reached") {
		t.Errorf("one too many: %v", err)
	}
	if err := login(f, "qa", "q", "qa1"); err != nil {
		t.Errorf("qa1: %v", err)
	}
	if login(f, "qa", "q", "prod") == nil {
		t.Error("the user is in a virtual host that has another name")
	}
	for name, limited := range map[string]bool{"qa1": true, "prod": false, "/": false} {
		if s, err := f.Broker.VHostSettings(name); err != nil || (s.MaxQueues != nil) != limited {
			t.Errorf("%s has %+v, %v", name, s, err)
		}
		if p, err := f.Broker.OperatorPolicies(name); err != nil || len(p) != 1 || p[0].Name != "short" {
			t.Errorf("%s has policies %+v, %v", name, p, err)
		}
	}
	bad := broker.Config{VHostDefaults: []broker.VHostDefault{{Names: "("}}}
	if err := bad.Check(); err == nil {
		t.Error("a pattern that is none is taken")
	}
}

func TestDefinitionsAreLoadedAtTheStart(t *testing.T) {
	dir := t.TempDir()
	const users = `{"users": [{"name": "ann", "password": "s3cret", "tags": ""}], "vhosts": [{"name": "v"}],
		"permissions": [{"user": "ann", "vhost": "v", "configure": ".*", "write": ".*", "read": ".*"}]}`
	for name, text := range map[string]string{"1.json": users, "2.json": `{"queues": [{"name": "q", "vhost": "v", "durable": true, "auto_delete": false, "arguments": {}}]}`, "3.txt": "garbage"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := brokertest.Start(t, func(c *broker.Config) { c.Definitions.Paths, c.Seed.Nothing = []string{dir}, true })
	ch, err := dial(t, url(f, "ann", "s3cret", "v")).Channel()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ch.QueueDeclarePassive("q", true, false, false, false, nil); err != nil {
		t.Error(err)
	}
	if names := f.Broker.VHosts(); !slices.Equal(names, []string{"v"}) {
		t.Errorf("virtual hosts are %q", names)
	}
	garbage := filepath.Join(dir, "3.txt")
	for _, path := range []string{garbage, "/nowhere"} {
		b := broker.New(broker.Config{Log: zaptest.NewLogger(t), Definitions: broker.Definitions{Paths: []string{path}}})
		if err := b.Start(); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// Limits change while the broker runs.
func TestReloadedLimits(t *testing.T) {
	f := brokertest.Start(t, func(c *broker.Config) {
		c.DataDir, c.MemoryLimit, c.MemoryHighWatermark = t.TempDir(), 1<<40, 1<<40
	})
	if err := login(f, "guest", "guest", ""); err != nil {
		t.Fatal(err)
	}
	dial(t, f.URL)
	if err := f.Broker.Reload(broker.Config{MaxConnections: 1, MaxVHosts: 1, MemoryHighWatermark: 1 << 39, DiskFreeLimit: 1 << 30}); err != nil {
		t.Fatal(err)
	}
	if login(f, "guest", "guest", "") == nil {
		t.Error("a second connection is let in")
	}
	if err := f.Broker.AddVHost("v", vhost.Settings{}); !errors.Is(err, broker.ErrVHostLimit) {
		t.Errorf("a second virtual host: %v", err)
	}
	if err := f.Broker.Reload(broker.Config{Mechanisms: []string{"HANDSHAKE"}, MaxVHosts: 5}); err == nil {
		t.Error("a way to log in that there is not is taken")
	}
	if err := f.Broker.AddVHost("v", vhost.Settings{}); !errors.Is(err, broker.ErrVHostLimit) {
		t.Errorf("a configuration that is wrong has changed something: %v", err)
	}
	if n := f.Broker.Node(); n.MemoryLimit != 1<<39 || n.DiskLimit != 1<<30 {
		t.Errorf("limits are %d and %d", n.MemoryLimit, n.DiskLimit)
	}
}
