package session

import (
	"net"
	"strings"
	"testing"

	"github.com/lepusmq/lepus/broker/auth"
)

// certified is a session whose peer has proved to be somebody, if name is not empty.
func certified(t *testing.T, name string) *Session {
	t.Helper()
	a, b := net.Pipe()
	t.Cleanup(func() { _, _ = a.Close(), b.Close() })
	users := auth.NewUsers("guest")
	for _, user := range []string{"guest", "CN=ann"} {
		if err := users.Put(auth.User{Name: user, PasswordHash: auth.HashPassword("secret")}); err != nil {
			t.Fatal(err)
		}
	}
	return &Session{
		cfg: &Config{
			Realm: auth.NewRealm(users), Mechanisms: Mechanisms(), Anonymous: "guest",
			PeerName: func(conn net.Conn) string {
				if conn != a {
					t.Error("asked about another connection")
				}
				return name
			},
		},
		sock: newSocket(a, nil),
	}
}

func TestMechanisms(t *testing.T) {
	const amqplain = "\x05LOGINS\x00\x00\x00\x05guest\x08PASSWORDS\x00\x00\x00\x06secret"
	for name, tt := range map[string]struct {
		peer, mechanism, response string
		user                      string // empty: it cannot even be tried
		fails                     bool
	}{
		"PLAIN":                       {"", "PLAIN", "\x00guest\x00secret", "guest", false},
		"PLAIN, with an identity":     {"", "PLAIN", "somebody\x00guest\x00secret", "guest", false},
		"PLAIN, wrong":                {"", "PLAIN", "\x00guest\x00public", "guest", true},
		"PLAIN, malformed":            {"", "PLAIN", "guest", "", false},
		"AMQPLAIN":                    {"", "AMQPLAIN", amqplain, "guest", false},
		"AMQPLAIN, malformed":         {"", "AMQPLAIN", "x", "", false},
		"ANONYMOUS":                   {"", "ANONYMOUS", "whatever", "guest", false},
		"EXTERNAL":                    {"CN=ann", "EXTERNAL", "", "CN=ann", false},
		"EXTERNAL, nobody known":      {"CN=bob", "EXTERNAL", "", "CN=bob", true},
		"EXTERNAL, no certificate":    {"", "EXTERNAL", "CN=ann", "", false},
		"PLAIN in spite of the cert.": {"CN=ann", "PLAIN", "\x00guest\x00secret", "guest", false},
		"unknown":                     {"", "CRAM-MD5", "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := certified(t, tt.peer)
			if got, want := strings.Join(s.mechanisms(), " "), "PLAIN AMQPLAIN ANONYMOUS"; tt.peer == "" && got != want ||
				tt.peer != "" && got != want+" EXTERNAL" {
				t.Errorf("offers %s", got)
			}
			l, err := s.login(tt.mechanism, tt.response)
			if (err != nil) != (tt.user == "") || l.user != tt.user {
				t.Fatalf("got %+v, %v", l, err)
			}
			if tt.user == "" {
				return
			}
			if _, err := l.check(s.cfg.Realm, s.sock.conn.RemoteAddr()); (err != nil) != tt.fails {
				t.Errorf("the check says %v", err)
			}
		})
	}
}

// What is not offered cannot be used.
func TestMechanismsByConfiguration(t *testing.T) {
	s := certified(t, "CN=ann")
	s.cfg.Mechanisms = []string{"AMQPLAIN"}
	if got := s.mechanisms(); len(got) != 1 || got[0] != "AMQPLAIN" {
		t.Errorf("offers %v", got)
	}
	for _, m := range []string{"PLAIN", "ANONYMOUS", "EXTERNAL"} {
		if _, err := s.login(m, "\x00guest\x00secret"); err == nil {
			t.Errorf("%s was used", m)
		}
	}
	s.cfg.PeerName = nil
	s.cfg.Mechanisms = Mechanisms()
	if got := certified(t, "").mechanisms(); len(got) != 3 {
		t.Errorf("offers %v", got)
	}
}
