package integration

import (
	"os"
	"testing"

	"github.com/lepusmq/lepus/broker"
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

// ownBrokerURL is for tests that need a broker of ours, in this process and configured by change.
func ownBrokerURL(t testing.TB, change ...func(*broker.Config)) string {
	t.Helper()
	skipForeign(t)
	return brokertest.Start(t, change...).URL
}

// skipForeign skips a test that is about our own program when the suite runs against another broker.
func skipForeign(t testing.TB) {
	t.Helper()
	if os.Getenv("AMQP_URL") != "" {
		t.Skip("about our own broker; AMQP_URL names another")
	}
}
