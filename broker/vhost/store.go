package vhost

import "github.com/lepusmq/lepus/store"

// NewGroup starts a commit group of the store, see [store.Store].
func (v *VHost) NewGroup(parts int, whole, done func()) *store.Group {
	return v.store.NewGroup(parts, whole, done)
}

// Lead calls f, in which the caller publishes a message of which it awaits the
// confirm, and nothing else. If led, the caller commits it itself before Lead
// returns, see [store.Store].
func (v *VHost) Lead(f func(led bool)) { v.store.Lead(f) }

// Overloaded says that the store, or the overflow, has got more messages than
// it can write for now: time for publishers to call [VHost.Throttle].
func (v *VHost) Overloaded() bool {
	return v.store.Backlog() >= store.MaxBacklog || v.overflow != nil && v.overflow.Backlog() >= store.MaxBacklog
}

// Throttle waits until they have caught up with most of what they were given.
// Only readers of sockets call it.
func (v *VHost) Throttle() {
	v.store.Throttle()
	if v.overflow != nil {
		v.overflow.Throttle()
	}
}
