package metrics_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/broker/metrics"
)

// scraped is a broker with a client, and its metrics.
type scraped struct {
	*testing.T
	*brokertest.Fixture
	conn    *amqp.Connection
	ch      *amqp.Channel
	handler http.Handler
}

func start(t *testing.T, o metrics.Options) *scraped {
	f := brokertest.Start(t)
	conn, err := amqp.Dial(f.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	return &scraped{t, f, conn, ch, metrics.New(f.Broker, o)}
}

// use publishes three messages to a classic queue and one to a quorum queue, and
// takes one from each.
func (s *scraped) use() {
	s.Helper()
	for name, args := range map[string]amqp.Table{"c\"q\\": nil, "q": {"x-queue-type": "quorum"}} {
		if _, err := s.ch.QueueDeclare(name, true, false, false, false, args); err != nil {
			s.Fatal(err)
		}
	}
	for _, key := range []string{"c\"q\\", "c\"q\\", "c\"q\\", "q", "nobody"} {
		if err := s.ch.PublishWithContext(s.Context(), "", key, false, false, amqp.Publishing{Body: []byte("12345")}); err != nil {
			s.Fatal(err)
		}
	}
	for _, name := range []string{"c\"q\\", "q"} {
		d, ok, err := s.ch.Get(name, false)
		if err != nil || !ok {
			s.Fatal(ok, err)
		}
		if err := d.Ack(false); err != nil {
			s.Fatal(err)
		}
	}
	// The answer comes after the acks.
	if _, err := s.ch.QueueDeclarePassive("q", true, false, false, false, nil); err != nil {
		s.Fatal(err)
	}
}

// get scrapes a path, and returns the samples by name and sorted labels.
func (s *scraped) get(path string) map[string]float64 {
	s.Helper()
	samples := map[string]float64{}
	for name, f := range s.families(path) {
		for _, m := range f.Metric {
			labels := labelsOf(m)
			switch {
			case m.Histogram != nil:
				samples[name+"_count"+labels] = float64(m.Histogram.GetSampleCount())
				samples[name+"_sum"+labels] = m.Histogram.GetSampleSum()
			case m.Summary != nil:
				samples[name+"_count"+labels] = float64(m.Summary.GetSampleCount())
			default:
				samples[name+labels] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetUntyped().GetValue()
			}
		}
	}
	return samples
}

// families scrapes a path, and reads it as Prometheus's own library does.
func (s *scraped) families(path string) map[string]*dto.MetricFamily {
	s.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(s.text(path)))
	if err != nil {
		s.Fatalf("%s: %v", path, err)
	}
	return families
}

// text scrapes a path.
func (s *scraped) text(path string) string {
	s.Helper()
	r := httptest.NewRecorder()
	s.handler.ServeHTTP(r, httptest.NewRequest(http.MethodGet, path, nil))
	if r.Code != http.StatusOK {
		s.Fatalf("%s: %d %s", path, r.Code, r.Body)
	}
	return r.Body.String()
}

