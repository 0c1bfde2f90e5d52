package broker_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509/pkix"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/broker/certs"
	"github.com/lepusmq/lepus/broker/certs/certstest"
)

// secured has a broker listen with TLS only, and trust the authority that is
// returned.
func secured(t *testing.T) (*certstest.Cert, func(*broker.Config)) {
	t.Helper()
	ca := certstest.Authority(t)
	cert, key := ca.Server(t).Files(t)
	trusted := certstest.Write(t, filepath.Join(t.TempDir(), "ca.pem"), ca.PEM())
	return ca, func(c *broker.Config) {
		c.Listen, c.ListenTLS = []string{}, []string{"127.0.0.1:0"}
		c.TLS = certs.Options{CertFile: cert, KeyFile: key, CAFile: trusted, Verify: true}
	}
}

// observed has what a broker logs kept.
func observed(level zap.AtomicLevel) (*observer.ObservedLogs, func(*broker.Config)) {
	core, logs := observer.New(level)
	return logs, func(c *broker.Config) { c.Log = zap.New(core) }
}

// logged waits for a line of the log.
func logged(t *testing.T, logs *observer.ObservedLogs, message string) observer.LoggedEntry {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-tick.C {
		if found := logs.FilterMessage(message).All(); len(found) > 0 {
			return found[0]
		}
	}
	t.Fatalf("%q was not logged, but %v", message, logs.All())
	panic("unreachable")
}

