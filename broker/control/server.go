package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"runtime/debug"
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
		Handler: http.MaxBytesHandler(handler{node}, bodySize), ReadHeaderTimeout: headerTime, IdleTimeout: time.Minute,
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

// handler serves what is asked of a node.
type handler struct{ node Node }

// ServeHTTP implements [http.Handler].
func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if what, ok := strings.CutPrefix(r.URL.EscapedPath(), "/api/lepus/"); ok {
		h.serve(w, r, what)
		return
	}
	api := h.node.API()
	if api == nil {
		tell(w, ErrStopped)
		return
	}
	api.ServeHTTP(w, r)
}

func (h handler) serve(w http.ResponseWriter, r *http.Request, what string) {
	r.Body = http.MaxBytesReader(w, r.Body, wordsSize)
	switch r.Method + " " + what {
	case "GET node":
		show(w, h.node.Info())
		return
	case "GET environment":
		show(w, h.node.Environment())
		return
	}
	act := h.act(r.Method + " " + what)
	if act == nil {
		write(w, http.StatusNotFound, "Object Not Found", "Not Found")
		return
	}
	tell(w, act(json.NewDecoder(r.Body)))
}

// act returns what does something that is asked for; nil is nothing.
func (h handler) act(what string) func(*json.Decoder) error {
	n := h.node
	plain := func(do func() error) func(*json.Decoder) error {
		return func(*json.Decoder) error { return do() }
	}
	switch what {
	case "POST login":
		return with(func(v struct{ Name, Password string }) error { return n.Login(v.Name, v.Password) })
	case "POST stop":
		return plain(func() error { n.Stop(); return nil })
	case "POST stop-app":
		return plain(n.StopApp)
	case "POST start-app":
		return plain(n.StartApp)
	case "POST reset":
		return plain(n.Reset)
	case "POST collect":
		return plain(func() error { debug.FreeOSMemory(); return nil })
	case "PUT memory-high-watermark":
		return with(n.SetMemoryHighWatermark)
	case "PUT disk-free-limit":
		return with(n.SetDiskFreeLimit)
	case "PUT log-level":
		return with(func(v struct{ Level string }) error { return n.SetLogLevel(v.Level) })
	case "PUT alarm":
		return with(func(v struct {
			Alarm string
			On    bool
		}) error {
			return n.SetAlarm(v.Alarm, v.On)
		})
	case "PUT channel-max":
		return with(func(v struct{ Value int }) error { return n.SetChannelMax(v.Value) })
	case "PUT loopback-users":
		return with(func(v struct{ Users []string }) error { return n.SetLoopbackUsers(v.Users) })
	}
	return nil
}

// with reads what a call needs from the request's body.
func with[T any](do func(T) error) func(*json.Decoder) error {
	return func(d *json.Decoder) error {
		var v T
		if err := d.Decode(&v); err != nil {
			return fmt.Errorf("%w: %w", ErrArgument, err)
		}
		return do(v)
	}
}

func show(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // whoever asked may have gone
}

// tell answers with what came of a call.
func tell(w http.ResponseWriter, err error) {
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, ErrStopped):
		write(w, http.StatusServiceUnavailable, "stopped", err.Error())
	case errors.Is(err, ErrRunning):
		write(w, http.StatusConflict, "running", err.Error())
	case errors.Is(err, ErrRefused):
		write(w, http.StatusUnauthorized, "not_authorised", err.Error())
	case errors.Is(err, ErrArgument):
		write(w, http.StatusBadRequest, "bad_request", err.Error())
	default:
		write(w, http.StatusInternalServerError, "internal_error", err.Error())
	}
}

func write(w http.ResponseWriter, status int, kind, reason string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": kind, "reason": reason}) // as above
}
