package vhost

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/lepusmq/lepus/exchange"
	"github.com/lepusmq/lepus/queue"
	"github.com/lepusmq/lepus/store"
)

// ErrNoPolicy is the deletion of a policy that is not there.
var ErrNoPolicy = errors.New("vhost: no such policy")

// SetPolicy makes a policy, or replaces the one of that name, and applies it to
// all queues and exchanges. The reply comes when that is done and durable; it
// brings no *amqp.Error, but an [InvalidPolicy] if the policy is none.
func (v *VHost) SetPolicy(p Policy, reply func(error)) { v.setPolicy(userPolicy, p, reply) }

// SetOperatorPolicy is SetPolicy for a policy that bounds what the others may
// do: every object has one of these, too, and the stricter value counts. It
// knows fewer keys.
func (v *VHost) SetOperatorPolicy(p Policy, reply func(error)) { v.setPolicy(operatorPolicy, p, reply) }

// DeletePolicy deletes a policy; what it gave to queues and exchanges then comes
// from others that match, or is no more. Errors: ErrNoPolicy.
func (v *VHost) DeletePolicy(name string, reply func(error)) {
	v.deletePolicy(userPolicy, name, reply)
}

// DeleteOperatorPolicy is DeletePolicy for a policy of the operator.
func (v *VHost) DeleteOperatorPolicy(name string, reply func(error)) {
	v.deletePolicy(operatorPolicy, name, reply)
}

// Policies returns all policies but the operator's, those with the highest
// priority first.
func (v *VHost) Policies() []Policy { return v.listPolicies(userPolicy) }

// OperatorPolicies returns all policies of the operator, those with the highest
// priority first.
func (v *VHost) OperatorPolicies() []Policy { return v.listPolicies(operatorPolicy) }

func (v *VHost) listPolicies(kind policyKind) []Policy {
	var all []Policy
	for _, p := range v.policies.Load().of[kind] {
		all = append(all, p.copied())
	}
	return all
}

// Applied is which policies apply to an object, and what they come to.
type Applied struct {
	Policy, OperatorPolicy string // their names, empty if none applies
	// Definition is what both define together, for reading only; nil if none
	// applies.
	Definition map[string]any
}

// QueuePolicies returns what applies to a queue; ok is false if there is no such
// queue.
func (v *VHost) QueuePolicies(name string) (a Applied, ok bool) {
	v.mu.Lock()
	e := v.queues[name]
	v.mu.Unlock()
	if e == nil {
		return Applied{}, false
	}
	return v.matching(v.policies.Load()).match(name, e.scope()).shown(), true
}

// ExchangePolicies returns what applies to an exchange; ok is false if there is
// no such exchange.
func (v *VHost) ExchangePolicies(name string) (a Applied, ok bool) {
	if v.graph.Load().Exchange(name) == nil {
		return Applied{}, false
	}
	return v.matching(v.policies.Load()).match(name, exchanges).shown(), true
}

// names are those of the policies; empty if there is none.
func (a applied) names() (user, operator string) {
	if a.user != nil {
		user = a.user.Name
	}
	if a.operator != nil {
		operator = a.operator.Name
	}
	return user, operator
}

func (a applied) shown() Applied {
	shown := Applied{Definition: a.definition()}
	shown.Policy, shown.OperatorPolicy = a.names()
	return shown
}

func (v *VHost) setPolicy(kind policyKind, p Policy, reply func(error)) {
	made, err := newPolicy(kind, p)
	if err != nil {
		reply(err)
		return
	}
	v.policing.Lock()
	current := v.policies.Load()
	if old := current.find(kind, p.Name); old != nil {
		made.id = old.id
	} else {
		made.id = v.store.NewID()
	}
	c := v.enforce(current.with(kind, made), store.Definition{
		Kind: store.KindPolicy, ID: made.id, Value: v.encodePolicy(kind, made),
	}, reply)
	v.policing.Unlock()
	c.visible()
}

func (v *VHost) deletePolicy(kind policyKind, name string, reply func(error)) {
	v.policing.Lock()
	current := v.policies.Load()
	old := current.find(kind, name)
	if old == nil {
		v.policing.Unlock()
		reply(ErrNoPolicy)
		return
	}
	c := v.enforce(current.without(kind, name), store.Definition{
		Kind: store.KindPolicy, ID: old.id, Deleted: true,
	}, reply)
	v.policing.Unlock()
	c.visible()
}

