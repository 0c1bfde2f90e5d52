package management

import (
	"cmp"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"
)

// Config says what a [Server] shows, and how.
type Config struct {
	Broker Broker
	// Page holds the files of the page for browsers; nil is no page.
	Page fs.FS
	// Prefix is put before all paths, as "/lepus"; mostly empty.
	Prefix string
	// AllowOrigins are the origins from which pages of others may use this API, as
	// "https://example.org"; "*" is any. Nil is none.
	AllowOrigins []string
	// DisableStats shows no counts and rates, and takes no samples; QueueTotals shows
	// how many messages are in queues all the same. Requests can ask for either.
	DisableStats, QueueTotals bool
	// SampleInterval is how often samples are taken; 0 is five seconds.
	SampleInterval time.Duration
	// MaxBody is the size of the largest request, in bytes; 0 is 20,000,000.
	MaxBody int64
	// Extra serves what lies below /api/lepus/, for administrators only; nil is
	// nothing.
	Extra http.Handler
	// Log may be nil.
	Log *zap.Logger
}

const (
	defaultSampleInterval = 5 * time.Second
	defaultMaxBody        = 20_000_000 // as RabbitMQ
)

// Server serves the management API and its page. Its handlers may be called from any
// goroutine. It takes samples until it is closed.
type Server struct {
	// immutable
	cfg     Config
	broker  Broker
	log     *zap.Logger
	routes  *node
	page    http.Handler // nil without a page
	logins  *logins
	sampler *sampler
	// countColumns are those of queues.
	countColumns []countColumn
	// nodeName is the name of the node, which does not change.
	nodeName func() string
}

// New returns a server and begins to take samples. Close it when its last request
// has been served.
func New(cfg Config) *Server {
	cfg.SampleInterval = cmp.Or(cfg.SampleInterval, defaultSampleInterval)
	cfg.MaxBody = cmp.Or(cfg.MaxBody, defaultMaxBody)
	cfg.Prefix = strings.TrimSuffix(cfg.Prefix, "/")
	if cfg.Log == nil {
		cfg.Log = zap.NewNop()
	}
	s := &Server{
		cfg: cfg, broker: cfg.Broker, log: cfg.Log,
		routes:  newRoutes(),
		logins:  newLogins(cfg.Broker),
		sampler: newSampler(cfg.Broker, cfg.SampleInterval, cfg.DisableStats),

		countColumns: countColumns(),
		nodeName:     sync.OnceValue(func() string { return cfg.Broker.Node().Name }),
	}
	if cfg.Page != nil {
		s.page = newPage(cfg.Page)
	}
	return s
}

// Close ends the taking of samples, and returns when it has ended.
func (s *Server) Close() { s.sampler.close() }

// ServeHTTP implements [http.Handler] for requests that come over the network: all
// of them must log in.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.serve(w, r, false)
}

// Local returns the same API for a place that only the owner of the broker can
// reach: every request is an administrator's, and needs no password. Its paths have no
// prefix, so that nobody there need know it.
func (s *Server) Local() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, true) })
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, local bool) {
	prefix := s.cfg.Prefix
	if local {
		prefix = ""
	}
	path, ok := strings.CutPrefix(r.URL.EscapedPath(), prefix)
	if !ok || path != "" && path[0] != '/' {
		writeFault(w, notFound())
		return
	}
	s.allowOrigin(w, r)
	api, ok := strings.CutPrefix(path, "/api/")
	switch {
	case ok && api != "":
		s.serveAPI(w, r, api, local)
	// The page names its files relative to a folder, which has a slash at its end.
	case ok || path == "/api" || path == "":
		http.Redirect(w, r, s.cfg.Prefix+"/", http.StatusMovedPermanently)
	case s.page != nil:
		http.StripPrefix(s.cfg.Prefix, s.page).ServeHTTP(w, r)
	default:
		writeFault(w, notFound())
	}
}

// serveAPI serves a request below /api.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request, path string, local bool) {
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Add("Vary", "Accept-Encoding, Origin")
	r.Body = http.MaxBytesReader(w, r.Body, s.cfg.MaxBody)
	q := &request{Request: r, server: s, w: w, local: local}
	if err := s.answer(q, path); err != nil {
		q.fail(err)
	}
}

// answer finds what a request is for, and whether it may, and has it served.
func (s *Server) answer(q *request, path string) error {
	if strings.HasPrefix(path, "lepus/") && s.cfg.Extra != nil {
		if err := q.authorize(administrator); err != nil {
			return err
		}
		http.StripPrefix(s.cfg.Prefix, s.cfg.Extra).ServeHTTP(q.w, q.Request)
		return nil
	}
	res, args, ok := s.routes.find(path)
	if !ok {
		return notFound()
	}
	q.args = args
	serve := res.method(q.Method)
	switch {
	case q.Method == http.MethodOptions:
		return q.options(res)
	case serve == nil:
		q.w.Header().Set("Allow", res.allowed())
		q.w.WriteHeader(http.StatusMethodNotAllowed)
		return nil
	}
	if err := q.authorize(res.level(q.Method)); err != nil {
		return err
	}
	if host, ok := args["vhost"]; ok {
		if err := q.checkVHost(host); err != nil {
			return err
		}
	}
	return serve(q)
}

// allowOrigin answers, for a browser, whether the page it shows may read this.
func (s *Server) allowOrigin(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return
	}
	for _, allowed := range s.cfg.AllowOrigins {
		if allowed == "*" || allowed == origin {
			h := w.Header()
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Allow-Credentials", "true")
			return
		}
	}
}
