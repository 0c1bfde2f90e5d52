package vhost

import "sync/atomic"

// owner is a connection that has exclusive queues, or wants one. It is guarded
// by VHost.mu.
type owner struct {
	queues map[*entry]struct{}
	gone   bool
}

// owner returns the connection as an owner. The caller holds the lock.
func (v *VHost) owner(id OwnerID) *owner {
	o := v.owners[id]
	if o == nil {
		o = &owner{queues: map[*entry]struct{}{}}
		v.owners[id] = o
	}
	return o
}

// ReleaseOwner deletes the exclusive queues of a connection that ends, and
// replies when they are gone. The connection declares nothing afterwards.
func (v *VHost) ReleaseOwner(id OwnerID, reply func()) {
	v.mu.Lock()
	o := v.owners[id]
	if o == nil {
		v.mu.Unlock()
		reply()
		return
	}
	delete(v.owners, id)
	o.gone = true
	all := make([]*entry, 0, len(o.queues))
	for e := range o.queues {
		e.ending++
		all = append(all, e)
	}
	v.mu.Unlock()
	if len(all) == 0 {
		reply()
		return
	}
	var left atomic.Int64
	left.Store(int64(len(all)))
	for _, e := range all {
		e.queue.Delete(false, false, func(n int, err error) {
			v.ended(e, n, err, func(int, error) {
				if left.Add(-1) == 0 {
					reply()
				}
			})
		})
	}
}