// enforce records and applies other policies. What is declared from the moment
// at which they are published has them already, and what has been declared
// before is in the graph that is looked at then. The caller holds policing, but
// not the lock, and calls visible.
func (v *VHost) enforce(next *policies, d store.Definition, reply func(error)) *change {
	v.mu.Lock()
	c := v.record([]store.Definition{d}, func() { reply(nil) })
	v.policies.Store(next)
	v.mu.Unlock()
	m := v.matching(next)
	v.applyToExchanges(m)
	v.graph.Load().EachQueue(func(q exchange.Queue) bool {
		v.applyTo(q.(*queue.Queue), m)
		return true
	})
	return c
}

// applyTo tells a queue its options if other policies apply to it than before.
// The lock is held for this one queue only, and not while the queue is called.
func (v *VHost) applyTo(q *queue.Queue, m *matching) {
	name := q.QueueName()
	v.mu.Lock()
	e := v.queues[name]
	v.mu.Unlock()
	if e == nil || e.queue != q {
		return
	}
	now := m.match(name, e.scope())
	v.mu.Lock()
	changed := e.applied != now
	e.applied = now
	v.mu.Unlock()
	if changed {
		q.Configure(options(e.args, now))
	}
}

// applyToExchanges gives exchanges their alternate exchanges by policy. The
// caller does not hold the lock.
func (v *VHost) applyToExchanges(m *matching) {
	changed := map[string]string{}
	v.graph.Load().EachExchange(func(x *exchange.Exchange) bool {
		if a := m.alternate(x.Name); a != x.Alternate {
			changed[x.Name] = a
		}
		return true
	})
	if len(changed) == 0 {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.publish(v.graph.Load().SetAlternates(changed))
}

// recoverPolicies brings back the policies, before everything that they apply
// to.
func (v *VHost) recoverPolicies(defs []store.Definition) error {
	all := v.policies.Load()
	for i := range defs {
		d := &defs[i]
		if d.Kind != store.KindPolicy || !v.mine(d) {
			continue
		}
		kind, p, err := decodePolicy(d)
		if err != nil {
			return fmt.Errorf("vhost %q: definition %d: %w", v.name, d.ID, err)
		}
		all = all.with(kind, p)
	}
	v.policies.Store(all)
	return nil
}

func decodePolicy(d *store.Definition) (policyKind, *policy, error) {
	var def policyDefinition
	if err := json.Unmarshal(d.Value, &def); err != nil {
		return 0, nil, fmt.Errorf("decode policy: %w", err)
	}
	kind := userPolicy
	if def.Operator {
		kind = operatorPolicy
	}
	definition, err := parseDefinition(def.Definition)
	if err != nil {
		return 0, nil, fmt.Errorf("decode policy %q: %w", def.Name, err)
	}
	p, err := newPolicy(kind, Policy{
		Name: string(def.Name), Pattern: string(def.Pattern), ApplyTo: def.ApplyTo, Priority: def.Priority,
		Definition: definition,
	})
	if err != nil {
		return 0, nil, fmt.Errorf("policy %q: %w", def.Name, err)
	}
	p.id = d.ID
	return kind, p, nil
}

// checkPolicies returns an error if other policies apply to an object than it
// was told of.
func (v *VHost) checkPolicies() error {
	v.policing.Lock()
	defer v.policing.Unlock()
	m := v.matching(v.policies.Load())
	v.mu.Lock()
	defer v.mu.Unlock()
	for name, e := range v.queues {
		if now := m.match(name, e.scope()); now != e.applied {
			return fmt.Errorf("queue %q has other policies than %q and %q", name, now.shown().Policy, now.shown().OperatorPolicy)
		}
	}
	var err error
	v.graph.Load().EachExchange(func(x *exchange.Exchange) bool {
		if a := m.alternate(x.Name); a != x.Alternate {
			err = fmt.Errorf("exchange %q has the alternate %q by policy instead of %q", x.Name, x.Alternate, a)
		}
		return err == nil
	})
	return err
}