// Messages of all sizes come through TLS as they are: small ones, those that are
// sent from where they lie, and many at once.
func TestMessagesOverTLS(t *testing.T) {
	ca, change := secured(t)
	f := brokertest.Start(t, change)
	if !strings.HasPrefix(f.URL, "amqps://") {
		t.Fatalf("the URL is %s", f.URL)
	}
	conn, err := amqp.DialTLS(f.URL, ca.TLS())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	q, err := ch.QueueDeclare("", false, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	var sizes []int
	for range 50 {
		sizes = append(sizes, 1, 100, 16<<10, 70_000, 300_000)
	}
	for i, size := range sizes {
		body := bytes.Repeat([]byte{byte(i)}, size)
		if err := ch.PublishWithContext(t.Context(), "", q.Name, false, false, amqp.Publishing{Body: body}); err != nil {
			t.Fatal(err)
		}
	}
	deliveries, err := ch.Consume(q.Name, "", true, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, size := range sizes {
		d := await(t, deliveries, "a message")
		if !bytes.Equal(d.Body, bytes.Repeat([]byte{byte(i)}, size)) {
			t.Fatalf("message %d is not what was sent: %d bytes instead of %d", i, len(d.Body), size)
		}
	}
}

func TestLoginByCertificate(t *testing.T) {
	ca, change := secured(t)
	f := brokertest.Start(t, change, func(c *broker.Config) {
		c.Mechanisms = []string{"PLAIN", "EXTERNAL"}
		c.CertLogin = certs.Naming{From: certs.CommonName}
	})
	if err := f.Broker.PutUser(auth.User{Name: "ann", Permissions: map[string]auth.Permission{"/": auth.Everything()}}); err != nil {
		t.Fatal(err)
	}
	login := func(own ...*certstest.Cert) error {
		conn, err := amqp.DialConfig(f.URL, amqp.Config{TLSClientConfig: ca.TLS(own...), SASL: []amqp.Authentication{&amqp.ExternalAuth{}}})
		if err == nil {
			_ = conn.Close()
		}
		return err
	}
	if err := login(ca.Client(t, pkix.Name{CommonName: "ann"})); err != nil {
		t.Errorf("ann: %v", err)
	}
	if err := login(ca.Client(t, pkix.Name{CommonName: "bob"})); err == nil {
		t.Error("somebody whom nobody knows is in")
	}
	if err := login(); err == nil {
		t.Error("somebody without a certificate is in")
	}
}

// What speaks the wrong protocol to a port is told apart in the log, and costs
// the others nothing.
func TestWrongProtocols(t *testing.T) {
	ca, change := secured(t)
	logs, watch := observed(zap.NewAtomicLevelAt(zap.DebugLevel))
	f := brokertest.Start(t, change, watch, func(c *broker.Config) {
		c.Listen = []string{"127.0.0.1:0"}
	})
	hasty, watchHasty := observed(zap.NewAtomicLevelAt(zap.DebugLevel))
	short := brokertest.Start(t, change, watchHasty, func(c *broker.Config) { c.TLSHandshakeTimeout = 100 * time.Millisecond })
	plain, secure := f.Broker.Addrs()[0].String(), f.Broker.Addrs()[1].String()
	say := func(address, what string) {
		t.Helper()
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		if _, err := io.WriteString(conn, what); err != nil {
			t.Fatal(err)
		}
	}
	say(secure, "AMQP\x00\x00\x09\x01")
	if e := logged(t, logs, "a client without TLS on a port for TLS"); e.ContextMap()["it sent"] != `"AMQP\x00"` {
		t.Errorf("logged %v", e.ContextMap())
	}
	say(short.Broker.Addr().String(), "\x16\x03\x01")
	if e := logged(t, hasty, "connection refused"); !strings.Contains(e.ContextMap()["error"].(string), "deadline") {
		t.Errorf("logged %v", e.ContextMap())
	}
	if conn, err := tls.Dial("tcp", plain, ca.TLS()); err == nil {
		conn.Close()
		t.Error("the plain port speaks TLS")
	}
	if e := logged(t, logs, "not AMQP 0-9-1"); !strings.HasPrefix(e.ContextMap()["but"].(string), "TLS") {
		t.Errorf("logged %v", e.ContextMap())
	}
	warnings := logs.FilterLevelExact(zap.WarnLevel).Len()
	conn, err := net.Dial("tcp", secure)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	logged(t, logs, "connection closed before it was opened")
	if n := logs.FilterLevelExact(zap.WarnLevel).Len(); n != warnings {
		t.Error("a look whether the port is open is warned of")
	}
	dial(t, f.URL)
}

func TestConnectionsByProxy(t *testing.T) {
	const v1 = "PROXY TCP4 192.0.2.7 127.0.0.1 4000 5672\r\n"
	v2 := "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + "\xc0\x00\x02\x07" + "\x7f\x00\x00\x01" + "\x0f\xa0" + "\x16\x28"
	local := "\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00"
	logs, watch := observed(zap.NewAtomicLevelAt(zap.DebugLevel))
	ca, change := secured(t)
	f := brokertest.Start(t, change, watch, func(c *broker.Config) {
		c.Listen, c.ProxyProtocol, c.LoopbackUsers = []string{"127.0.0.1:0"}, true, []string{}
	})
	by := func(header string) func(string, string) (net.Conn, error) {
		return func(network, address string) (net.Conn, error) {
			conn, err := net.Dial(network, address)
			if err == nil {
				_, err = io.WriteString(conn, header)
			}
			return conn, err
		}
	}
	urls := []string{f.URL, "amqps://guest:guest@" + f.Broker.Addrs()[1].String() + "/"}
	for header, want := range map[string]string{v1: "192.0.2.7:4000", v2: "192.0.2.7:4000", local: "127.0.0.1"} {
		for _, url := range urls {
			conn, err := amqp.DialConfig(url, amqp.Config{Dial: by(header), TLSClientConfig: ca.TLS()})
			if err != nil {
				t.Fatalf("%q to %s: %v", header, url, err)
			}
			all := f.Broker.Connections()
			if peer := all[len(all)-1].Peer.String(); !strings.HasPrefix(peer, want) {
				t.Errorf("%q: the peer is %s", header, peer)
			}
			_ = conn.Close()
		}
	}
	hasty, watchHasty := observed(zap.NewAtomicLevelAt(zap.DebugLevel))
	short := brokertest.Start(t, watchHasty, func(c *broker.Config) { c.ProxyProtocol, c.TLSHandshakeTimeout = true, 100*time.Millisecond })
	at := f.Broker.Addrs()[0].String()
	for header, address := range map[string]string{
		"AMQP\x00\x00\x09\x01": at, "PROXY TCP4 what\r\n": at, v2[:14] + "\x00\x01garbage and more of it": at,
		"PROXY ": short.Broker.Addr().String(), // and nothing more
	} {
		conn, err := by(header)("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, conn); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Errorf("%q: %v", header, err)
		}
		conn.Close()
	}
	until(t, "all four are refused", func() bool {
		return logs.FilterMessage("connection refused").Len() == 3 && hasty.FilterMessage("connection refused").Len() == 1
	})
}

func TestViewsOverHTTP(t *testing.T) {
	ca, change := secured(t)
	f := brokertest.Start(t, change, func(c *broker.Config) {
		c.Management = broker.HTTP{
			Listen: []string{"127.0.0.1:0"}, ListenTLS: []string{"127.0.0.1:0"}, MaxBody: 10,
			Handler: func(b *broker.Broker) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					body, err := io.ReadAll(r.Body)
					if err != nil {
						w.WriteHeader(http.StatusRequestEntityTooLarge)
					}
					_, _ = w.Write(body) // the client sees what does not come
				})
			},
		}
	})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: ca.TLS()}}
	defer client.CloseIdleConnections()
	post := func(url, body string) (int, string) {
		t.Helper()
		res, err := client.Post(url, "", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		got, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(got)
	}
	var seen []string
	for _, l := range f.Broker.Listeners() {
		seen = append(seen, l.Protocol)
		if !strings.HasPrefix(l.Protocol, "http") {
			continue
		}
		url := l.Protocol + "://" + (&net.TCPAddr{IP: net.ParseIP(l.Address), Port: l.Port}).String()
		if code, body := post(url, "hello"); code != 200 || body != "hello" {
			t.Errorf("%s: %d %q", url, code, body)
		}
		if code, _ := post(url, strings.Repeat("x", 11)); code != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: a body that is too large: %d", url, code)
		}
	}
	if got := strings.Join(seen, " "); got != "amqp/ssl http https" {
		t.Errorf("listeners are %s", got)
	}
	if err := f.Broker.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// A shutdown does not wait for those who never say anything.
