package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/control"
	"github.com/lepusmq/lepus/cmd/lepus/api"
)

// start starts a node with a data folder, which ends with the test, and a client
// of its socket.
func start(t *testing.T) (*Node, *api.Client) {
	t.Helper()
	dir := t.TempDir()
	n, err := Start(Config{Broker: broker.Config{
		DataDir: dir, PathPrefix: "/lepus", Management: broker.HTTP{Listen: []string{"127.0.0.1:0"}},
	}, Environment: map[string]any{"listen": "here"}})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- n.Run(context.Background()) }()
	c := api.OverSocket(control.Socket(dir))
	t.Cleanup(func() {
		c.Close()
		n.Stop()
		if err := <-ended; err != nil {
			t.Errorf("it ended with %v", err)
		}
		if _, err := os.Stat(control.Socket(dir)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("its socket is still there: %v", err)
		}
	})
	return n, c
}

func state(t *testing.T, c *api.Client) control.Info {
	t.Helper()
	var info control.Info
	if err := c.Get(t.Context(), api.Path("lepus", "node"), &info); err != nil {
		t.Fatal(err)
	}
	return info
}

func post(t *testing.T, c *api.Client, what string) error {
	t.Helper()
	return c.Post(t.Context(), api.Path("lepus", what), nil, nil)
}

func TestBrokerStopsAndStartsAgain(t *testing.T) {
	n, c := start(t)
	ctx := t.Context()
	if err := c.Put(ctx, api.Path("vhosts", "kept"), map[string]any{}); err != nil {
		t.Fatal(err)
	}
	if got := state(t, c); got.State != control.Running || got.PID != os.Getpid() {
		t.Errorf("it says of itself %+v", got)
	}
	for range 2 { // the second time there is nothing to do
		if err := post(t, c, "stop-app"); err != nil {
			t.Fatal(err)
		}
	}
	if got := state(t, c); got.State != control.Stopped || n.Running() != nil {
		t.Errorf("after stop-app it says %+v", got)
	}
	err := c.Get(ctx, api.Path("vhosts"), nil)
	if err == nil || err.Error() != control.ErrStopped.Error() {
		t.Errorf("while it is stopped its API says %v", err)
	}
	for range 2 {
		if err := post(t, c, "start-app"); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Get(ctx, api.Path("vhosts", "kept"), nil); err != nil {
		t.Errorf("what it held is gone: %v", err)
	}
}

func TestResetNeedsAStoppedBroker(t *testing.T) {
	_, c := start(t)
	if err := c.Put(t.Context(), api.Path("vhosts", "gone"), map[string]any{}); err != nil {
		t.Fatal(err)
	}
	if err := post(t, c, "reset"); err == nil || err.Error() != control.ErrRunning.Error() {
		t.Errorf("while it runs: %v", err)
	}
	for _, what := range []string{"stop-app", "reset", "start-app"} {
		if err := post(t, c, what); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	if err := c.Get(t.Context(), api.Path("vhosts", "gone"), nil); !api.Is(err, 404) {
		t.Errorf("after reset there still is what there was: %v", err)
	}
}

func TestSettingsThatChange(t *testing.T) {
	n, c := start(t)
	tests := []struct {
		what string
		body any
		want string // of the error, empty if there is none
	}{
		{"memory-high-watermark", map[string]any{"relative": 0.000000001}, ""},
		{"memory-high-watermark", map[string]any{"absolute": -1}, "bad argument: a threshold is a positive number"},
		{"memory-high-watermark", "much", "bad argument"},
		{"disk-free-limit", map[string]any{"absolute": 1 << 40}, ""},
		{"alarm", map[string]any{"alarm": "memory", "on": true}, ""},
		{"alarm", map[string]any{"alarm": "fire", "on": true}, `bad argument: there is no alarm "fire"`},
		{"channel-max", map[string]any{"value": 12}, ""},
		{"channel-max", map[string]any{"value": 1 << 20}, "bad argument: channel_max 1048576 is not from 0 to 65535"},
		{"loopback-users", map[string]any{"users": []string{}}, ""},
		{"nonsense", map[string]any{}, "Not Found"},
	}
	for _, tt := range tests {
		err := c.Put(t.Context(), api.Path("lepus", tt.what), tt.body)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.what, err)
		case tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)):
			t.Errorf("%s: %v, want %s", tt.what, err, tt.want)
		}
	}
	if !n.Running().Node().MemoryAlarm {
		t.Error("the alarm is not on")
	}
}

