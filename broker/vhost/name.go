package vhost

import (
	"crypto/rand"
	"encoding/base64"
	"strings"
)

// reserved is how the names begin that clients may not choose.
const reserved = "amq."

// strip takes carriage returns and line feeds out of a name.
func strip(name string) string {
	if !strings.ContainsAny(name, "\r\n") {
		return name
	}
	return strings.NewReplacer("\r", "", "\n", "").Replace(name)
}

// generateName makes a name for a queue whose client did not choose one.
func generateName() string {
	var id [16]byte
	rand.Read(id[:]) // never fails
	return reserved + "gen-" + base64.RawURLEncoding.EncodeToString(id[:])
}
