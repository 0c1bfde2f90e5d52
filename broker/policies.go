package broker

import (
	"errors"
	"fmt"

	"github.com/lepusmq/lepus/broker/event"
	"github.com/lepusmq/lepus/broker/vhost"
)

// What else goes wrong with an administrator's wish.
var (
	ErrNoVHost = errors.New("no such virtual host")
	ErrStopped = errors.New("the broker has stopped")
)

// SetPolicy makes a policy of a virtual host, or replaces the one of that name.
// When it returns the policy is durable and in force. Errors: ErrNoVHost,
// [vhost.InvalidPolicy].
func (b *Broker) SetPolicy(host string, p vhost.Policy) error {
	err := b.change(host, func(v *vhost.VHost, reply func(error)) { v.SetPolicy(p, reply) })
	if err == nil {
		b.policySet(host, p)
	}
	return err
}

// DeletePolicy deletes a policy of a virtual host. Errors: ErrNoVHost,
// [vhost.ErrNoPolicy].
func (b *Broker) DeletePolicy(host, name string) error {
	err := b.change(host, func(v *vhost.VHost, reply func(error)) { v.DeletePolicy(name, reply) })
	if err == nil {
		b.emit("policy.cleared", event.Text("name", name), event.Text("vhost", host))
	}
	return err
}

// Policies returns the policies of a virtual host, those with the highest
// priority first. Errors: ErrNoVHost.
func (b *Broker) Policies(host string) ([]vhost.Policy, error) {
	v, err := b.find(host)
	if err != nil {
		return nil, err
	}
	return v.Policies(), nil
}

// SetOperatorPolicy is SetPolicy for a policy that bounds what the others may
// do.
func (b *Broker) SetOperatorPolicy(host string, p vhost.Policy) error {
	err := b.change(host, func(v *vhost.VHost, reply func(error)) { v.SetOperatorPolicy(p, reply) })
	if err == nil {
		b.policySet(host, p)
	}
	return err
}

// DeleteOperatorPolicy is DeletePolicy for those.
func (b *Broker) DeleteOperatorPolicy(host, name string) error {
	err := b.change(host, func(v *vhost.VHost, reply func(error)) { v.DeleteOperatorPolicy(name, reply) })
	if err == nil {
		b.emit("operator.policy.cleared", event.Text("name", name), event.Text("vhost", host))
	}
	return err
}

// OperatorPolicies is Policies for those.
func (b *Broker) OperatorPolicies(host string) ([]vhost.Policy, error) {
	v, err := b.find(host)
	if err != nil {
		return nil, err
	}
	return v.OperatorPolicies(), nil
}

// QueuePolicies returns which policies apply to a queue; ok is false if there is
// no such queue. Errors: ErrNoVHost.
func (b *Broker) QueuePolicies(host, queue string) (a vhost.Applied, ok bool, err error) {
	v, err := b.find(host)
	if err != nil {
		return vhost.Applied{}, false, err
	}
	a, ok = v.QueuePolicies(queue)
	return a, ok, nil
}

// ExchangePolicies is QueuePolicies for an exchange.
func (b *Broker) ExchangePolicies(host, exchange string) (a vhost.Applied, ok bool, err error) {
	v, err := b.find(host)
	if err != nil {
		return vhost.Applied{}, false, err
	}
	a, ok = v.ExchangePolicies(exchange)
	return a, ok, nil
}

func (b *Broker) find(host string) (*vhost.VHost, error) {
	h := b.residents.host(host)
	if h == nil {
		return nil, fmt.Errorf("virtual host %q: %w", host, ErrNoVHost)
	}
	return h.VHost, nil
}

// hosts returns a virtual host, or all if the name is "".
func (b *Broker) hosts(name string) ([]*host, error) {
	if name == "" {
		return b.residents.all(), nil
	}
	h := b.residents.host(name)
	if h == nil {
		return nil, fmt.Errorf("virtual host %q: %w", name, ErrNoVHost)
	}
	return []*host{h}, nil
}

// change asks a virtual host for a change and waits for its reply. The virtual
// host is not deleted meanwhile.
func (b *Broker) change(host string, ask func(v *vhost.VHost, reply func(error))) error {
	return b.administer(func() error {
		v, err := b.find(host)
		if err != nil {
			return err
		}
		return b.ask(v, ask)
	})
}

// ask asks a virtual host for a change and waits for its reply.
func (b *Broker) ask(v *vhost.VHost, ask func(v *vhost.VHost, reply func(error))) error {
	replied := make(chan error, 1)
	ask(v, func(err error) { replied <- err })
	select {
	case err := <-replied:
		return err
	case <-b.failed:
		return b.Err()
	}
}
