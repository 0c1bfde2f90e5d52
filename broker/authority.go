package broker

import (
	"cmp"
	"fmt"
	"time"

	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/auth/authhttp"
	"github.com/lepusmq/lepus/broker/certs"
)

// Auth says who knows users, and what they may do. The zero Auth is the broker
// itself.
type Auth struct {
	// Rules are the ways in which users are let in: the first by which one is counts.
	Rules []AuthRule
	// HTTP, with TLS, is the backend http.
	HTTP authhttp.Config
	TLS  certs.Client
	// Cached is what the backend cache remembers, for CacheTTL, where 0 is 15 seconds;
	// refusals only with CacheRefusals.
	Cached        AuthRule
	CacheTTL      time.Duration
	CacheRefusals bool
}

// AuthRule names the backend that says who a user is, and the one that says what it
// may do: internal, http or cache.
type AuthRule struct{ Authn, Authz string }

// The names of backends, as in RabbitMQ.
const (
	internalBackend = "internal"
	httpBackend     = "http"
	cacheBackend    = "cache"
)

const defaultCacheTTL = 15 * time.Second

// authority is who lets users in. close ends what it asks others, forget has it ask
// anew what it remembers.
type authority struct {
	*auth.Realm
	close, forget func()
}

// backends are those that there are, made when they are asked for.
type backends struct {
	cfg   *Auth
	users *auth.Users
	http  *authhttp.Backend // nil until it is asked for
	cache *auth.Cache
}

// open makes what lets users in. The error says what is wrong; the broker's own
// users are let in by what is returned then.
func (a *Auth) open(users *auth.Users) (authority, error) {
	b := &backends{cfg: a, users: users}
	var rules []auth.Rule
	for _, r := range a.Rules {
		rule, err := b.rule(r)
		if err != nil {
			b.close()
			return authority{auth.NewRealm(users), func() {}, func() {}}, err
		}
		rules = append(rules, rule)
	}
	return authority{auth.NewRealm(users, rules...), b.close, b.forget}, nil
}

func (b *backends) rule(r AuthRule) (auth.Rule, error) {
	authn, err := b.backend(r.Authn)
	if err != nil {
		return auth.Rule{}, err
	}
	authz, err := b.backend(r.Authz)
	if err != nil {
		return auth.Rule{}, err
	}
	name := r.Authn
	if r.Authz != r.Authn {
		name += " and " + r.Authz
	}
	return auth.Rule{Name: name, Authn: authn, Authz: authz}, nil
}

func (b *backends) backend(name string) (auth.Backend, error) {
	switch name {
	case internalBackend:
		return auth.Internal(b.users), nil
	case httpBackend:
		return b.overHTTP()
	case cacheBackend:
		return b.remembered()
	case "ldap", "oauth2", "amqp":
		return nil, fmt.Errorf("the backend %s is not supported: there are internal, http and cache", name)
	}
	return nil, fmt.Errorf("there is no backend %q: there are internal, http and cache", name)
}

func (b *backends) overHTTP() (auth.Backend, error) {
	if b.http != nil {
		return b.http, nil
	}
	cfg := b.cfg.HTTP
	var err error
	if cfg.TLS, err = b.cfg.TLS.Config(); err != nil {
		return nil, fmt.Errorf("auth_http.ssl_options: %w", err)
	}
	if b.http, err = authhttp.New(cfg); err != nil {
		return nil, fmt.Errorf("auth_http.%w", err)
	}
	return b.http, nil
}

func (b *backends) remembered() (auth.Backend, error) {
	if b.cache != nil {
		return b.cache, nil
	}
	r := b.cfg.Cached
	if r.Authn == "" || r.Authn == cacheBackend || r.Authz == cacheBackend {
		return nil, fmt.Errorf("the backend cache needs another to remember (auth_cache.cached_backend)")
	}
	rule, err := b.rule(r)
	if err != nil {
		return nil, fmt.Errorf("auth_cache.cached_backend: %w", err)
	}
	b.cache = auth.NewCache(rule.Authn, rule.Authz, cmp.Or(b.cfg.CacheTTL, defaultCacheTTL), b.cfg.CacheRefusals)
	return b.cache, nil
}

func (b *backends) forget() {
	if b.cache != nil {
		b.cache.Clear()
	}
}

func (b *backends) close() {
	if b.http != nil {
		b.http.Close()
	}
}
