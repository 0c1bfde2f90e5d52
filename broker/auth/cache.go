package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"sync"
	"time"
)

// maxCached is how many answers a cache keeps at most.
const maxCached = 10_000

// Cache is a backend that remembers for a while what others have answered. What
// could not be found out is never remembered. All methods may be called from any
// goroutine.
type Cache struct {
	// immutable
	authn, authz Backend
	ttl          time.Duration
	refusals     bool
	key          []byte // of logins

	// guarded by mu
	mu      sync.Mutex
	logins  map[[sha256.Size]byte]cached[[]string]
	answers map[Question]cached[struct{}]
}

type cached[T any] struct {
	what  T
	err   error // a refusal
	until time.Time
}

// NewCache returns a cache of what two backends, which may be the same, say about
// who users are and what they may do. With refusals it remembers those, too.
func NewCache(authn, authz Backend, ttl time.Duration, refusals bool) *Cache {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // which never fails: it crashes the program instead
	return &Cache{
		authn: authn, authz: authz, ttl: ttl, refusals: refusals, key: key,
		logins: map[[sha256.Size]byte]cached[[]string]{}, answers: map[Question]cached[struct{}]{},
	}
}

// Login implements [Backend]. Passwords are not kept: what is remembered goes by a
// keyed hash.
func (c *Cache) Login(l Login) ([]string, error) {
	backend := c.authn
	if l.Proved {
		backend = c.authz
	}
	return remember(c, c.logins, c.proof(l), func() ([]string, error) { return backend.Login(l) })
}

// Clear forgets all answers: what others say from now on counts.
func (c *Cache) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.logins)
	clear(c.answers)
}

// Ask implements [Backend].
func (c *Cache) Ask(q Question) error {
	_, err := remember(c, c.answers, q, func() (struct{}, error) { return struct{}{}, c.authz.Ask(q) })
	return err
}

// proof stands for a log-in.
func (c *Cache) proof(l Login) (p [sha256.Size]byte) {
	h := hmac.New(sha256.New, c.key)
	kind := "password"
	if l.Proved {
		kind = "proved"
	}
	for _, s := range []string{kind, l.User, l.Password, host(l.From)} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	h.Sum(p[:0])
	return p
}

// remember returns what is remembered under a key, or else finds it out.
func remember[K comparable, T any](c *Cache, all map[K]cached[T], key K, find func() (T, error)) (T, error) {
	c.mu.Lock()
	was, ok := all[key]
	c.mu.Unlock()
	if ok && time.Now().Before(was.until) {
		return was.what, was.err
	}
	what, err := find()
	if err != nil && !(c.refusals && errors.Is(err, ErrRefused)) {
		return what, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(all) >= maxCached {
		forget(all)
	}
	all[key] = cached[T]{what, err, time.Now().Add(c.ttl)}
	return what, err
}

// forget makes room: what is over, or else all.
func forget[K comparable, T any](all map[K]cached[T]) {
	now := time.Now()
	for key, one := range all {
		if now.After(one.until) {
			delete(all, key)
		}
	}
	if len(all) >= maxCached {
		clear(all)
	}
}
