package management

import (
	"net/http"

	"go.uber.org/zap"
)

// Guard returns a handler that serves what h does, to those who log in as users that
// may monitor the broker: RabbitMQ asks the same of who reads its metrics with
// prometheus.authentication.enabled. Any goroutine may call it.
func Guard(b Broker, h http.Handler) http.Handler {
	s := &Server{broker: b, log: zap.NewNop(), logins: newLogins(b)}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := &request{Request: r, server: s, w: w}
		if err := q.authorize(monitor); err != nil {
			q.fail(err)
			return
		}
		h.ServeHTTP(w, r)
	})
}
