package broker

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/broker/certs"
)

// What a request over HTTP may take, whoever makes it.
const (
	httpHeaderTime  = 10 * time.Second
	httpRequestTime = time.Minute     // to send it
	httpAnswerTime  = 2 * time.Minute // to send it and take the answer
	httpIdleTime    = 2 * time.Minute
	httpHeaderSize  = 64 << 10
	httpBodySize    = 20_000_000 // as RabbitMQ: definitions may be large
)

// HTTP says where one of the broker's views is served. The zero HTTP is nowhere.
type HTTP struct {
	// Listen and ListenTLS are addresses as those of [Config].
	Listen, ListenTLS []string
	// TLS is for ListenTLS; the zero Options are those of [Config].
	TLS certs.Options
	// MaxBody is the size of the largest request, in bytes; 0 is 20,000,000.
	MaxBody int64
	// Handler makes what answers, once the broker has been restored; nil is what the
	// view is. If it has a method Close, that is called after its last request.
	Handler func(*Broker) http.Handler
}

// view serves one handler on the doors of a view.
type view struct {
	// immutable after Start
	doors   []*door
	server  *http.Server
	handler http.Handler

	serving sync.WaitGroup
}

// start serves on all doors.
func (v *view) start(h *HTTP, b *Broker) {
	if len(v.doors) == 0 {
		return
	}
	v.handler = http.NotFoundHandler()
	if h.Handler != nil {
		v.handler = h.Handler(b)
	}
	most := h.MaxBody
	if most == 0 {
		most = httpBodySize
	}
	v.server = &http.Server{
		Handler:           http.MaxBytesHandler(v.handler, most),
		ReadHeaderTimeout: httpHeaderTime,
		ReadTimeout:       httpRequestTime,
		WriteTimeout:      httpAnswerTime,
		IdleTimeout:       httpIdleTime,
		MaxHeaderBytes:    httpHeaderSize,
		ErrorLog:          httpLog(b.log),
	}
	for _, d := range v.doors {
		v.serving.Go(func() { v.serve(d, b.log) })
	}
}

func (v *view) serve(d *door, log *zap.Logger) {
	var l net.Listener = d
	if d.certs != nil {
		l = tls.NewListener(l, d.certs.Config())
	}
	if err := v.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		log.Error("a listener has ended", zap.String("protocol", d.protocol), zap.Error(err))
	}
}

// stop lets requests end until ctx does, and returns when all have.
func (v *view) stop(ctx context.Context) {
	if v.server == nil {
		return
	}
	if err := v.server.Shutdown(ctx); err != nil {
		// What is closed in the middle of a request is as good as gone.
		_ = v.server.Close()
	}
	v.serving.Wait()
	if c, ok := v.handler.(interface{ Close() }); ok {
		c.Close()
	}
}

// httpLog takes what the HTTP server has to tell: of handshakes that fail and
// peers that hang up, which are theirs to look into.
func httpLog(log *zap.Logger) *stdlog.Logger {
	l, err := zap.NewStdLogAt(log, zap.DebugLevel)
	if err != nil {
		return stdlog.New(io.Discard, "", 0) // there is such a level
	}
	return l
}
