package session

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/lepusmq/lepus/broker/stats"
)

// identity makes a certificate that signs itself.
func identity(t *testing.T, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	subject := pkix.Name{CommonName: name}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: subject, Issuer: subject, NotAfter: time.Now().Add(time.Hour).Truncate(time.Second).UTC()}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func TestWhatTLSHasAgreedOn(t *testing.T) {
	t.Parallel()
	mine, theirs := identity(t, "broker"), identity(t, "client")
	for _, shown := range [][]tls.Certificate{nil, {theirs}} {
		a, b := net.Pipe()
		server := tls.Server(a, &tls.Config{Certificates: []tls.Certificate{mine}, ClientAuth: tls.RequestClientCert})
		client := tls.Client(b, &tls.Config{Certificates: shown, InsecureSkipVerify: true})
		greeted := make(chan error, 1)
		go func() {
			_, err := client.Write([]byte("hello"))
			greeted <- err
		}()
		if _, err := server.Read(make([]byte, 5)); err != nil {
			t.Fatal(err)
		}
		if err := <-greeted; err != nil {
			t.Fatal(err)
		}
		want := stats.TLS{Version: "TLS 1.3", Cipher: tls.CipherSuiteName(client.ConnectionState().CipherSuite)}
		if shown != nil {
			want.Subject, want.Issuer, want.NotAfter = "CN=client", "CN=client", theirs.Leaf.NotAfter
		}
		if got := agreed(server); got == nil || *got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if got := agreed(a); got != nil {
			t.Errorf("without TLS there is %+v", got)
		}
		_, _ = a.Close(), b.Close()
	}
}
