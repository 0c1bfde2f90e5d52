package perf

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// target is a broker, and who to be there.
type target struct {
	address        string // host:port
	user, password string
	vhost          string
}

// parseURI reads amqp://user:password@host:port/vhost. What is left out is what
// a new broker has: guest, guest, localhost, 5672 and the virtual host "/".
func parseURI(uri string) (target, error) {
	u, err := url.Parse(uri)
	if err != nil {
		// The text of the whole error has the password.
		var bad *url.Error
		if errors.As(err, &bad) {
			err = bad.Err
		}
		return target{}, fmt.Errorf("the URI cannot be read: %w", err)
	}
	if u.Scheme != "amqp" {
		return target{}, fmt.Errorf("the URI starts with %q, only amqp:// is known", u.Scheme+"://")
	}
	t := target{user: "guest", password: "guest", vhost: "/"}
	host, port := u.Hostname(), u.Port()
	if host == "" {
		host = "localhost"
	}
	if port == "" {
		port = "5672"
	}
	t.address = net.JoinHostPort(host, port)
	if u.User != nil {
		t.user = u.User.Username()
		t.password, _ = u.User.Password()
	}
	if name := strings.TrimPrefix(u.Path, "/"); name != "" {
		t.vhost = name
	}
	return t, nil
}
