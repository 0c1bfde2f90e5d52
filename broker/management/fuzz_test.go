package management

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/vhost"
)

// FuzzPaging asks for lists with any parameters: the answer is a list, or says what
// is wrong with them.
func FuzzPaging(f *testing.F) {
	for _, query := range []string{
		"page=1&page_size=2&sort=messages&sort_reverse=true&columns=name,message_stats.publish_details.rate",
		"page=1&name=(&use_regex=true", "page=1&name=(a%2B)%2B%5C1b&use_regex=true", "page=-1", "page=1&page_size=501",
		"sort=arguments.x.y&columns=.,a.,.b", "lengths_age=60&lengths_incr=5&columns=messages_details", "page=9223372036854775808",
		"sort=owner_pid_details.name&page=1", "disable_stats=true&enable_queue_totals=true",
	} {
		f.Add(query)
	}
	s := serve(f, newFake(5))
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest("GET", "/api/queues", nil)
		r.URL.RawQuery = query
		r.SetBasicAuth("guest", "secret")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != http.StatusOK && w.Code != http.StatusBadRequest || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%d: %.200s", w.Code, w.Body)
		}
	})
}

// FuzzPath looks for what is at any path: it is found or not.
func FuzzPath(f *testing.F) {
	for _, path := range []string{"/api/queues/%2F/q", "/api//", "/api/bindings/%2f/e//q/x/~", "/api/%", "/", "/api/../x", "/api/index.html"} {
		f.Add(path)
	}
	s := serve(f, newFake(1))
	f.Fuzz(func(t *testing.T, path string) {
		at, err := url.ParseRequestURI(path)
		if err != nil || strings.HasPrefix(path, "//") {
			return
		}
		r := httptest.NewRequest("OPTIONS", "/", nil)
		r.URL = at
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("%d: %.200s", w.Code, w.Body)
		}
	})
}

// FuzzBody reads all that requests can be about from any body. What is wrong with it
// is a fault, and a table that was read can be sent.
func FuzzBody(f *testing.F) {
	for _, body := range []string{
		`{"durable":true,"arguments":{"x-max-length":5,"d":{"a":[1,2.5,null]}}}`, `{"durable":"true","arguments":[]}`, `[]`, `null`, `{"tags":[1]}`,
		`{"routing_key":"k","payload":"AA==","payload_encoding":"base64","properties":{"headers":{"h":1},"delivery_mode":2,"timestamp":-1}}`,
		`{"count":1e400,"ackmode":"ack_requeue_true","encoding":"auto","truncate":-5}`, `{"pattern":"(","definition":{"a":1e999},"priority":"7"}`,
		`{"password":"x","password_hash":"!","hashing_algorithm":7}`, `{"configure":"(","write":"","read":""}`, `{"users":"a,b"}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		q := &request{Request: httptest.NewRequest("PUT", "/", strings.NewReader(body))}
		in, err := q.fields()
		if err != nil {
			wrong(t, err)
			return
		}
		table, err := in.table("arguments")
		wrong(t, err)
		table.Append(nil)
		p, err := in.properties("properties")
		wrong(t, err)
		if err == nil {
			if err := amqp.CheckProperties(p.Append(nil), new(amqp.Facts)); err != nil {
				t.Errorf("properties that were read are not well-formed: %v", err)
			}
		}
		_, err = in.payload()
		wrong(t, err)
		_, _, err = readFetch("q", in)
		wrong(t, err)
		_, err = readPolicy("p", in)
		wrong(t, err)
		wrong(t, readVHost(in, new(vhost.Settings)))
		wrong(t, readPassword(in, new(auth.User)))
		_, err = in.texts("users")
		wrong(t, err)
		wrong(t, in.patterns(map[string]*string{"configure": new(string), "write": new(string)}))
		_, err = in.boolean("durable")
		wrong(t, err)
	})
}

// FuzzForm reads a file of definitions from any form.
func FuzzForm(f *testing.F) {
	f.Add("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n{}\r\n--b--\r\n")
	f.Add("multipart/form-data", "x")
	f.Add("multipart/form-data; boundary=b", "--b\r\n\r\n")
	f.Fuzz(func(t *testing.T, kind, body string) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		q := &request{Request: r}
		_, err := q.definitionsFile()
		wrong(t, err)
	})
}

// wrong fails the test if an error is not for the client.
func wrong(t *testing.T, err error) {
	t.Helper()
	if _, ok := err.(*fault); err != nil && !ok {
		t.Errorf("this error is the broker's: %v", err)
	}
}
