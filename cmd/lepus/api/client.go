// Package api talks to a broker's management HTTP API: over TCP as a user, or
// over the socket in the broker's data folder, where whoever may open it is an
// administrator.
package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/lepusmq/lepus/broker/control"
)

// maxReply is how many bytes of a reply are read: more than the definitions of
// a million queues take.
const maxReply = 1 << 30

// maxLine is how long a line of a stream may be.
const maxLine = 1 << 20

// Client is a broker's HTTP API. It may be used from any goroutine.
type Client struct {
	http  *http.Client
	base  string // scheme, host and what stands before /api
	user  *url.Userinfo
	where string // what people are told
}

// OverTCP returns a client of the broker at base, such as
// http://guest:guest@127.0.0.1:15672; transport may be nil.
func OverTCP(base string, transport *http.Transport) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is not the URL of an HTTP API, such as http://guest:guest@127.0.0.1:15672", redacted(base))
	}
	if transport == nil {
		transport = &http.Transport{}
	}
	user := u.User
	u.User = nil
	where := u.String()
	return &Client{http: &http.Client{Transport: transport}, base: strings.TrimSuffix(where, "/"), user: user, where: where}, nil
}

// redacted leaves out of a URL that could not be read what may be a password.
func redacted(base string) string {
	if i := strings.LastIndex(base, "@"); i >= 0 {
		return "…" + base[i:]
	}
	return base
}

// OverSocket returns a client of the broker that listens on the Unix socket at
// path.
func OverSocket(path string) *Client {
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return control.Dial(ctx, path)
	}}
	return &Client{http: &http.Client{Transport: transport}, base: "http://lepus", where: path}
}

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// As returns a client of the same broker for another user.
func (c *Client) As(user, password string) *Client {
	as := *c
	as.user = url.UserPassword(user, password)
	return &as
}

// Where says which broker this is, without passwords.
func (c *Client) Where() string { return c.where }

// Request is a call of the API.
type Request struct {
	Method string
	Path   string // as Path returns it, and a query
	Header http.Header
	// Body is sent as JSON; a json.RawMessage as it is. Nil sends none.
	Body any
}

// Path returns the path under /api of these segments, each escaped.
func Path(segments ...string) string {
	var b strings.Builder
	b.WriteString("/api")
	for _, s := range segments {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(s))
	}
	return b.String()
}

// Error is a refusal by the broker.
type Error struct {
	Status int    // of HTTP
	Path   string // what was asked
	Kind   string // RabbitMQ's word for it, such as not_authorised
	Reason string // for people
}

// Error returns the reason.
func (e *Error) Error() string {
	if e.Reason == "" {
		return http.StatusText(e.Status)
	}
	return e.Reason
}

// UnreachableError says that no broker answers.
type UnreachableError struct {
	Where string
	Err   error
}

// Error says where nobody answers, and why.
func (e *UnreachableError) Error() string {
	return fmt.Sprintf("no broker answers at %s: %v", e.Where, e.Err)
}

// Unwrap returns why.
func (e *UnreachableError) Unwrap() error { return e.Err }

// Is reports whether err is a refusal with this HTTP status.
func Is(err error, status int) bool {
	var refused *Error
	return errors.As(err, &refused) && refused.Status == status
}

// Get reads a path into out.
func (c *Client) Get(ctx context.Context, path string, out any) error {
	return c.Do(ctx, Request{Method: http.MethodGet, Path: path}, out)
}

// Put sends body to a path.
func (c *Client) Put(ctx context.Context, path string, body any) error {
	return c.Do(ctx, Request{Method: http.MethodPut, Path: path, Body: body}, nil)
}

// Post sends body to a path and reads the answer into out, if it is not nil.
func (c *Client) Post(ctx context.Context, path string, body, out any) error {
	return c.Do(ctx, Request{Method: http.MethodPost, Path: path, Body: body}, out)
}

// Delete deletes what is at a path.
func (c *Client) Delete(ctx context.Context, path string) error {
	return c.Do(ctx, Request{Method: http.MethodDelete, Path: path}, nil)
}

// Do makes a call and reads the answer into out: JSON, with numbers as
// json.Number where out leaves the choice, or as it is if out is a *[]byte; nil
// reads nothing. Errors: *Error, *UnreachableError.
func (c *Client) Do(ctx context.Context, r Request, out any) error {
	resp, err := c.send(ctx, r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return &UnreachableError{Where: c.where, Err: err}
	}
	switch out := out.(type) {
	case nil:
		return nil
	case *[]byte:
		*out = reply
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(reply))
	d.UseNumber()
	if err := d.Decode(out); err != nil {
		return fmt.Errorf("%s %s: the broker's answer is not as expected: %w", r.Method, r.Path, err)
	}
	return nil
}

// Stream reads a path whose answer goes on, line by line, until that ends, each fails,
// which is the error, or ctx ends. Errors: *Error, *UnreachableError.
func (c *Client) Stream(ctx context.Context, path string, each func(line string) error) error {
	resp, err := c.send(ctx, Request{Method: http.MethodGet, Path: path})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	in := bufio.NewScanner(resp.Body)
	in.Buffer(nil, maxLine)
	for in.Scan() {
		if err := each(in.Text()); err != nil {
			return err
		}
	}
	if err := in.Err(); err != nil {
		return &UnreachableError{Where: c.where, Err: err}
	}
	return nil
}

// send makes a call whose answer is still to be read. Its errors are those of Do.
func (c *Client) send(ctx context.Context, r Request) (*http.Response, error) {
	req, err := c.request(ctx, r)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return nil, &UnreachableError{Where: c.where, Err: err}
	}
	if resp.StatusCode < http.StatusMultipleChoices {
		return resp, nil
	}
	defer resp.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return nil, &UnreachableError{Where: c.where, Err: err}
	}
	return nil, refusal(resp.StatusCode, r.Path, reply)
}

func (c *Client) request(ctx context.Context, r Request) (*http.Request, error) {
	var body io.Reader
	if r.Body != nil {
		b, err := json.Marshal(r.Body)
		if raw, ok := r.Body.(json.RawMessage); ok {
			b, err = raw, nil
		}
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, c.base+r.Path, body)
	if err != nil {
		return nil, err
	}
	for name, values := range r.Header {
		req.Header[name] = values
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.user != nil {
		password, _ := c.user.Password()
		req.SetBasicAuth(c.user.Username(), password)
	}
	return req, nil
}

// refusal reads RabbitMQ's form of an error. Its reason is a text, most often.
func refusal(status int, path string, reply []byte) error {
	e := &Error{Status: status, Path: path}
	var said struct {
		Error  string `json:"error"`
		Reason any    `json:"reason"`
	}
	if json.Unmarshal(reply, &said) == nil {
		e.Kind = said.Error
		switch reason := said.Reason.(type) {
		case nil:
		case string:
			e.Reason = reason
		default:
			e.Reason = fmt.Sprint(reason)
		}
	}
	return e
}
