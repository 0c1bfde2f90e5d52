package session

import (
	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/vhost"
)

// Host is the broker as its sessions see it. Its methods may be called from any
// goroutine and do not block.
type Host interface {
	// Enter takes the session of a user into a virtual host: it is found there
	// until it has ended. Errors: 530.
	Enter(s *Session, user, vhost string) (*vhost.VHost, *amqp.Error)
	// OpenChannel counts one more channel of a session that has entered. Errors: 530
	// if it is one too many for its user, or for all, and then it is not counted.
	OpenChannel(s *Session) *amqp.Error
	// CloseChannels takes back n of them.
	CloseChannels(s *Session, n int)
}
