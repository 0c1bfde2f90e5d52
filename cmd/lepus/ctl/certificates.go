package ctl

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// errSeen ends a handshake of which only the certificates are wanted.
var errSeen = errors.New("seen")

// showCertificates connects to each listener that has TLS and shows what it shows
// its clients: what counts is what they get.
func showCertificates(ctx context.Context, c *call) (any, error) {
	s, err := c.readStatus(ctx)
	if err != nil {
		return nil, err
	}
	var sections []section
	value := []object{}
	for _, l := range s.overview.Listeners {
		if l.Protocol != "amqp/ssl" && !strings.HasPrefix(l.Protocol, "https") {
			continue
		}
		address := net.JoinHostPort(connectable(l.Address), strconv.Itoa(l.Port))
		chain, err := shownAt(ctx, address)
		if err != nil {
			return nil, fail(exitUnavailable, "the %s listener at %s shows no certificate: %v", l.Protocol, address, err)
		}
		var lines []string
		for _, cert := range chain {
			o := object{
				"protocol": l.Protocol, "interface": l.Address, "port": l.Port, "subject": cert.Subject.String(), "issuer": cert.Issuer.String(),
				"serial": cert.SerialNumber.String(), "not_before": cert.NotBefore.Format(time.RFC3339), "not_after": cert.NotAfter.Format(time.RFC3339),
				"names": cert.DNSNames, "sha256": fmt.Sprintf("%x", sha256.Sum256(cert.Raw)),
			}
			value = append(value, o)
			lines = append(lines, fmt.Sprintf("Subject: %s\nIssuer: %s\nNames: %s\nValid: %s to %s\nSHA-256: %s",
				o["subject"], o["issuer"], strings.Join(cert.DNSNames, ", "), o["not_before"], o["not_after"], o["sha256"]))
		}
		sections = append(sections, section{fmt.Sprintf("Interface: %s, port: %d, protocol: %s", l.Address, l.Port, l.Protocol), strings.Join(lines, "\n\n")})
	}
	if sections == nil {
		return report{text: "(none)", value: value}, nil
	}
	return report{text: joinSections(sections), value: value}, nil
}

// shownAt returns the certificates that a listener shows, the first of which is its
// own. Nothing is said there, so it need not be trusted.
func shownAt(ctx context.Context, address string) ([]*x509.Certificate, error) {
	var chain []*x509.Certificate
	dialer := &tls.Dialer{Config: &tls.Config{
		InsecureSkipVerify: true,
		VerifyConnection: func(cs tls.ConnectionState) error {
			chain = cs.PeerCertificates
			return errSeen
		},
	}}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err == nil {
		_ = conn.Close()
	}
	if chain != nil {
		return chain, nil
	}
	return nil, err
}
