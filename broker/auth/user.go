package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// The tags that mean something to the broker itself; others say what a user
// may do in the management API.
const (
	// Administrator may do everything there.
	Administrator = "administrator"
	// Impersonator may publish messages with the user-id of somebody else.
	Impersonator = "impersonator"
)

// User is a user as its definition records it. The names of the fields are
// those of RabbitMQ's definitions files.
type User struct {
	Name string `json:"name"`
	// PasswordHash is base64; empty if the user cannot log in with a password.
	PasswordHash     string   `json:"password_hash"`
	HashingAlgorithm string   `json:"hashing_algorithm"` // empty is SHA256
	Tags             []string `json:"tags"`
	// Permissions says, for each virtual host that the user may use, what it
	// may do there.
	Permissions map[string]Permission `json:"permissions"`
	// TopicPermissions restricts, by virtual host and topic exchange, with
	// which routing keys it may do that.
	TopicPermissions map[string]map[string]TopicPermission `json:"topic_permissions,omitempty"`
	Limits           Limits                                `json:"limits,omitzero"`
}

// Permission is what a user may do in a virtual host: for each kind of access
// a regular expression in PCRE syntax that names of queues and exchanges must
// match. It is not anchored; an empty one matches nothing. The default exchange
// goes by the name amq.default.
type Permission struct {
	Configure string `json:"configure"`
	Write     string `json:"write"`
	Read      string `json:"read"`
}

// TopicPermission is what routing keys must match on a topic exchange: Write
// those of messages, Read those of bindings. In both {username} and {vhost}
// stand for the names of user and virtual host.
type TopicPermission struct {
	Write string `json:"write"`
	Read  string `json:"read"`
}

// Limits are how much a user may have open at a time. Nil or below zero is any
// number.
type Limits struct {
	MaxConnections *int `json:"max-connections,omitempty"`
	MaxChannels    *int `json:"max-channels,omitempty"`
}

// Everything is the permission that refuses nothing.
func Everything() Permission {
	return Permission{Configure: everything, Write: everything, Read: everything}
}

// everything is the pattern that matches every name.
const everything = ".*"

// Encode returns the user as the value of a definition.
func (u User) Encode() ([]byte, error) {
	b, err := json.Marshal(u)
	if err != nil {
		return nil, fmt.Errorf("encode user %q: %w", u.Name, err)
	}
	return b, nil
}

// DecodeUser reads the value of a definition.
func DecodeUser(b []byte) (User, error) {
	var u User
	if err := json.Unmarshal(b, &u); err != nil {
		return User{}, fmt.Errorf("decode user: %w", err)
	}
	if u.Name == "" {
		return User{}, errors.New("decode user: it has no name")
	}
	return u, nil
}

// clone returns a copy that shares nothing that changes.
func (u User) clone() User {
	u.Tags = slices.Clone(u.Tags)
	u.Permissions = cloneMap(u.Permissions, func(p Permission) Permission { return p })
	u.TopicPermissions = cloneMap(u.TopicPermissions, func(m map[string]TopicPermission) map[string]TopicPermission {
		return cloneMap(m, func(p TopicPermission) TopicPermission { return p })
	})
	return u
}

func cloneMap[V any](m map[string]V, clone func(V) V) map[string]V {
	if m == nil {
		return nil
	}
	c := make(map[string]V, len(m))
	for k, v := range m {
		c[k] = clone(v)
	}
	return c
}
