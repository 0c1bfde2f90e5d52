package broker_test

import (
	"context"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap/zaptest"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/broker/certs"
	"github.com/lepusmq/lepus/broker/certs/certstest"
)

func TestDefinitionsFromTheWeb(t *testing.T) {
	text := `{"vhosts": [{"name": "v"}]}`
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch _, password, _ := r.BasicAuth(); {
		case r.URL.Path == "/away":
			http.Redirect(w, r, "http://"+r.Host+"/definitions", http.StatusFound)
		case password != "s3cret":
			w.WriteHeader(http.StatusUnauthorized)
		default:
			_, _ = w.Write([]byte(text))
		}
	}))
	t.Cleanup(server.Close)
	ca := certstest.Write(t, filepath.Join(t.TempDir(), "ca.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	at := func(password, path string) string {
		return strings.Replace(server.URL, "://", "://ann:"+password+"@", 1) + path
	}
	f := brokertest.Start(t, func(c *broker.Config) {
		c.Definitions, c.Seed.Nothing = broker.Definitions{URL: at("s3cret", "/definitions"), TLS: certs.Client{CAFile: ca}}, true
	})
	if names := f.Broker.VHosts(); len(names) != 1 || names[0] != "v" {
		t.Errorf("virtual hosts are %q", names)
	}
	for want, d := range map[string]broker.Definitions{
		"401":                  {URL: at("wr0ng", "/definitions"), TLS: certs.Client{CAFile: ca}},
		"unknown authority":    {URL: at("s3cret", "/definitions")},
		"not safe to follow":   {URL: at("s3cret", "/away"), TLS: certs.Client{CAFile: ca}},
		"web address":          {URL: "ftp://x"},
		"ca.pem: no such file": {URL: server.URL, TLS: certs.Client{CAFile: "/nowhere/ca.pem"}},
		"connection refused":   {URL: "https://ann:s3cret@127.0.0.1:1/"},
	} {
		err := broker.New(broker.Config{Log: zaptest.NewLogger(t), Definitions: d}).Start()
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "wr0ng") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	text = "garbage"
	err := broker.New(broker.Config{Definitions: broker.Definitions{URL: at("s3cret", "/definitions"), TLS: certs.Client{CAFile: ca}}}).Start()
	if err == nil || !strings.Contains(err.Error(), "/definitions") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("garbage: %v", err)
	}
}

// What was changed since definitions were imported stays until these change.
func TestUnchangedDefinitionsAreSkipped(t *testing.T) {
	data, file := t.TempDir(), filepath.Join(t.TempDir(), "d.json")
	write := func(tags string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(`{"users": [{"name": "ann", "password": "a", "tags": "`+tags+`"}], "vhosts": [{"name": "/"}]}`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tags := func(skip bool, then ...string) string {
		t.Helper()
		f := brokertest.Start(t, func(c *broker.Config) {
			c.DataDir, c.Definitions, c.Seed.Nothing = data, broker.Definitions{Paths: []string{file}, SkipUnchanged: skip}, true
		})
		u, _ := f.Broker.User("ann")
		if len(then) > 0 {
			if err := f.Broker.PutUser(auth.User{Name: "ann", PasswordHash: u.PasswordHash, Tags: then}); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Broker.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
		return strings.Join(u.Tags, " ")
	}
	write("first")
	for _, tt := range []struct {
		skip bool
		want string
		then []string
	}{{true, "first", []string{"mine"}}, {true, "mine", nil}, {false, "first", []string{"mine"}}, {true, "mine", nil}} {
		if got := tags(tt.skip, tt.then...); got != tt.want {
			t.Errorf("with skip %v the tags are %q, want %q", tt.skip, got, tt.want)
		}
	}
	write("second")
	if got := tags(true); got != "second" {
		t.Errorf("when the file is another the tags are %q", got)
	}
}
