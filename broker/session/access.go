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
	inquiry   inquiry
}

// grant is a right on a queue, an exchange or a topic.
type grant struct {
	right auth.Right
	on    auth.Resource
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
	if ch.may(right, auth.Resource{Kind: auth.Queue, Name: name}) {
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
	if ch.may(right, auth.Resource{Kind: auth.Exchange, Name: known}) {
		return nil
	}
	return amqp.ExchangeAccess(ch.s.vhost.Name(), name, right.String(), ch.s.user)
}

// mayAny checks whether there is any right on a queue or exchange: those who ask
// whether it exists need one.
func (ch *channel) mayAny(on auth.Resource) bool {
	return ch.may(auth.Configure, on) || ch.may(auth.Write, on) || ch.may(auth.Read, on)
}

// mayTopic checks the right to use a routing key on an exchange, if that is a
// topic exchange.
func (ch *channel) mayTopic(right auth.Right, exchange, key string) *amqp.Error {
	access := ch.s.access
	if !access.Topics() || !ch.s.vhost.IsTopic(exchange) {
		return nil
	}
	allowed := false
	if access.Asks() {
		allowed = ch.may(right, auth.Resource{Kind: auth.Topic, Name: exchange, Key: key})
	} else {
		allowed = ch.s.allowed(access.CheckTopic(right, exchange, key))
	}
	if allowed {
		return nil
	}
	return amqp.TopicAccess(ch.s.vhost.Name(), exchange, key, right.String(), ch.s.user)
}

// may checks a right, and remembers it. What is refused is not remembered: it ends
// the channel. Where somebody else would have to be asked the answer is no for now:
// see [inquiry].
func (ch *channel) may(right auth.Right, on auth.Resource) bool {
	g := &ch.grants
	version := ch.s.access.Version()
	if g.version != version {
		*g = grants{version: version, recent: g.recent[:0]}
	}
	wanted := grant{right, on}
	for i := range g.recent {
		if g.recent[i] == wanted {
			return true
		}
	}
	if ch.s.access.Asks() {
		g.inquiry.want(wanted)
		return false
	}
	if !ch.s.allowed(ch.s.access.Check(right, on)) {
		return false
	}
	g.remember(wanted)
	return true
}

// remember notes what is allowed.
func (g *grants) remember(one grant) {
	g.recent = appendBounded(g.recent, one, maxGrants)
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
