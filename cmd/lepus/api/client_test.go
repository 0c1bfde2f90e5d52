package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// echo answers with what it was asked.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	user, password, _ := r.BasicAuth()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"call": r.Method + " " + r.URL.EscapedPath(), "body": string(body), "user": user + ":" + password, "large": 9007199254740993,
	})
}

func TestCallsOverBothWays(t *testing.T) {
	tcp := httptest.NewServer(http.HandlerFunc(echo))
	defer tcp.Close()
	overTCP, err := OverTCP(strings.Replace(tcp.URL, "://", "://ann:p%40ss@", 1)+"/prefix/", nil)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	local := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(echo)}}
	local.Start()
	defer local.Close()
	for _, tt := range []struct {
		client     *Client
		path, user string
	}{
		{overTCP, "/prefix/api/queues/%2F/a%2Fb%20%3F", "ann:p@ss"},
		{overTCP.As("bob", "b"), "/prefix/api/queues/%2F/a%2Fb%20%3F", "bob:b"},
		{OverSocket(path), "/api/queues/%2F/a%2Fb%20%3F", ":"},
	} {
		var got map[string]any
		if err := tt.client.Post(context.Background(), Path("queues", "/", "a/b ?"), map[string]string{"x": "<y>"}, &got); err != nil {
			t.Fatal(err)
		}
		tt.client.Close()
		if got["call"] != "POST "+tt.path || got["user"] != tt.user || got["body"] != `{"x":"\u003cy\u003e"}` || got["large"] != json.Number("9007199254740993") {
			t.Errorf("over %s: %v", tt.client.Where(), got)
		}
	}
}

func TestRefusals(t *testing.T) {
	answers := map[string]string{
		"/api/reason": `{"error":"bad_request","reason":"it is bad"}`, "/api/list": `{"error":"x","reason":["no","way"]}`, "/api/page": `<html>`,
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, answers[r.URL.Path])
	}))
	c, err := OverTCP(s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"/api/reason": "it is bad", "/api/list": "[no way]", "/api/page": "Bad Request"} {
		err := c.Delete(context.Background(), path)
		if !Is(err, http.StatusBadRequest) || err.Error() != want {
			t.Errorf("%s: %v", path, err)
		}
	}
	c.Close()
	s.Close()
	var away *UnreachableError
	if err := c.Get(context.Background(), "/api/x", nil); !errors.As(err, &away) {
		t.Errorf("without a broker: %v", err)
	}
}

func TestWrongURLs(t *testing.T) {
	for _, base := range []string{"", "localhost:15672", "amqp://localhost", "http://ann:se cret@host name/"} {
		_, err := OverTCP(base, nil)
		if err == nil || strings.Contains(err.Error(), "cret") {
			t.Errorf("%q: %v", base, err)
		}
	}
}
