package broker_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/brokertest"
)

// TestMetricsLogin asks for metrics that only those may read who monitor.
func TestMetricsLogin(t *testing.T) {
	for tag, allowed := range map[string]int{"monitoring": http.StatusOK, "management": http.StatusUnauthorized} {
		f := brokertest.Start(t, func(c *broker.Config) {
			c.MetricsLogin, c.Profiles = true, true
			c.Prometheus.Listen = []string{"127.0.0.1:0"}
			c.Seed.Tags = []string{tag}
		})
		var base string
		for _, l := range f.Broker.Listeners() {
			if l.Protocol == "http/prometheus" {
				base = fmt.Sprintf("http://127.0.0.1:%d", l.Port)
			}
		}
		for path, passwords := range map[string]map[string]int{
			"/metrics":          {"": http.StatusUnauthorized, "wrong": http.StatusUnauthorized, "guest": allowed},
			"/metrics/detailed": {"": http.StatusUnauthorized, "guest": allowed},
			"/debug/pprof/":     {"": http.StatusUnauthorized, "guest": allowed},
		} {
			for password, want := range passwords {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				if password != "" {
					r.SetBasicAuth("guest", password)
				}
				answer, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				answer.Body.Close()
				if answer.StatusCode != want || (want == http.StatusUnauthorized && password == "" && answer.Header.Get("WWW-Authenticate") == "") {
					t.Errorf("%s: %s with password %q: %s, want %d", tag, path, password, answer.Status, want)
				}
			}
		}
	}
}
