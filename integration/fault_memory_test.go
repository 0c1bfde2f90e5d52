package integration

import (
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

// Above the watermark publishers are blocked and consumers go on; what they take makes room, and publishers go on. Without
// a data folder a backlog has nowhere to go but into memory.
func testMemoryAlarm(t *testing.T, binary lepus) {
	server := binary.start(t, t.TempDir(), "--ephemeral", "--vm-memory-high-watermark", "64MiB")
	c := connect(t, server.url)
	q := c.durable("q")
	f := startFlood(t, server.url, q, amqp.Transient, 64<<10)
	f.wantBlocked(true, "low on memory")
	f.drained(c)
	f.wantBlocked(false, "")
	server.running()
	f.stop()
	f.drained(c)
	server.stop()
}
