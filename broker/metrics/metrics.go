package metrics

import (
	"cmp"
	"io"
	"net/http"
	"net/http/pprof"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/lepusmq/lepus/broker/stats"
)

// Source is the broker as the metrics see it. Its methods may be called from any
// goroutine, of several scrapes at once. What has gone meanwhile they say with an
// error, and it is left out.
type Source interface {
	Node() stats.Node
	VHosts() []string
	Totals(vhost string) (stats.Totals, error)
	Received() stats.Received
	EachQueue(vhost string, f func(*stats.QueueCounts)) error
	EachPassage(vhost string, f func(*stats.Passage)) error
	Breakdown(wanted func(*stats.Part) bool) []stats.Part
	ExchangeNames(vhost string) ([]string, error)
	Exchange(vhost, name string) (stats.Exchange, error)
	ExchangeBindings(vhost, exchange string, asSource bool) ([]stats.Binding, error)
	Connections() []stats.Connection
	Channels() []stats.Channel
}

// Options say what is told.
type Options struct {
	// Path is where the metrics are, and below it; empty is /metrics.
	Path string
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
	process := prometheus.NewRegistry()
	process.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	scrapes := scrapes{slots: make(chan struct{}, maxScrapes)}
	path := "GET " + cmp.Or(strings.TrimRight(o.Path, "/"), "/metrics")
	mux := http.NewServeMux()
	usual := aggregated
	if o.PerObject {
		usual = perObject
	}
	mux.HandleFunc(path, scrapes.serve(func(p *page) { usual(p, from, process) }))
	mux.HandleFunc(path+"/per-object", scrapes.serve(func(p *page) { perObject(p, from, process) }))
	mux.HandleFunc(path+"/memory-breakdown", scrapes.serve(func(p *page) { memoryBreakdown(p, from) }))
	mux.HandleFunc(path+"/detailed", func(w http.ResponseWriter, r *http.Request) {
		d, err := newDetailed(from, r.URL.Query())
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		scrapes.serve(d.tell)(w, r)
	})
	if o.Profiles {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return mux
}

// scrapes are those that are served at a time.
type scrapes struct{ slots chan struct{} }

// serve answers with a page, compressed if the client likes that.
func (s scrapes) serve(tell func(*page)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case s.slots <- struct{}{}:
			defer func() { <-s.slots }()
		default:
			http.Error(w, "too many scrapes at a time", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Vary", "Accept-Encoding")
		to := io.Writer(w)
		if takesGzip(r) {
			w.Header().Set("Content-Encoding", "gzip")
			packed, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // there is such a level
			defer packed.Close()                                // the client has gone if it fails
			to = packed
		}
		p := newPage(to)
		tell(p)
		p.flush()
	}
}

func takesGzip(r *http.Request) bool {
	for _, accepted := range r.Header.Values("Accept-Encoding") {
		for coding := range strings.SplitSeq(accepted, ",") {
			name, quality, _ := strings.Cut(coding, ";")
			if strings.TrimSpace(name) == "gzip" && strings.TrimSpace(quality) != "q=0" {
				return true
			}
		}
	}
	return false
}
