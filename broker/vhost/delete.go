package vhost

import (
	"errors"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
	"github.com/lepusmq/lepus/store"
)

// DeleteQueue deletes a queue, its bindings, and exchanges that were to go with
// their last binding, and replies how many messages were ready. It is no error
// if there is no such queue. Errors: 405, and 406 with ifUnused if it has
// consumers, with ifEmpty if it has messages.
func (v *VHost) DeleteQueue(user OwnerID, name string, ifUnused, ifEmpty bool, reply func(int, error)) {
	name = CleanName(name)
	v.mu.Lock()
	e := v.queues[name]
	if e == nil {
		v.mu.Unlock()
		reply(0, nil)
		return
	}
	if err := v.mayUse(user, e); err != nil {
		v.mu.Unlock()
		reply(0, err)
		return
	}
	e.ending++
	v.mu.Unlock()
	e.queue.Delete(ifUnused, ifEmpty, func(n int, err error) { v.ended(e, n, err, reply) })
}

// ended takes the outcome of a queue's deletion and answers whoever wanted it.
func (v *VHost) ended(e *entry, n int, err error, reply func(int, error)) {
	switch {
	case err == nil:
		v.remove(e, func() { reply(n, nil) })
	case errors.Is(err, queue.ErrInUse):
		v.survived(e)
		reply(0, amqp.QueueInUse(v.name, e.queue.QueueName()))
	case errors.Is(err, queue.ErrNotEmpty):
		v.survived(e)
		reply(0, amqp.QueueNotEmpty(v.name, e.queue.QueueName()))
	default: // another deletion was first: this one found nothing
		v.mu.Lock()
		gone := e.gone
		if !gone {
			e.decided = append(e.decided, func() { reply(0, nil) })
		}
		v.mu.Unlock()
		if gone {
			reply(0, nil)
		}
	}
}

// remove takes a queue that has ended out of the vhost. The queue's strand calls it.
func (v *VHost) remove(e *entry, answer func()) {
	name := e.queue.QueueName()
	v.mu.Lock()
	next, gone := v.graph.Load().RemoveQueue(name)
	changes := v.ends(gone)
	if id := e.queue.ID(); id != 0 {
		changes = append(changes, store.Definition{Kind: store.KindQueue, ID: id, Deleted: true})
		changes = e.parts.end(changes)
	}
	c := v.record(changes, answer)
	delete(v.queues, name)
	v.churn.QueuesDeleted++
	e.tally(e.queue.Tally(), &v.gone)
	if o := v.owners[e.owner]; o != nil {
		delete(o.queues, e)
	}
	v.publish(next)
	v.queueDeleted(name)
	e.gone = true
	calls := e.decided
	e.decided = nil
	v.mu.Unlock()
	c.visible()
	for _, f := range calls {
		f()
	}
}

// survived notes that a deletion of a queue has failed.
func (v *VHost) survived(e *entry) {
	var calls []func()
	v.mu.Lock()
	e.ending--
	if e.ending == 0 {
		calls, e.decided = e.decided, nil
	}
	v.mu.Unlock()
	for _, f := range calls {
		f()
	}
}

// unused begins the deletion of an auto-delete queue whose last consumer has
// gone. The queue calls it and must not be called back, so a goroutine does
// that. A consumer that comes first saves the queue.
func (v *VHost) unused(q *queue.Queue) {
	v.mu.Lock()
	defer v.mu.Unlock()
	e := v.queues[q.QueueName()]
	if e == nil || e.queue != q || v.closed {
		return
	}
	e.ending++
	v.endings.Go(func() {
		q.Delete(true, false, func(_ int, err error) { v.ended(e, 0, err, func(int, error) {}) })
	})
}
