package certs

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/youmark/pkcs8"

	"github.com/lepusmq/lepus/broker/certs/certstest"
)

// shake has a client shake hands with a listener, and returns what either says
// of it.
func shake(t *testing.T, s *Store, client *tls.Config) (cs tls.ConnectionState, server, err error) {
	t.Helper()
	ours, theirs := pair(t)
	end := tls.Server(ours, s.Config())
	done := make(chan error, 1)
	go func() {
		err := end.Handshake()
		if err != nil {
			_ = ours.Close()
		}
		done <- err
	}()
	err = tls.Client(theirs, client).Handshake()
	if err != nil {
		_ = theirs.Close()
	}
	server = <-done
	return end.ConnectionState(), server, err
}

// pair returns the ends of a connection that buffers what is sent.
func pair(t *testing.T) (ours, theirs net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if theirs, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if ours, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	return ours, theirs
}

// fixture returns an authority and the options of a server that it vouches for.
func fixture(t *testing.T) (*certstest.Cert, Options) {
	t.Helper()
	ca := certstest.Authority(t)
	cert, key := ca.Server(t).Files(t)
	return ca, Options{CertFile: cert, KeyFile: key}
}

func open(t *testing.T, o Options) *Store {
	t.Helper()
	s, err := Open(o, func(err error) { t.Errorf("reloaded: %v", err) })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// trusting has an authority's certificate in a file.
func trusting(t *testing.T, o Options, ca ...*certstest.Cert) Options {
	t.Helper()
	o.CAFile = certstest.Write(t, filepath.Join(t.TempDir(), "ca.pem"), ca[0].PEM(ca[1:]...))
	return o
}

func TestVerification(t *testing.T) {
	ca, o := fixture(t)
	other := certstest.Authority(t)
	ann := ca.Client(t, pkix.Name{CommonName: "ann"})
	stranger := other.Client(t, pkix.Name{CommonName: "ann"})
	for name, tt := range map[string]struct {
		verify, require bool
		client          *tls.Config
		verified        int
		refused         bool
	}{
		"none, without":       {client: ca.TLS()},
		"none, with":          {client: ca.TLS(ann)},
		"if given, without":   {verify: true, client: ca.TLS()},
		"if given, with":      {verify: true, client: ca.TLS(ann), verified: 1},
		"if given, stranger":  {verify: true, client: ca.TLS(stranger), refused: true},
		"required, without":   {verify: true, require: true, client: ca.TLS(), refused: true},
		"required, with":      {verify: true, require: true, client: ca.TLS(ann), verified: 1},
		"required, stranger":  {verify: true, require: true, client: ca.TLS(stranger), refused: true},
		"server not trusted":  {client: other.TLS(), refused: true},
		"a name it knows not": {client: named(ca.TLS(), "elsewhere"), refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			o := trusting(t, o, ca)
			o.Verify, o.RequireCert = tt.verify, tt.require
			cs, server, client := shake(t, open(t, o), tt.client)
			if (server != nil) != tt.refused {
				t.Errorf("the server said %v, the client %v", server, client)
			}
			if server == nil && len(cs.VerifiedChains) != tt.verified {
				t.Errorf("%d chains", len(cs.VerifiedChains))
			}
		})
	}
}

func named(c *tls.Config, name string) *tls.Config {
	c.ServerName = name
	return c
}

func TestDepth(t *testing.T) {
	root, o := fixture(t)
	near := root.Authority(t, "near")
	client := near.Client(t, pkix.Name{CommonName: "ann"})
	o = trusting(t, o, root)
	o.Verify, o.RequireCert = true, true
	cfg := root.TLS(client)
	cfg.Certificates[0].Certificate = append(cfg.Certificates[0].Certificate, near.X509.Raw)
	for depth, ok := range map[int]bool{0: true, 1: true, -1: false} {
		o.Depth = depth
		if _, err, _ := shake(t, open(t, o), cfg); (err == nil) != ok {
			t.Errorf("depth %d: %v", depth, err)
		}
	}
}

// RabbitMQ sends what its file of authorities has, too.
func TestTheChainIsCompletedFromTheAuthorities(t *testing.T) {
	root := certstest.Authority(t)
	near := root.Authority(t, "near")
	cert, key := near.Server(t).Files(t)
	o := Options{CertFile: cert, KeyFile: key}
	if _, _, err := shake(t, open(t, o), root.TLS()); err == nil {
		t.Error("a client trusts a certificate whose signer it does not know")
	}
	if _, _, err := shake(t, open(t, trusting(t, o, root, near)), root.TLS()); err != nil {
		t.Errorf("with the authorities: %v", err)
	}
}

