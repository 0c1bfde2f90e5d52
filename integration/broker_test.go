package integration

import (
	"os"
	"testing"

	"github.com/lepusmq/lepus/broker/brokertest"
)

// brokerURL returns the address of the broker under test: the one AMQP_URL names, or else a fresh one of our own that
// lives as long as the test.
func brokerURL(t testing.TB) string {
	t.Helper()
	if url := os.Getenv("AMQP_URL"); url != "" {
		return url
	}
	return brokertest.Start(t).URL
}
