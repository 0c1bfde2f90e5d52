package metrics

import (
	"net/http"
	"net/http/pprof"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/lepusmq/lepus/broker/stats"
)

// Source is the broker as the metrics see it. Its methods may be called from any
// goroutine, of several scrapes at once. What has gone meanwhile they say with an
// error, and it is left out.
type Source interface {
	Node() stats.Node
	VHosts() []string
	Totals(vhost string) (stats.Totals, error)
	QueueCounts(vhost string) ([]stats.QueueCounts, error)
	ExchangeNames(vhost string) ([]string, error)
	Exchange(vhost, name string) (stats.Exchange, error)
	ExchangeBindings(vhost, exchange string, asSource bool) ([]stats.Binding, error)
	Connections() []stats.Connection
	Channels() []stats.Channel
}

// Options say what is told.
type Options struct {
	// PerObject has /metrics tell of each queue, channel and connection, as RabbitMQ
	// does with return_per_object_metrics. That takes time and memory in proportion
	// to their number.
	PerObject bool
	// Profiles serves the profiles of net/http/pprof under /debug/pprof/. They show
	// what is in the process's memory: not for everybody.
	Profiles bool
}

// maxScrapes is how many scrapes are served at a time; others are told to come
// again (503).
const maxScrapes = 4

// New returns the handler of /metrics and the paths below it. It is for a listener
// of its own: whoever reaches that may read all.
func New(from Source, o Options) http.Handler {
	slots := make(chan struct{}, maxScrapes)
	serve := func(of func(*http.Request) prometheus.Gatherer) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			select {
			case slots <- struct{}{}:
				defer func() { <-slots }()
			default:
				http.Error(w, "too many scrapes at a time", http.StatusServiceUnavailable)
				return
			}
			// What cannot be told must not keep back all else.
			promhttp.HandlerFor(of(r), promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}).ServeHTTP(w, r)
		})
	}
	always := func(g prometheus.Gatherer) func(*http.Request) prometheus.Gatherer {
		return func(*http.Request) prometheus.Gatherer { return g }
	}
	whole := registry(newAggregated(from), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	objects := registry(newPerObject(from), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	usual := whole
	if o.PerObject {
		usual = objects
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", serve(always(usual)))
	mux.Handle("GET /metrics/per-object", serve(always(objects)))
	mux.Handle("GET /metrics/memory-breakdown", serve(always(registry(newMemory(from)))))
	mux.Handle("GET /metrics/detailed", serve(func(r *http.Request) prometheus.Gatherer {
		return registry(newDetailed(from, r.URL.Query()))
	}))
	if o.Profiles {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return mux
}

// registry has collectors be asked at each scrape.
func registry(all ...prometheus.Collector) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(all...)
	return r
}
