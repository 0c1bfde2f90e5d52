package conf

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/certs"
)

// backend is who knows users, by the name that RabbitMQ or its modules have.
func backend(set func(Target, string)) Value {
	return value("internal, http, cache", readBackend, set)
}

func readBackend(s string) (string, error) {
	names := map[string]string{
		"internal": "internal", "rabbit_auth_backend_internal": "internal",
		"http": "http", "rabbit_auth_backend_http": "http",
		"cache": "cache", "rabbit_auth_backend_cache": "cache",
	}
	others := map[string]string{
		"ldap": "LDAP", "rabbit_auth_backend_ldap": "LDAP",
		"oauth": "OAuth 2", "oauth2": "OAuth 2", "rabbit_auth_backend_oauth2": "OAuth 2",
		"amqp": "AMQP", "rabbit_auth_backend_amqp": "AMQP",
	}
	if name, ok := names[s]; ok {
		return name, nil
	}
	if name, ok := others[s]; ok {
		return "", fmt.Errorf("users cannot be looked up by %s: there are internal, http and cache", name)
	}
	return "", fmt.Errorf("there is no backend %q: there are internal, http and cache", s)
}

func authKeys() []Key {
	const first = "who knows users and what they may do: internal, http or cache; the first counts by which a user is let in"
	rule := func(to Target) *broker.AuthRule {
		if to.backends[to.Names[0]] == nil {
			put(&to.backends, to.Names[0], &broker.AuthRule{})
		}
		return to.backends[to.Names[0]]
	}
	cached := func(to Target) *broker.AuthRule { return &to.Broker.Auth.Cached }
	url := func(key, what string, at func(*broker.Auth) *string) Key {
		return Key{Pattern: "auth_http." + key, Doc: "the URL at which is asked " + what, Type: text(func(to Target, s string) { *at(&to.Broker.Auth) = s })}
	}
	keys := []Key{
		{Pattern: "auth_backends.$n", Group: "auth_backends", Default: "1=internal", Doc: first, Type: backend(func(to Target, s string) { *rule(to) = broker.AuthRule{Authn: s, Authz: s} })},
		{Pattern: "auth_backends.$n.authn", Group: "auth_backends", Doc: "who knows users, if another says what they may do", Type: backend(func(to Target, s string) { rule(to).Authn = s })},
		{Pattern: "auth_backends.$n.authz", Group: "auth_backends", Doc: "who says what they may do", Type: backend(func(to Target, s string) { rule(to).Authz = s })},
		{Pattern: "auth_http.http_method", Default: "get", Doc: "how the backend http asks: post sends passwords in the body, get in the URL", Type: choice(func(to Target, s string) { to.Broker.Auth.HTTP.Post = s == "post" }, "get", "post")},
		url("user_path", "who a user is: with username and password, and the answer allow with the user's tags behind it, or deny", func(a *broker.Auth) *string { return &a.HTTP.User }),
		url("vhost_path", "whether a user may use a virtual host: with username, vhost, ip and tags", func(a *broker.Auth) *string { return &a.HTTP.VHost }),
		url("resource_path", "what a user may do: with username, vhost, resource, name, permission and tags", func(a *broker.Auth) *string { return &a.HTTP.Resource }),
		url("topic_path", "with which routing_key a user may do that on a topic exchange", func(a *broker.Auth) *string { return &a.HTTP.Topic }),
		{Pattern: "auth_http.request_timeout", Default: "15000", Doc: "how long a question may take; then the answer is no", Type: span(time.Millisecond, func(to Target, d time.Duration) { to.Broker.Auth.HTTP.RequestTimeout = d })},
		{Pattern: "auth_http.connection_timeout", Doc: "how long the making of a connection may take; without this as long as a question", Type: span(time.Millisecond, func(to Target, d time.Duration) { to.Broker.Auth.HTTP.ConnectTimeout = d })},
		{Pattern: "auth_cache.cached_backend", Group: "auth_cache.cached_backend", Doc: "whose answers the backend cache remembers", Type: backend(func(to Target, s string) { *cached(to) = broker.AuthRule{Authn: s, Authz: s} })},
		{Pattern: "auth_cache.cached_backend.authn", Group: "auth_cache.cached_backend", Doc: "the same, of who users are only", Type: backend(func(to Target, s string) { cached(to).Authn = s })},
		{Pattern: "auth_cache.cached_backend.authz", Group: "auth_cache.cached_backend", Doc: "the same, of what they may do only", Type: backend(func(to Target, s string) { cached(to).Authz = s })},
		{Pattern: "auth_cache.cache_ttl", Default: "15000", Doc: "how long it remembers them", Type: span(time.Millisecond, func(to Target, d time.Duration) { to.Broker.Auth.CacheTTL = d })},
		{Pattern: "auth_cache.cache_refusals", Default: "false", Doc: "whether it remembers refusals, too", Type: boolean(func(to Target, on bool) { to.Broker.Auth.CacheRefusals = on })},
	}
	keys = append(keys, clientTLS("auth_http.ssl_options", "the backend http", func(s *Settings) *clientFiles { return &s.authTLS })...)
	return append(keys,
		ignored("auth_http.authorization_failure_disclosure", "clients are never told why something is refused"),
		ignored("auth_cache.cache_module", "there is one kind of cache"),
		refused("auth_ldap.**", "users cannot be looked up by LDAP"),
		refused("auth_oauth2.**", "OAuth 2 is not supported"),
		refused("trust_store.**", "certificates are trusted by their authorities only (ssl_options.cacertfile)"),
	)
}

