package session

import (
	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/vhost"
)

// What the methods for exchanges, queues and bindings need. A declaration that
// makes something new needs more than one that finds it: that it may not is
// given along, and counts if there is nothing yet.

func (ch *channel) mayDeclareExchange(spec *vhost.ExchangeSpec) *amqp.Error {
	switch {
	case spec.Name == "": // the answer is no in any case
		return nil
	case spec.Passive:
		if !ch.s.cfg.Before4 && !ch.mayAny(auth.Resource{Kind: auth.Exchange, Name: spec.Name}) {
			return amqp.ExchangeAccess(ch.s.vhost.Name(), spec.Name, auth.Configure.String(), ch.s.user)
		}
		return nil
	}
	if err := ch.mayExchange(auth.Configure, spec.Name); err != nil {
		return err
	}
	if to, ok := spec.AlternateExchange(); ok {
		err := ch.mayExchange(auth.Read, spec.Name)
		if err == nil {
			err = ch.mayExchange(auth.Write, to)
		}
		if ch.inquires() {
			return err
		}
		spec.Refusal = err
	}
	return nil
}

func (ch *channel) mayDeclareQueue(spec *vhost.QueueSpec) *amqp.Error {
	switch {
	case vhost.IsReplyQueue(spec.Name): // which is none
		return nil
	case spec.Passive:
		if !ch.s.cfg.Before4 && !ch.mayAny(auth.Resource{Kind: auth.Queue, Name: spec.Name}) {
			return amqp.QueueAccess(ch.s.vhost.Name(), spec.Name, auth.Configure.String(), ch.s.user)
		}
		return nil
	}
	if err := ch.mayQueue(auth.Configure, spec.Name); err != nil {
		return err
	}
	if to, ok := spec.DeadLetterExchange(); ok {
		err := ch.mayQueue(auth.Read, spec.Name)
		if err == nil {
			err = ch.mayExchange(auth.Write, to)
		}
		if ch.inquires() {
			return err
		}
		spec.Refusal = err
	}
	return nil
}

// mayBind checks the rights on both ends of a binding that is to be made or
// removed.
func (ch *channel) mayBind(b *vhost.Binding) *amqp.Error {
	source, destination := vhost.CleanName(b.Source), vhost.CleanName(b.Destination)
	to := ch.mayQueue
	if b.ToExchange {
		to = ch.mayExchange
	}
	if err := to(auth.Write, destination); err != nil {
		return err
	}
	if source == "" || destination == "" { // the answer is no in any case
		return nil
	}
	if err := ch.mayExchange(auth.Read, source); err != nil {
		return err
	}
	return ch.mayTopic(auth.Read, source, b.Key)
}
