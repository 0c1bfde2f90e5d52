package certs

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
)

// cipherSuites returns those of the named ciphers that there are here. Lists are
// often copied, with names in them that no current library has any more, so that
// it is an error only if none is left. Those of TLS 1.3 are always on.
func cipherSuites(names []string) ([]uint16, error) {
	if len(names) == 0 {
		return nil, nil
	}
	known := suites()
	var ids []uint16
	for _, name := range names {
		if id, ok := known[strings.ToUpper(name)]; ok && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("none of the ciphers is supported: %s", strings.Join(names, ", "))
	}
	return ids, nil
}

// UnknownCiphers returns those of the names that are passed over.
func UnknownCiphers(names []string) []string {
	known := suites()
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		_, ok := known[strings.ToUpper(name)]
		return ok
	})
}

// suites returns all that there are by both their names.
func suites() map[string]uint16 {
	known := map[string]uint16{}
	for _, s := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		known[s.Name] = s.ID
		known[opensslName(s.Name)] = s.ID
	}
	return known
}

// opensslName makes OpenSSL's name of a cipher of IANA's: it leaves out what
// goes without saying.
func opensslName(iana string) string {
	if !strings.Contains(iana, "_WITH_") {
		return iana // of TLS 1.3: both say the same
	}
	return strings.NewReplacer(
		"TLS_RSA_WITH_", "", "TLS_", "", "_WITH_", "-", // RSA alone is nothing special
		"3DES_EDE_CBC", "DES-CBC3", "_CBC", "",
		"AES_128", "AES128", "AES_256", "AES256",
		"CHACHA20_POLY1305_SHA256", "CHACHA20-POLY1305", "_", "-",
	).Replace(iana)
}
