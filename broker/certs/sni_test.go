package certs

import (
	"crypto/tls"
	"crypto/x509/pkix"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lepusmq/lepus/broker/certs/certstest"
)

// certFor is a certificate for some names, in files.
func certFor(t *testing.T, ca *certstest.Cert, id string, hosts []string, in ...string) Named {
	t.Helper()
	cert, key := ca.Client(t, pkix.Name{CommonName: id}, in...).Files(t)
	return Named{ID: id, Hosts: hosts, CertFile: cert, KeyFile: key}
}

// shown returns who a client finds at the other end.
func shown(t *testing.T, s *Store, cfg *tls.Config) string {
	t.Helper()
	var name string
	cfg.VerifyConnection = func(cs tls.ConnectionState) error {
		name = cs.PeerCertificates[0].Subject.CommonName
		return nil
	}
	if _, server, err := shake(t, s, cfg); server != nil || err != nil {
		t.Errorf("%s: %v, %v", cfg.ServerName, server, err)
	}
	return name
}

func TestCertificatesByName(t *testing.T) {
	ca, o := fixture(t)
	o.Named = []Named{
		certFor(t, ca, "shop", nil, "shop.example.org", "*.shop.example.org"),
		certFor(t, ca, "wide", []string{"*.Example.org"}, "*.example.org", "else.where"),
	}
	s := open(t, o)
	for host, want := range map[string]string{
		"shop.example.org":   "shop",
		"SHOP.example.org":   "shop",
		"a.shop.example.org": "shop",
		"pay.example.org":    "wide",
		"localhost":          "localhost",
	} {
		if got := shown(t, s, named(ca.TLS(), host)); got != want {
			t.Errorf("%s is shown the certificate of %s, want %s", host, got, want)
		}
	}
	for _, host := range []string{"else.where", "a.b.example.org", "example.org", "127.0.0.1", ""} {
		cfg := named(ca.TLS(), host)
		cfg.InsecureSkipVerify = true
		if got := shown(t, s, cfg); got != "localhost" {
			t.Errorf("%q is shown the certificate of %s", host, got)
		}
	}
}

// A change of any of the files, or of the list, counts for those who come then.
func TestNamedCertificatesAreReloaded(t *testing.T) {
	first, o := fixture(t)
	o.Named = []Named{certFor(t, first, "shop", nil, "shop.example.org")}
	s := open(t, o)
	second := certstest.Authority(t)
	next := second.Client(t, pkix.Name{CommonName: "next"}, "shop.example.org")
	certstest.Write(t, o.Named[0].CertFile, append(next.PEM(), '\n'))
	if err := s.Reload(o); err == nil || !strings.Contains(err.Error(), "sni.shop: certificate "+o.Named[0].CertFile) {
		t.Errorf("half a change: %v", err)
	}
	if got := shown(t, s, named(first.TLS(), "shop.example.org")); got != "shop" {
		t.Errorf("after half a change it is %s", got)
	}
	certstest.Write(t, o.Named[0].KeyFile, next.KeyPEM(t))
	if err := s.Reload(o); err != nil {
		t.Fatal(err)
	}
	if got := shown(t, s, named(second.TLS(), "shop.example.org")); got != "next" {
		t.Errorf("after the change it is %s", got)
	}
	o.Named = append(o.Named, certFor(t, first, "pay", nil, "pay.example.org"))
	if err := s.Reload(o); err != nil {
		t.Fatal(err)
	}
	if got := shown(t, s, named(first.TLS(), "pay.example.org")); got != "pay" {
		t.Errorf("a new one is %s", got)
	}
}

func TestBadNamedCertificates(t *testing.T) {
	ca, o := fixture(t)
	good := certFor(t, ca, "x", nil, "x.example.org")
	garbage := certstest.Write(t, filepath.Join(t.TempDir(), "garbage"), []byte("garbage"))
	for want, change := range map[string]func(*Named){
		"sni.x: TLS needs a certificate (certfile)": func(n *Named) { n.CertFile = "" },
		"(keyfile)":                          func(n *Named) { n.KeyFile = "" },
		"sni.x: certificates: open /no":      func(n *Named) { n.CertFile = "/no" },
		"private key in PEM in " + garbage:   func(n *Named) { n.KeyFile = garbage },
		"two certificates for y.example.org": func(n *Named) { n.Hosts = []string{"y.example.org", "Y.example.org."} },
		"so say for which it is (hosts)":     func(n *Named) { *n = certFor(t, ca, "x", nil) },
	} {
		n := good
		change(&n)
		o.Named = []Named{n}
		if _, err := Open(o, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if o = (Options{Named: []Named{good}}); !o.Set() {
		t.Error("certificates by name alone are taken for none at all")
	}
}
