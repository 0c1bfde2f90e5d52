package vhost

import "github.com/lepusmq/lepus/store"

// NewGroup starts a commit group of the store, see [store.Store].
func (v *VHost) NewGroup(parts int, whole, done func()) *store.Group {
	return v.store.NewGroup(parts, whole, done)
}
