package broker

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/session"
)

// ErrNoConnection is returned for a connection that is not, or no longer, there.
var ErrNoConnection = errors.New("no such connection")

// Connections returns the connections of the broker, the oldest first.
func (b *Broker) Connections() []session.Info {
	var all []session.Info
	for _, s := range b.sessions.all() {
		all = append(all, s.Info())
	}
	slices.SortFunc(all, func(x, y session.Info) int { return cmp.Compare(x.ID, y.ID) })
	return all
}

// CloseConnection tells a client that its connection is closed (320), with the
// administrator's reason, and returns. Error: ErrNoConnection.
func (b *Broker) CloseConnection(id uint64, reason string) error {
	for _, s := range b.sessions.all() {
		if s.ID() == id {
			s.Close(amqp.Forced(reason))
			return nil
		}
	}
	return fmt.Errorf("connection %d: %w", id, ErrNoConnection)
}
