// Package authhttp asks a web server who users are and what they may do: RabbitMQ's
// HTTP authentication backend. Each question is a request with a form, the answer
// the word allow or deny; after the log-in the user's tags may follow.
package authhttp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/lepusmq/lepus/broker/auth"
)

// Config says whom to ask, and how.
type Config struct {
	// User, VHost, Resource and Topic are the URLs at which is asked who a user is,
	// whether it may use a virtual host, and what it may do in it.
	User, VHost, Resource, Topic string
	// Post sends questions in the body of a POST; otherwise they are the query of a
	// GET, which servers are apt to log.
	Post bool
	// RequestTimeout bounds a question with its answer, ConnectTimeout the making of a
	// connection; 0 are 15 seconds, and as long as RequestTimeout.
	RequestTimeout, ConnectTimeout time.Duration
	// TLS is for https; nil trusts what the system does.
	TLS *tls.Config
}

const (
	defaultTimeout = 15 * time.Second
	maxConns       = 128      // at a time
	maxAnswer      = 16 << 10 // bytes
)

// Backend is an [auth.Backend]. Its methods may be called from any goroutine.
type Backend struct {
	cfg    Config
	client *http.Client
	ctx    context.Context // over when the backend is closed
	cancel context.CancelFunc
}

// New returns a backend. The error says which URL is none.
func New(cfg Config) (*Backend, error) {
	for _, one := range []struct{ name, url string }{
		{"user_path", cfg.User}, {"vhost_path", cfg.VHost}, {"resource_path", cfg.Resource}, {"topic_path", cfg.Topic},
	} {
		u, err := url.Parse(one.url)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, fmt.Errorf("%s is no URL: write it as http://host/path", one.name)
		}
	}
	if cfg.RequestTimeout == 0 {
		cfg.RequestTimeout = defaultTimeout
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = cfg.RequestTimeout
	}
	b := &Backend{cfg: cfg, client: &http.Client{
		Timeout: cfg.RequestTimeout,
		// Passwords are for the server that is configured, and for no other.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:     (&net.Dialer{Timeout: cfg.ConnectTimeout}).DialContext,
			TLSClientConfig: cfg.TLS, TLSHandshakeTimeout: cfg.ConnectTimeout,
			MaxConnsPerHost: maxConns, MaxIdleConnsPerHost: maxConns, IdleConnTimeout: time.Minute,
			MaxResponseHeaderBytes: maxAnswer,
		},
	}}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	return b, nil
}

// Close ends all questions that are under way, which are refused, and refuses all
// that follow.
func (b *Backend) Close() {
	b.cancel()
	b.client.CloseIdleConnections()
}

// Login implements [auth.Backend].
func (b *Backend) Login(l auth.Login) ([]string, error) {
	form := url.Values{"username": {l.User}}
	if !l.Proved {
		form.Set("password", l.Password)
	}
	word, rest, err := b.ask(b.cfg.User, form)
	if err != nil {
		return nil, fmt.Errorf("user %q: %w", l.User, err)
	}
	if word == "allow" {
		return strings.Fields(strings.ToLower(rest)), nil
	}
	return nil, fmt.Errorf("user %q: denied by the HTTP service: %w", l.User, auth.ErrRefused)
}

// Ask implements [auth.Backend].
func (b *Backend) Ask(q auth.Question) error {
	form := url.Values{"username": {q.User}, "vhost": {q.VHost}, "tags": {q.Tags}}
	where := b.cfg.VHost
	if q.On.Kind == auth.VHost {
		form.Set("ip", q.Peer)
	} else {
		where = b.cfg.Resource
		form.Set("resource", q.On.Kind.String())
		form.Set("name", q.On.Name)
		form.Set("permission", q.Right.String())
	}
	if q.On.Kind == auth.Topic {
		where = b.cfg.Topic
		form.Set("routing_key", q.On.Key)
	}
	word, rest, err := b.ask(where, form)
	switch {
	case err != nil:
		return err
	case word == "allow" && rest == "":
		return nil
	case word == "allow":
		return fmt.Errorf("the HTTP service answers with more than allow: %.100q", rest)
	}
	return auth.ErrRefused
}

// ask asks one question and returns the answer: allow or deny, and what comes behind
// it. Errors say nothing of the question, in which there may be a password.
func (b *Backend) ask(where string, form url.Values) (word, rest string, err error) {
	req, err := b.request(where, form)
	if err != nil {
		return "", "", err
	}
	// The header marks a request that may be sent again, on a new connection, when
	// the server has just closed the one that was kept. Without a value it is not sent.
	req.Header["Idempotency-Key"] = nil
	res, err := b.client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return "", "", fmt.Errorf("ask the HTTP service: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return "", "", fmt.Errorf("ask the HTTP service: %w", err)
	case len(body) > maxAnswer:
		return "", "", errors.New("the HTTP service answers with too much")
	case res.StatusCode != http.StatusOK && res.StatusCode != http.StatusCreated:
		return "", "", fmt.Errorf("the HTTP service answers with status %d", res.StatusCode)
	}
	return answer(string(body))
}

func (b *Backend) request(where string, form url.Values) (*http.Request, error) {
	if b.cfg.Post {
		req, err := http.NewRequestWithContext(b.ctx, http.MethodPost, where, strings.NewReader(form.Encode()))
		if err != nil {
			return nil, fmt.Errorf("ask the HTTP service: %w", err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return req, nil
	}
	req, err := http.NewRequestWithContext(b.ctx, http.MethodGet, where, nil)
	if err != nil {
		return nil, fmt.Errorf("ask the HTTP service: %w", err)
	}
	query := form.Encode()
	if req.URL.RawQuery != "" {
		query = req.URL.RawQuery + "&" + query
	}
	req.URL.RawQuery = query
	return req, nil
}

// answer takes an answer apart, whose words may be in capitals.
func answer(body string) (word, rest string, err error) {
	word, rest, _ = strings.Cut(strings.TrimSpace(body), " ")
	word = strings.ToLower(word)
	if word != "allow" && word != "deny" {
		return "", "", fmt.Errorf("the HTTP service answers neither allow nor deny: %.100q", body)
	}
	return word, strings.TrimSpace(rest), nil
}
