package session

import (
	"errors"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/auth"
)

// grants are what a channel has found allowed. They count as long as nobody's
// permissions change. Guarded by the session's work.
type grants struct {
	version uint64  // of the permissions; 0: of none
	recent  []grant // the oldest first, maxGrants at most
	// publish is the exchange that the channel published to last, and published the
	// version by which it may; 0 if there is none. topics says that the user may not
	// use every routing key.
	publish   string
	published uint64
	topics    bool
}

// grant is a right on the queue or exchange of that name.
type grant struct {
	right auth.Right
	name  string
}

const maxGrants = 12

// mayPublish checks the right to publish to an exchange. It need not be asked
// for the same exchange again as long as the version is that of published.
func (ch *channel) mayPublish(exchange []byte) *amqp.Error {
	g := &ch.grants
	if g.published == ch.s.access.Version() && string(exchange) == g.publish {
		return nil
	}
	name := string(exchange)
	if err := ch.mayExchange(auth.Write, name); err != nil {
		return err
	}
	g.publish, g.published = name, g.version
	g.topics = ch.s.access.Topics()
	return nil
}

// mayPublishTopic checks the right to publish with a routing key, for a user who
// may not use every one.
func (ch *channel) mayPublishTopic(exchange, key []byte) *amqp.Error {
	return ch.mayTopic(auth.Write, string(exchange), string(key))
}

// mayQueue checks a right on a queue.
func (ch *channel) mayQueue(right auth.Right, name string) *amqp.Error {
	if ch.may(right, name) {
		return nil
	}
	return amqp.QueueAccess(ch.s.vhost.Name(), name, right.String(), ch.s.user)
}

// mayExchange checks a right on an exchange.
func (ch *channel) mayExchange(right auth.Right, name string) *amqp.Error {
	known := name
	if name == "" {
		known = "amq.default"
	}
	if ch.may(right, known) {
		return nil
	}
	return amqp.ExchangeAccess(ch.s.vhost.Name(), name, right.String(), ch.s.user)
}

// mayAny checks whether there is any right on a queue or exchange: those who ask
// whether it exists need one.
func (ch *channel) mayAny(name string) bool {
	return ch.may(auth.Configure, name) || ch.may(auth.Write, name) || ch.may(auth.Read, name)
}

// mayTopic checks the right to use a routing key on an exchange, if that is a
// topic exchange.
func (ch *channel) mayTopic(right auth.Right, exchange, key string) *amqp.Error {
	access := ch.s.access
	if !access.Topics() || !ch.s.vhost.IsTopic(exchange) {
		return nil
	}
	if ch.s.allowed(access.CheckTopic(right, exchange, key)) {
		return nil
	}
	return amqp.TopicAccess(ch.s.vhost.Name(), exchange, key, right.String(), ch.s.user)
}

// may checks a right on a queue or exchange, and remembers it. What is refused
// is not remembered: it ends the channel.
func (ch *channel) may(right auth.Right, name string) bool {
	g := &ch.grants
	version := ch.s.access.Version()
	if g.version != version {
		*g = grants{version: version, recent: g.recent[:0]}
	}
	wanted := grant{right: right, name: name}
	for i := range g.recent {
		if g.recent[i] == wanted {
			return true
		}
	}
	if !ch.s.allowed(ch.s.access.Check(right, name)) {
		return false
	}
	if len(g.recent) == maxGrants {
		g.recent = append(g.recent[:0], g.recent[1:]...)
	}
	g.recent = append(g.recent, wanted)
	return true
}

// allowed turns the outcome of a check into yes or no. One that could not be
// made is logged.
func (s *Session) allowed(err error) bool {
	if err != nil && !errors.Is(err, auth.ErrRefused) {
		s.log.Error("a permission could not be checked", zap.String("user", s.user), zap.Error(err))
	}
	return err == nil
}

// mayBe checks the user-id of a message: whose it says it is.
func (ch *channel) mayBe(userID []byte) *amqp.Error {
	if string(userID) == ch.s.user || ch.s.access.Tagged(auth.Impersonator) {
		return nil
	}
	return amqp.WrongUserID(userID, ch.s.user)
}
