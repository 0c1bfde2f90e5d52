package auth

import (
	"errors"
	"slices"
)

// ErrRefused is a lack of permission.
var ErrRefused = errors.New("access refused")

// Access is what a user may do in a virtual host, at the moment. All methods
// may be called from any goroutine. Those that check take as long as the backend
// needs if [Access.Asks]; otherwise they are quick.
type Access struct {
	// One of these says what the user may do; nobody is refused everything.
	unrestricted bool
	users        *Users
	elsewhere    Backend

	user, vhost string
	tags        []string // that the user has beside those in users
	peer        string   // the address that the user has come from
}

// Unrestricted returns the access of the broker itself, which is no user: it may
// everything.
func Unrestricted() *Access { return &Access{unrestricted: true} }

// Access returns what a user may do in a virtual host. It is refused, and ok is
// false, to one who has no permission there.
func (u *Users) Access(user, vhost string) (a *Access, ok bool) {
	e := u.find(user)
	if e == nil || e.rules[vhost] == nil {
		return nil, false
	}
	return &Access{users: u, user: user, vhost: vhost}, true
}

// Asks says that checks are questions to somebody else, which take their time:
// those who must not wait ask them with [Access.Ask] on a goroutine of their own.
func (a *Access) Asks() bool { return a.elsewhere != nil }

// Version is a number that is another whenever something may have changed since
// it was asked for last. It costs an atomic load: what Check has allowed may be
// remembered as long as the version that was asked for before is the same. It never
// changes for users who are kept elsewhere.
func (a *Access) Version() uint64 {
	if a.users == nil {
		return 1
	}
	return a.users.version.Load()
}

// Check returns nil if the user has a right on a queue or exchange, [ErrRefused] if
// not, and another error, which is a refusal, too, if that could not be found out: a
// pattern took too long, or nobody answers. The default exchange goes by the name
// amq.default.
func (a *Access) Check(right Right, on Resource) error {
	switch {
	case a.unrestricted:
		return nil
	case a.elsewhere != nil:
		return a.Ask(a.Question(right, on))
	}
	e := a.users.find(a.user)
	if e == nil {
		return ErrRefused
	}
	return e.rules[a.vhost].check(right, on.Name)
}

// Topics says whether there are routing keys that the user may not use:
// whether [Access.CheckTopic] need be asked.
func (a *Access) Topics() bool {
	switch {
	case a.unrestricted:
		return false
	case a.elsewhere != nil:
		return true
	}
	e := a.users.find(a.user)
	return e == nil || len(e.topics[a.vhost]) > 0
}

// CheckTopic returns nil if the user may use a routing key on a topic exchange:
// to publish if right is Write, to bind if it is Read. Its errors are those of
// Check.
func (a *Access) CheckTopic(right Right, exchange, key string) error {
	switch {
	case a.unrestricted:
		return nil
	case a.elsewhere != nil:
		return a.Ask(a.Question(right, Resource{Kind: Topic, Name: exchange, Key: key}))
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

// Question is what Check would ask, if [Access.Asks].
func (a *Access) Question(right Right, on Resource) Question {
	return Question{User: a.user, Tags: joinTags(a.tags), Peer: a.peer, VHost: a.vhost, Right: right, On: on}
}

// Ask asks a question of this access. Its errors are those of Check.
func (a *Access) Ask(q Question) error { return a.elsewhere.Ask(q) }

// Tagged says whether the user has a tag.
func (a *Access) Tagged(tag string) bool {
	if a.unrestricted || slices.Contains(a.tags, tag) {
		return true
	}
	if a.users == nil {
		return false
	}
	e := a.users.find(a.user)
	return e != nil && slices.Contains(e.user.Tags, tag)
}
