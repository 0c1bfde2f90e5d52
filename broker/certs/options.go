package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Options say how a listener speaks TLS. The zero Options say that it does not.
type Options struct {
	// CertFile has the certificate, in PEM, and behind it those that lead to its
	// authority, if they are not in CAFile. KeyFile has its private key, and
	// Password what that is encrypted with, if it is.
	CertFile, KeyFile, Password string
	// Named are certificates for those who ask for a server by its name (SNI). Others
	// get that of CertFile.
	Named []Named
	// CAFile has the authorities whose certificates of clients are trusted.
	CAFile string
	// Verify asks clients for a certificate, which must be good if there is one.
	// RequireCert refuses clients without.
	Verify, RequireCert bool
	// Depth is how many certificates there may be between a client's and its
	// authority's; 0 is ten, below 0 none.
	Depth int
	// Versions are tlsv1.3, tlsv1.2, tlsv1.1 and tlsv1, without a gap; nil is the
	// first two.
	Versions []string
	// Ciphers are the ciphers of TLS 1.2 and before, by the name that OpenSSL or
	// IANA gives them; nil is what the Go library takes for safe.
	Ciphers []string
}

// defaultDepth is that of current Erlang, and so of RabbitMQ.
const defaultDepth = 10

// Set says whether the options are those of a listener with TLS.
func (o *Options) Set() bool { return o.CertFile != "" || o.KeyFile != "" || len(o.Named) > 0 }

// check returns what is wrong with the options, whatever is in the files.
func (o *Options) check() error {
	switch {
	case o.CertFile == "":
		return errors.New("TLS needs a certificate (certfile)")
	case o.KeyFile == "":
		return errors.New("TLS needs the certificate's private key (keyfile)")
	case o.RequireCert && !o.Verify:
		return errors.New("fail_if_no_peer_cert needs verify = verify_peer")
	case o.Verify && o.CAFile == "":
		return errors.New("verify_peer needs the authorities to trust (cacertfile)")
	}
	return nil
}

// config returns what does not come from files.
func (o *Options) config() (*tls.Config, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	c := &tls.Config{}
	var err error
	if c.MinVersion, c.MaxVersion, err = versionRange(o.Versions); err != nil {
		return nil, err
	}
	if c.CipherSuites, err = cipherSuites(o.Ciphers); err != nil {
		return nil, err
	}
	if o.Verify {
		c.ClientAuth = tls.VerifyClientCertIfGiven
		if o.RequireCert {
			c.ClientAuth = tls.RequireAndVerifyClientCert
		}
		c.VerifyConnection = o.checkDepth
	}
	return c, nil
}

// checkDepth refuses a client whose certificate is too far from its authority.
func (o *Options) checkDepth(cs tls.ConnectionState) error {
	most := o.Depth
	switch {
	case most == 0:
		most = defaultDepth
	case most < 0:
		most = 0
	}
	if len(cs.PeerCertificates) == 0 {
		return nil
	}
	// A chain has the client's certificate and the authority's, too.
	if slices.ContainsFunc(cs.VerifiedChains, func(chain []*x509.Certificate) bool { return len(chain)-2 <= most }) {
		return nil
	}
	return fmt.Errorf("the client's certificate has more than %d others between it and its authority", most)
}

// versionRange returns the lowest and the highest of some versions.
func versionRange(names []string) (low, high uint16, err error) {
	if len(names) == 0 {
		return tls.VersionTLS12, tls.VersionTLS13, nil
	}
	var has []uint16
	for _, name := range names {
		v, ok := version(name)
		if !ok {
			return 0, 0, fmt.Errorf("there is no version %q of TLS: there are tlsv1.3, tlsv1.2, tlsv1.1 and tlsv1", name)
		}
		has = append(has, v)
	}
	low, high = slices.Min(has), slices.Max(has)
	for v := low; v <= high; v++ {
		if !slices.Contains(has, v) {
			return 0, 0, fmt.Errorf("TLS versions must not leave one out: %s", strings.Join(names, ", "))
		}
	}
	return low, high, nil
}

func version(name string) (uint16, bool) {
	switch strings.ToLower(name) {
	case "tlsv1.3":
		return tls.VersionTLS13, true
	case "tlsv1.2":
		return tls.VersionTLS12, true
	case "tlsv1.1":
		return tls.VersionTLS11, true
	case "tlsv1":
		return tls.VersionTLS10, true
	}
	return 0, false
}
