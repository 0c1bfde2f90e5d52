package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
)

// SHA256 is the name of the hashing algorithm of new passwords: RabbitMQ's
// default, a salt of four bytes followed by SHA-256(salt + password).
const SHA256 = "rabbit_password_hashing_sha256"

const saltSize = 4

// HashPassword returns the hash under which a password is stored, with a
// salt of its own: base64(salt + SHA-256(salt + password)).
func HashPassword(password string) string {
	salt := make([]byte, saltSize)
	// rand.Read never fails: it crashes the program instead.
	_, _ = rand.Read(salt)
	return base64.StdEncoding.EncodeToString(salted(salt, password))
}

// decodeHash returns salt and digest as they lie in a stored hash. The empty
// hash is valid: its user cannot log in with a password.
func decodeHash(hash, algorithm string) ([]byte, error) {
	if hash == "" {
		return nil, nil
	}
	if algorithm != "" && algorithm != SHA256 {
		return nil, fmt.Errorf("hashing algorithm %q is not supported", algorithm)
	}
	raw, err := base64.StdEncoding.DecodeString(hash)
	if err != nil {
		return nil, fmt.Errorf("password hash: %w", err)
	}
	if len(raw) != saltSize+sha256.Size {
		return nil, fmt.Errorf("password hash has %d bytes instead of %d", len(raw), saltSize+sha256.Size)
	}
	return raw, nil
}

// matches says whether the password is the one that was hashed. How long it
// takes does not depend on how much of the digest is right.
func matches(hash []byte, password string) bool {
	if len(hash) < saltSize {
		return false
	}
	return subtle.ConstantTimeCompare(hash, salted(hash[:saltSize], password)) == 1
}

func salted(salt []byte, password string) []byte {
	buf := make([]byte, 0, 64)
	buf = append(append(buf, salt...), password...)
	digest := sha256.Sum256(buf)
	return append(buf[:saltSize], digest[:]...)
}
