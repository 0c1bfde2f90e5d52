// Package certstest makes certificates for tests: authorities, and what they
// sign.
package certstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Cert is a certificate with its key.
type Cert struct {
	X509 *x509.Certificate
	Key  *ecdsa.PrivateKey
}

// Authority returns a new authority whose certificate is signed by itself.
func Authority(t testing.TB) *Cert {
	t.Helper()
	return sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil)
}

// Authority returns an authority that this one vouches for.
func (c *Cert) Authority(t testing.TB, name string) *Cert {
	t.Helper()
	return sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, c)
}

// Server returns a certificate for localhost and 127.0.0.1.
func (c *Cert) Server(t testing.TB) *Cert {
	t.Helper()
	return sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}, c)
}

// Client returns a certificate for somebody.
func (c *Cert) Client(t testing.TB, subject pkix.Name, dns ...string) *Cert {
	t.Helper()
	return sign(t, &x509.Certificate{Subject: subject, DNSNames: dns}, c)
}

func sign(t testing.TB, cert *x509.Certificate, by *Cert) *Cert {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<60))
	if err != nil {
		t.Fatal(err)
	}
	cert.SerialNumber = serial
	cert.NotBefore, cert.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	cert.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	if by == nil {
		by = &Cert{X509: cert, Key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, by.X509, key.Public(), by.Key)
	if err != nil {
		t.Fatal(err)
	}
	done, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &Cert{X509: done, Key: key}
}

// PEM returns the certificate, and those of others behind it, in PEM.
func (c *Cert) PEM(others ...*Cert) []byte {
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.X509.Raw})
	for _, o := range others {
		text = append(text, o.PEM()...)
	}
	return text
}

// KeyPEM returns the private key in PEM, as PKCS#8.
func (c *Cert) KeyPEM(t testing.TB) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(c.Key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// Files writes certificate and key into a folder of the test's, and returns
// their paths.
func (c *Cert) Files(t testing.TB) (cert, key string) {
	t.Helper()
	dir := t.TempDir()
	return Write(t, filepath.Join(dir, "cert.pem"), c.PEM()), Write(t, filepath.Join(dir, "key.pem"), c.KeyPEM(t))
}

// Write writes a file and returns its path.
func Write(t testing.TB, path string, text []byte) string {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TLS returns the configuration of a client that trusts this authority and shows
// a certificate if it is given one.
func (c *Cert) TLS(own ...*Cert) *tls.Config {
	cfg := &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "localhost", MinVersion: tls.VersionTLS12}
	cfg.RootCAs.AddCert(c.X509)
	for _, o := range own {
		cfg.Certificates = append(cfg.Certificates, tls.Certificate{Certificate: [][]byte{o.X509.Raw}, PrivateKey: o.Key})
	}
	return cfg
}
