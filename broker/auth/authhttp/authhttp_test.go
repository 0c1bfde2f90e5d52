package authhttp

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lepusmq/lepus/broker/auth"
)

// serve returns a backend that asks a server which a function answers for.
func serve(t *testing.T, answer http.HandlerFunc, change ...func(*Config)) *Backend {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	cfg := Config{User: server.URL + "/user", VHost: server.URL + "/vhost?a=b", Resource: server.URL + "/resource", Topic: server.URL + "/topic"}
	for _, c := range change {
		c(&cfg)
	}
	b, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func TestQuestions(t *testing.T) {
	for _, post := range []bool{false, true} {
		var got string
		b := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if err := r.ParseForm(); err != nil {
				t.Error(err)
			}
			if form := r.PostForm; (r.Method == http.MethodPost) != post || (len(form) > 0) != post {
				t.Errorf("the request is %s with %v", r.Method, form)
			}
			got = r.URL.Path + " " + r.Form.Encode()
			_, _ = w.Write([]byte("allow"))
		}, func(c *Config) { c.Post = post })
		base := auth.Question{User: "ann b", Tags: "x y", Peer: "192.0.2.7", VHost: "/", Right: auth.Write}
		with := func(on auth.Resource) func() error {
			q := base
			q.On = on
			return func() error { return b.Ask(q) }
		}
		for want, ask := range map[string]func() error{
			"/user password=p%26q&username=ann":                                                               func() error { _, err := b.Login(auth.Login{User: "ann", Password: "p&q"}); return err },
			"/user username=ann":                                                                              func() error { _, err := b.Login(auth.Login{User: "ann", Password: "p", Proved: true}); return err },
			"/vhost a=b&ip=192.0.2.7&tags=x+y&username=ann+b&vhost=%2F":                                       with(auth.Resource{}),
			"/resource name=q&permission=write&resource=queue&tags=x+y&username=ann+b&vhost=%2F":              with(auth.Resource{Kind: auth.Queue, Name: "q"}),
			"/resource name=amq.default&permission=write&resource=exchange&tags=x+y&username=ann+b&vhost=%2F": with(auth.Resource{Kind: auth.Exchange, Name: "amq.default"}),
			"/topic name=t&permission=write&resource=topic&routing_key=a.b&tags=x+y&username=ann+b&vhost=%2F": with(auth.Resource{Kind: auth.Topic, Name: "t", Key: "a.b"}),
		} {
			if err := ask(); err != nil {
				t.Errorf("%s: %v", want, err)
			}
			if got != want {
				t.Errorf("asked %s, want %s", got, want)
			}
		}
	}
}

func TestAnswers(t *testing.T) {
	var status int
	var body string
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
	for _, tt := range []struct {
		status  int
		body    string
		tags    []string
		refused bool // with an answer
		fails   bool
	}{
		{200, "allow", nil, false, false},
		{201, "Allow\n", nil, false, false},
		{200, "allow administrator  Management", []string{"administrator", "management"}, false, false},
		{200, "deny", nil, true, false},
		{200, "DENY because", nil, true, false},
		{200, "allowed", nil, false, true},
		{200, "", nil, false, true},
		{200, "<html>", nil, false, true},
		{200, strings.Repeat(" ", maxAnswer) + "allow", nil, false, true},
		{302, "allow", nil, false, true},
		{403, "deny", nil, false, true},
		{500, "allow", nil, false, true},
	} {
		status, body = tt.status, tt.body
		tags, err := b.Login(auth.Login{User: "ann", Password: "s3cret"})
		if (err != nil) != (tt.refused || tt.fails) || errors.Is(err, auth.ErrRefused) != tt.refused || !slices.Equal(tags, tt.tags) {
			t.Errorf("%d %.40q: %q, %v", tt.status, tt.body, tags, err)
		}
	}
	status, body = 200, "allow administrator"
	if err := b.Ask(auth.Question{User: "ann", VHost: "v"}); err == nil || errors.Is(err, auth.ErrRefused) {
		t.Errorf("an answer with more than is asked for: %v", err)
	}
}

// A server that does not answer is a refusal that says why, and not what was asked.
func TestNobodyAnswers(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang) // before the servers are closed, which wait for those who hang
	answer := func(http.ResponseWriter, *http.Request) { <-hang }
	b := serve(t, answer, func(c *Config) { c.RequestTimeout = 50 * time.Millisecond })
	login := auth.Login{User: "ann", Password: "s3cret"}
	if _, err := b.Login(login); err == nil || errors.Is(err, auth.ErrRefused) || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a server that hangs: %v", err)
	}
	asked := make(chan struct{}, 1)
	slow := serve(t, func(http.ResponseWriter, *http.Request) { asked <- struct{}{}; <-hang })
	done := make(chan error, 1)
	go func() { _, err := slow.Login(login); done <- err }()
	<-asked
	slow.Close()
	select {
	case err := <-done:
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("a backend that is closed: %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("a question does not end with its backend")
	}
	gone := serve(t, answer, func(c *Config) { c.User = "http://127.0.0.1:1/user" })
	if _, err := gone.Login(login); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a server that is not there: %v", err)
	}
}

func TestBadURLs(t *testing.T) {
	good := "http://localhost/x"
	for _, bad := range []string{"", "localhost/x", "ftp://localhost/x", "http://", "http://a b/"} {
		_, err := New(Config{User: good, VHost: good, Resource: bad, Topic: good})
		if err == nil || !strings.Contains(err.Error(), "resource_path") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := New(Config{User: good, VHost: good, Resource: "https://localhost:8443/x?y=z", Topic: good}); err != nil {
		t.Error(err)
	}
}
