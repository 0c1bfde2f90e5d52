package conf

import (
	"maps"
	"slices"

	"github.com/lepusmq/lepus/broker/certs"
)

// tlsFiles are the settings of TLS of one kind of listeners.
type tlsFiles struct {
	certs.Options
	versions, ciphers map[string]string       // by name
	named             map[string]*certs.Named // by ID
}

// tlsOptions are the keys of one kind of listeners with TLS.
func tlsOptions(prefix, of, group string, at func(*Settings) *tlsFiles) []Key {
	const reloads = "; the file is looked at again when it changes"
	keys := []Key{
		{Pattern: "certfile", Doc: "the certificate of " + of + ", in PEM, with those that lead to its authority" + reloads, Type: file(func(to Target, s string) { at(to.Settings).CertFile = s })},
		{Pattern: "keyfile", Doc: "its private key, in PEM" + reloads, Type: file(func(to Target, s string) { at(to.Settings).KeyFile = s })},
		{Pattern: "password", Secret: true, Doc: "what the key is encrypted with", Type: text(func(to Target, s string) { at(to.Settings).Password = s })},
		{Pattern: "cacertfile", Doc: "the authorities whose certificates of clients are trusted" + reloads, Type: file(func(to Target, s string) { at(to.Settings).CAFile = s })},
		{Pattern: "verify", Default: "verify_none", Doc: "whether clients are asked for a certificate, which must be good then", Type: choice(func(to Target, s string) { at(to.Settings).Verify = s == "verify_peer" }, "verify_none", "verify_peer")},
		{Pattern: "fail_if_no_peer_cert", Default: "false", Doc: "refuse clients without", Type: boolean(func(to Target, on bool) { at(to.Settings).RequireCert = on })},
		{Pattern: "depth", Default: "10", Doc: "how many certificates there may be between a client's and its authority's", Type: count(func(to Target, n int) {
			if n == 0 {
				n = -1
			}
			at(to.Settings).Depth = n
		})},
		{Pattern: "versions.$n", Default: "1=tlsv1.3,2=tlsv1.2", Doc: "the versions of TLS, without a gap", Type: text(func(to Target, s string) { put(&at(to.Settings).versions, to.Names[0], s) })},
		{Pattern: "ciphers.$n", Doc: "the ciphers of TLS 1.2, by the names of OpenSSL or IANA; those that are not supported are passed over", Type: text(func(to Target, s string) { put(&at(to.Settings).ciphers, to.Names[0], s) })},
		{Pattern: "sni.$id.certfile", Doc: "the certificate of " + of + " for those who ask for a server by one of its names (SNI); others get that of " + prefix + ".certfile" + reloads, Type: file(func(to Target, s string) { to.named(at).CertFile = s })},
		{Pattern: "sni.$id.keyfile", Doc: "its private key, in PEM" + reloads, Type: file(func(to Target, s string) { to.named(at).KeyFile = s })},
		{Pattern: "sni.$id.password", Secret: true, Doc: "what that key is encrypted with", Type: text(func(to Target, s string) { to.named(at).Password = s })},
		{Pattern: "sni.$id.hosts", Doc: "the names, as shop.example.org or *.example.org; without this those in the certificate", Type: words(func(to Target, hosts []string) { to.named(at).Hosts = hosts })},
	}
	for i := range keys {
		keys[i].Reload = true
		keys[i].Pattern = prefix + "." + keys[i].Pattern
		if keys[i].Default == "" {
			keys[i].Group = group
		}
	}
	return append(keys, erlangTLS(prefix)...)
}

// erlangTLS are the options of TLS that Erlang has and that are not here.
func erlangTLS(prefix string) []Key {
	const inFile = "certificates and keys are in files: name them with certfile and keyfile"
	keys := []Key{
		{Pattern: prefix + ".crl_check", Doc: "certificates are not looked up in lists of those that were revoked", Type: choice(func(Target, string) {}, "false")},
		refused(prefix+".cert", inFile),
		refused(prefix+".key.**", inFile),
	}
	for _, name := range []string{
		"honor_cipher_order", "honor_ecc_order", "client_renegotiation", "secure_renegotiate", "reuse_sessions", "reuse_session", "log_alert", "log_level", "dh", "dhfile",
		"psk_identity", "bypass_pem_cache", "hostname_verification", "max_handshake_size", "hibernate_after", "backlog", "idle_timeout", "inactivity_timeout", "request_timeout",
		"shutdown_timeout", "max_keepalive", "compress",
	} {
		keys = append(keys, ignored(prefix+"."+name, "the Go library has no such option, or decides itself"))
	}
	return keys
}

// named returns the certificate for some names that the key says, which is made if
// need be.
func (to Target) named(at func(*Settings) *tlsFiles) *certs.Named {
	of, id := at(to.Settings), to.Names[0]
	if of.named[id] == nil {
		put(&of.named, id, &certs.Named{ID: id})
	}
	return of.named[id]
}

func (t *tlsFiles) options() certs.Options {
	o := t.Options
	o.Versions, o.Ciphers = places(t.versions), places(t.ciphers)
	if len(o.Versions) == 0 {
		o.Versions = nil
	}
	for _, id := range slices.SortedFunc(maps.Keys(t.named), byNumber) {
		o.Named = append(o.Named, *t.named[id])
	}
	return o
}
