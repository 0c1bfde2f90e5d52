package management

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/lepusmq/lepus/broker/auth"
)

// request is a request on its way. It belongs to one goroutine.
type request struct {
	*http.Request
	server *Server
	w      http.ResponseWriter
	args   map[string]string // what stands for the names in the path
	local  bool              // nobody logs in: the broker's own administrator
	user   auth.User         // who asks; without a name if it is local
}

// arg is what stands for a name in the path.
func (q *request) arg(name string) string { return q.args[name] }

// by is in whose name something is done.
func (q *request) by() string { return q.user.Name }

// created answers a change with whether there is something now that was not before.
func (q *request) created(new bool) error {
	if new {
		q.w.WriteHeader(http.StatusCreated)
		return nil
	}
	return q.done()
}

// done answers a change that has nothing to tell.
func (q *request) done() error {
	q.w.WriteHeader(http.StatusNoContent)
	return nil
}

// options answers which methods there are. A browser asks so before it lets a page
// of others use them.
func (q *request) options(r *resource) error {
	h := q.w.Header()
	h.Set("Allow", r.allowed())
	if h.Get("Access-Control-Allow-Origin") != "" {
		h.Set("Access-Control-Allow-Methods", r.allowed())
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Reason")
		h.Set("Access-Control-Max-Age", "1800")
	}
	q.w.WriteHeader(http.StatusOK)
	return nil
}

// show answers with a value, of which only the columns are shown that were asked
// for.
func (q *request) show(row object) error {
	return q.write(http.StatusOK, pick(row, columnsOf(q.URL.Query().Get("columns"))))
}

// write answers with a value as JSON.
func (q *request) write(status int, value any) error {
	return q.stream(status, func(w io.Writer) error { return encode(w, value) })
}

// stream answers with JSON that is written piece by piece, compressed if the client
// likes that and there is something to gain.
func (q *request) stream(status int, write func(io.Writer) error) error {
	out := &body{q: q, status: status}
	buffered := bufio.NewWriterSize(out, bodyBuffer)
	if err := write(buffered); err != nil {
		if out.begun {
			panic(http.ErrAbortHandler) // the client must not take it for all
		}
		return err
	}
	out.last = true
	if err := buffered.Flush(); err != nil {
		return nil // the client has gone
	}
	out.end()
	return nil
}

// bodyBuffer is how much is written at a time, in bytes. What is smaller goes as it
// is, with its length.
const bodyBuffer = 16 << 10

// gzipFrom is the size from which an answer is compressed.
const gzipFrom = 1 << 10

// body is the body of an answer.
type body struct {
	q      *request
	status int
	last   bool // all that is to come has come
	begun  bool
	zip    *gzip.Writer
}

func (b *body) Write(p []byte) (int, error) {
	if !b.begun {
		b.begin(len(p))
	}
	if b.q.Method == http.MethodHead {
		return len(p), nil
	}
	if b.zip != nil {
		return b.zip.Write(p)
	}
	return b.q.w.Write(p)
}

// begin sends the head of the answer; n is the size of the first piece.
func (b *body) begin(n int) {
	b.begun = true
	h := b.q.w.Header()
	h.Set("Content-Type", "application/json")
	switch {
	case n >= gzipFrom && acceptsGzip(b.q.Request):
		h.Set("Content-Encoding", "gzip")
		b.zip, _ = gzip.NewWriterLevel(b.q.w, gzip.BestSpeed) // a level that there is
	case b.last:
		h.Set("Content-Length", fmt.Sprint(n))
	}
	b.q.w.WriteHeader(b.status)
}

func (b *body) end() {
	if b.zip != nil {
		_ = b.zip.Close() // an error is that the client has gone
	}
}

func acceptsGzip(r *http.Request) bool {
	for one := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, quality, _ := strings.Cut(strings.TrimSpace(one), ";")
		if (name == "gzip" || name == "*") && strings.ReplaceAll(quality, " ", "") != "q=0" {
			return true
		}
	}
	return false
}

// encode writes a value as JSON, without the escapes that HTML would want.
func encode(w io.Writer, value any) error {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return fmt.Errorf("encode an answer: %w", err)
	}
	_, err := w.Write(bytes.TrimSuffix(text.Bytes(), []byte("\n")))
	return err
}