func TestVersions(t *testing.T) {
	ca, o := fixture(t)
	only := func(v uint16) *tls.Config {
		c := ca.TLS()
		c.MinVersion, c.MaxVersion = v, v
		return c
	}
	o.Versions = []string{"tlsv1.2", "tlsv1.1"}
	s := open(t, o)
	for v, ok := range map[uint16]bool{tls.VersionTLS11: true, tls.VersionTLS12: true, tls.VersionTLS13: false} {
		if _, err, _ := shake(t, s, only(v)); (err == nil) != ok {
			t.Errorf("%s: %v", tls.VersionName(v), err)
		}
	}
	o.Versions = nil
	if _, err, _ := shake(t, open(t, o), only(tls.VersionTLS11)); err == nil {
		t.Error("TLS 1.1 is spoken without being asked for")
	}
}

func TestCiphers(t *testing.T) {
	ca, o := fixture(t)
	o.Versions = []string{"tlsv1.2"}
	o.Ciphers = []string{"DHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"}
	cs, server, err := shake(t, open(t, o), ca.TLS())
	if server != nil || err != nil || cs.CipherSuite != tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 {
		t.Errorf("%s, %v, %v", tls.CipherSuiteName(cs.CipherSuite), server, err)
	}
	if got := UnknownCiphers(o.Ciphers); !slices.Equal(got, o.Ciphers[:1]) {
		t.Errorf("unknown are %q", got)
	}
	for iana, openssl := range map[string]string{
		"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256":         "ECDHE-RSA-AES128-GCM-SHA256",
		"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
		"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA":            "ECDHE-RSA-AES256-SHA",
		"TLS_RSA_WITH_AES_128_CBC_SHA256":               "AES128-SHA256",
		"TLS_RSA_WITH_AES_256_GCM_SHA384":               "AES256-GCM-SHA384",
		"TLS_RSA_WITH_3DES_EDE_CBC_SHA":                 "DES-CBC3-SHA",
		"TLS_AES_128_GCM_SHA256":                        "TLS_AES_128_GCM_SHA256",
	} {
		if got := opensslName(iana); got != openssl {
			t.Errorf("%s is %s, want %s", iana, got, openssl)
		}
		if suites()[openssl] == 0 || suites()[openssl] != suites()[iana] {
			t.Errorf("%s is another cipher than %s", openssl, iana)
		}
	}
}

func TestEncryptedKeys(t *testing.T) {
	ca, o := fixture(t)
	server := ca.Server(t)
	o.CertFile = certstest.Write(t, filepath.Join(t.TempDir(), "cert"), server.PEM())
	der, err := pkcs8.MarshalPrivateKey(server.Key, []byte("s3cret"), nil)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := x509.MarshalECPrivateKey(server.Key)
	if err != nil {
		t.Fatal(err)
	}
	//lint:ignore SA1019 such keys are what is tested
	old, err := x509.EncryptPEMBlock(rand.Reader, "EC PRIVATE KEY", ec, []byte("s3cret"), x509.PEMCipherAES256)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"PKCS#8": {Type: "ENCRYPTED PRIVATE KEY", Bytes: der}, "legacy": old,
	} {
		o.KeyFile = certstest.Write(t, filepath.Join(t.TempDir(), "key"), pem.EncodeToMemory(block))
		o.Password = "s3cret"
		if _, server, client := shake(t, open(t, o), ca.TLS()); server != nil || client != nil {
			t.Errorf("%s: %v, %v", name, server, client)
		}
		for password, want := range map[string]string{"": "there is no password", "wr0ng": "decrypt it"} {
			o.Password = password
			_, err := Open(o, nil)
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), o.KeyFile) {
				t.Errorf("%s with password %q: %v", name, password, err)
			}
			if err != nil && password != "" && strings.Contains(err.Error(), password) {
				t.Errorf("the password is told: %v", err)
			}
		}
	}
}

func TestBadOptions(t *testing.T) {
	ca, good := fixture(t)
	otherKey, _ := ca.Server(t).Files(t)
	_, otherKey = otherKey, filepath.Join(filepath.Dir(otherKey), "key.pem")
	garbage := certstest.Write(t, filepath.Join(t.TempDir(), "garbage"), []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	empty := certstest.Write(t, filepath.Join(t.TempDir(), "empty"), nil)
	for _, tt := range []struct {
		change func(*Options)
		want   string
	}{
		{func(o *Options) { o.CertFile = "" }, "certfile"},
		{func(o *Options) { o.KeyFile = "" }, "keyfile"},
		{func(o *Options) { o.CertFile = "/nowhere" }, "/nowhere"},
		{func(o *Options) { o.CertFile = garbage }, garbage},
		{func(o *Options) { o.CertFile = empty }, "no certificate in PEM in " + empty},
		{func(o *Options) { o.KeyFile = garbage }, "no private key in PEM in " + garbage},
		{func(o *Options) { o.KeyFile = otherKey }, "private key does not match"},
		{func(o *Options) { o.CAFile = "/nowhere" }, "/nowhere"},
		{func(o *Options) { o.RequireCert = true }, "verify_peer"},
		{func(o *Options) { o.Verify = true }, "cacertfile"},
		{func(o *Options) { o.Versions = []string{"sslv3"} }, `"sslv3"`},
		{func(o *Options) { o.Versions = []string{"tlsv1.3", "tlsv1.1"} }, "leave one out"},
		{func(o *Options) { o.Ciphers = []string{"RC5"} }, "RC5"},
	} {
		o := good
		tt.change(&o)
		if _, err := Open(o, nil); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %q", err, tt.want)
		}
	}
}

