package certs

import (
	"crypto/x509/pkix"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lepusmq/lepus/broker/certs/certstest"
)

func TestTheBrokerAsClient(t *testing.T) {
	ca, o := fixture(t)
	o = trusting(t, o, ca)
	o.Verify, o.RequireCert = true, true
	s := open(t, o)
	cert, key := ca.Client(t, pkix.Name{CommonName: "broker"}).Files(t)
	other := certstest.Write(t, filepath.Join(t.TempDir(), "other.pem"), certstest.Authority(t).PEM())
	for name, tt := range map[string]struct {
		c    Client
		good bool
	}{
		"all":               {Client{CertFile: cert, KeyFile: key, CAFile: o.CAFile, ServerName: "localhost"}, true},
		"without its own":   {Client{CAFile: o.CAFile, ServerName: "localhost"}, false},
		"another name":      {Client{CertFile: cert, KeyFile: key, CAFile: o.CAFile, ServerName: "elsewhere"}, false},
		"another authority": {Client{CertFile: cert, KeyFile: key, CAFile: other, ServerName: "localhost"}, false},
		"the system's":      {Client{CertFile: cert, KeyFile: key, ServerName: "localhost"}, false},
		"not verified":      {Client{CertFile: cert, KeyFile: key, CAFile: other, Unverified: true}, true},
		"with its versions": {Client{CertFile: cert, KeyFile: key, CAFile: o.CAFile, ServerName: "localhost", Versions: []string{"tlsv1.2"}}, true},
	} {
		cfg, err := tt.c.Config()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, server, client := shake(t, s, cfg); (server == nil && client == nil) != tt.good {
			t.Errorf("%s: %v, %v", name, server, client)
		}
	}
	for want, c := range map[string]Client{
		"keyfile": {CertFile: cert}, "/nowhere": {CAFile: "/nowhere"}, "sslv3": {Versions: []string{"sslv3"}}, "RC5": {Ciphers: []string{"RC5"}},
	} {
		if _, err := c.Config(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
