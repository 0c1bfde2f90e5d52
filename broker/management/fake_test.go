package management

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/stats"
	"github.com/lepusmq/lepus/broker/vhost"
)

// fake is a broker with one virtual host in which there are many queues. It counts
// what it is asked. What a test does not need is not there.
type fake struct {
	Broker
	held     atomic.Pointer[[]stats.QueueCounts]
	password string
	hash     string

	rows, logins int
	counted      atomic.Int64
}

func newFake(n int) *fake {
	f := &fake{password: "secret", hash: "hash"}
	all := make([]stats.QueueCounts, n)
	for i := range all {
		all[i] = stats.QueueCounts{
			Name: fmt.Sprintf("queue-%06d", i), Type: "classic", Ready: (i * 7919) % 1000, Consumers: i % 3,
			Messages: stats.Messages{Publish: uint64(i)},
		}
	}
	f.held.Store(&all)
	return f
}

func (f *fake) queues() []stats.QueueCounts { return *f.held.Load() }

// change lets the queues have counted something else.
func (f *fake) change(to func(all []stats.QueueCounts)) {
	all := slices.Clone(f.queues())
	to(all)
	f.held.Store(&all)
}

var errNone = errors.New("there is none")

func (f *fake) VHosts() []string { return []string{"/"} }

func (f *fake) VHostSettings(name string) (vhost.Settings, error) {
	if name != "/" {
		return vhost.Settings{}, errNone
	}
	return vhost.Settings{}, nil
}

func (f *fake) QueueNames(string) ([]string, error) {
	all := f.queues()
	names := make([]string, len(all))
	for i := range all {
		names[i] = all[i].Name
	}
	return names, nil
}

func (f *fake) QueueCounts(string) ([]stats.QueueCounts, error) {
	f.counted.Add(1)
	return f.queues(), nil
}

func (f *fake) Queue(_, name string) (stats.Queue, error) {
	f.rows++
	var i int
	if _, err := fmt.Sscanf(name, "queue-%d", &i); err != nil || i >= len(f.queues()) {
		return stats.Queue{}, errNone
	}
	return stats.Queue{QueueCounts: f.queues()[i], VHost: "/"}, nil
}

func (f *fake) ExchangeNames(string) ([]string, error)                   { return nil, nil }
func (f *fake) Connections() []stats.Connection                          { return nil }
func (f *fake) Channels() []stats.Channel                                { return nil }
func (f *fake) Consumers(string) ([]stats.Consumer, error)               { return nil, nil }
func (f *fake) Breakdown(func(*stats.Part) bool) []stats.Part            { return nil }
func (f *fake) Passages(string, string, string) ([]stats.Passage, error) { return nil, nil }
func (f *fake) Node() stats.Node                                         { return stats.Node{Name: "rabbit@fake"} }
func (f *fake) Totals(string) (stats.Totals, error) {
	return stats.Totals{Queues: len(f.queues()), Ready: f.queues()[0].Ready, Messages: f.queues()[0].Messages}, nil
}

func (f *fake) Login(user, password string, _ net.Addr) (auth.User, bool, error) {
	f.logins++
	if user != "guest" || password != f.password {
		return auth.User{}, false, auth.ErrPassword
	}
	u, _ := f.User(user)
	return u, true, nil
}

func (f *fake) User(name string) (auth.User, bool) {
	return auth.User{Name: name, PasswordHash: f.hash, Tags: []string{auth.Administrator}}, name == "guest"
}

// serve returns a server of a broker, which ends with the test.
func serve(t testing.TB, b Broker, change ...func(*Config)) *Server {
	t.Helper()
	cfg := Config{Broker: b, SampleInterval: time.Hour}
	for _, c := range change {
		c(&cfg)
	}
	s := New(cfg)
	t.Cleanup(s.Close)
	return s
}

// request asks a server as its administrator. Headers are as "Name: value".
func ask(h http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.SetBasicAuth("guest", "secret")
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
		if value == "" {
			r.Header.Del(name)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}
