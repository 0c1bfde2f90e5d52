package broker

import (
	"errors"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/vhost"
)

// What follows is done in the name of a user, by, who needs no connection, and needs
// the permissions that a client would need. An empty name is the broker's own
// administrator, to whom everything is allowed. What is durable is so when a method
// returns. Errors: ErrNoVHost, and the *amqp.Error that a client would get.

// DeclareQueue makes a queue, unless there is one like it; created says which.
func (b *Broker) DeclareQueue(by, host string, spec vhost.QueueSpec) (created bool, err error) {
	p, err := b.visit(by, host)
	if err != nil {
		return false, err
	}
	if err := p.queue(auth.Configure, spec.Name); err != nil {
		return false, err
	}
	if to, ok := spec.DeadLetterExchange(); ok {
		spec.Refusal = asRefusal(p.refers(p.queue(auth.Read, spec.Name), to))
	}
	ask := func(spec vhost.QueueSpec) error {
		return b.await(func(reply func(error)) {
			p.vhost.DeclareQueue(0, spec, func(_ vhost.QueueInfo, err error) { reply(err) })
		})
	}
	err = ask(vhost.QueueSpec{Name: spec.Name, Passive: true})
	return missing(err), ask(spec)
}

// DeclareExchange makes an exchange, unless there is one like it; created says
// which.
func (b *Broker) DeclareExchange(by, host string, spec vhost.ExchangeSpec) (created bool, err error) {
	p, err := b.visit(by, host)
	if err != nil {
		return false, err
	}
	if err := p.exchange(auth.Configure, spec.Name); err != nil {
		return false, err
	}
	if to, ok := spec.AlternateExchange(); ok {
		spec.Refusal = asRefusal(p.refers(p.exchange(auth.Read, spec.Name), to))
	}
	spec.User = by
	ask := func(spec vhost.ExchangeSpec) error {
		return b.await(func(reply func(error)) { p.vhost.DeclareExchange(spec, reply) })
	}
	err = ask(vhost.ExchangeSpec{Name: spec.Name, Passive: true})
	return missing(err), ask(spec)
}

// missing says that a passive declaration has found nothing.
func missing(err error) bool {
	var e *amqp.Error
	return errors.As(err, &e) && e.Code == amqp.NotFound
}

func asRefusal(err error) *amqp.Error {
	var e *amqp.Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// DeleteQueue deletes a queue; it is no error if there is none. With ifUnused it
// must have no consumers, with ifEmpty no messages.
func (b *Broker) DeleteQueue(by, host, name string, ifUnused, ifEmpty bool) error {
	p, err := b.visit(by, host)
	if err != nil {
		return err
	}
	if err := p.queue(auth.Configure, name); err != nil {
		return err
	}
	return b.await(func(reply func(error)) {
		p.vhost.DeleteQueue(0, name, ifUnused, ifEmpty, func(_ int, err error) { reply(err) })
	})
}

// DeleteExchange deletes an exchange; it is no error if there is none. With ifUnused
// nothing may be bound to it.
func (b *Broker) DeleteExchange(by, host, name string, ifUnused bool) error {
	p, err := b.visit(by, host)
	if err != nil {
		return err
	}
	if !vhost.Predeclared(name) {
		if err := p.exchange(auth.Configure, name); err != nil {
			return err
		}
	}
	return b.await(func(reply func(error)) { p.vhost.DeleteExchange(name, ifUnused, reply) })
}

// PurgeQueue drops the ready messages of a queue.
func (b *Broker) PurgeQueue(by, host, name string) error {
	p, err := b.visit(by, host)
	if err != nil {
		return err
	}
	if err := p.queue(auth.Read, name); err != nil {
		return err
	}
	q, err := p.vhost.Queue(0, name)
	if err != nil {
		return err
	}
	return b.await(func(reply func(error)) {
		q.Purge(func(_ int, err error) {
			if err != nil {
				err = amqp.NoQueue(host, name)
			}
			reply(err)
		})
	})
}

// Bind makes a binding, unless there is the same already.
func (b *Broker) Bind(by, host string, binding vhost.Binding) error {
	p, err := b.visit(by, host)
	if err != nil {
		return err
	}
	if err := p.bind(&binding); err != nil {
		return err
	}
	return b.await(func(reply func(error)) { p.vhost.Bind(0, binding, reply) })
}

// Unbind removes a binding; it is no error if there is none.
func (b *Broker) Unbind(by, host string, binding vhost.Binding) error {
	p, err := b.visit(by, host)
	if err != nil {
		return err
	}
	if err := p.bind(&binding); err != nil {
		return err
	}
	return b.await(func(reply func(error)) { p.vhost.Unbind(0, binding, reply) })
}

// await asks for something and waits for its one reply, or for the end of the
// broker.
func (b *Broker) await(ask func(reply func(error))) error {
	replied := make(chan error, 1)
	ask(func(err error) { replied <- err })
	select {
	case err := <-replied:
		return err
	case <-b.failed:
		return b.Err()
	case <-b.stopping:
		return ErrStopped
	}
}
