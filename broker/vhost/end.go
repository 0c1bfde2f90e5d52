package vhost

import (
	"sync/atomic"

	"github.com/lepusmq/lepus/exchange"
	"github.com/lepusmq/lepus/store"
)

// Delete deletes all queues of a virtual host that is to be deleted, after all
// connections have gone, and then replies with what ends together with the
// virtual host itself: the definitions that are left.
func (v *VHost) Delete(reply func(rest []store.Definition)) {
	v.mu.Lock()
	v.closed = true
	v.mu.Unlock()
	v.endings.Wait()

	var left atomic.Int64
	left.Store(1)
	last := func() {
		if left.Add(-1) == 0 {
			reply(v.definitions())
		}
	}
	for _, e := range v.entries() {
		left.Add(1)
		v.DeleteQueue(e.owner, e.queue.QueueName(), false, false, func(int, error) { last() })
	}
	last()
}

// definitions returns the ends of what is defined in a virtual host without
// queues.
func (v *VHost) definitions() []store.Definition {
	v.mu.Lock()
	defer v.mu.Unlock()
	g := v.graph.Load()
	var names []string
	g.EachExchange(func(x *exchange.Exchange) bool {
		names = append(names, x.Name)
		return true
	})
	var changes []store.Definition
	for _, name := range names {
		if Predeclared(name) || g.Exchange(name) == nil { // gone with another
			continue
		}
		next, gone := g.RemoveExchange(name)
		changes = append(changes, v.ends(gone)...)
		g = next
	}
	v.publish(g)
	for _, all := range v.policies.Load().of {
		for _, p := range all {
			changes = append(changes, store.Definition{Kind: store.KindPolicy, ID: p.id, Deleted: true})
		}
	}
	return changes
}
