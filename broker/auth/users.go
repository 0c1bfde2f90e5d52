package auth

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
)

// Why a log-in is refused. Clients are not told which it was.
var (
	ErrNoUser        = errors.New("no such user")
	ErrBlankPassword = errors.New("blank passwords are refused")
	ErrPassword      = errors.New("invalid password")
	ErrLoopback      = errors.New("user can only connect via localhost")
)

// Users are the users of a broker. All methods may be called from any
// goroutine.
type Users struct {
	// immutable
	loopback []string

	// guarded by mu
	mu    sync.RWMutex
	users map[string]entry
}

// entry is a user made ready for checks.
type entry struct {
	hash   []byte
	vhosts []string
}

// NewUsers returns a set of users that has none yet. Those named in loopback
// may log in from this machine only.
func NewUsers(loopback ...string) *Users {
	return &Users{loopback: slices.Clone(loopback), users: make(map[string]entry)}
}

// Put adds a user or replaces the one of that name.
func (u *Users) Put(user User) error {
	hash, err := decodeHash(user.PasswordHash, user.HashingAlgorithm)
	if err != nil {
		return fmt.Errorf("user %q: %w", user.Name, err)
	}
	e := entry{hash: hash}
	for vhost := range user.Permissions {
		e.vhosts = append(e.vhosts, vhost)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.users[user.Name] = e
	return nil
}

// Authenticate checks a log-in from the address remote. The error is one of
// this package's, with the user's name.
func (u *Users) Authenticate(user, password string, remote net.Addr) error {
	e, ok := u.find(user)
	switch {
	case !ok:
		return refusal(user, ErrNoUser)
	case password == "":
		return refusal(user, ErrBlankPassword)
	case !matches(e.hash, password):
		return refusal(user, ErrPassword)
	case slices.Contains(u.loopback, user) && !local(remote):
		return refusal(user, ErrLoopback)
	}
	return nil
}

// MayUse says whether the user has any permission in the virtual host.
func (u *Users) MayUse(user, vhost string) bool {
	e, ok := u.find(user)
	return ok && slices.Contains(e.vhosts, vhost)
}

func (u *Users) find(user string) (entry, bool) {
	u.mu.RLock()
	defer u.mu.RUnlock()
	e, ok := u.users[user]
	return e, ok
}

func refusal(user string, why error) error { return fmt.Errorf("user %q: %w", user, why) }

// local says whether a peer is on this machine. What has no network address
// (a pipe, a Unix socket) cannot come from elsewhere.
func local(remote net.Addr) bool {
	switch a := remote.(type) {
	case *net.TCPAddr:
		return a.IP.IsLoopback()
	case nil:
		return false
	}
	return remote.Network() == "pipe" || remote.Network() == "unix"
}
