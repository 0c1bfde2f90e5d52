package broker

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/session"
	"github.com/lepusmq/lepus/broker/stats"
	"github.com/lepusmq/lepus/broker/vhost"
)

// ErrNoConnection is returned for a connection that is not, or no longer, there.
var ErrNoConnection = errors.New("no such connection")

// Connections returns the connections of the broker, the oldest first.
func (b *Broker) Connections() []stats.Connection {
	sessions := b.sessions.inOrder()
	all := make([]stats.Connection, 0, len(sessions))
	for _, s := range sessions {
		all = append(all, s.Stats())
	}
	return all
}

// Channels returns the channels of all connections, in the order of these and
// then of their numbers.
func (b *Broker) Channels() []stats.Channel {
	var all []stats.Channel
	for _, s := range b.sessions.inOrder() {
		all = s.ChannelStats(all)
	}
	return all
}

// Breakdown returns what channels have counted for each exchange and each queue, as
// far as that is wanted.
func (b *Broker) Breakdown(wanted func(*stats.Part) bool) []stats.Part {
	var all []stats.Part
	for _, s := range b.sessions.inOrder() {
		all = s.Breakdown(all, wanted)
	}
	return all
}

// Consumers returns the consumers of a virtual host, or of all if it is "", by
// their queues, the oldest first. Those of direct replies are not among them, as
// in RabbitMQ: they have no queue. Errors: ErrNoVHost.
func (b *Broker) Consumers(vhost string) ([]stats.Consumer, error) {
	hosts, err := b.hosts(vhost)
	if err != nil {
		return nil, err
	}
	var all []stats.Consumer
	for _, h := range hosts {
		for _, s := range h.Seats() {
			all = append(all, consumer(&s))
		}
	}
	return all, nil
}

// consumer describes a consumer and its place at the queue.
func consumer(s *vhost.Seat) stats.Consumer {
	c := session.Consumer(s.Consumer)
	c.Active = s.Active
	switch {
	case !s.Active:
		c.Status = "waiting"
	case s.Queue.SingleActive():
		c.Status = "single_active"
	default:
		c.Status = "up"
	}
	return c
}

// CloseConnection tells a client that its connection is closed (320), with the
// administrator's reason, and returns. Error: ErrNoConnection.
func (b *Broker) CloseConnection(id uint64, reason string) error {
	s := b.sessions.byID(id)
	if s == nil {
		return fmt.Errorf("connection %d: %w", id, ErrNoConnection)
	}
	s.Close(amqp.Forced(reason))
	return nil
}

// inOrder returns the sessions, the oldest first.
func (s *sessions) inOrder() []*session.Session {
	all := s.all()
	slices.SortFunc(all, func(x, y *session.Session) int { return cmp.Compare(x.ID(), y.ID()) })
	return all
}

// byID returns a session; nil if it has ended.
func (s *sessions) byID(id uint64) *session.Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	for one := range s.open {
		if one.ID() == id {
			return one
		}
	}
	return nil
}
