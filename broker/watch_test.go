package broker_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/broker/vhost"
)

// TestWatchEvents watches without any queue that takes events.
func TestWatchEvents(t *testing.T) {
	t.Parallel()
	f := brokertest.Start(t)
	seen, ended := make(chan string, 16), make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		ended <- f.Broker.WatchEvents(ctx, func(lines []string) error {
			for _, l := range lines {
				seen <- l
			}
			return nil
		})
	}()
	add := func() bool { // until the watch has begun
		if err := f.Broker.AddVHost("v", vhost.Settings{Description: "a <b>"}); err != nil {
			t.Fatal(err)
		}
		if err := f.Broker.DeleteVHost("v"); err != nil {
			t.Fatal(err)
		}
		return len(seen) > 0
	}
	until(t, "an event", add)
	var e struct {
		Event, Name, Description string
		At                       int64 `json:"timestamp_in_ms"`
	}
	for e.Event != "vhost.created" {
		if err := json.Unmarshal([]byte(await(t, seen, "event vhost.created")), &e); err != nil {
			t.Fatal(err)
		}
	}
	if e.Name != "v" || e.Description != "a <b>" || e.At == 0 {
		t.Errorf("got %+v", e)
	}
	cancel()
	if err := await(t, ended, "end"); err != nil {
		t.Error(err)
	}
}

func TestWatchEndsWithTheBroker(t *testing.T) {
	t.Parallel()
	f := brokertest.Start(t)
	ended := make(chan error, 1)
	go func() { ended <- f.Broker.WatchEvents(t.Context(), func([]string) error { return nil }) }()
	if err := f.Broker.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := await(t, ended, "end"); err != nil {
		t.Error(err)
	}
}
