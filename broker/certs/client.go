package certs

import (
	"crypto/tls"
	"crypto/x509"
)

// Client says how the broker speaks TLS when it is the client. The zero Client
// trusts what the system does, and has no certificate of its own.
type Client struct {
	// CertFile, KeyFile and Password are as those of [Options].
	CertFile, KeyFile, Password string
	// CAFile has the authorities that are trusted instead of the system's.
	CAFile string
	// Unverified trusts any server.
	Unverified bool
	// ServerName is the name that the server's certificate must have; empty is that
	// by which it is reached.
	ServerName string
	// Versions and Ciphers are as those of [Options].
	Versions, Ciphers []string
}

// Config loads the files. The error says which option or file is wrong.
func (c *Client) Config() (*tls.Config, error) {
	cfg := &tls.Config{InsecureSkipVerify: c.Unverified, ServerName: c.ServerName}
	var err error
	if cfg.MinVersion, cfg.MaxVersion, err = versionRange(c.Versions); err != nil {
		return nil, err
	}
	if cfg.CipherSuites, err = cipherSuites(c.Ciphers); err != nil {
		return nil, err
	}
	if c.CAFile != "" {
		authorities, err := readCertificates(c.CAFile)
		if err != nil {
			return nil, err
		}
		cfg.RootCAs = x509.NewCertPool()
		for _, a := range authorities {
			cfg.RootCAs.AddCert(a)
		}
	}
	own := Options{CertFile: c.CertFile, KeyFile: c.KeyFile, Password: c.Password}
	if !own.Set() {
		return cfg, nil
	}
	if err := own.check(); err != nil {
		return nil, err
	}
	pair, _, err := own.pair()
	if err != nil {
		return nil, err
	}
	cfg.Certificates = []tls.Certificate{pair}
	return cfg, nil
}