// TestReloadKeepsWhatTheProcessGave checks that what no configuration file says is
// there also after a reload, for a broker that is started again.
func TestReloadKeepsWhatTheProcessGave(t *testing.T) {
	n, _ := start(t)
	told := false
	n.cfg.Broker.FloodNews = func(bool) { told = true }
	if err := n.Reload(broker.Config{Log: zap.NewNop()}); err != nil {
		t.Fatal(err)
	}
	if n.next.FloodNews == nil {
		t.Fatal("nobody is told of floods any more")
	}
	if n.next.FloodNews(true); !told {
		t.Error("somebody else is told of floods")
	}
	if n.next.DataDir != n.cfg.Broker.DataDir || n.next.Log != n.cfg.Broker.Log {
		t.Errorf("folder %q and log %v are not as they were", n.next.DataDir, n.next.Log)
	}
}

func TestLogin(t *testing.T) {
	_, c := start(t)
	for password, ok := range map[string]bool{"guest": true, "wrong": false} {
		err := c.Post(t.Context(), api.Path("lepus", "login"), map[string]string{"name": "guest", "password": password}, nil)
		if (err == nil) != ok {
			t.Errorf("with password %s: %v", password, err)
		}
	}
}

func TestNodeWithoutFolderHasNoSocket(t *testing.T) {
	n, err := Start(Config{})
	if err != nil {
		t.Fatal(err)
	}
	n.Stop()
	if err := n.Run(t.Context()); err != nil {
		t.Error(err)
	}
	if err := n.StartApp(); !errors.Is(err, control.ErrStopped) {
		t.Errorf("after its end it starts again: %v", err)
	}
}

// remote returns a client of a node's HTTP API.
func remote(t *testing.T, n *Node, user string) *api.Client {
	t.Helper()
	for _, l := range n.Running().Listeners() {
		if l.Protocol == "http" {
			c, err := api.OverTCP(fmt.Sprintf("http://%s:%s@127.0.0.1:%d/lepus", user, user, l.Port), nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.Close)
			return c
		}
	}
	t.Fatal("there is no HTTP API")
	return nil
}

func TestAdministratorsComeOverTheNetworkToo(t *testing.T) {
	n, local := start(t)
	c := remote(t, n, "guest")
	if got := state(t, c); got.State != control.Running {
		t.Errorf("it says of itself %+v", got)
	}
	for _, what := range []string{"suspend-listeners", "resume-listeners", "drain", "revive", "collect", "clear-auth-cache"} {
		if err := post(t, c, what); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if drained := n.Running().Node().BeingDrained; drained != (what == "drain") {
			t.Errorf("after %s the node is drained: %v", what, drained)
		}
	}
	for _, what := range []string{"stop-app", "start-app", "reset"} {
		var refused *api.Error
		if err := post(t, c, what); !errors.As(err, &refused) || refused.Kind != "local_only" {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := local.Put(t.Context(), api.Path("users", "monitor"), map[string]string{"password": "monitor", "tags": "monitoring"}); err != nil {
		t.Fatal(err)
	}
	if err := post(t, remote(t, n, "monitor"), "drain"); !api.Is(err, 401) || n.Running().Node().BeingDrained {
		t.Errorf("who is no administrator: %v", err)
	}
}

// hear follows a stream of a node until a line comes that begins with want, while the
// node logs and users change.
func hear(t *testing.T, n *Node, local, c *api.Client, path, want string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var talk sync.WaitGroup
	defer talk.Wait()
	heard := errors.New("heard")
	talk.Go(func() {
		for ctx.Err() == nil {
			fmt.Fprintln(n.Log(), "here")
			_ = local.Put(ctx, api.Path("users", "guest"), map[string]string{"password": "guest", "tags": "administrator"}) // it may be over
		}
	})
	err := c.Stream(ctx, path, func(line string) error {
		cancel()
		if !strings.HasPrefix(line, want) {
			return fmt.Errorf("got %q", line)
		}
		return heard
	})
	if errors.Is(err, heard) {
		return nil
	}
	return fmt.Errorf("not heard: %w", err)
}

func TestLogAndEvents(t *testing.T) {
	n, local := start(t)
	fmt.Fprintln(n.Log(), "one")
	var got struct{ Lines []string }
	if err := local.Get(t.Context(), api.Path("lepus", "log")+"?lines=5", &got); err != nil || len(got.Lines) != 1 {
		t.Errorf("the log has %q, %v", got.Lines, err)
	}
	if err := local.Get(t.Context(), api.Path("lepus", "log")+"?lines=few", &got); !api.Is(err, 400) {
		t.Errorf("a few lines: %v", err)
	}
	for name, c := range map[string]*api.Client{"over the socket": local, "over the network": remote(t, n, "guest")} {
		for path, want := range map[string]string{"log?follow=true": "here", "events": `{"event":"user.password.changed","name":"guest",`} {
			err := hear(t, n, local, c, "/api/lepus/"+path, want)
			if err != nil {
				t.Errorf("%s %s: %v", path, name, err)
			}
		}
	}
}
