package conf

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/lepusmq/lepus/broker"
)

func TestWhoLetsUsersIn(t *testing.T) {
	a := load(t, `
auth_backends.1 = cache
auth_backends.2.authn = rabbit_auth_backend_http
auth_backends.2.authz = internal
auth_backends.10 = internal
auth_cache.cached_backend = http
auth_cache.cache_ttl = 5000
auth_cache.cache_refusals = true
auth_http.http_method = post
auth_http.user_path = http://a/user
auth_http.vhost_path = http://a/vhost
auth_http.resource_path = http://a/resource
auth_http.topic_path = http://a/topic
auth_http.request_timeout = 1000
auth_http.ssl_options.cacertfile = /ca.pem
auth_http.ssl_options.verify = verify_none
auth_http.ssl_options.sni = b
auth_http.ssl_options.versions.1 = tlsv1.3
`).Settings.Broker.Auth
	want := []broker.AuthRule{{Authn: "cache", Authz: "cache"}, {Authn: "http", Authz: "internal"}, {Authn: "internal", Authz: "internal"}}
	if !reflect.DeepEqual(a.Rules, want) || a.Cached != (broker.AuthRule{Authn: "http", Authz: "http"}) || a.CacheTTL != 5*time.Second || !a.CacheRefusals {
		t.Errorf("the rules are %+v", a)
	}
	if h := a.HTTP; !h.Post || h.User != "http://a/user" || h.VHost != "http://a/vhost" || h.Resource != "http://a/resource" || h.Topic != "http://a/topic" || h.RequestTimeout != time.Second {
		t.Errorf("the web server is %+v", h)
	}
	if c := a.TLS; c.CAFile != "/ca.pem" || !c.Unverified || c.ServerName != "b" || !reflect.DeepEqual(c.Versions, []string{"tlsv1.3"}) {
		t.Errorf("TLS is %+v", c)
	}
	for text, want := range map[string]string{
		"auth_backends.1 = ldap":                      "auth_backends.1: users cannot be looked up by LDAP",
		"auth_backends.1.authn = oauth2":              "cannot be looked up by OAuth 2",
		"auth_backends.1 = rabbit_auth_backend_magic": "there is no backend",
		"auth_backends.1 = http":                      "the backend http needs auth_http.user_path",
		"auth_backends.1 = cache":                     "the backend cache needs auth_cache.cached_backend",
		"auth_ldap.servers.1 = a":                     ":1: auth_ldap.servers.1: users cannot be looked up by LDAP",
		"auth_oauth2.resource_server_id = a":          "OAuth 2 is not supported",
	} {
		if _, err := Load(sources(t, text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}
