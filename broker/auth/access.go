package auth

import (
	"errors"
	"slices"
)

// ErrRefused is a lack of permission.
var ErrRefused = errors.New("access refused")

// Access is what a user may do in a virtual host, at the moment. All methods
// may be called from any goroutine.
type Access struct {
	users       *Users // nil: everything is allowed
	user, vhost string
}

// Unrestricted returns the access of the broker itself, which is no user: it may
// everything.
func Unrestricted() *Access { return &Access{} }

// Access returns what a user may do in a virtual host. It is refused, and ok is
// false, to one who has no permission there.
func (u *Users) Access(user, vhost string) (a *Access, ok bool) {
	e := u.find(user)
	if e == nil || e.rules[vhost] == nil {
		return nil, false
	}
	return &Access{users: u, user: user, vhost: vhost}, true
}

// Version is a number that is another whenever something may have changed since
// it was asked for last. It costs an atomic load: what Check has allowed may be
// remembered as long as the version that was asked for before is the same.
func (a *Access) Version() uint64 {
	if a.users == nil {
		return 1
	}
	return a.users.version.Load()
}

// Check returns nil if the user has a right on the queue or exchange with that
// name, [ErrRefused] if not, and another error, which is a refusal, too, if that
// could not be found out: a pattern took too long. The default exchange goes by
// the name amq.default.
func (a *Access) Check(right Right, name string) error {
	if a.users == nil {
		return nil
	}
	e := a.users.find(a.user)
	if e == nil {
		return ErrRefused
	}
	return e.rules[a.vhost].check(right, name)
}

// Topics says whether there are routing keys that the user may not use:
// whether [Access.CheckTopic] need be asked.
func (a *Access) Topics() bool {
	if a.users == nil {
		return false
	}
	e := a.users.find(a.user)
	return e == nil || len(e.topics[a.vhost]) > 0
}

// CheckTopic returns nil if the user may use a routing key on a topic exchange:
// to publish if right is Write, to bind if it is Read. Its errors are those of
// Check.
func (a *Access) CheckTopic(right Right, exchange, key string) error {
	if a.users == nil {
		return nil
	}
	e := a.users.find(a.user)
	if e == nil {
		return ErrRefused
	}
	if r := e.topics[a.vhost][exchange]; r != nil {
		return r.check(right, key)
	}
	return nil
}

// Tagged says whether the user has a tag.
func (a *Access) Tagged(tag string) bool {
	if a.users == nil {
		return true
	}
	e := a.users.find(a.user)
	return e != nil && slices.Contains(e.user.Tags, tag)
}
