package auth

import (
	"net"
	"strings"
)

// Login is somebody who wants to come in.
type Login struct {
	User, Password string
	// Proved says that there is no password: who it is has been proved otherwise, or
	// to another backend.
	Proved bool
	// From is the address that it comes from.
	From net.Addr
}

// Backend knows users, and what they may do. Its methods may be called from any
// goroutine; they take as long as it needs to find out, which is bounded, and what
// cannot be found out is refused.
type Backend interface {
	// Login returns the tags of a user whose log-in is good. The error says why it is
	// refused; clients are not told.
	Login(Login) (tags []string, err error)
	// Ask returns nil for yes, [ErrRefused] for no, and another error, which is no,
	// too, if that could not be found out.
	Ask(Question) error
}

// Question is whether a user may do something. Questions are equal if their answers
// must be.
type Question struct {
	// User, with its Tags as words, comes from the address Peer, which is empty if it
	// is not known.
	User, Tags, Peer string
	VHost            string
	Right            Right
	// On is the zero Resource for the virtual host itself: whether the user may use
	// it at all.
	On Resource
}

// Resource is what users have rights on.
type Resource struct {
	Kind Kind
	Name string
	// Key is a routing key, of a topic.
	Key string
}

// Kind is a kind of resource.
type Kind uint8

// The kinds of resources. A topic is an exchange of that type with a routing key.
const (
	VHost Kind = iota
	Queue
	Exchange
	Topic
)

// String is RabbitMQ's word for it.
func (k Kind) String() string { return [...]string{"vhost", "queue", "exchange", "topic"}[k] }

// Internal returns users of the broker's own as a backend.
func Internal(u *Users) Backend { return internal{u} }

type internal struct{ users *Users }

func (i internal) Login(l Login) ([]string, error) {
	check := i.users.authenticate
	if l.Proved {
		check = i.users.admit
	}
	e, err := check(l)
	if err != nil {
		return nil, err
	}
	return e.user.Tags, nil
}

func (i internal) Ask(q Question) error {
	a, ok := i.users.Access(q.User, q.VHost)
	switch {
	case !ok:
		return ErrRefused
	case q.On.Kind == VHost:
		return nil
	case q.On.Kind == Topic:
		return a.CheckTopic(q.Right, q.On.Name, q.On.Key)
	}
	return a.Check(q.Right, q.On)
}

func joinTags(tags []string) string { return strings.Join(tags, " ") }

// host is the IP address of a peer; empty if it has none.
func host(a net.Addr) string {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.IP.String()
	}
	return ""
}
