package management

import (
	"compress/gzip"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
)

func TestWhoIsServed(t *testing.T) {
	s := serve(t, newFake(1))
	for what, c := range map[string]struct {
		headers []string
		status  int
		asks    bool // for a password
	}{
		"the right password": {nil, 200, false},
		"a wrong one":        {[]string{"Authorization: Basic Z3Vlc3Q6d3Jvbmc="}, 401, true},
		"none":               {[]string{"Authorization: "}, 401, true},
		"a script":           {[]string{"Authorization: ", "Sec-Fetch-Mode: cors"}, 401, false},
		"another scheme":     {[]string{"Authorization: Bearer x"}, 401, true},
		"nonsense":           {[]string{"Authorization: Basic !!"}, 400, false},
		"no colon":           {[]string{"Authorization: Basic Z3Vlc3Q="}, 400, false},
		"nobody":             {[]string{"Authorization: Basic OnNlY3JldA=="}, 401, true},
	} {
		w := ask(s, "GET", "/api/whoami", "", c.headers...)
		if asks := w.Header().Get("WWW-Authenticate") != ""; w.Code != c.status || asks != c.asks {
			t.Errorf("%s: %d, asks for a password: %v", what, w.Code, asks)
		}
	}
	if w := ask(s.Local(), "GET", "/api/whoami", "", "Authorization: "); w.Code != 200 || !strings.Contains(w.Body.String(), "administrator") {
		t.Errorf("where nobody else is: %d %s", w.Code, w.Body)
	}
	if w := ask(s, "POST", "/api/login", "username=guest&password=secret", "Content-Type: application/x-www-form-urlencoded", "Authorization: "); w.Code != 200 {
		t.Errorf("a form: %d %s", w.Code, w.Body)
	}
	if w := ask(s, "POST", "/api/login", "username=guest&password=x", "Content-Type: application/x-www-form-urlencoded"); w.Code != 401 {
		t.Errorf("a form with a wrong password: %d", w.Code)
	}
}

func TestHTTP(t *testing.T) {
	s := serve(t, newFake(500))
	w := ask(s, "PATCH", "/api/vhosts/x", "")
	if allow := w.Header().Get("Allow"); w.Code != 405 || allow != "HEAD, GET, PUT, DELETE, OPTIONS" {
		t.Errorf("PATCH: %d, allowed %q", w.Code, allow)
	}
	if w := ask(s, "OPTIONS", "/api/queues/%2F/x", "", "Authorization: "); w.Code != 200 || w.Header().Get("Allow") == "" {
		t.Errorf("OPTIONS: %d", w.Code)
	}
	w = ask(s, "HEAD", "/api/whoami", "")
	if w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("Content-Length") == "" {
		t.Errorf("HEAD: %d, %q, %v", w.Code, w.Body, w.Header())
	}
	w = ask(s, "GET", "/api/queues", "", "Accept-Encoding: br, gzip")
	zipped, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatalf("not compressed: %v", w.Header())
	}
	var all []any
	if err := json.NewDecoder(zipped).Decode(&all); err != nil || len(all) != 500 {
		t.Errorf("%d queues: %v", len(all), err)
	}
	if h := w.Header(); h.Get("Cache-Control") != "no-cache" || h.Get("Content-Security-Policy") == "" {
		t.Errorf("headers %v", h)
	}
	if w := ask(s, "GET", "/api/queues", "", "Accept-Encoding: gzip;q=0"); w.Header().Get("Content-Encoding") != "" {
		t.Error("compressed against the client's will")
	}
}

func TestLargeRequest(t *testing.T) {
	s := serve(t, newFake(1), func(c *Config) { c.MaxBody = 100 })
	body := `{"description":"` + strings.Repeat("x", 200) + `"}`
	if w := ask(s, "PUT", "/api/vhosts/v", body); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
}

func TestOrigins(t *testing.T) {
	s := serve(t, newFake(1), func(c *Config) { c.AllowOrigins = []string{"https://one"} })
	w := ask(s, "OPTIONS", "/api/overview", "", "Origin: https://one")
	if h := w.Header(); h.Get("Access-Control-Allow-Origin") != "https://one" || h.Get("Access-Control-Allow-Methods") == "" {
		t.Errorf("headers %v", h)
	}
	if w := ask(s, "OPTIONS", "/api/overview", "", "Origin: https://two"); w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Error("another origin is let in")
	}
}

func TestPrefixAndExtra(t *testing.T) {
	s := serve(t, newFake(1), func(c *Config) {
		c.Prefix = "/lepus"
		c.Extra = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(299) })
	})
	for path, status := range map[string]int{
		"/lepus/api/whoami": 200, "/api/whoami": 404, "/lepuscan/api/whoami": 404, "/lepus/api": 301, "/lepus": 301, "/lepus/": 404,
		"/lepus/api/lepus/stop": 299,
	} {
		if w := ask(s, "GET", path, ""); w.Code != status {
			t.Errorf("%s: %d, want %d", path, w.Code, status)
		}
	}
	if w := ask(s, "GET", "/lepus/api/lepus/stop", "", "Authorization: "); w.Code != 401 {
		t.Errorf("what is for administrators answers others with %d", w.Code)
	}
}

func TestPage(t *testing.T) {
	files := fstest.MapFS{
		"index.html":    {Data: []byte("<html>" + strings.Repeat("page ", 500))},
		"assets/app.js": {Data: []byte("run()")},
	}
	s := serve(t, newFake(1), func(c *Config) { c.Page = files })
	w := ask(s, "GET", "/", "", "Accept-Encoding: gzip", "Authorization: ")
	tag := w.Header().Get("ETag")
	if w.Code != 200 || w.Header().Get("Content-Encoding") != "gzip" || tag == "" ||
		!strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") || w.Header().Get("Content-Security-Policy") == "" {
		t.Errorf("the page: %d %v", w.Code, w.Header())
	}
	if w := ask(s, "GET", "/", "", "If-None-Match: "+tag); w.Code != 304 || w.Body.Len() != 0 {
		t.Errorf("the page again: %d", w.Code)
	}
	w = ask(s, "GET", "/assets/app.js", "", "Accept-Encoding: gzip")
	if w.Body.String() != "run()" || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/javascript") {
		t.Errorf("a script: %q %v", w.Body, w.Header())
	}
	if w := ask(s, "HEAD", "/assets/app.js", ""); w.Code != 200 || w.Body.Len() != 0 {
		t.Errorf("HEAD: %d, %q", w.Code, w.Body)
	}
	if w := ask(s, "POST", "/", ""); w.Code != 405 {
		t.Errorf("POST: %d", w.Code)
	}
	for _, path := range []string{"/none", "/assets", "/assets/", "/../go.mod", "/%2e%2e/go.mod", "/assets/..%2f..%2fgo.mod", "//index.html", "/cli/rabbitmqadmin"} {
		if w := ask(s, "GET", path, ""); w.Code != 404 {
			t.Errorf("%s: %d %.50s", path, w.Code, w.Body)
		}
	}
}
