package control

import (
	"context"
	"errors"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"
)

// What a request may take.
const (
	headerTime = 10 * time.Second
	bodySize   = 1 << 30 // of definitions
	wordsSize  = 1 << 20 // of others
	graceTime  = time.Second
)

// Server serves the socket of a node.
type Server struct {
	http    *http.Server
	serving sync.WaitGroup
}

// Serve listens on the socket of the data folder dir and serves node there until
// Close.
func Serve(dir string, node Node, log *zap.Logger) (*Server, error) {
	l, err := Listen(Socket(dir))
	if err != nil {
		return nil, err
	}
	s := &Server{http: &http.Server{
		Handler: http.MaxBytesHandler(socketHandler{handler{node: node, local: true}}, bodySize), ReadHeaderTimeout: headerTime, IdleTimeout: time.Minute,
		ErrorLog: stdlog.New(io.Discard, "", 0), // of peers that hang up
	}}
	s.serving.Go(func() { s.serve(l, log) })
	return s, nil
}

func (s *Server) serve(l net.Listener, log *zap.Logger) {
	if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		log.Error("the control socket has ended", zap.Error(err))
	}
}

// Close ends the server, with the requests that do not end within a second, and
// removes the socket.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), graceTime)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	s.serving.Wait()
	return err
}

// socketHandler serves what is asked by way of the socket: all of the API.
type socketHandler struct{ handler }

// ServeHTTP implements [http.Handler].
func (h socketHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.EscapedPath(), pathPrefix) {
		h.handler.ServeHTTP(w, r)
		return
	}
	api := h.node.API()
	if api == nil {
		tell(w, ErrStopped)
		return
	}
	api.ServeHTTP(w, r)
}
