package brokertest

import (
	"context"
	"fmt"
	"net"
	"runtime/pprof"
	"strings"
	"testing"

	"github.com/lepusmq/lepus/broker"
)

func TestStartIsReadyAndStops(t *testing.T) {
	var addr string
	t.Run("inner", func(t *testing.T) {
		f := Start(t)
		addr = f.Broker.Addr().String()
		if want := "amqp://guest:guest@" + addr + "/"; f.URL != want {
			t.Errorf("URL is %q, want %q", f.URL, want)
		}
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		// It stays open: the fixture must not need the client to go first.
		t.Cleanup(func() { _ = conn.Close() })
	})
	if conn, err := net.Dial("tcp", addr); err == nil {
		_ = conn.Close()
		t.Error("the broker still listens after its test")
	}
}

func TestStartTakesChanges(t *testing.T) {
	dir := t.TempDir()
	f := Start(t, func(c *broker.Config) { c.DataDir = dir })
	if err := f.Broker.Shutdown(context.Background()); err != nil {
		t.Errorf("ending the broker early: %v", err)
	}
}

func TestGoroutinesAreFound(t *testing.T) {
	mark := fmt.Sprintf("%p", t)
	release, ended := make(chan struct{}), make(chan struct{})
	pprof.Do(context.Background(), pprof.Labels(label, mark), func(context.Context) {
		go func() {
			defer close(ended)
			<-release
		}()
	})
	if left := goroutines(mark); !strings.Contains(left, "TestGoroutinesAreFound") {
		t.Errorf("the goroutine was not found: %q", left)
	}
	close(release)
	<-ended
	if left := awaitGoroutines(mark); left != "" {
		t.Errorf("a goroutine that has ended was found: %s", left)
	}
}
