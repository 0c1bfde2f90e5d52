package certs

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"github.com/youmark/pkcs8"
)

// pair loads the certificate with its key, and the authorities.
func (o *Options) pair() (tls.Certificate, []*x509.Certificate, error) {
	var none tls.Certificate
	chain, err := readCertificates(o.CertFile)
	if err != nil {
		return none, nil, err
	}
	key, err := readKey(o.KeyFile, o.Password)
	if err != nil {
		return none, nil, err
	}
	var authorities []*x509.Certificate
	if o.CAFile != "" {
		if authorities, err = readCertificates(o.CAFile); err != nil {
			return none, nil, err
		}
	}
	var certs bytes.Buffer
	for _, c := range complete(chain, authorities) {
		// Writes to a buffer do not fail.
		_ = pem.Encode(&certs, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	}
	pair, err := tls.X509KeyPair(certs.Bytes(), pem.EncodeToMemory(key))
	if err != nil {
		return none, nil, fmt.Errorf("certificate %s with key %s: %w", o.CertFile, o.KeyFile, err)
	}
	return pair, authorities, nil
}

// readCertificates reads the certificates of a file in PEM, which has at least
// one.
func readCertificates(file string) ([]*x509.Certificate, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	var all []*x509.Certificate
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d of %s: %w", len(all)+1, file, err)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no certificate in PEM in %s", file)
	}
	return all, nil
}

// complete appends the authorities' certificates that lead from the end of a
// chain to a root, which itself is not sent: RabbitMQ takes them from there, too.
func complete(chain, authorities []*x509.Certificate) []*x509.Certificate {
	const longest = 10
	for len(chain) < longest {
		last := chain[len(chain)-1]
		var next *x509.Certificate
		for _, c := range authorities {
			if bytes.Equal(c.RawSubject, last.RawIssuer) && last.CheckSignatureFrom(c) == nil {
				next = c
				break
			}
		}
		if next == nil || bytes.Equal(next.RawSubject, next.RawIssuer) || bytes.Equal(last.RawSubject, last.RawIssuer) {
			return chain
		}
		chain = append(chain, next)
	}
	return chain
}

// readKey returns the private key of a file in PEM, decrypted.
func readKey(file, password string) (*pem.Block, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return nil, fmt.Errorf("no private key in PEM in %s", file)
		}
		switch block.Type {
		case "CERTIFICATE", "EC PARAMETERS", "DH PARAMETERS":
			continue
		}
		plain, err := decrypt(block, password)
		if err != nil {
			return nil, fmt.Errorf("private key %s: %w", file, err)
		}
		return plain, nil
	}
}

// decrypt returns a key that is not encrypted: in PKCS#8, or as it was before.
func decrypt(block *pem.Block, password string) (*pem.Block, error) {
	// Old keys are what it is for, however weak that encryption is.
	//lint:ignore SA1019 there is no other way to read them
	legacy := x509.IsEncryptedPEMBlock(block)
	switch {
	case !legacy && block.Type != "ENCRYPTED PRIVATE KEY":
		return block, nil
	case password == "":
		return nil, errors.New("it is encrypted, and there is no password")
	case legacy:
		//lint:ignore SA1019 as above
		der, err := x509.DecryptPEMBlock(block, []byte(password))
		if err != nil {
			return nil, fmt.Errorf("decrypt it: %w", err)
		}
		return &pem.Block{Type: block.Type, Bytes: der}, nil
	}
	key, err := pkcs8.ParsePKCS8PrivateKey(block.Bytes, []byte(password))
	if err != nil {
		return nil, fmt.Errorf("decrypt it: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("decrypt it: %w", err)
	}
	return &pem.Block{Type: "PRIVATE KEY", Bytes: der}, nil
}
