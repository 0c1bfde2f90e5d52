package vhost

import (
	"crypto/rand"
	"encoding/base64"
	"strings"
)

// reserved is how the names begin that clients may not choose.
const reserved = "amq."

// CleanName takes carriage returns and line feeds out of the name of an exchange
// or a queue, as all methods that declare, delete and bind do.
func CleanName(name string) string {
	if !strings.ContainsAny(name, "\r\n") {
		return name
	}
	return strings.NewReplacer("\r", "", "\n", "").Replace(name)
}

// Predeclared says whether an exchange is one of those that every vhost has, or
// has a name that clients may not choose: it cannot be deleted.
func Predeclared(exchange string) bool {
	return exchange == "" || strings.HasPrefix(exchange, reserved)
}

// GenerateName makes a name for a queue whose client did not choose one: see
// [QueueSpec].
func GenerateName() string {
	var id [16]byte
	rand.Read(id[:]) // never fails
	return reserved + "gen-" + base64.RawURLEncoding.EncodeToString(id[:])
}
