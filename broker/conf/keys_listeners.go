package conf

import (
	"io/fs"
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
		{Pattern: "listeners.unix", Type: choice(func(Target, string) {}, "none"), Doc: "do not listen for AMQP on a Unix socket"},
		{
			Pattern: "listeners.unix.$name", Flag: "listen-unix", Kind: kind,
			Doc: "accept AMQP connections on a Unix socket at `PATH`; PROXY headers are not for these", Type: socketPath(func(to Target, path string) { to.listenUnix[to.Names[0]] = path }),
		},
		{
			Pattern: "unix_listen_options.mode", Default: "0660", Doc: "who may open those sockets, in octal as for chmod",
			Type: value("mode", readMode, func(to Target, mode fs.FileMode) { to.Broker.UnixMode = mode }),
		},
		{
			Pattern: "proxy_protocol", Default: "false", Type: boolean(func(to Target, on bool) { to.Broker.ProxyProtocol = on }),
			Doc: "demand a PROXY header, version 1 or 2, of all AMQP connections by TCP, and believe it",
		},
		{
			Pattern: "handshake_timeout", Reload: true, Default: "10000", Type: span(time.Millisecond, func(to Target, d time.Duration) { to.Broker.HandshakeTimeout = d }),
			Doc: "how long a client may take until its connection is open",
		},
		{
			Pattern: "ssl_handshake_timeout", Default: "5000", Type: span(time.Millisecond, func(to Target, d time.Duration) { to.Broker.TLSHandshakeTimeout = max(d, 0) }),
			Doc: "how long a client may take for its TLS handshake, or a proxy for its header",
		},
		{
			Pattern: "busy_wait", Reload: true, Flag: "busy-wait", Kind: kind, Type: span(time.Microsecond, func(to Target, d time.Duration) { to.Broker.BusyWait = d }),
			Doc: "keep a core awake for `TIME` for clients that answer at once, while they do, 10ms at most; 0 is never, without this it is 60us if two cores or more may be used",
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
			Pattern: "ssl_cert_login_from", Reload: true, Default: certs.DistinguishedName, Doc: "which part of a certificate is the user of EXTERNAL",
			Type: choice(func(to Target, s string) { to.Broker.CertLogin.From = s }, certs.DistinguishedName, certs.CommonName, certs.SubjectAltName, "subject_alt_name"),
		},
		Key{
			Pattern: "ssl_cert_login_san_type", Reload: true, Default: "dns", Doc: "which kind of alternative names",
			Type: choice(func(to Target, s string) { to.Broker.CertLogin.SANType = s }, "dns", "ip", "email", "uri"),
		},
		Key{
			Pattern: "ssl_cert_login_san_index", Reload: true, Default: "0", Doc: "which of those",
			Type: count(func(to Target, n int) { to.Broker.CertLogin.SANIndex = n }),
		},
		ignored("ssl_allow_poodle_attack", "SSL 3 is not spoken"),
	)
}

func put[V any](m *map[string]V, name string, v V) {
	if *m == nil {
		*m = map[string]V{}
	}
	(*m)[name] = v
}
