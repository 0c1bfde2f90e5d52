package vhost

import (
	"slices"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/exchange"
	"github.com/lepusmq/lepus/queue"
)

// entry is a queue of a vhost.
type entry struct {
	// Immutable.
	queue      *queue.Queue
	autoDelete bool
	owner      OwnerID // of an exclusive queue, else 0
	args       amqp.Table
	parts      *parts // nil if the queue is not kept

	// Guarded by VHost.mu.
	applied applied // the policies that the queue was told of last

	ending int  // deletions that have been begun and may fail
	gone   bool // one of them has not failed
	// complaints are those that were logged.
	complaints complaint
	// decided are called, without the lock, when no deletion is under way any
	// more, or one has been done.
	decided []func()
}

// Queue returns a queue that the connection may use. Errors: 404, 405.
func (v *VHost) Queue(user OwnerID, name string) (*queue.Queue, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	e := v.queues[name]
	if e == nil {
		return nil, amqp.NoQueue(v.name, name)
	}
	if err := v.mayUse(user, e); err != nil {
		return nil, err
	}
	return e.queue, nil
}

// Gone says that none of the queues is in the virtual host any more.
func (v *VHost) Gone(queues []*queue.Queue) bool {
	g := v.graph.Load()
	return !slices.ContainsFunc(queues, func(q *queue.Queue) bool {
		return g.Queue(q.QueueName()) == exchange.Queue(q)
	})
}

// mayUse returns the error for the use of another connection's exclusive queue.
func (v *VHost) mayUse(user OwnerID, e *entry) error {
	if e.owner != 0 && e.owner != user {
		return amqp.LockedQueue(v.name, e.queue.QueueName())
	}
	return nil
}

// scope is what the queue is to policies.
func (e *entry) scope() scope {
	t, _ := typeOf(e.args)
	return scope(t)
}

// await leaves f to be called when it is decided whether the queue is
// deleted, and reports false if no deletion is under way. The caller holds the
// lock of the vhost.
func (e *entry) await(f func()) bool {
	if e.ending > 0 {
		e.decided = append(e.decided, f)
	}
	return e.ending > 0
}
