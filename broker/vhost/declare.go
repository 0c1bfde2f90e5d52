package vhost

import (
	"strings"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
	"github.com/lepusmq/lepus/store"
)

// QueueSpec is the declaration of a queue.
type QueueSpec struct {
	// Name may be empty: then the vhost makes one.
	Name string
	// Generated says that Name is not the client's, but of [GenerateName].
	Generated bool
	// Passive asks only whether the queue exists, whatever it is like.
	Passive                        bool
	Durable, Exclusive, AutoDelete bool
	Arguments                      amqp.Table
	// Refusal is why the client may not make such a queue if there is none
	// yet; nil if it may.
	Refusal *amqp.Error
}

// DeadLetterExchange returns where dead messages of the queue are to go.
func (s *QueueSpec) DeadLetterExchange() (name string, ok bool) {
	return nameArgument(s.Arguments, deadLetterArgument)
}

// QueueInfo is what a declaration is answered with.
type QueueInfo struct {
	Name             string
	Ready, Consumers int
}

// declaration is a declaration of a queue on its way.
type declaration struct {
	user  OwnerID
	spec  QueueSpec
	reply func(QueueInfo, error)
	// owner is the connection, if the queue is to be exclusive.
	owner *owner
	// applied are the policies for the queue, of these policies.
	applied  applied
	policies *policies
	counted  bool // guarded by VHost.mu: among those declared
}

// DeclareQueue makes a queue, unless there is one like it already. The reply for
// a durable one comes when it is durable. Errors: 403, 404 (passive), 405, 406.
func (v *VHost) DeclareQueue(user OwnerID, spec QueueSpec, reply func(QueueInfo, error)) {
	d := &declaration{user: user, spec: spec, reply: reply}
	d.spec.Name = CleanName(spec.Name)
	if IsReplyQueue(d.spec.Name) {
		reply(v.declareReplyQueue(d.spec.Name))
		return
	}
	if d.spec.Name == "" && !spec.Passive {
		d.spec.Name, d.spec.Generated = GenerateName(), true
	}
	if d.spec.Generated {
		if t, ok := typeOf(spec.Arguments); ok && t != classic {
			reply(QueueInfo{}, amqp.ServerNamedQueue(t.String()))
			return
		}
	}
	v.fillType(d)
	v.declare(d)
}

// declare answers a declaration, or waits with it until a deletion of such a
// queue is decided.
func (v *VHost) declare(d *declaration) {
	v.mu.Lock()
	if d.spec.Exclusive && !d.spec.Passive && d.owner == nil {
		d.owner = v.owner(d.user)
	}
	e := v.queues[d.spec.Name]
	if !d.counted && !d.spec.Passive {
		d.counted = true
		v.churn.QueuesDeclared++
	}
	if e == nil {
		v.create(d) // releases the lock
		return
	}
	waits := e.await(func() { v.declare(d) })
	v.mu.Unlock()
	if waits {
		return
	}
	if err := v.accepts(e, d); err != nil {
		d.reply(QueueInfo{}, err)
		return
	}
	e.queue.Declared(func(info queue.Info, err error) { v.redeclared(e, d, info, err) })
}

// redeclared answers a declaration of a queue that exists, once the queue has
// said what it holds, unless it is being deleted meanwhile.
func (v *VHost) redeclared(e *entry, d *declaration, info queue.Info, err error) {
	v.mu.Lock()
	waits := !e.gone && e.await(func() { v.declare(d) })
	gone := e.gone
	v.mu.Unlock()
	switch {
	case waits:
	case gone:
		v.declare(d)
	case err != nil: // closed with the broker
		d.reply(QueueInfo{}, amqp.NoQueue(v.name, d.spec.Name))
	default:
		v.unsynced.await(e.queue.ID(), func() {
			d.reply(QueueInfo{Name: d.spec.Name, Ready: info.Ready, Consumers: info.Consumers}, nil)
		})
	}
}

// accepts returns the error for a declaration that is not like the queue.
func (v *VHost) accepts(e *entry, d *declaration) error {
	if d.spec.Passive {
		return v.mayUse(d.user, e)
	}
	name, durable := e.queue.QueueName(), d.spec.Durable && !d.spec.Exclusive
	switch {
	case d.spec.Exclusive != (e.owner != 0) || d.spec.Exclusive && e.owner != d.user:
		return amqp.LockedQueue(v.name, name)
	case durable != e.queue.Durable():
		return amqp.InequivalentQueue(v.name, name, "durable", durable, e.queue.Durable())
	case d.spec.AutoDelete != e.autoDelete:
		return amqp.InequivalentQueue(v.name, name, "auto_delete", d.spec.AutoDelete, e.autoDelete)
	}
	if key := inequivalent(e.args, d.spec.Arguments); key != "" {
		return amqp.InequivalentQueueArg(v.name, name, key, d.spec.Arguments, e.args)
	}
	return nil
}

