package broker

import (
	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/vhost"
)

// Publish publishes a message in the name of a user, see [Broker.DeclareQueue], and
// returns when it is safe. routed is false if no queue has taken it.
func (b *Broker) Publish(by, host string, m vhost.Post) (routed bool, err error) {
	p, err := b.visit(by, host)
	if err != nil {
		return false, err
	}
	if err := p.exchange(auth.Write, m.Exchange); err != nil {
		return false, err
	}
	if err := p.topic(auth.Write, m.Exchange, m.Key); err != nil {
		return false, err
	}
	if m.Properties.Flags&amqp.HasUserID != 0 {
		if err := p.sender(m.Properties.UserID); err != nil {
			return false, err
		}
	}
	if uint64(len(m.Body)) > b.cfg.MaxMessageSize {
		return false, amqp.MessageTooLarge(uint64(len(m.Body)), b.cfg.MaxMessageSize)
	}
	m.By = b.actor(by)
	answer := make(chan bool, 1)
	err = b.await(func(reply func(error)) {
		p.vhost.Post(&m, func(ok bool, err error) {
			answer <- ok
			reply(err)
		})
	})
	if err != nil {
		return false, err
	}
	return <-answer, nil
}

// Fetch takes messages from a queue in the name of a user, see
// [Broker.DeclareQueue], and puts them back unless it is told not to.
func (b *Broker) Fetch(by, host string, f vhost.Fetch) ([]vhost.Fetched, error) {
	p, err := b.visit(by, host)
	if err != nil {
		return nil, err
	}
	if err := p.queue(auth.Read, f.Queue); err != nil {
		return nil, err
	}
	f.By = b.actor(by)
	answer := make(chan []vhost.Fetched, 1)
	err = b.await(func(reply func(error)) {
		p.vhost.Fetch(f, func(got []vhost.Fetched, err error) {
			answer <- got
			reply(err)
		})
	})
	if err != nil {
		return nil, err
	}
	return <-answer, nil
}

// actor is a user without a connection as traces tell of it. RabbitMQ would name a
// connection of its own there, made for the request.
func (b *Broker) actor(by string) vhost.Actor {
	if by == "" {
		by = internalUser
	}
	return vhost.Actor{Node: b.cfg.NodeName, Connection: "<" + b.cfg.NodeName + ".management>", User: by}
}
