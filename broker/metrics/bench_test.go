package metrics_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"go.uber.org/zap"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/broker/metrics"
)

// BenchmarkScrape scrapes a broker with 100,000 idle queues.
func BenchmarkScrape(b *testing.B) {
	f := brokertest.Start(b, func(c *broker.Config) { c.Log = zap.NewNop() })
	conn, err := amqp.Dial(f.URL)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		b.Fatal(err)
	}
	const queues = 100_000
	for n := range queues {
		// Without waiting; the last one is waited for.
		if _, err := ch.QueueDeclare("q"+strconv.Itoa(n), false, false, false, n < queues-1, nil); err != nil {
			b.Fatal(err)
		}
	}
	h := metrics.New(f.Broker, metrics.Options{})
	b.Run("aggregated", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			scrape(h, "/metrics")
		}
	})
	b.Run("detailed", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			scrape(h, "/metrics/detailed?family=queue_coarse_metrics")
		}
	})
	b.Run("per-object", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			scrape(h, "/metrics/per-object")
		}
	})
	b.Run("counts", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := f.Broker.QueueCounts("/"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// discard takes an answer and forgets it.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return io.Discard.Write(p) }
func (d *discard) WriteHeader(int)             {}

// scrape asks as Prometheus does.
func scrape(h http.Handler, path string) {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Accept-Encoding", "gzip")
	h.ServeHTTP(&discard{http.Header{}}, r)
}
