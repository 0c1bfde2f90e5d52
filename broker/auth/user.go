package auth

import (
	"encoding/json"
	"fmt"
)

// User is a user as its definition records it. The names of the fields are
// those of RabbitMQ's definitions files.
type User struct {
	Name             string   `json:"name"`
	PasswordHash     string   `json:"password_hash"`
	HashingAlgorithm string   `json:"hashing_algorithm"`
	Tags             []string `json:"tags"`
	// Permissions says, for each virtual host that the user may use, what it
	// may do there.
	Permissions map[string]Permission `json:"permissions"`
}

// Permission is what a user may do in a virtual host: for each kind of access
// a regular expression that names of queues and exchanges must match.
type Permission struct {
	Configure string `json:"configure"`
	Write     string `json:"write"`
	Read      string `json:"read"`
}

// Everything is the permission that refuses nothing.
func Everything() Permission {
	return Permission{Configure: ".*", Write: ".*", Read: ".*"}
}

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
		return User{}, fmt.Errorf("decode user: it has no name")
	}
	return u, nil
}
