package conf

import (
	"time"

	"github.com/lepusmq/lepus/broker/certs"
)

func listenerKeys() []Key {
	const kind = "Network"
	return []Key{
		{Pattern: "listeners.tcp", Type: choice(func(Target, string) {}, "none"), Doc: "do not listen for AMQP without TLS"},
		{
			Pattern: "listeners.tcp.$name", Default: "default=5672", Flag: "listen", Kind: kind,
			Doc: "accept AMQP connections on `HOST:PORT`; an empty host is every interface", Type: address(func(to Target, a string) { to.listen[to.Names[0]] = a }),
		},
		{Pattern: "listeners.ssl", Type: choice(func(Target, string) {}, "none"), Doc: "do not listen for AMQP with TLS"},
		{
			Pattern: "listeners.ssl.$name", Flag: "listen-tls", Kind: kind,
			Doc: "accept AMQP connections with TLS on `HOST:PORT`, 5671 as a rule", Type: address(func(to Target, a string) { to.listenTLS[to.Names[0]] = a }),
		},
		{
			Pattern: "proxy_protocol", Default: "false", Type: boolean(func(to Target, on bool) { to.Broker.ProxyProtocol = on }),
			Doc: "demand a PROXY header, version 1 or 2, of all AMQP connections, and believe it",
		},
		{
			Pattern: "handshake_timeout", Default: "10000", Type: span(time.Millisecond, func(to Target, d time.Duration) { to.Broker.HandshakeTimeout = d }),
			Doc: "how long a client may take until its connection is open",
		},
		{
			Pattern: "ssl_handshake_timeout", Default: "5000", Type: span(time.Millisecond, func(to Target, d time.Duration) { to.Broker.TLSHandshakeTimeout = max(d, 0) }),
			Doc: "how long a client may take for its TLS handshake, or a proxy for its header",
		},
		{
			Pattern: "tcp_listen_options.nodelay", Default: "true", Type: boolean(func(to Target, on bool) { to.Broker.TCP.Delay = !on }),
			Doc: "send small packets at once",
		},
		{
			Pattern: "tcp_listen_options.keepalive", Default: "true", Type: boolean(func(to Target, on bool) { to.Broker.TCP.NoKeepAlive = !on }),
			Doc: "have the system look whether silent peers are still there",
		},
		{
			Pattern: "tcp_listen_options.sndbuf", Type: count(func(to Target, n int) { to.Broker.TCP.SendBuffer = n }),
			Doc: "the size of the system's buffer for sending, in bytes",
		},
		{
			Pattern: "tcp_listen_options.recbuf", Type: count(func(to Target, n int) { to.Broker.TCP.ReceiveBuffer = n }),
			Doc: "the size of the system's buffer for receiving, in bytes",
		},
		ignored("tcp_listen_options.**", "the system's own choice is taken"),
		ignored("num_acceptors.**", "one goroutine accepts for each listener"),
		ignored("reverse_dns_lookups", "addresses are shown as they are"),
	}
}

func tlsKeys() []Key {
	keys := tlsOptions("ssl_options", "AMQP", "", func(s *Settings) *tlsFiles { return &s.tls })
	return append(keys,
		Key{
			Pattern: "ssl_cert_login_from", Default: certs.DistinguishedName, Doc: "which part of a certificate is the user of EXTERNAL",
			Type: choice(func(to Target, s string) { to.Broker.CertLogin.From = s }, certs.DistinguishedName, certs.CommonName, certs.SubjectAltName, "subject_alt_name"),
		},
		Key{
			Pattern: "ssl_cert_login_san_type", Default: "dns", Doc: "which kind of alternative names",
			Type: choice(func(to Target, s string) { to.Broker.CertLogin.SANType = s }, "dns", "ip", "email", "uri"),
		},
		Key{
			Pattern: "ssl_cert_login_san_index", Default: "0", Doc: "which of those",
			Type: count(func(to Target, n int) { to.Broker.CertLogin.SANIndex = n }),
		},
		ignored("ssl_allow_poodle_attack", "SSL 3 is not spoken"),
	)
}

// tlsOptions are the keys of one kind of listeners with TLS.
func tlsOptions(prefix, of, group string, at func(*Settings) *tlsFiles) []Key {
	const reloads = "; the file is looked at again when it changes"
	keys := []Key{
		{Pattern: "certfile", Reload: true, Doc: "the certificate of " + of + ", in PEM, with those that lead to its authority" + reloads, Type: file(func(to Target, s string) { at(to.Settings).CertFile = s })},
		{Pattern: "keyfile", Reload: true, Doc: "its private key, in PEM" + reloads, Type: file(func(to Target, s string) { at(to.Settings).KeyFile = s })},
		{Pattern: "password", Secret: true, Doc: "what the key is encrypted with", Type: text(func(to Target, s string) { at(to.Settings).Password = s })},
		{Pattern: "cacertfile", Reload: true, Doc: "the authorities whose certificates of clients are trusted" + reloads, Type: file(func(to Target, s string) { at(to.Settings).CAFile = s })},
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
	}
	for i := range keys {
		keys[i].Pattern = prefix + "." + keys[i].Pattern
		if keys[i].Default == "" {
			keys[i].Group = group
		}
	}
	return append(keys, ignored(prefix+".**", "the Go library has no such option, or decides itself"))
}

func put[V any](m *map[string]V, name string, v V) {
	if *m == nil {
		*m = map[string]V{}
	}
	(*m)[name] = v
}
