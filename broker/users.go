package broker

import (
	"errors"
	"fmt"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/event"
	"github.com/lepusmq/lepus/store"
)

// ErrNoUser is a change of a user that there is not.
var ErrNoUser = errors.New("no such user")

// PutUser adds a user, or changes the one of that name. What is nil of its
// permissions, topic permissions and limits stays as it is. Like all changes of
// users it counts at once, also for those who are connected, and is durable
// when PutUser returns. The error says what is wrong with the user.
func (b *Broker) PutUser(u auth.User) error {
	return b.administer(func() error {
		if was, ok := b.users.Get(u.Name); ok {
			if u.Permissions == nil {
				u.Permissions = was.Permissions
			}
			if u.TopicPermissions == nil {
				u.TopicPermissions = was.TopicPermissions
			}
			if u.Limits.MaxConnections == nil {
				u.Limits.MaxConnections = was.Limits.MaxConnections
			}
			if u.Limits.MaxChannels == nil {
				u.Limits.MaxChannels = was.Limits.MaxChannels
			}
		}
		return b.putUser(u)
	})
}

// DeleteUser deletes a user and closes its connections. Errors: ErrNoUser.
func (b *Broker) DeleteUser(name string) error {
	return b.administer(func() error {
		id, ok := b.userIDs[name]
		if !ok {
			return fmt.Errorf("user %q: %w", name, ErrNoUser)
		}
		b.users.Remove(name)
		delete(b.userIDs, name)
		for _, s := range b.residents.of(name) {
			s.Close(amqp.Forced("user '" + name + "' is deleted"))
		}
		b.log.Info("user deleted", zap.String("user", name))
		b.emit("user.deleted", event.Text("name", name))
		return b.define(store.Definition{Kind: store.KindUser, ID: id, Deleted: true})
	})
}

// Users returns all users, by name.
func (b *Broker) Users() []auth.User { return b.users.All() }

// SetPermission says what a user may do in a virtual host. Errors: ErrNoUser,
// ErrNoVHost, and what is wrong with a pattern.
func (b *Broker) SetPermission(user, vhost string, p auth.Permission) error {
	return b.changeUserIn(user, vhost, func(u *auth.User) { set(&u.Permissions, vhost, p) })
}

// ClearPermission says that a user may not use a virtual host. Its connections
// there stay, and may do nothing. Errors: ErrNoUser, ErrNoVHost.
func (b *Broker) ClearPermission(user, vhost string) error {
	return b.changeUserIn(user, vhost, func(u *auth.User) { delete(u.Permissions, vhost) })
}

// SetTopicPermission says which routing keys a user may use on a topic exchange,
// which need not exist. Errors: ErrNoUser, ErrNoVHost, and what is wrong with a
// pattern.
func (b *Broker) SetTopicPermission(user, vhost, exchange string, p auth.TopicPermission) error {
	return b.changeUserIn(user, vhost, func(u *auth.User) {
		byExchange := u.TopicPermissions[vhost]
		set(&byExchange, exchange, p)
		set(&u.TopicPermissions, vhost, byExchange)
	})
}

// ClearTopicPermission lets a user use every routing key on an exchange again.
// Errors: ErrNoUser, ErrNoVHost.
func (b *Broker) ClearTopicPermission(user, vhost, exchange string) error {
	return b.changeUserIn(user, vhost, func(u *auth.User) {
		delete(u.TopicPermissions[vhost], exchange)
		if len(u.TopicPermissions[vhost]) == 0 {
			delete(u.TopicPermissions, vhost)
		}
	})
}

// SetUserLimits bounds what a user may have open; what it has stays. Errors:
// ErrNoUser.
func (b *Broker) SetUserLimits(user string, l auth.Limits) error {
	return b.administer(func() error { return b.changeUser(user, func(u *auth.User) { u.Limits = l }) })
}

func set[V any](m *map[string]V, key string, v V) {
	if *m == nil {
		*m = map[string]V{}
	}
	(*m)[key] = v
}

// administer runs a change of users or virtual hosts when no other runs.
func (b *Broker) administer(change func() error) error {
	b.admin.Lock()
	defer b.admin.Unlock()
	select {
	case <-b.stopping:
		return ErrStopped
	default:
		return change()
	}
}

// changeUserIn changes what a user may do in a virtual host, which must exist.
func (b *Broker) changeUserIn(user, vhost string, change func(*auth.User)) error {
	return b.administer(func() error {
		if _, err := b.find(vhost); err != nil {
			return err
		}
		return b.changeUser(user, change)
	})
}

// changeUser changes a user. Called with admin held.
func (b *Broker) changeUser(name string, change func(*auth.User)) error {
	u, ok := b.users.Get(name)
	if !ok {
		return fmt.Errorf("user %q: %w", name, ErrNoUser)
	}
	change(&u)
	return b.putUser(u)
}

// putUser makes a user what it is to be. Called with admin held.
func (b *Broker) putUser(u auth.User) error {
	def, err := b.userDefinition(u)
	if err != nil {
		return err
	}
	was := b.formerUser(u.Name)
	if err := b.users.Put(u); err != nil {
		return err
	}
	b.userChanged(was, u)
	for _, s := range b.residents.of(u.Name) {
		s.CheckConsumers()
	}
	b.userIDs[u.Name] = def.ID
	return b.define(def)
}

// formerUser returns a user as it is, nil if there is none.
func (b *Broker) formerUser(name string) *auth.User {
	if u, ok := b.users.Get(name); ok {
		return &u
	}
	return nil
}

// userDefinition returns the definition of a user. Called with admin held.
func (b *Broker) userDefinition(u auth.User) (store.Definition, error) {
	value, err := u.Encode()
	if err != nil {
		return store.Definition{}, err
	}
	id, ok := b.userIDs[u.Name]
	if !ok {
		id = b.store.NewID()
	}
	return store.Definition{Kind: store.KindUser, ID: id, Value: value}, nil
}
