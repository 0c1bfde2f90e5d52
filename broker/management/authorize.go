package management

import (
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/lepusmq/lepus/broker/auth"
)

// level is what a user must be to be served, by its tags. Each but policymaker can do
// what those before it can.
type level uint8

const (
	manager     level = iota // management, or any of the others
	policymaker              // policymaker or administrator
	monitor                  // monitoring or administrator
	administrator
	anybody // without log-in
)

// The tags by which users get in.
const (
	tagManagement  = "management"
	tagPolicymaker = "policymaker"
	tagMonitoring  = "monitoring"
)

// authorize finds out who asks, and whether it may. Errors are 401, as RabbitMQ's
// are for lack of rights, too.
func (q *request) authorize(l level) error {
	if l == anybody {
		return nil
	}
	if q.local {
		q.user = auth.User{Tags: []string{auth.Administrator}}
		return nil
	}
	name, password, err := q.credentials()
	if err != nil {
		return err
	}
	q.user, err = q.server.logins.check(q.Context(), name, password, remoteOf(q.Request))
	if err != nil {
		q.challenge()
		if errors.Is(err, auth.ErrLoopback) {
			return &fault{http.StatusUnauthorized, "not_authorized", "User can only log in via localhost"}
		}
		return &fault{http.StatusUnauthorized, "not_authorized", "Login failed"}
	}
	return q.permit(l)
}

// permit checks the tags of who asks.
func (q *request) permit(l level) error {
	switch {
	case l == manager && !q.any(tagManagement, tagPolicymaker, tagMonitoring):
		return notAuthorised("Not management user")
	case l == policymaker && !q.any(tagPolicymaker):
		return notAuthorised("User not authorised to access object")
	case l == monitor && !q.any(tagMonitoring):
		return notAuthorised("Not monitor user")
	case l == administrator && !q.any():
		return notAuthorised("Not administrator user")
	}
	return nil
}

// any says whether the user has one of the tags, or may do everything.
func (q *request) any(tags ...string) bool {
	return slices.ContainsFunc(q.user.Tags, func(t string) bool {
		return t == auth.Administrator || slices.Contains(tags, t)
	})
}

// credentials returns with which name and password somebody logs in.
func (q *request) credentials() (name, password string, err error) {
	header := q.Header.Get("Authorization")
	scheme, value, _ := strings.Cut(header, " ")
	switch {
	case header == "":
		q.challenge()
		return "", "", &fault{http.StatusUnauthorized, "not_authorized", "Login failed"}
	case !strings.EqualFold(scheme, "basic"):
		q.challenge()
		return "", "", &fault{http.StatusUnauthorized, "not_authorized", "Login failed"}
	}
	plain, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return "", "", badRequest("the header Authorization makes no sense")
	}
	name, password, ok := strings.Cut(string(plain), ":")
	if !ok {
		return "", "", badRequest("the header Authorization makes no sense")
	}
	return name, password, nil
}

// challenge says how to log in. A browser would ask for a password on behalf of a
// page that asks for it itself, so it is not told when a script asks.
func (q *request) challenge() {
	if mode := q.Header.Get("Sec-Fetch-Mode"); mode == "" || mode == "navigate" {
		q.w.Header().Set("WWW-Authenticate", `Basic realm="RabbitMQ Management"`)
	}
}

// remoteOf is where a request comes from.
func remoteOf(r *http.Request) net.Addr {
	if at, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return net.TCPAddrFromAddrPort(at)
	}
	return &net.TCPAddr{}
}

// sees says whether a virtual host is shown to who asks.
func (q *request) sees(host string) bool {
	if q.any(tagMonitoring) {
		return true
	}
	_, ok := q.user.Permissions[host]
	return ok
}

// visible returns the virtual hosts that are shown to who asks.
func (q *request) visible() []string {
	return slices.DeleteFunc(slices.Clone(q.server.broker.VHosts()), func(host string) bool { return !q.sees(host) })
}

// checkVHost returns the error for a virtual host that is not there, or not for who
// asks.
func (q *request) checkVHost(host string) error {
	if _, err := q.server.broker.VHostSettings(host); err != nil {
		if q.Method == http.MethodPut || q.Method == http.MethodPost {
			return noVHost()
		}
		return notFound()
	}
	if !q.sees(host) {
		return notAuthorised("User not authorised to access virtual host")
	}
	return nil
}