// labelsOf writes labels as a scrape does, sorted by their names.
func labelsOf(m *dto.Metric) string {
	var all []string
	for _, l := range m.Label {
		all = append(all, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
	}
	if all == nil {
		return ""
	}
	slices.Sort(all)
	return "{" + strings.Join(all, ",") + "}"
}

func (s *scraped) want(got map[string]float64, want map[string]float64) {
	s.Helper()
	for name, v := range want {
		if found, ok := got[name]; !ok || found != v {
			s.Errorf("%s is %v, %v, want %v", name, found, ok, v)
		}
	}
}

func TestAggregated(t *testing.T) {
	t.Parallel()
	s := start(t, metrics.Options{})
	s.use()
	got := s.get("/metrics")
	s.want(got, map[string]float64{
		"rabbitmq_queues":                                             2,
		"rabbitmq_connections":                                        1,
		"rabbitmq_channels":                                           1,
		"rabbitmq_consumers":                                          0,
		"rabbitmq_queue_messages":                                     2,
		"rabbitmq_queue_messages_ready":                               2,
		"rabbitmq_queue_messages_unacked":                             0,
		"rabbitmq_queue_messages_bytes":                               10,
		"rabbitmq_channel_messages_published_total":                   5,
		"rabbitmq_exchange_messages_published_total":                  5,
		"rabbitmq_queue_exchange_messages_published_total":            4,
		"rabbitmq_channel_messages_unroutable_dropped_total":          1,
		"rabbitmq_queue_messages_published_total":                     4,
		"rabbitmq_queues_declared_total":                              2,
		"rabbitmq_connections_opened_total":                           1,
		`rabbitmq_auth_attempts_succeeded_total{protocol="amqp091"}`:  1,
		`rabbitmq_global_messages_received_total{protocol="amqp091"}`: 5,
		`rabbitmq_global_messages_routed_total{protocol="amqp091"}`:   4,
		`rabbitmq_global_messages_acknowledged_total{protocol="amqp091",queue_type="rabbit_classic_queue"}`:            1,
		`rabbitmq_global_messages_acknowledged_total{protocol="amqp091",queue_type="rabbit_quorum_queue"}`:             1,
		`rabbitmq_global_messages_delivered_get_manual_ack_total{protocol="amqp091",queue_type="rabbit_quorum_queue"}`: 1,
		`rabbitmq_global_publishers{protocol="amqp091"}`:                                                               1,
		"rabbitmq_alarms_memory_used_watermark":                                                                        0,
	})
	for name := range got {
		if strings.Contains(name, "queue=\"") {
			t.Errorf("%s is about one queue", name)
		}
	}
	for _, name := range []string{"go_goroutines", "process_open_fds", "rabbitmq_process_resident_memory_bytes", "rabbitmq_connection_incoming_bytes_total"} {
		if got[name] <= 0 {
			t.Errorf("%s is %v", name, got[name])
		}
	}
	s.Broker.SetAlarm(broker.MemoryAlarm, true)
	s.want(s.get("/metrics"), map[string]float64{"rabbitmq_alarms_memory_used_watermark": 1})
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	f := brokertest.Start(t, func(c *broker.Config) { c.NodeName, c.ClusterName, c.Build = "rabbit@one", "hares", "1.2.3" })
	s := &scraped{T: t, handler: metrics.New(f.Broker, metrics.Options{})}
	for path, endpoint := range map[string]string{
		"/metrics": "aggregated", "/metrics/per-object": "per-object", "/metrics/detailed": "detailed", "/metrics/memory-breakdown": "memory-breakdown",
	} {
		want := `rabbitmq_identity_info{rabbitmq_cluster="hares",rabbitmq_cluster_permanent_id="` + f.Broker.ClusterID() + `",rabbitmq_endpoint="` + endpoint + `",rabbitmq_node="rabbit@one"}`
		got := s.get(path)
		s.want(got, map[string]float64{want: 1})
		build := ""
		for name := range got {
			if strings.HasPrefix(name, "rabbitmq_build_info{") {
				build = name
			}
		}
		if !strings.Contains(build, `rabbitmq_version="`+broker.DefaultVersion+`"`) || !strings.Contains(build, `product_version="1.2.3"`) {
			t.Errorf("%s: the build is %s", path, build)
		}
	}
}

func TestPerObject(t *testing.T) {
	t.Parallel()
	s := start(t, metrics.Options{PerObject: true})
	s.use()
	name := s.Broker.Connections()[0].Name
	for _, path := range []string{"/metrics", "/metrics/per-object"} {
		s.want(s.get(path), map[string]float64{
			`rabbitmq_queue_messages_ready{queue="c\"q\\",vhost="/"}`:                                       2,
			`rabbitmq_queue_messages_ready{queue="q",vhost="/"}`:                                            0,
			`rabbitmq_queue_messages_acked_total{queue="q",vhost="/"}`:                                      1,
			`rabbitmq_channel_messages_published_total{channel="` + name + ` (1)",exchange="",vhost="/"}`:   5,
			`rabbitmq_channel_messages_acked_total{channel="` + name + ` (1)",queue="q",vhost="/"}`:         1,
			`rabbitmq_channel_messages_confirmed_total{channel="` + name + ` (1)"}`:                         0,
			`rabbitmq_queue_exchange_messages_published_total{exchange="",queue="c\"q\\",vhost="/"}`:        3,
			`rabbitmq_exchange_messages_published_total{exchange="",vhost="/"}`:                             5,
			`rabbitmq_queue_info{membership="leader",queue="q",queue_type="rabbit_quorum_queue",vhost="/"}`: 1,
			`rabbitmq_connection_channels{connection="` + name + `"}`:                                       1,
			`rabbitmq_global_messages_received_total{protocol="amqp091"}`:                                   5,
		})
	}
}

func TestDetailed(t *testing.T) {
	t.Parallel()
	s := start(t, metrics.Options{})
	s.use()
	const ready = `rabbitmq_detailed_queue_messages_ready{queue="q",vhost="/"}`
	const consumers = `rabbitmq_detailed_queue_consumers{queue="q",vhost="/"}`
	for query, want := range map[string]struct{ ready, consumers bool }{
		"":                             {},
		"?family=queue_coarse_metrics": {ready: true},
		"?family=queue_coarse_metrics&family=queue_consumer_count": {true, true},
		"?family=queue_metrics&family=queue_consumer_count":        {false, true},
		"?vhost=%2F&family=queue_coarse_metrics":                   {ready: true},
		"?vhost=other&vhost=%2F&family=queue_coarse_metrics":       {ready: true},
		"?vhost=other&family=queue_coarse_metrics":                 {},
		"?family=nonsense":                           {},
		"?family=queue_coarse_metrics&queue=%5Eq%24": {ready: true},
		"?family=queue_coarse_metrics&queue=":        {ready: true},
		"?family=queue_coarse_metrics&queue=%5Ec":    {},
	} {
		got := s.get("/metrics/detailed" + query)
		_, r := got[ready]
		_, c := got[consumers]
		if r != want.ready || c != want.consumers {
			t.Errorf("%q: ready %v, consumers %v", query, r, c)
		}
	}
	if got := s.get("/metrics/detailed?family=queue_exchange_metrics&queue=q$"); got[`rabbitmq_detailed_queue_exchange_messages_published_total{exchange="",queue="q",vhost="/"}`] != 1 {
		t.Errorf("by exchange, q got %v", got)
	}
	s.want(s.get("/metrics/detailed?family=exchange_metrics&family=exchange_names&family=exchange_bindings&family=vhost_status"+
		"&family=connection_churn_metrics&family=node_coarse_metrics&family=auth_attempt_metrics"), map[string]float64{
		`rabbitmq_detailed_exchange_messages_published_total{exchange="amq.direct",vhost="/"}`: 0,
		`rabbitmq_cluster_exchange_name{exchange="amq.topic",type="topic",vhost="/"}`:          1,
		`rabbitmq_cluster_exchange_bindings{exchange="amq.topic",type="topic",vhost="/"}`:      0,
		`rabbitmq_cluster_vhost_status{vhost="/"}`:                                             1,
		"rabbitmq_detailed_channels_opened_total":                                              1,
		`rabbitmq_detailed_auth_attempts_total{protocol="amqp091"}`:                            1,
	})
	name := s.Broker.Connections()[0].Name
	s.want(s.get("/metrics/detailed?family=channel_metrics&family=channel_exchange_metrics&family=channel_queue_metrics"+
		"&family=connection_metrics&family=connection_coarse_metrics&family=queue_delivery_metrics"), map[string]float64{
		`rabbitmq_detailed_channel_messages_acked_total{channel="` + name + ` (1)",queue="q",vhost="/"}`:       1,
		`rabbitmq_detailed_channel_messages_published_total{channel="` + name + ` (1)",exchange="",vhost="/"}`: 5,
		`rabbitmq_detailed_connection_channels{connection="` + name + `"}`:                                     1,
		`rabbitmq_detailed_queue_get_ack_total{queue="q",vhost="/"}`:                                           1,
	})
}

func TestMemoryBreakdown(t *testing.T) {
	t.Parallel()
	got := start(t, metrics.Options{}).get("/metrics/memory-breakdown")
	for _, class := range []string{"binary_heap", "other_erlang_process", "other_system", "runtime_allocated_unused"} {
		if got["rabbitmq_memory_"+class+"_bytes"] <= 0 {
			t.Errorf("%s is %v", class, got["rabbitmq_memory_"+class+"_bytes"])
		}
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	f := brokertest.Start(t)
	plain, profiles := metrics.New(f.Broker, metrics.Options{}), metrics.New(f.Broker, metrics.Options{Profiles: true})
	elsewhere := metrics.New(f.Broker, metrics.Options{Path: "/figures/"})
	for _, c := range []struct {
		handler      http.Handler
		method, path string
		code         int
	}{
		{plain, http.MethodGet, "/metrics", 200},
		{plain, http.MethodHead, "/metrics", 200},
		{plain, http.MethodPost, "/metrics", 405},
		{plain, http.MethodGet, "/metrics/nothing", 404},
		{plain, http.MethodGet, "/", 404},
		{plain, http.MethodGet, "/metrics/detailed?queue=(", 400},
		{plain, http.MethodGet, "/metrics/detailed?queue=a&queue=b", 400},
		{plain, http.MethodGet, "/metrics/detailed?queue=" + strings.Repeat("a", 2001), 400},
		{elsewhere, http.MethodGet, "/figures", 200},
		{elsewhere, http.MethodGet, "/figures/per-object", 200},
		{elsewhere, http.MethodGet, "/metrics", 404},
		{plain, http.MethodGet, "/debug/pprof/", 404},
		{profiles, http.MethodGet, "/debug/pprof/", 200},
	} {
		r := httptest.NewRecorder()
		c.handler.ServeHTTP(r, httptest.NewRequest(c.method, c.path, nil))
		if r.Code != c.code {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, r.Code, c.code)
		}
	}
}

// stuck is a source that has scrapes wait.
type stuck struct {
	*broker.Broker
	asked, answer chan struct{}
}

func (s *stuck) VHosts() []string {
	s.asked <- struct{}{}
	<-s.answer
	return nil
}

func TestFewScrapesAtATime(t *testing.T) {
	t.Parallel()
	s := &stuck{brokertest.Start(t).Broker, make(chan struct{}), make(chan struct{})}
	h := metrics.New(s, metrics.Options{})
	get := func() int {
		r := httptest.NewRecorder()
		h.ServeHTTP(r, httptest.NewRequest(http.MethodGet, "/metrics/detailed?family=queue_metrics", nil))
		return r.Code
	}
	const slots = 4
	served := make(chan int, slots)
	for range slots {
		go func() { served <- get() }()
		<-s.asked
	}
	if code := get(); code != http.StatusServiceUnavailable {
		t.Errorf("one too many was told %d", code)
	}
	close(s.answer)
	for range slots {
		if code := <-served; code != http.StatusOK {
			t.Errorf("a scrape was told %d", code)
		}
	}
}
