package certs

import (
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
)

// Named is a certificate for some of the names by which a server is reached.
type Named struct {
	// ID is what it is called in the configuration, and in errors.
	ID string
	// Hosts are the names; one that begins with *. stands for any in place of the
	// star, without a dot. Nil are the names in the certificate.
	Hosts []string
	// CertFile, KeyFile and Password are as those of [Options].
	CertFile, KeyFile, Password string
}

// options are the files as those of a listener with the same authorities.
func (n *Named) options(caFile string) *Options {
	return &Options{CertFile: n.CertFile, KeyFile: n.KeyFile, Password: n.Password, CAFile: caFile}
}

// byName are certificates by the names that they are for, in lower case.
type byName map[string]*tls.Certificate

// loadNamed loads the certificates that are chosen by name. The error says which
// of them is wrong, by its keys.
func (o *Options) loadNamed() (byName, error) {
	all := byName{}
	for i := range o.Named {
		n := &o.Named[i]
		if err := all.load(n, o.CAFile); err != nil {
			return nil, fmt.Errorf("sni.%s: %w", n.ID, err)
		}
	}
	return all, nil
}

func (b byName) load(n *Named, caFile string) error {
	files := n.options(caFile)
	if err := files.check(); err != nil {
		return err
	}
	pair, _, err := files.pair()
	if err != nil {
		return err
	}
	hosts := n.Hosts
	if len(hosts) == 0 {
		hosts = pair.Leaf.DNSNames
	}
	if len(hosts) == 0 {
		return errors.New("the certificate has no names of hosts, so say for which it is (hosts)")
	}
	for _, host := range hosts {
		host = strings.ToLower(strings.TrimSuffix(host, "."))
		if b[host] != nil {
			return fmt.Errorf("there are two certificates for %s", host)
		}
		b[host] = &pair
	}
	return nil
}

// find returns the certificate for the name that a client asks for; nil if there
// is none but that of the listener.
func (b byName) find(host string) *tls.Certificate {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if c := b[host]; c != nil {
		return c
	}
	if _, domain, ok := strings.Cut(host, "."); ok {
		return b["*."+domain]
	}
	return nil
}