// clientFiles are the settings of TLS where the broker is the client.
type clientFiles struct {
	certs.Client
	versions, ciphers map[string]string // by name
}

// clientTLS are the keys of TLS where the broker is the client.
func clientTLS(prefix, of string, at func(*Settings) *clientFiles) []Key {
	keys := []Key{
		{Pattern: "cacertfile", Doc: "the authorities that " + of + " trusts; without this those of the system", Type: file(func(to Target, s string) { at(to.Settings).CAFile = s })},
		{Pattern: "certfile", Doc: "the certificate that it shows, if it needs one", Type: file(func(to Target, s string) { at(to.Settings).CertFile = s })},
		{Pattern: "keyfile", Doc: "its private key", Type: file(func(to Target, s string) { at(to.Settings).KeyFile = s })},
		{Pattern: "password", Secret: true, Doc: "what the key is encrypted with", Type: text(func(to Target, s string) { at(to.Settings).Password = s })},
		{Pattern: "verify", Default: "verify_peer", Doc: "whether the server must prove who it is", Type: choice(func(to Target, s string) { at(to.Settings).Unverified = s == "verify_none" }, "verify_none", "verify_peer")},
		{Pattern: "sni", Doc: "the name that the server's certificate must have; without this that in the URL", Type: text(func(to Target, s string) {
			if s != "none" {
				at(to.Settings).ServerName = s
			}
		})},
		{Pattern: "versions.$n", Doc: "the versions of TLS, without a gap; without this 1.3 and 1.2", Type: text(func(to Target, s string) { put(&at(to.Settings).versions, to.Names[0], s) })},
		{Pattern: "ciphers.$n", Doc: "the ciphers of TLS 1.2", Type: text(func(to Target, s string) { put(&at(to.Settings).ciphers, to.Names[0], s) })},
	}
	for i := range keys {
		keys[i].Pattern = prefix + "." + keys[i].Pattern
	}
	keys = append(keys, ignored(prefix, "TLS is spoken if the URL says https"),
		ignored(prefix+".depth", "chains of certificates may be as long as the Go library takes them"),
		ignored(prefix+".fail_if_no_peer_cert", "a server always has a certificate"))
	return append(keys, erlangTLS(prefix)...)
}

func (c *clientFiles) options() certs.Client {
	o := c.Client
	o.Versions, o.Ciphers = places(c.versions), places(c.ciphers)
	return o
}

// settleAuth decides who lets users in.
func (s *Settings) settleAuth() error {
	a := &s.Broker.Auth
	for _, n := range slices.SortedFunc(maps.Keys(s.backends), byNumber) {
		a.Rules = append(a.Rules, both(*s.backends[n]))
	}
	a.Cached = both(a.Cached)
	a.TLS = s.authTLS.options()
	uses := func(name string) bool {
		return slices.ContainsFunc(append(a.Rules, a.Cached), func(r broker.AuthRule) bool { return r.Authn == name || r.Authz == name })
	}
	h := &a.HTTP
	if uses("http") && (h.User == "" || h.VHost == "" || h.Resource == "" || h.Topic == "") {
		return errors.New("the backend http needs auth_http.user_path, vhost_path, resource_path and topic_path")
	}
	if uses("cache") && a.Cached.Authn == "" {
		return errors.New("the backend cache needs auth_cache.cached_backend")
	}
	return nil
}

// both takes the backend that is given for one of the two for both, as RabbitMQ
// does.
func both(r broker.AuthRule) broker.AuthRule {
	return broker.AuthRule{Authn: cmp.Or(r.Authn, r.Authz), Authz: cmp.Or(r.Authz, r.Authn)}
}
