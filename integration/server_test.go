package integration

import (
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

func TestServer(t *testing.T) {
	t.Parallel()
	binary := buildLepus(t)
	t.Run("shutdown", func(t *testing.T) { testShutdown(t, binary) })
	t.Run("folder in use", func(t *testing.T) { testFolderInUse(t, binary) })
}

// Asked to end, the server tells its clients why, and ends in order within seconds.
func testShutdown(t *testing.T, binary lepus) {
	server := binary.start(t, t.TempDir())
	c, idle := connect(t, server.url), dialPeer(t, server.url)
	q := c.durable("q")
	closed := c.conn.NotifyClose(make(chan *amqp.Error, 1))
	c.consume(q)
	c.settled("", q, numbers(0, 100)...)
	server.stop()
	err := receive(t, closed, "the connection's close")
	if err.Code != 320 || !strings.HasPrefix(err.Reason, "CONNECTION_FORCED - ") {
		t.Errorf("closed with %v, want 320", err)
	}
	idle.expectEnd()
}

// A data folder has one server; a second is refused, and the first goes on.
func testFolderInUse(t *testing.T, binary lepus) {
	dir := t.TempDir()
	first := binary.start(t, dir)
	second, _ := binary.launch(t, dir)
	second.wantEnd()
	if second.err == nil {
		t.Error("the second server ended without an error")
	}
	if !strings.Contains(second.said.String(), dir) {
		t.Errorf("the message does not name the folder: %s", second.said)
	}
	c := connect(t, first.url)
	c.settled("", c.queue(), "served")
	first.kill()
	binary.start(t, dir).stop() // a dead server's lock holds nobody up
}
