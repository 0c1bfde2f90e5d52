package auth

import (
	"fmt"
	"slices"
)

// Rule is a way for users to be let in: one backend says who they are, another, or
// the same, what they may do.
type Rule struct {
	// Name is what the rule is called in errors.
	Name         string
	Authn, Authz Backend
}

// Realm lets users in by the first of its rules that does. All methods may be
// called from any goroutine; they take as long as its backends do.
type Realm struct {
	users *Users
	rules []Rule
}

// NewRealm returns a realm with rules, or with that of the broker's own users if
// there are none. The users say who may come from this machine only, whoever knows
// them.
func NewRealm(users *Users, rules ...Rule) *Realm {
	if len(rules) == 0 {
		rules = []Rule{{Name: "internal", Authn: Internal(users), Authz: Internal(users)}}
	}
	return &Realm{users: users, rules: rules}
}

// Identity is a user who has logged in.
type Identity struct {
	Name string
	// Tags are those that it had when it logged in.
	Tags   []string
	others []string // of them, those that authz does not know of
	peer   string
	authz  Backend
}

// Asks says that what users may do, or who they are, is known elsewhere, so that it
// takes its time.
func (r *Realm) Asks() bool {
	return slices.ContainsFunc(r.rules, func(rule Rule) bool {
		return rule.Authn != Internal(r.users) || rule.Authz != Internal(r.users)
	})
}

// Login lets a user in. The error says why by no rule.
func (r *Realm) Login(l Login) (*Identity, error) {
	id, err := r.login(l)
	return id, r.users.count(err)
}

func (r *Realm) login(l Login) (*Identity, error) {
	var why error
	for i := range r.rules {
		rule := &r.rules[i]
		id, err := rule.login(l)
		if err == nil {
			if err := r.users.admitFrom(l.User, l.From); err != nil {
				return nil, err
			}
			return id, nil
		}
		if len(r.rules) > 1 {
			err = fmt.Errorf("%s: %w", rule.Name, err)
		}
		if why != nil {
			err = fmt.Errorf("%w; %w", why, err)
		}
		why = err
	}
	return nil, why
}

func (r *Rule) login(l Login) (*Identity, error) {
	tags, err := r.Authn.Login(l)
	if err != nil {
		return nil, err
	}
	id := &Identity{Name: l.User, Tags: tags, peer: host(l.From), authz: r.Authz}
	if r.Authz != r.Authn {
		more, err := r.Authz.Login(Login{User: l.User, Proved: true, From: l.From})
		if err != nil {
			return nil, err
		}
		id.others, id.Tags = tags, slices.Compact(slices.Sorted(slices.Values(slices.Concat(tags, more))))
	}
	return id, nil
}

// Own says that what the user may do is said by the broker's own users.
func (r *Realm) Own(id *Identity) bool { return id.authz == Internal(r.users) }

// Enter returns what a user may do in a virtual host. Its errors are those of
// [Access.Check].
func (r *Realm) Enter(id *Identity, vhost string) (*Access, error) {
	if r.Own(id) {
		a, ok := r.users.Access(id.Name, vhost)
		if !ok {
			return nil, ErrRefused
		}
		a.tags = id.others
		return a, nil
	}
	a := &Access{elsewhere: id.authz, user: id.Name, vhost: vhost, tags: id.Tags, peer: id.peer}
	if err := a.Ask(a.Question(Configure, Resource{})); err != nil {
		return nil, err
	}
	return a, nil
}
