package brokertest

import (
	"net/http/httptest"
	"testing"

	"github.com/lepusmq/lepus/broker/management"
)

// Management returns where the management API of the broker is served, without a
// slash at the end: "http://127.0.0.1:…". Each change is applied to its configuration
// before it is made. It ends with the test.
func (f *Fixture) Management(t testing.TB, change ...func(*management.Config)) string {
	t.Helper()
	cfg := management.Config{Broker: f.Broker}
	for _, c := range change {
		c(&cfg)
	}
	api := management.New(cfg)
	server := httptest.NewServer(api)
	t.Cleanup(func() {
		server.Close()
		api.Close()
	})
	return server.URL
}
