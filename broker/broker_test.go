package broker

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	client "github.com/rabbitmq/amqp091-go"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/lepusmq/lepus/broker/auth"
)

// start returns a running broker that is shut down with the test.
func start(t *testing.T, cfg Config) *Broker {
	t.Helper()
	b := New(cfg)
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Shutdown(context.Background()) })
	return b
}

// ended fails the test if the broker does not end within a time that only a
// broken one needs.
func ended(t *testing.T, b *Broker) {
	t.Helper()
	select {
	case <-b.Done():
	case <-time.After(time.Minute):
		t.Fatal("the broker does not end")
	}
}

func TestZeroConfigIsAWorkingBroker(t *testing.T) {
	b := start(t, Config{})
	if host, _, err := net.SplitHostPort(b.Addr().String()); err != nil || host != "127.0.0.1" {
		t.Errorf("it listens on %v", b.Addr())
	}
	if b.residents.host("/") == nil {
		t.Error("there is no vhost /")
	}
	if _, err := b.realm.Login(auth.Login{User: "guest", Password: "guest", From: b.Addr()}); err != nil {
		t.Error(err)
	}
	if _, ok := b.users.Access("guest", "/"); !ok {
		t.Error("guest may not use /")
	}
	if err := b.Check(); err != nil {
		t.Error(err)
	}
}

func TestListenOnSeveralAddresses(t *testing.T) {
	b := start(t, Config{Listen: []string{"127.0.0.1:0", ":0"}})
	addrs := b.Addrs()
	if len(addrs) != 2 {
		t.Fatalf("listens on %v", addrs)
	}
	for _, a := range addrs {
		conn, err := net.Dial("tcp", reachable(a))
		if err != nil {
			t.Error(err)
			continue
		}
		_ = conn.Close()
	}
}

func TestStartFailsWholly(t *testing.T) {
	first := start(t, Config{})
	second := New(Config{Listen: []string{"127.0.0.1:0", first.Addr().String()}, DataDir: t.TempDir()})
	if err := second.Start(); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("got %v", err)
	}
	ended(t, second)
	third := start(t, Config{DataDir: second.cfg.DataDir})
	if third.Err() != nil {
		t.Error(third.Err())
	}
}

func TestShutdownCanBeCalledTwice(t *testing.T) {
	b := start(t, Config{})
	for range 2 {
		if err := b.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	}
	ended(t, b)
}

func TestShutdownOfABrokerThatNeverRan(t *testing.T) {
	if err := New(Config{}).Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
}

// A client that answers nothing must not keep the broker from ending.
func TestShutdownCutsSilentClients(t *testing.T) {
	b := start(t, Config{HandshakeTimeout: time.Hour})
	conn, err := net.Dial("tcp", b.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("AMQP\x00\x00\x09\x01")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := b.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if n := len(b.sessions.all()); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
}

// Who has answered the broker's connection.close, or has not come through the
// handshake, is not waited for.
func TestShutdownWaitsForAnswersOnly(t *testing.T) {
	core, said := observer.New(zap.WarnLevel)
	b := start(t, Config{Log: zap.New(core), HandshakeTimeout: time.Hour})
	silent, err := net.Dial("tcp", b.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if _, err := silent.Write([]byte("AMQP\x00\x00\x09\x01")); err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", b.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	guest := client.Config{Vhost: "/", SASL: []client.Authentication{&client.PlainAuth{Username: "guest", Password: "guest"}}}
	if _, err := client.Open(leftOpen{conn}, guest); err != nil {
		t.Fatal(err)
	}
	if err := b.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if n := said.FilterMessageSnippet("did not answer").Len(); n > 0 {
		t.Error(said.All())
	}
}

// leftOpen is a socket that its user does not close.
type leftOpen struct{ net.Conn }

func (leftOpen) Close() error { return nil }

func TestFailedStoreEndsTheBroker(t *testing.T) {
	b := start(t, Config{})
	broken := errors.New("the disk is gone")
	b.storeFailed(broken)
	ended(t, b)
	if err := b.Err(); !errors.Is(err, broken) {
		t.Errorf("Err is %v", err)
	}
	if err := b.Shutdown(context.Background()); !errors.Is(err, broken) {
		t.Errorf("Shutdown returns %v", err)
	}
}

func TestDefaults(t *testing.T) {
	c := Config{}.withDefaults()
	if c.ChannelMax != 2047 || c.FrameMax != 131072 || c.Heartbeat != time.Minute ||
		c.HandshakeTimeout != 10*time.Second || c.MaxMessageSize != 16<<20 || c.Version != DefaultVersion {
		t.Errorf("defaults are %+v", c)
	}
	if !strings.HasPrefix(c.ClusterName, "rabbit@") {
		t.Errorf("cluster name is %q", c.ClusterName)
	}
	if len(c.LoopbackUsers) != 1 || c.LoopbackUsers[0] != "guest" {
		t.Errorf("loopback users are %q", c.LoopbackUsers)
	}
	c = Config{Heartbeat: -1, LoopbackUsers: []string{}, Version: "3.13.7"}.withDefaults()
	if c.Heartbeat != 0 || len(c.LoopbackUsers) != 0 || c.Version != "3.13.7" {
		t.Errorf("what was set became %+v", c)
	}
}

func TestServerProperties(t *testing.T) {
	table := serverProperties("4.1.4", "rabbit@here")
	var keys []string
	for _, f := range table {
		keys = append(keys, f.Key)
	}
	if got, want := strings.Join(keys, " "),
		"capabilities cluster_name copyright information platform product version"; got != want {
		t.Errorf("keys are %q, want %q", got, want)
	}
	for key, want := range map[string]string{"product": "RabbitMQ", "version": "4.1.4", "cluster_name": "rabbit@here"} {
		v, _ := table.Get(key)
		if got, ok := v.Str(); !ok || got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	v, _ := table.Get("capabilities")
	capabilities, ok := v.Table()
	if !ok || len(capabilities) != 9 {
		t.Fatalf("capabilities are %v", capabilities)
	}
	for _, c := range capabilities {
		if on, ok := c.Value.Bool(); !ok || !on {
			t.Errorf("capability %s is %v", c.Key, c.Value)
		}
	}
}

func TestAlarmsAreNamed(t *testing.T) {
	for alarm, want := range map[Alarm]string{
		0:                       "",
		MemoryAlarm:             "low on memory",
		DiskAlarm:               "low on disk",
		MemoryAlarm | DiskAlarm: "low on memory & low on disk",
	} {
		if got := alarm.String(); got != want {
			t.Errorf("%d is %q, want %q", alarm, got, want)
		}
	}
}

func TestAlarmsAddUp(t *testing.T) {
	b := start(t, Config{})
	steps := []struct {
		alarm Alarm
		on    bool
		want  string
	}{
		{DiskAlarm, true, "low on disk"},
		{DiskAlarm, true, "low on disk"},
		{MemoryAlarm, true, "low on memory & low on disk"},
		{DiskAlarm, false, "low on memory"},
		{MemoryAlarm, false, ""},
	}
	for i, s := range steps {
		b.SetAlarm(s.alarm, s.on)
		if got := b.alarms.on.String(); got != s.want {
			t.Errorf("step %d: %q, want %q", i, got, s.want)
		}
	}
}
