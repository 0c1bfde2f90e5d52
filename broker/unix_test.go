package broker_test

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/brokertest"
)

// A client on the same machine may come by a Unix socket: it has a name that no
// other has, is let in as one from here, and needs no PROXY header.
func TestConnectionsByUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "amqp.sock")
	f := brokertest.Start(t, func(c *broker.Config) {
		c.Listen, c.ListenUnix, c.UnixMode, c.ProxyProtocol = []string{}, []string{path}, 0o600, true
	})
	if f.URL != "" {
		t.Errorf("the URL is %q", f.URL)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != os.ModeSocket|0o600 {
		t.Errorf("the socket is %v, %v", info, err)
	}
	over := amqp.Config{Dial: func(string, string) (net.Conn, error) { return net.Dial("unix", path) }}
	for _, want := range []string{path + ":1 -> " + path, path + ":2 -> " + path} {
		conn, err := amqp.DialConfig("amqp://guest:guest@localhost/", over)
		if err != nil {
			t.Fatal(err)
		}
		all := f.Broker.Connections()
		if len(all) != 1 || all[0].Name != want {
			t.Errorf("connections are %+v, want %s", all, want)
		}
		ch, err := conn.Channel()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ch.QueueDeclare("q", false, false, false, false, nil); err != nil {
			t.Fatal(err)
		}
		body := make([]byte, 100_000)
		if err := ch.PublishWithContext(t.Context(), "", "q", false, false, amqp.Publishing{Body: body}); err != nil {
			t.Fatal(err)
		}
		if d, ok, err := ch.Get("q", true); err != nil || !ok || len(d.Body) != len(body) {
			t.Errorf("got %d bytes, %v, %v", len(d.Body), ok, err)
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		until(t, "the connection has gone", func() bool { return len(f.Broker.Connections()) == 0 })
		// The next one is another also if the socket was not there in between.
		if err := f.Broker.SuspendListeners(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("while it is suspended the socket is there: %v", err)
		}
		if err := f.Broker.ResumeListeners(); err != nil {
			t.Fatal(err)
		}
	}
	if l := f.Broker.Listeners(); len(l) != 1 || l[0].Address != path || l[0].Port != 0 {
		t.Errorf("listeners are %+v", l)
	}
	if err := f.Broker.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the socket is still there: %v", err)
	}
}
