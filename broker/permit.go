package broker

import (
	"slices"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/vhost"
)

// permit is what a user may do in a virtual host who has no connection there. The
// rules, and the texts of refusals, are those of channels.
type permit struct {
	vhost  *vhost.VHost
	user   string
	access []*auth.Access // all of which must allow; nil: everything
}

// visit returns a virtual host for somebody who wants to do something there. An
// empty name is the broker's own administrator, to whom everything is allowed.
// Errors: ErrNoVHost, and 403 for users who may not use it.
func (b *Broker) visit(by, host string) (*permit, error) {
	v, err := b.find(host)
	if err != nil {
		return nil, err
	}
	p := &permit{vhost: v, user: by}
	if by == "" {
		return p, nil
	}
	access, err := b.accessOf(by, host)
	if err != nil {
		return nil, amqp.Errorf(amqp.AccessRefused, "access to vhost '%s' refused for user '%s'", host, by)
	}
	p.access = access
	return p, nil
}

// may says whether there is a right on something.
func (p *permit) may(right auth.Right, on auth.Resource) bool {
	for _, a := range p.access {
		if a.Check(right, on) != nil {
			return false
		}
	}
	return true
}

func (p *permit) queue(right auth.Right, name string) error {
	if p.may(right, auth.Resource{Kind: auth.Queue, Name: name}) {
		return nil
	}
	return amqp.QueueAccess(p.vhost.Name(), name, right.String(), p.user)
}

func (p *permit) exchange(right auth.Right, name string) error {
	known := name
	if name == "" {
		known = "amq.default"
	}
	if p.may(right, auth.Resource{Kind: auth.Exchange, Name: known}) {
		return nil
	}
	return amqp.ExchangeAccess(p.vhost.Name(), name, right.String(), p.user)
}

func (p *permit) topic(right auth.Right, exchange, key string) error {
	for _, a := range p.access {
		if a.Topics() && p.vhost.IsTopic(exchange) && a.CheckTopic(right, exchange, key) != nil {
			return amqp.TopicAccess(p.vhost.Name(), exchange, key, right.String(), p.user)
		}
	}
	return nil
}

// refers checks the rights to make something whose messages go on to an exchange.
func (p *permit) refers(own error, to string) error {
	if own != nil {
		return own
	}
	return p.exchange(auth.Write, to)
}

// bind checks the rights to make or remove a binding.
func (p *permit) bind(b *vhost.Binding) error {
	to := p.queue
	if b.ToExchange {
		to = p.exchange
	}
	if err := to(auth.Write, b.Destination); err != nil {
		return err
	}
	if b.Source == "" || b.Destination == "" { // the answer is no in any case
		return nil
	}
	if err := p.exchange(auth.Read, b.Source); err != nil {
		return err
	}
	return p.topic(auth.Read, b.Source, b.Key)
}

// sender checks whose a message says it is.
func (p *permit) sender(userID string) error {
	notTagged := func(a *auth.Access) bool { return !a.Tagged(auth.Impersonator) }
	if userID == p.user || !slices.ContainsFunc(p.access, notTagged) {
		return nil
	}
	return amqp.WrongUserID([]byte(userID), p.user)
}
