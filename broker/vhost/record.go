package vhost

import (
	"sync"
	"sync/atomic"

	"github.com/lepusmq/lepus/exchange"
	"github.com/lepusmq/lepus/store"
)

// change is a change that has been made under the lock but not yet answered:
// that happens when it is both visible and durable. Some stores are done within
// the call that asks them, when it is not visible yet.
type change struct {
	missing atomic.Int32
	answer  func()
}

// record gives changes to the store, before they become visible. The caller
// holds the lock; when it has published the change and released the lock it
// calls visible.
func (v *VHost) record(changes []store.Definition, answer func()) *change {
	c := &change{answer: answer}
	c.missing.Store(1)
	if len(changes) > 0 {
		c.missing.Store(2)
		v.unsynced.begin(changes)
		v.store.Define(changes, func() {
			v.unsynced.end(changes)
			c.visible()
		})
	}
	return c
}

// visible notes that one of the things has happened that the answer waits for.
func (c *change) visible() {
	if c.missing.Add(-1) == 0 {
		c.answer()
	}
}

// publish makes a graph visible. The caller holds the lock.
func (v *VHost) publish(g *exchange.Graph) {
	v.graph.Store(g)
	v.queuesByName.Store(nil)
	v.noticeEvents(g)
}

// unsynced are the definitions that are not durable yet. Who declares such an
// object again waits until it is.
type unsynced struct {
	mu      sync.Mutex
	waiting map[uint64][]func() // guarded by mu
}

func (u *unsynced) begin(changes []store.Definition) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.waiting == nil {
		u.waiting = map[uint64][]func(){}
	}
	for i := range changes {
		if !changes[i].Deleted {
			u.waiting[changes[i].ID] = nil
		}
	}
}

// end calls those who wait for the changes, which are durable now.
func (u *unsynced) end(changes []store.Definition) {
	var calls []func()
	u.mu.Lock()
	for i := range changes {
		if !changes[i].Deleted {
			calls = append(calls, u.waiting[changes[i].ID]...)
			delete(u.waiting, changes[i].ID)
		}
	}
	u.mu.Unlock()
	for _, f := range calls {
		f()
	}
}

// await calls f when the definition is durable, which is at once if it is or if
// there is none (id 0). The caller does not hold the lock of the vhost.
func (u *unsynced) await(id uint64, f func()) {
	if id == 0 {
		f()
		return
	}
	u.mu.Lock()
	calls, wait := u.waiting[id]
	if wait {
		u.waiting[id] = append(calls, f)
	}
	u.mu.Unlock()
	if !wait {
		f()
	}
}

// ends returns the records of what went with a change. The caller holds the lock.
func (v *VHost) ends(gone exchange.Removed) []store.Definition {
	v.removed(&gone)
	var changes []store.Definition
	for _, b := range gone.Bindings {
		if b.ID != 0 {
			changes = append(changes, store.Definition{Kind: store.KindBinding, ID: b.ID, Deleted: true})
		}
	}
	for _, x := range gone.Exchanges {
		v.gone.Messages.Add(flowOf(x).counts())
		if w := waitingAt(x); w != nil {
			v.endings.Go(w.end)
		}
		if h := historyAt(x); h != nil {
			h.end()
		}
		if x.ID != 0 {
			changes = append(changes, store.Definition{Kind: store.KindExchange, ID: x.ID, Deleted: true})
			if p := v.parts[x.ID]; p != nil {
				changes = p.end(changes)
				delete(v.parts, x.ID)
			}
		}
	}
	return changes
}
