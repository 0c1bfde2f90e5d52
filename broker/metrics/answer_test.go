package metrics_test

import (
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lepusmq/lepus/broker/metrics"
)

func TestAnswersArePacked(t *testing.T) {
	t.Parallel()
	s := start(t, metrics.Options{})
	for accepted, want := range map[string]string{"": "", "gzip": "gzip", "zstd, gzip;q=1": "gzip", "gzip;q=0": "", "identity": ""} {
		r := httptest.NewRecorder()
		q := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		q.Header.Set("Accept-Encoding", accepted)
		s.handler.ServeHTTP(r, q)
		if got := r.Header().Get("Content-Encoding"); got != want {
			t.Errorf("to %q the answer is %q, want %q", accepted, got, want)
		}
		body := io.Reader(r.Body)
		if want == "gzip" {
			unpacked, err := gzip.NewReader(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			body = unpacked
		}
		if text, err := io.ReadAll(body); err != nil || !strings.Contains(string(text), "\nrabbitmq_queues 0\n") {
			t.Errorf("to %q: %v", accepted, err)
		}
	}
}

func TestLoginsByProtocol(t *testing.T) {
	t.Parallel()
	s := start(t, metrics.Options{})
	remote := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}
	if _, _, err := s.Broker.Login("guest", "guest", remote); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Broker.Login("guest", "guess", remote); err == nil {
		t.Fatal("a wrong password is right")
	}
	s.want(s.get("/metrics"), map[string]float64{
		`rabbitmq_auth_attempts_total{protocol="amqp091"}`:           1,
		`rabbitmq_auth_attempts_failed_total{protocol="amqp091"}`:    0,
		`rabbitmq_auth_attempts_succeeded_total{protocol="http"}`:    1,
		`rabbitmq_auth_attempts_failed_total{protocol="http"}`:       1,
		`rabbitmq_auth_attempts_succeeded_total{protocol="amqp091"}`: 1,
	})
}

// The dashboards know a cluster by this, whatever it is called.
func TestClusterIDOutlivesTheName(t *testing.T) {
	t.Parallel()
	s := start(t, metrics.Options{})
	identity := func() (name, id string) {
		for _, l := range s.families("/metrics")["rabbitmq_identity_info"].Metric[0].Label {
			switch l.GetName() {
			case "rabbitmq_cluster":
				name = l.GetValue()
			case "rabbitmq_cluster_permanent_id":
				id = l.GetValue()
			}
		}
		return name, id
	}
	_, before := identity()
	if err := s.Broker.SetGlobalParameter("cluster_name", []byte(`"hares"`)); err != nil {
		t.Fatal(err)
	}
	name, after := identity()
	if name != "hares" || before != after || !strings.HasPrefix(after, "rabbitmq-cluster-id-") {
		t.Errorf("cluster %q: %q, before %q", name, after, before)
	}
}
