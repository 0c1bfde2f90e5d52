package auth

import (
	"encoding/base64"
	"errors"
	"net"
	"testing"
)

// hashOfTest12 was made by RabbitMQ's documentation: salt 908DC60A and the
// password "test12".
const hashOfTest12 = "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"

// With these RabbitMQ 3.10.8 lets users log in whose password is "test12".
const (
	sha512OfTest12 = "kI3GChuNuIYf8lRbCCxZjgjKwsY19ns6+uFO0zcXRBGA/XGJPYD8OWMy7EB8TaOmAzjP2azv84GbINYwX2cDWb4DHnc="
	md5OfTest12    = "kI3GChNpte2FApYFXScl+0dIluk="
)

func addr(s string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(s), Port: 1} }

func guest(t *testing.T) User {
	t.Helper()
	return User{
		Name: "guest", PasswordHash: HashPassword("guest"), HashingAlgorithm: SHA256,
		Tags:        []string{"administrator"},
		Permissions: map[string]Permission{"/": Everything()},
	}
}

func TestAuthenticate(t *testing.T) {
	users := NewUsers("guest")
	for _, u := range []User{
		guest(t),
		{Name: "ann", PasswordHash: hashOfTest12, HashingAlgorithm: SHA256},
		{Name: "bob", PasswordHash: sha512OfTest12, HashingAlgorithm: SHA512},
		{Name: "old", PasswordHash: md5OfTest12, HashingAlgorithm: MD5},
		{Name: "cert", PasswordHash: ""},
	} {
		if err := users.Put(u); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name, user, password string
		remote               net.Addr
		want                 error
	}{
		{"right", "guest", "guest", addr("127.0.0.1"), nil},
		{"right over IPv6", "guest", "guest", addr("::1"), nil},
		{"right over mapped IPv4", "guest", "guest", addr("::ffff:127.0.0.1"), nil},
		{"right over a pipe", "guest", "guest", pipeAddr(t), nil},
		{"guest from elsewhere", "guest", "guest", addr("192.0.2.7"), ErrLoopback},
		{"guest from nowhere", "guest", "guest", nil, ErrLoopback},
		{"wrong password", "guest", "Guest", addr("127.0.0.1"), ErrPassword},
		{"wrong password from elsewhere", "guest", "Guest", addr("192.0.2.7"), ErrPassword},
		{"blank password", "guest", "", addr("127.0.0.1"), ErrBlankPassword},
		{"no such user", "nobody", "guest", addr("127.0.0.1"), ErrNoUser},
		{"RabbitMQ's hash", "ann", "test12", addr("192.0.2.7"), nil},
		{"RabbitMQ's hash, wrong", "ann", "test1", addr("192.0.2.7"), ErrPassword},
		{"SHA-512", "bob", "test12", addr("192.0.2.7"), nil},
		{"SHA-512, wrong", "bob", "test13", addr("192.0.2.7"), ErrPassword},
		{"MD5", "old", "test12", addr("192.0.2.7"), nil},
		{"MD5, wrong", "old", "", addr("192.0.2.7"), ErrBlankPassword},
		{"no hash, blank", "cert", "", addr("127.0.0.1"), ErrBlankPassword},
		{"no hash", "cert", "x", addr("127.0.0.1"), ErrPassword},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := NewRealm(users).Login(Login{User: tt.user, Password: tt.password, From: tt.remote}); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func pipeAddr(t *testing.T) net.Addr {
	t.Helper()
	a, b := net.Pipe()
	t.Cleanup(func() { _, _ = a.Close(), b.Close() })
	return a.RemoteAddr()
}

func TestHashPassword(t *testing.T) {
	a, b := HashPassword("guest"), HashPassword("guest")
	if a == b {
		t.Error("two hashes have the same salt")
	}
	raw, err := base64.StdEncoding.DecodeString(a)
	if err != nil || len(raw) != 36 {
		t.Errorf("%q: %d bytes, %v", a, len(raw), err)
	}
}

func TestUserKeepsItsForm(t *testing.T) {
	want := guest(t)
	b, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeUser(b)
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != want.Name || got.PasswordHash != want.PasswordHash ||
		got.HashingAlgorithm != SHA256 || got.Permissions["/"] != Everything() {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, bad := range []string{"", "{", "{}", `{"name":""}`, `[]`} {
		if _, err := DecodeUser([]byte(bad)); err == nil {
			t.Errorf("%q was taken for a user", bad)
		}
	}
}

func TestPutRefusesWhatItCannotCheck(t *testing.T) {
	for _, u := range []User{
		{Name: "a", PasswordHash: "not base64!"},
		{Name: "b", PasswordHash: "AAAA"},
		{Name: "c", PasswordHash: hashOfTest12, HashingAlgorithm: MD5},
		{Name: "d", PasswordHash: hashOfTest12, HashingAlgorithm: "rot13"},
		{Name: ""},
		{Name: "e", Permissions: map[string]Permission{"/": {Read: "("}}},
		{Name: "f", TopicPermissions: map[string]map[string]TopicPermission{"/": {"x": {Write: "("}}}},
	} {
		if err := NewUsers().Put(u); err == nil {
			t.Errorf("%+v was accepted", u)
		}
	}
}

// A log-in must cost far less than the handshake around it.
func BenchmarkAuthenticate(b *testing.B) {
	users := NewUsers("guest")
	if err := users.Put(User{Name: "guest", PasswordHash: HashPassword("guest")}); err != nil {
		b.Fatal(err)
	}
	realm, remote := NewRealm(users), addr("127.0.0.1")
	for b.Loop() {
		if _, err := realm.Login(Login{User: "guest", Password: "guest", From: remote}); err != nil {
			b.Fatal(err)
		}
	}
}
