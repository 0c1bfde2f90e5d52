package certs

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"strings"
)

// Naming says which part of a certificate is the name of a user.
type Naming struct {
	// From is DistinguishedName, the default, CommonName or SubjectAltName.
	From string
	// SANType is dns, the default, ip, email or uri, and SANIndex which of that
	// type's names it is, the first being 0. They count for SubjectAltName.
	SANType  string
	SANIndex int
}

// Parts of a certificate, by RabbitMQ's names (ssl_cert_login_from).
const (
	DistinguishedName = "distinguished_name"
	CommonName        = "common_name"
	SubjectAltName    = "subject_alternative_name"
)

// Check returns what is wrong with a naming.
func (n Naming) Check() error {
	switch n.From {
	case "", DistinguishedName, CommonName, SubjectAltName, "subject_alt_name":
	default:
		return fmt.Errorf("certificates have no %q that could be a name", n.From)
	}
	switch n.SANType {
	case "", "dns", "ip", "email", "uri":
	default:
		return fmt.Errorf("alternative names of type %q are not supported", n.SANType)
	}
	return nil
}

// Peer returns the name of the user who has proved to be at the other end of a
// connection; empty without TLS, a certificate that was verified, or such a name
// in it. The handshake must be over.
func (n Naming) Peer(conn net.Conn) string {
	c, ok := conn.(*tls.Conn)
	if !ok {
		return ""
	}
	chains := c.ConnectionState().VerifiedChains
	if len(chains) == 0 {
		return ""
	}
	return n.of(chains[0][0])
}

func (n Naming) of(cert *x509.Certificate) string {
	switch n.From {
	case "", DistinguishedName:
		return formatName(cert.RawSubject)
	case CommonName:
		return commonName(cert.RawSubject)
	}
	if names := n.alternatives(cert); n.SANIndex >= 0 && n.SANIndex < len(names) {
		return names[n.SANIndex]
	}
	return ""
}

func (n Naming) alternatives(cert *x509.Certificate) []string {
	switch strings.ToLower(n.SANType) {
	case "", "dns":
		return cert.DNSNames
	case "email":
		return cert.EmailAddresses
	case "ip":
		return texts(cert.IPAddresses)
	case "uri":
		return texts(cert.URIs)
	}
	return nil
}

func texts[T fmt.Stringer](all []T) []string {
	var s []string
	for _, one := range all {
		s = append(s, one.String())
	}
	return s
}