// Files that change are loaded by a handshake some seconds later, or at once when
// asked for; what is half written changes nothing.
func TestReload(t *testing.T) {
	first, o := fixture(t)
	var reloads []error
	s, err := Open(o, func(err error) { reloads = append(reloads, err) })
	if err != nil {
		t.Fatal(err)
	}
	clock := time.Now()
	s.now = func() time.Time { return clock }
	s.nextLook.Store(clock.Add(lookEvery).UnixNano())
	good := func(ca *certstest.Cert) bool {
		_, _, err := shake(t, s, ca.TLS())
		return err == nil
	}
	if !good(first) {
		t.Fatal("it does not work to begin with")
	}
	second := certstest.Authority(t)
	server := second.Server(t)
	certstest.Write(t, o.CertFile, append(server.PEM(), '\n')) // another size, whatever the clock's steps are
	if !good(first) || len(reloads) != 0 {
		t.Errorf("it looked too soon: %v", reloads)
	}
	clock = clock.Add(lookEvery)
	if !good(first) || len(reloads) != 1 || reloads[0] == nil {
		t.Errorf("half a change: %v", reloads)
	}
	clock = clock.Add(lookEvery)
	if !good(first) || len(reloads) != 1 {
		t.Errorf("the same half of a change again: %v", reloads)
	}
	certstest.Write(t, o.KeyFile, append(server.KeyPEM(t), '\n'))
	clock = clock.Add(lookEvery)
	if !good(second) || good(first) || len(reloads) != 2 || reloads[1] != nil {
		t.Errorf("the whole change: %v", reloads)
	}
	certstest.Write(t, o.KeyFile, nil)
	if err := s.Reload(o); err == nil || !good(second) {
		t.Errorf("a reload that was asked for: %v", err)
	}
}

func TestNames(t *testing.T) {
	ca := certstest.Authority(t)
	cert := ca.Client(t, pkix.Name{
		CommonName: "ann, the first", Organization: []string{"Büro+Söhne"}, Country: []string{"DE"},
	}, "ann.example.org", "b.example.org").X509
	cert.URIs = []*url.URL{{Scheme: "spiffe", Host: "x"}}
	cert.IPAddresses = []net.IP{net.IPv4(10, 0, 0, 1)}
	cert.EmailAddresses = []string{"ann@example.org"}
	for want, n := range map[string]Naming{
		`CN=ann\, the first,O=B\C3\BCro\+S\C3\B6hne,C=DE`: {},
		"ann, the first":  {From: CommonName},
		"ann.example.org": {From: SubjectAltName},
		"b.example.org":   {From: SubjectAltName, SANType: "dns", SANIndex: 1},
		"10.0.0.1":        {From: SubjectAltName, SANType: "ip"},
		"ann@example.org": {From: SubjectAltName, SANType: "email"},
		"spiffe://x":      {From: SubjectAltName, SANType: "uri"},
		"":                {From: SubjectAltName, SANType: "dns", SANIndex: 2},
	} {
		if got := n.of(cert); got != want {
			t.Errorf("%+v: %q, want %q", n, got, want)
		}
		if err := n.Check(); err != nil {
			t.Errorf("%+v: %v", n, err)
		}
	}
	for _, n := range []Naming{{From: "shoe_size"}, {SANType: "other_name"}} {
		if n.Check() == nil {
			t.Errorf("%+v is taken", n)
		}
	}
}

func TestNobodyIsNamedWithoutProof(t *testing.T) {
	ours, theirs := pair(t)
	var n Naming
	if got := n.Peer(ours); got != "" {
		t.Errorf("without TLS: %q", got)
	}
	ca, o := fixture(t)
	end := tls.Server(ours, open(t, o).Config())
	done := make(chan error, 1)
	go func() { done <- end.Handshake() }()
	if err := tls.Client(theirs, ca.TLS(ca.Client(t, pkix.Name{CommonName: "ann"}))).Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := n.Peer(end); got != "" {
		t.Errorf("a certificate that nobody has verified: %q", got)
	}
}
