package auth

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
)

// The names of the hashing algorithms, as in RabbitMQ's definitions. A hash is
// a salt of four bytes followed by the digest of salt and password. SHA256 is
// that of new passwords; MD5 is there for users of old.
const (
	SHA256 = "rabbit_password_hashing_sha256"
	SHA512 = "rabbit_password_hashing_sha512"
	MD5    = "rabbit_password_hashing_md5"
)

const saltSize = 4

// HashPassword returns the hash under which a password is stored, with a
// salt of its own: base64(salt + SHA-256(salt + password)).
func HashPassword(password string) string {
	salt := make([]byte, saltSize)
	// rand.Read never fails: it crashes the program instead.
	_, _ = rand.Read(salt)
	return base64.StdEncoding.EncodeToString(append(salt, digest(SHA256, salt, password)...))
}

// secret is a stored hash made ready for checks. The zero secret matches no
// password.
type secret struct {
	algorithm    string
	salt, digest []byte
}

// decodeHash reads a stored hash. The empty hash is valid: its user cannot log
// in with a password.
func decodeHash(hash, algorithm string) (secret, error) {
	if hash == "" {
		return secret{}, nil
	}
	if algorithm == "" {
		algorithm = SHA256
	}
	size := len(digest(algorithm, nil, ""))
	if size == 0 {
		return secret{}, fmt.Errorf("hashing algorithm %q is not supported", algorithm)
	}
	raw, err := base64.StdEncoding.DecodeString(hash)
	if err != nil {
		return secret{}, fmt.Errorf("password hash: %w", err)
	}
	if len(raw) != saltSize+size {
		return secret{}, fmt.Errorf("password hash has %d bytes instead of %d", len(raw), saltSize+size)
	}
	return secret{algorithm: algorithm, salt: raw[:saltSize], digest: raw[saltSize:]}, nil
}

// matches says whether the password is the one that was hashed. How long it
// takes does not depend on how much of the digest is right.
func (s *secret) matches(password string) bool {
	if s.algorithm == "" {
		return false
	}
	return subtle.ConstantTimeCompare(s.digest, digest(s.algorithm, s.salt, password)) == 1
}

// digest returns the digest of salt and password, nil if there is no such
// algorithm.
func digest(algorithm string, salt []byte, password string) []byte {
	salted := append(append(make([]byte, 0, 64), salt...), password...)
	switch algorithm {
	case SHA256:
		d := sha256.Sum256(salted)
		return d[:]
	case SHA512:
		d := sha512.Sum512(salted)
		return d[:]
	case MD5:
		d := md5.Sum(salted)
		return d[:]
	}
	return nil
}
