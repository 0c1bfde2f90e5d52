package certs

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"slices"
	"strings"
)

// formatName returns a distinguished name as RFC 4514 writes it, the last part
// first, with the types that RabbitMQ has words for. What cannot be read is no
// name.
func formatName(der []byte) string {
	var parts []string
	for _, set := range readName(der) {
		var values []string
		for _, a := range set {
			values = append(values, attributeType(a.Type)+"="+escapeValue(fmt.Sprint(a.Value)))
		}
		parts = append(parts, strings.Join(values, "+"))
	}
	slices.Reverse(parts)
	return strings.Join(parts, ",")
}

// commonName returns the common names of a distinguished name, of which there is
// one as a rule.
func commonName(der []byte) string {
	var names []string
	for _, set := range readName(der) {
		for _, a := range set {
			if attributeType(a.Type) == "CN" {
				names = append(names, fmt.Sprint(a.Value))
			}
		}
	}
	return strings.Join(names, ",")
}

func readName(der []byte) pkix.RDNSequence {
	var name pkix.RDNSequence
	if rest, err := asn1.Unmarshal(der, &name); err != nil || len(rest) > 0 {
		return nil
	}
	return name
}

func attributeType(id asn1.ObjectIdentifier) string {
	types := map[string]string{
		"2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "SERIALNUMBER", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST",
		"2.5.4.9": "STREET", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "TITLE", "2.5.4.42": "GIVENNAME",
		"2.5.4.43": "INITIALS", "2.5.4.44": "GENERATIONQUALIFIER", "2.5.4.65": "PSEUDONYM",
		"1.2.840.113549.1.9.1": "EMAILADDRESS", "0.9.2342.19200300.100.1.1": "UID", "0.9.2342.19200300.100.1.25": "DC",
	}
	if name, ok := types[id.String()]; ok {
		return name
	}
	return id.String()
}

// escapeValue puts a backslash before what would be taken for something else, and
// writes what is not printable ASCII as its bytes in hexadecimal.
func escapeValue(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		edge := i == 0 && (c == ' ' || c == '#') || i == len(s)-1 && c == ' '
		switch {
		case edge || strings.IndexByte(`,+"\<>;`, c) >= 0:
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '}':
			fmt.Fprintf(&b, "\\%02X", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
