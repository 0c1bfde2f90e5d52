package vhost

import (
	"slices"
	"sync"
	"testing"

	"github.com/lepusmq/lepus/store"
)

// slowStore is a store in memory whose definitions become durable when the test
// says so, and which can be opened again.
type slowStore struct {
	store.Store

	mu   sync.Mutex
	held bool // definitions wait for release
	done []func()
	defs []store.Definition // in order of their first definition
}

func newSlowStore() *slowStore { return &slowStore{Store: store.NewMemory()} }

func (s *slowStore) Define(changes []store.Definition, done func()) {
	s.mu.Lock()
	for _, c := range changes {
		i := slices.IndexFunc(s.defs, func(d store.Definition) bool { return d.Kind == c.Kind && d.ID == c.ID })
		switch {
		case c.Deleted && i >= 0:
			s.defs = slices.Delete(s.defs, i, i+1)
		case c.Deleted:
		case i >= 0:
			s.defs[i] = c
		default:
			s.defs = append(s.defs, c)
		}
	}
	if s.held {
		s.done = append(s.done, func() { s.Store.Define(changes, done) })
		s.mu.Unlock()
		return
	}
	s.mu.Unlock()
	s.Store.Define(changes, done)
}

// hold keeps definitions from becoming durable.
func (s *slowStore) hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = true
}

// release makes all definitions durable.
func (s *slowStore) release() {
	s.mu.Lock()
	done := s.done
	s.done, s.held = nil, false
	s.mu.Unlock()
	for _, f := range done {
		f()
	}
}

// kinds counts the definitions of each kind.
func (s *slowStore) kinds() map[store.Kind]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := map[store.Kind]int{}
	for _, d := range s.defs {
		n[d.Kind]++
	}
	return n
}

func (s *slowStore) wantKinds(t *testing.T, exchanges, queues, bindings int) {
	t.Helper()
	n := s.kinds()
	if n[store.KindExchange] != exchanges || n[store.KindQueue] != queues || n[store.KindBinding] != bindings {
		t.Errorf("defined are %d exchanges, %d queues, %d bindings, want %d, %d, %d",
			n[store.KindExchange], n[store.KindQueue], n[store.KindBinding], exchanges, queues, bindings)
	}
}
