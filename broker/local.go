package broker

import (
	"fmt"
	"math"
	"net/http"
	"path/filepath"

	"github.com/lepusmq/lepus/broker/management"
	"github.com/lepusmq/lepus/store"
)

// LocalAPI returns the management API for a place that only the owner of the
// broker can reach: every request is an administrator's. It is for a broker that
// has started, and to be used until that is shut down only.
func (b *Broker) LocalAPI() http.Handler {
	if s, ok := b.management.handler.(*management.Server); ok {
		return s.Local()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-b.stopping:
		return http.NotFoundHandler()
	default:
	}
	if b.local == nil {
		b.local = manage(b)
	}
	return b.local.Local()
}

// closeLocal ends what LocalAPI has begun.
func (b *Broker) closeLocal() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.local != nil {
		b.local.Close()
	}
}

// SetChannelMax sets how many channels those may open who connect from now on; 0
// is as many as the protocol can number.
func (b *Broker) SetChannelMax(n int) error {
	if n < 0 || n > math.MaxUint16 {
		return fmt.Errorf("channel_max %d is not from 0 to %d", n, math.MaxUint16)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	changed := *b.session.Load()
	changed.ChannelMax = uint16(n)
	b.session.Store(&changed)
	return nil
}

// SetLoopbackUsers sets who may log in from this machine only.
func (b *Broker) SetLoopbackUsers(names []string) { b.users.SetLoopback(names) }

// ClearAuthCache forgets what other systems have said of users, so that they are asked
// anew.
func (b *Broker) ClearAuthCache() { b.realm.forget() }

// RemoveData deletes what a broker keeps in the data folder dir, and nothing else
// that is there. It refuses to while a broker runs on it.
func RemoveData(dir string) error {
	if err := store.Remove(dir); err != nil {
		return fmt.Errorf("delete the data in %s: %w", dir, err)
	}
	return store.Remove(filepath.Join(dir, overflowDir))
}
