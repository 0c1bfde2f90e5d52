package vhost

import (
	"encoding/json"
	"fmt"
	"sync"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/exchange"
	"github.com/lepusmq/lepus/store"
)

// parts are the parts of the store that a durable queue or exchange has beside
// its own, by a key that the owner chooses: see [queue.Config] for those of
// queues. They are made when they are first asked for, and go with their
// owner.
type parts struct {
	// Immutable.
	vhost *VHost
	owner uint64 // the owner's definition

	mu    sync.Mutex
	ids   map[uint64]uint64 // guarded by mu: the parts' own definitions, by key
	ended bool              // guarded by mu
}

// get returns the part with a key; nil if the owner is deleted. Any goroutine
// may call it, with the vhost's lock or without; it does not wait for the disk:
// what is given to the part afterwards is behind its definition in the log.
func (p *parts) get(key uint64) store.Queue {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return nil
	}
	id := p.ids[key]
	if id == 0 {
		id = p.vhost.store.NewID()
		value := encode(partDefinition{VHost: p.vhost.id, Owner: p.owner, Key: key})
		p.vhost.store.Define([]store.Definition{{Kind: store.KindQueue, ID: id, Value: value}}, nil)
		if p.ids == nil {
			p.ids = map[uint64]uint64{}
		}
		p.ids[key] = id
	}
	return p.vhost.store.Queue(id)
}

// drop ends the part with a key. It does not wait for the disk.
func (p *parts) drop(key uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if id := p.ids[key]; id != 0 {
		delete(p.ids, key)
		p.vhost.store.Define([]store.Definition{{Kind: store.KindQueue, ID: id, Deleted: true}}, nil)
	}
}

// all returns the parts that there are, by key.
func (p *parts) all() map[uint64]store.Queue {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make(map[uint64]store.Queue, len(p.ids))
	for key, id := range p.ids {
		all[key] = p.vhost.store.Queue(id)
	}
	return all
}

// end adds the ends of the parts to those of their owner. There are no more
// afterwards.
func (p *parts) end(changes []store.Definition) []store.Definition {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	for _, id := range p.ids {
		changes = append(changes, store.Definition{Kind: store.KindQueue, ID: id, Deleted: true})
	}
	p.ids = nil
	return changes
}

// partsOf returns the parts of a durable exchange. The caller holds the lock.
func (v *VHost) partsOf(x *exchange.Exchange) *parts {
	p := v.parts[x.ID]
	if p == nil {
		p = &parts{vhost: v, owner: x.ID}
		v.parts[x.ID] = p
	}
	return p
}

// findParts finds the parts of all owners, whose definitions come later.
func (r *recovery) findParts(defs []store.Definition) error {
	for i := range defs {
		d := &defs[i]
		if d.Kind != store.KindQueue || !r.mine(d) {
			continue
		}
		var def partDefinition
		if err := json.Unmarshal(d.Value, &def); err != nil || def.Owner == 0 {
			continue // no part, or not even a queue, which will be said
		}
		p := r.parts[def.Owner]
		if p == nil {
			p = &parts{vhost: r.VHost, owner: def.Owner, ids: map[uint64]uint64{}}
			r.parts[def.Owner] = p
		}
		if p.ids[def.Key] != 0 {
			return fmt.Errorf("vhost %q: definition %d: part %d of %d is defined twice", r.VHost.name, d.ID, def.Key, def.Owner)
		}
		p.ids[def.Key] = d.ID
		r.isPart[d.ID] = true
	}
	return nil
}

// claim returns the parts of a queue or an exchange that has been found.
func (r *recovery) claim(owner uint64) *parts {
	p := r.parts[owner]
	if p == nil {
		return &parts{vhost: r.VHost, owner: owner}
	}
	delete(r.parts, owner)
	return p
}

// dropOrphans removes the parts of owners that are not defined any more. A
// deletion takes both, so there are none, unless the store was damaged.
func (r *recovery) dropOrphans() {
	var changes []store.Definition
	for _, p := range r.parts {
		r.log.Error("dropped the parts of a queue or an exchange that is not there", zap.Uint64("definition", p.owner), zap.Int("parts", len(p.ids)))
		changes = p.end(changes)
	}
	if len(changes) > 0 {
		r.store.Define(changes, nil)
	}
}
