package session

import (
	"net"
	"slices"
	"strings"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/auth"
)

// Mechanisms returns the names of all ways to log in that there are.
func Mechanisms() []string { return []string{plainLogin, amqPlainLogin, anonymousLogin, externalLogin} }

const (
	plainLogin     = "PLAIN"
	amqPlainLogin  = "AMQPLAIN"
	anonymousLogin = "ANONYMOUS"
	externalLogin  = "EXTERNAL"
)

// mechanisms returns those that are offered to this peer.
func (s *Session) mechanisms() []string {
	if s.self {
		return []string{plainLogin, externalLogin}
	}
	if s.cfg.PeerName != nil {
		s.peerName = s.cfg.PeerName(s.sock.conn)
	}
	if s.peerName != "" {
		return s.cfg.Mechanisms
	}
	return slices.DeleteFunc(slices.Clone(s.cfg.Mechanisms), func(m string) bool { return m == externalLogin })
}

// login is somebody who wants to come in.
type login struct {
	user, password string
	// known says that there is no password: who it is has been decided.
	known bool
	// trusted says that it is the broker itself.
	trusted bool
}

// ownUser is what the broker itself is called where others have the name of a
// user, as by RabbitMQ.
const ownUser = "none"

// check asks the realm, which may take its time. Nobody is the broker itself.
func (l *login) check(realm *auth.Realm, from net.Addr) (*auth.Identity, error) {
	if l.trusted {
		return nil, nil
	}
	return realm.Login(auth.Login{User: l.user, Password: l.password, Proved: l.known, From: from})
}

// login reads the response of a mechanism, which must be one of those that were
// offered.
func (s *Session) login(mechanism, response string) (login, *amqp.Error) {
	unknown := amqp.Errorf(amqp.CommandInvalid, "unknown authentication mechanism '%s'", mechanism)
	if !s.self && !slices.Contains(s.cfg.Mechanisms, mechanism) {
		return login{}, unknown
	}
	switch mechanism {
	case plainLogin:
		return readPlain(response)
	case amqPlainLogin:
		return readAMQPlain(response)
	case anonymousLogin:
		return login{user: s.cfg.Anonymous, known: true}, nil
	case externalLogin:
		if s.self {
			return login{user: ownUser, trusted: true}, nil
		}
		if s.peerName != "" {
			return login{user: s.peerName, known: true}, nil
		}
	}
	return login{}, unknown
}

// readPlain reads the response of PLAIN: an identity that does not matter, user
// and password.
func readPlain(response string) (login, *amqp.Error) {
	parts := strings.Split(response, "\x00")
	if len(parts) != 3 {
		return login{}, amqp.Errorf(amqp.SyntaxError, "malformed PLAIN response")
	}
	return login{user: parts[1], password: parts[2]}, nil
}

// readAMQPlain reads the response of AMQPLAIN: a table without its length.
func readAMQPlain(response string) (login, *amqp.Error) {
	table, err := amqp.ParseTableBody([]byte(response))
	if err != nil {
		return login{}, amqp.Errorf(amqp.SyntaxError, "malformed AMQPLAIN response")
	}
	user, ok1 := text(table, "LOGIN")
	password, ok2 := text(table, "PASSWORD")
	if !ok1 || !ok2 {
		return login{}, amqp.Errorf(amqp.SyntaxError, "AMQPLAIN auth info lacks LOGIN or PASSWORD")
	}
	return login{user: user, password: password}, nil
}

func text(table amqp.Table, key string) (string, bool) {
	v, ok := table.Get(key)
	if !ok {
		return "", false
	}
	return v.Str()
}
