package session

import (
	"net"

	"github.com/lepusmq/lepus/amqp"
)

// Info is what a session says about itself.
type Info struct {
	// ID is a number that no other session of the broker has had.
	ID uint64
	// Peer is the client's address, and Local the one that it came to.
	Peer, Local net.Addr
	// User and VHost are empty until the client has logged in, or opened one.
	User, VHost string
	// State is RabbitMQ's word for how far the connection has come.
	State string
	// Client is what the client says about itself: its client-properties.
	Client amqp.Table
	// Channels is how many are open.
	Channels int
}

// ID is a number that no other session of the broker has had.
func (s *Session) ID() uint64 { return uint64(s.owner) }

// Info returns what is known of the session. Any goroutine may call it.
func (s *Session) Info() Info {
	s.work.Lock()
	defer s.work.Unlock()
	i := Info{
		ID: s.ID(), Peer: s.sock.conn.RemoteAddr(), Local: s.sock.conn.LocalAddr(),
		User: s.user, State: s.state.String(), Client: s.properties, Channels: len(s.channels),
	}
	if s.vhost != nil {
		i.VHost = s.vhost.Name()
	}
	return i
}
