package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/lepusmq/lepus/broker/lines"
)

// pathPrefix comes before the paths of what RabbitMQ's API has no word for.
const pathPrefix = "/api/lepus/"

// Handler serves what lies below /api/lepus/ to administrators who come over the
// network: all but what would cut them off.
func Handler(node Node) http.Handler { return handler{node: node} }

// handler serves what is asked of a node, and who may ask has been found out.
type handler struct {
	node  Node
	local bool // it came by the socket
}

// ServeHTTP implements [http.Handler].
func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.serve(w, r, strings.TrimPrefix(r.URL.EscapedPath(), pathPrefix))
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
	case "GET message-sizes":
		h.sizes(w)
		return
	case "GET log":
		h.log(w, r)
		return
	case "GET events":
		stream(w, r, h.node.WatchEvents)
		return
	case "POST drain":
		h.drain(w)
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
		return plain(h.atHome(n.StopApp))
	case "POST start-app":
		return plain(h.atHome(n.StartApp))
	case "POST reset":
		return plain(h.atHome(n.Reset))
	case "POST suspend-listeners":
		return plain(n.SuspendListeners)
	case "POST resume-listeners":
		return plain(n.ResumeListeners)
	case "POST revive":
		return plain(n.Revive)
	case "POST clear-auth-cache":
		return plain(n.ClearAuthCache)
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

// atHome refuses to do something for whoever has come over the network.
func (h handler) atHome(do func() error) func() error {
	if h.local {
		return do
	}
	return func() error { return ErrLocal }
}

func (h handler) drain(w http.ResponseWriter) {
	closed, err := h.node.Drain()
	if err != nil {
		tell(w, err)
		return
	}
	show(w, map[string]int{"connections_closed": closed})
}

func (h handler) sizes(w http.ResponseWriter) {
	sizes, err := h.node.MessageSizes()
	if err != nil {
		tell(w, err)
		return
	}
	show(w, sizes)
}

// log shows the last lines of the log, or those that come from now on.
func (h handler) log(w http.ResponseWriter, r *http.Request) {
	tail := h.node.Log()
	if r.URL.Query().Get("follow") != "" {
		stream(w, r, tail.Follow)
		return
	}
	n, err := strconv.Atoi(r.URL.Query().Get("lines"))
	if err != nil || n < 0 {
		tell(w, fmt.Errorf("%w: lines is how many are wanted", ErrArgument))
		return
	}
	show(w, map[string][]string{"lines": tail.Last(n)})
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
	case errors.Is(err, ErrLocal):
		write(w, http.StatusConflict, "local_only", err.Error())
	case errors.Is(err, lines.ErrTooMany):
		write(w, http.StatusServiceUnavailable, "unavailable", err.Error())
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
