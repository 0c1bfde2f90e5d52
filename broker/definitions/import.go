package definitions

import (
	"errors"
	"fmt"
	"sync"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/vhost"
)

// Fault is what is wrong with a file, and where. Nothing has been changed.
type Fault struct{ err error }

func (f *Fault) Error() string { return f.err.Error() }

// Import takes over what a file defines. If host is not empty all of it goes into that
// virtual host, which must exist. It does all or nothing, and what is wrong is a
// [Fault]; another error, as of a store that fails, ends it half-way, and the same
// import can be tried again. It must not run twice at a time.
func Import(b Broker, host string, text []byte) error {
	f, err := parse(text)
	if err != nil {
		return &Fault{err}
	}
	p := newPlan(b, host)
	if err := p.make(f); err != nil {
		return &Fault{err}
	}
	return p.carryOut()
}

// make checks a file, section by section, and plans what is to be done.
func (p *plan) make(f *file) error {
	if p.only != "" {
		if _, err := p.broker.VHostSettings(p.only); err != nil {
			return errors.New("vhost_not_found")
		}
		f.Users, f.VHosts, f.Permissions, f.TopicPermissions, f.GlobalParameters = nil, nil, nil, nil, nil
	}
	return firstOf(
		each("vhosts", f.VHosts, p.addVHost),
		each("users", f.Users, p.addUser),
		each("permissions", f.Permissions, p.addPermission),
		each("topic_permissions", f.TopicPermissions, p.addTopicPermission),
		each("global_parameters", f.GlobalParameters, p.addGlobal),
		each("parameters", f.Parameters, p.addParameter),
		each("policies", f.Policies, p.addPolicy),
		each("exchanges", f.Exchanges, p.addExchange),
		each("queues", f.Queues, p.addQueue),
		each("bindings", f.Bindings, p.addBinding),
		p.checkRoom,
	)
}

// firstOf runs steps until one fails.
func firstOf(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// each plans all definitions of a section; the error says which one is wrong.
func each[T any](section string, all []T, add func(*T) error) func() error {
	return func() error {
		for i := range all {
			if err := add(&all[i]); err != nil {
				return fmt.Errorf("%s[%d]%w", section, i, err)
			}
		}
		return nil
	}
}

// wrong is what is wrong with a definition of that name; each says where it is.
func wrong(name string, err error) error {
	var e *amqp.Error
	if errors.As(err, &e) {
		err = errors.New(e.Text)
	}
	if name == "" {
		return fmt.Errorf(": %w", err)
	}
	return fmt.Errorf(" %q: %w", name, err)
}

// atOnce is how many queues and bindings are made at a time, so that they can be
// made durable together.
const atOnce = 64

// carryOut does what was planned.
func (p *plan) carryOut() error {
	err := firstOf(p.makeVHosts, p.makeUsers, p.makeParameters, p.makePolicies)
	if err != nil {
		return err
	}
	if err := concurrently(p.exchanges, p.makeExchange); err != nil {
		return err
	}
	if err := concurrently(p.queues, p.makeQueue); err != nil {
		return err
	}
	if err := concurrently(p.bindings, p.makeBinding); err != nil {
		return err
	}
	return p.makeLimits()
}

func (p *plan) makeVHosts() error {
	for _, name := range p.vhostOrder {
		var err error
		if v := p.vhosts[name]; v.new {
			err = p.broker.AddVHost(name, v.settings)
		} else if v.changed {
			err = p.broker.SetVHost(name, v.settings)
		}
		if err != nil {
			return fmt.Errorf("virtual host %q: %w", name, err)
		}
	}
	return nil
}

func (p *plan) makeUsers() error {
	for _, name := range p.userOrder {
		if err := p.broker.PutUser(*p.users[name]); err != nil {
			return fmt.Errorf("user %q: %w", name, err)
		}
	}
	return nil
}

func (p *plan) makeParameters() error {
	for _, g := range p.globals {
		if err := p.broker.SetGlobalParameter(g.Name, g.Value); err != nil {
			return fmt.Errorf("global parameter %q: %w", g.Name, err)
		}
	}
	return nil
}

func (p *plan) makePolicies() error {
	for _, one := range p.policies {
		set := p.broker.SetPolicy
		if one.operator {
			set = p.broker.SetOperatorPolicy
		}
		if err := set(one.vhost, one.Policy); err != nil {
			return fmt.Errorf("policy %q: %w", one.Name, err)
		}
	}
	return nil
}

func (p *plan) makeExchange(x *newExchange) error {
	_, err := p.broker.DeclareExchange("", x.vhost, x.spec)
	return err
}

func (p *plan) makeQueue(q *newQueue) error {
	_, err := p.broker.DeclareQueue("", q.vhost, q.spec)
	return err
}

func (p *plan) makeBinding(b *newBinding) error { return p.broker.Bind("", b.vhost, b.Binding) }

// makeLimits sets what bounds virtual hosts, and what moves messages about, when all
// else is there.
func (p *plan) makeLimits() error {
	for _, one := range p.parameters {
		if err := p.broker.SetParameter(one.Component, one.VHost, one.Name, one.Value); err != nil {
			return fmt.Errorf("parameter %q: %w", one.Name, err)
		}
	}
	return nil
}

// concurrently makes many things, several at a time, and returns what went wrong
// first.
func concurrently[T any](all []T, do func(*T) error) error {
	var wg sync.WaitGroup
	next := make(chan *T)
	failed := make(chan error, 1)
	for range min(atOnce, len(all)) {
		wg.Go(func() {
			for one := range next {
				if err := do(one); err != nil {
					select {
					case failed <- err:
					default:
					}
				}
			}
		})
	}
	for i := range all {
		next <- &all[i]
	}
	close(next)
	wg.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// newExchange, newQueue and newBinding are what is to be made.
type newExchange struct {
	vhost string
	spec  vhost.ExchangeSpec
}

type newQueue struct {
	vhost string
	spec  vhost.QueueSpec
}

type newBinding struct {
	vhost string
	vhost.Binding
}