// create makes the queue of a declaration that found none. The caller holds the
// lock, which create releases.
func (v *VHost) create(d *declaration) {
	if err := v.mayCreate(d); err != nil {
		v.mu.Unlock()
		d.reply(QueueInfo{}, err)
		return
	}
	switch current := v.policies.Load(); {
	case current.empty():
		d.applied = applied{}
	case d.policies != current:
		v.mu.Unlock()
		v.police(d, current)
		return
	}
	e := &entry{autoDelete: d.spec.AutoDelete, args: d.spec.Arguments, applied: d.applied}
	var changes []store.Definition
	var id uint64
	if d.spec.Durable && !d.spec.Exclusive {
		id = v.store.NewID()
		changes = append(changes, store.Definition{Kind: store.KindQueue, ID: id, Value: v.encodeQueue(&d.spec)})
		e.parts = &parts{vhost: v, owner: id}
	}
	c := v.record(changes, func() { d.reply(QueueInfo{Name: d.spec.Name}, nil) })
	e.queue = v.newQueue(id, &d.spec, e)
	v.queues[d.spec.Name] = e
	v.churn.QueuesCreated++
	if d.owner != nil {
		e.owner = d.user
		d.owner.queues[e] = struct{}{}
	}
	v.publish(v.graph.Load().AddQueue(e.queue))
	v.queueCreated(d.user, &d.spec)
	v.mu.Unlock()
	e.queue.Open()
	c.visible()
}

// police finds the policies for the queue of a declaration, without the lock
// since that may take long, and declares it again.
func (v *VHost) police(d *declaration, current *policies) {
	t, _ := typeOf(d.spec.Arguments)
	d.policies, d.applied = current, v.matching(current).match(d.spec.Name, scope(t))
	v.declare(d)
}

// mayCreate returns the error for a declaration that cannot make a queue.
func (v *VHost) mayCreate(d *declaration) error {
	name, spec := d.spec.Name, &d.spec
	switch {
	case spec.Passive:
		return amqp.NoQueue(v.name, name)
	case strings.HasPrefix(name, reserved) && !spec.Generated:
		return amqp.ReservedQueueName(name)
	case v.full():
		return amqp.QueueLimit(v.name, name, *v.settings.Load().MaxQueues)
	case v.ceiling.fullOfQueues():
		return amqp.NodeQueueLimit(name, int(v.ceiling.MaxQueues.Load()))
	case d.owner != nil && d.owner.gone:
		return amqp.Errorf(amqp.ConnectionForced, "the connection is closed")
	case spec.Refusal != nil:
		return spec.Refusal
	}
	return v.checkQueue(spec)
}

// checkQueue returns the error for a queue that there cannot be anywhere.
func (v *VHost) checkQueue(spec *QueueSpec) error {
	name := spec.Name
	t, err := v.checkArguments(name, spec.Arguments)
	if err != nil || t == classic {
		return err
	}
	switch {
	case spec.AutoDelete:
		return v.badProperty(name, "auto-delete")
	case spec.Exclusive:
		return v.badProperty(name, "exclusive-owner")
	case !spec.Durable:
		return v.badProperty(name, "non-durable")
	}
	return nil
}

// badProperty is the error for a flag that a quorum queue cannot have.
func (v *VHost) badProperty(name, property string) error {
	return amqp.Errorf(amqp.PreconditionFailed, "invalid property '%s' for queue '%s' in vhost '%s'", property, name, v.name)
}

// newQueue makes the queue itself; id is 0 if it is not kept.
func (v *VHost) newQueue(id uint64, spec *QueueSpec, e *entry) *queue.Queue {
	cfg := queue.Config{
		ID: id, Name: spec.Name, Budget: v.budget, Overflow: v.overflow,
		Options: options(spec.Arguments, e.applied), Clock: v.clock, OnExpired: v.unused,
		Bury: v.takeDead,
	}
	if id != 0 {
		cfg.Store, cfg.Parts = v.store.Queue(id), e.parts.get
	}
	if spec.AutoDelete {
		cfg.OnUnused = v.unused
	}
	return queue.New(cfg)
}
