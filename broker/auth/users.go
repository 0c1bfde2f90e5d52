package auth

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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
	// version rises whenever anything has changed.
	version atomic.Uint64
	// succeeded and failed count the log-ins.
	succeeded, failed atomic.Uint64

	// guarded by mu
	mu       sync.RWMutex
	users    map[string]*entry
	loopback []string // replaced as a whole
}

// entry is a user made ready for checks. It never changes.
type entry struct {
	user   User
	secret secret
	rules  map[string]*rules     // by virtual host
	topics map[string]topicRules // by virtual host
}

// NewUsers returns a set of users that has none yet. Those named in loopback
// may log in from this machine only.
func NewUsers(loopback ...string) *Users {
	u := &Users{loopback: slices.Clone(loopback), users: make(map[string]*entry)}
	u.version.Store(1)
	return u
}

// SetLoopback sets who may log in from this machine only. Who is connected stays.
func (u *Users) SetLoopback(names []string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.loopback = slices.Clone(names)
}

// Put adds a user or replaces the one of that name. What it may do changes at
// once. The error says what is wrong with its hash or with a pattern; then
// nothing has changed.
func (u *Users) Put(user User) error {
	e, err := newEntry(user)
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.users[user.Name] = e
	u.version.Add(1)
	return nil
}

func newEntry(user User) (*entry, error) {
	if user.Name == "" {
		return nil, errors.New("a user must have a name")
	}
	e := &entry{user: user.clone(), rules: map[string]*rules{}, topics: map[string]topicRules{}}
	var err error
	if e.secret, err = decodeHash(user.PasswordHash, user.HashingAlgorithm); err != nil {
		return nil, fmt.Errorf("user %q: %w", user.Name, err)
	}
	for vhost, p := range user.Permissions {
		if e.rules[vhost], err = compileRules(p); err != nil {
			return nil, fmt.Errorf("user %q in vhost %q: %w", user.Name, vhost, err)
		}
	}
	for vhost, p := range user.TopicPermissions {
		if e.topics[vhost], err = compileTopicRules(user.Name, vhost, p); err != nil {
			return nil, fmt.Errorf("user %q in vhost %q: %w", user.Name, vhost, err)
		}
	}
	return e, nil
}

// Remove forgets a user, who from now on may do nothing.
func (u *Users) Remove(name string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.users, name)
	u.version.Add(1)
}

// Get returns a user. The caller may change what it gets.
func (u *Users) Get(name string) (User, bool) {
	e := u.find(name)
	if e == nil {
		return User{}, false
	}
	return e.user.clone(), true
}

// All returns all users, by name.
func (u *Users) All() []User {
	u.mu.RLock()
	defer u.mu.RUnlock()
	all := make([]User, 0, len(u.users))
	for e := range maps.Values(u.users) {
		all = append(all, e.user.clone())
	}
	slices.SortFunc(all, func(a, b User) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// authenticate returns the user of a log-in with a password. The error is one of
// this package's, with the user's name.
func (u *Users) authenticate(l Login) (*entry, error) {
	e := u.find(l.User)
	switch {
	case e == nil:
		return nil, refusal(l.User, ErrNoUser)
	case l.Password == "":
		return nil, refusal(l.User, ErrBlankPassword)
	case !e.secret.matches(l.Password):
		return nil, refusal(l.User, ErrPassword)
	}
	return e, nil
}

// admit is authenticate for a user who has proved by other means than a password
// who it is.
func (u *Users) admit(l Login) (*entry, error) {
	e := u.find(l.User)
	if e == nil {
		return nil, refusal(l.User, ErrNoUser)
	}
	return e, nil
}

// count counts a log-in by its outcome.
func (u *Users) count(err error) error {
	if err == nil {
		u.succeeded.Add(1)
	} else {
		u.failed.Add(1)
	}
	return err
}

// Logins returns how many log-ins have succeeded, and how many were refused.
func (u *Users) Logins() (succeeded, failed uint64) { return u.succeeded.Load(), u.failed.Load() }

// admitFrom returns the error for a user of that name who may not come from there.
func (u *Users) admitFrom(name string, remote net.Addr) error {
	u.mu.RLock()
	loopback := u.loopback
	u.mu.RUnlock()
	if slices.Contains(loopback, name) && !local(remote) {
		return refusal(name, ErrLoopback)
	}
	return nil
}

// Limits returns how much the user may have open. Nobody has none.
func (u *Users) Limits(user string) Limits {
	if e := u.find(user); e != nil {
		return e.user.Limits
	}
	return Limits{}
}

// find returns a user, or nil.
func (u *Users) find(user string) *entry {
	u.mu.RLock()
	defer u.mu.RUnlock()
	return u.users[user]
}

func refusal(user string, why error) error {
	return fmt.Errorf("user %q: %w", user, &loginError{why})
}

// loginError is why a log-in is refused: an [ErrRefused].
type loginError struct{ error }

func (e *loginError) Unwrap() []error { return []error{e.error, ErrRefused} }

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
