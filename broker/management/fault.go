package management

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/vhost"
)

// fault is a refusal as a client is told of it.
type fault struct {
	status int
	name   string
	reason any // a text, mostly
}

func (f *fault) Error() string { return f.name }

func notFound() error {
	return &fault{http.StatusNotFound, "Object Not Found", "Not Found"}
}

func noVHost() error {
	return &fault{http.StatusNotFound, "not_found", "vhost_not_found"}
}

// badRequest is a request that makes no sense. Some reasons are lists: RabbitMQ's
// terms.
func badRequest(reason any) error {
	return &fault{http.StatusBadRequest, "bad_request", reason}
}

// notAuthorised is a user who may not. RabbitMQ says 401 there, too.
func notAuthorised(reason string) error {
	return &fault{http.StatusUnauthorized, "not_authorised", reason}
}

// keysMissing is a body without some of its keys.
func keysMissing(keys ...string) error {
	var all []string
	for _, k := range keys {
		all = append(all, "{key_missing,"+k+"}")
	}
	return badRequest("[" + strings.Join(all, ",\n ") + "]")
}

// refused is the error of a change to topology, as a client is told of it.
func refused(err error) error {
	var e *amqp.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case amqp.AccessRefused:
		return notAuthorised("Access refused.")
	case amqp.NotFound:
		return &fault{http.StatusNotFound, "not_found", e.Text}
	}
	return badRequest(e.Text)
}

// invalid is the error of a rule that makes no sense.
func invalid(err error) error {
	var policy vhost.InvalidPolicy
	if errors.As(err, &policy) {
		return badRequest("Validation failed\n\n" + string(policy) + "\n")
	}
	return err
}

// fail answers a request that has failed. What is no fault is not for clients: it is
// logged.
func (q *request) fail(err error) {
	var f *fault
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &f):
	case errors.As(err, &tooLarge):
		f = &fault{http.StatusRequestEntityTooLarge, "bad_request", "the request is too large"}
	default:
		q.server.log.Error("a request has failed", zap.String("method", q.Method),
			zap.String("path", q.URL.EscapedPath()), zap.String("user", q.user.Name), zap.Error(err))
		f = &fault{http.StatusInternalServerError, "internal_server_error", "the log of the broker says why"}
	}
	writeFault(q.w, f)
}

// writeFault writes a fault as the answer.
func writeFault(w http.ResponseWriter, err error) {
	var f *fault
	errors.As(err, &f)
	body, _ := json.Marshal(map[string]any{"error": f.name, "reason": f.reason}) // texts and lists of them
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.status)
	_, _ = w.Write(body) // who does not read it misses nothing
}