func TestShutdownWithArrivals(t *testing.T) {
	_, change := secured(t)
	f := brokertest.Start(t, change, func(c *broker.Config) {
		c.TLSHandshakeTimeout = time.Hour
		c.Management.Listen = []string{"127.0.0.1:0"}
	})
	for _, l := range f.Broker.Listeners() {
		conn, err := net.Dial("tcp", (&net.TCPAddr{IP: net.ParseIP(l.Address), Port: l.Port}).String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	began := time.Now()
	if err := f.Broker.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > patience {
		t.Errorf("it took %v", took)
	}
}

func TestStartRefusesBadTLS(t *testing.T) {
	for want, change := range map[string]func(*broker.Config){
		"TLS of AMQP":       func(c *broker.Config) { c.ListenTLS = []string{"127.0.0.1:0"} },
		"TLS of management": func(c *broker.Config) { c.Management.ListenTLS = []string{"127.0.0.1:0"} },
		"shoe_size":         func(c *broker.Config) { c.CertLogin.From = "shoe_size" },
		"cannot accept http connections": func(c *broker.Config) {
			c.Management.Listen = []string{"192.0.2.1:1"} // nobody's
		},
	} {
		cfg := broker.Config{}
		change(&cfg)
		if err := broker.New(cfg).Start(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// Who asks for a server by a name is shown the certificate for it, by clients'
// listeners and views alike, and a reload takes over others without a connection
// that ends.
func TestCertificatesByName(t *testing.T) {
	ca, change := secured(t)
	certFor := func(host string) certs.Named {
		cert, key := ca.Client(t, pkix.Name{CommonName: host}, host).Files(t)
		return certs.Named{ID: "1", CertFile: cert, KeyFile: key}
	}
	var cfg broker.Config
	f := brokertest.Start(t, change, func(c *broker.Config) {
		c.TLS.Named = []certs.Named{certFor("a.example.org")}
		c.Management.ListenTLS, c.Prometheus.ListenTLS = []string{"127.0.0.1:0"}, []string{"127.0.0.1:0"}
		cfg = *c
	})
	shown := func(address, host string) string {
		t.Helper()
		client := ca.TLS()
		client.ServerName = host
		conn, err := tls.Dial("tcp", address, client)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	everywhere := func(host string) {
		t.Helper()
		for _, l := range f.Broker.Listeners() {
			address := (&net.TCPAddr{IP: net.ParseIP(l.Address), Port: l.Port}).String()
			if got := shown(address, host); got != host {
				t.Errorf("%s: %s is shown the certificate of %s", l.Protocol, host, got)
			}
		}
	}
	conn, err := amqp.DialTLS(f.URL, ca.TLS())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	everywhere("localhost")
	everywhere("a.example.org")
	cfg.TLS.Named = []certs.Named{certFor("b.example.org")}
	if err := f.Broker.Reload(cfg); err != nil {
		t.Fatal(err)
	}
	everywhere("b.example.org")
	cfg.TLS.Named[0].KeyFile = "/nowhere"
	if err := f.Broker.Reload(cfg); err == nil || !strings.Contains(err.Error(), "TLS of AMQP: sni.1: private key: open /nowhere") {
		t.Errorf("a reload of what is not there: %v", err)
	}
	everywhere("b.example.org")
	if _, err := conn.Channel(); err != nil {
		t.Errorf("the connection from before: %v", err)
	}
}
