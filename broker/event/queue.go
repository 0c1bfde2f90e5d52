package event

import "sync"

// maxPending is how many things may wait to be taken. Those beyond it are lost.
const maxPending = 4096

// pending is things that wait to be taken by somebody. Its methods may be called
// from any goroutine, and do not block.
type pending[T any] struct {
	ready chan struct{} // has a value when there is something to take

	// guarded by mu
	mu   sync.Mutex
	all  []T
	lost uint64
}

func newPending[T any]() pending[T] { return pending[T]{ready: make(chan struct{}, 1)} }

func (p *pending[T]) add(one T) {
	p.mu.Lock()
	if len(p.all) == maxPending {
		p.lost++
		p.mu.Unlock()
		return
	}
	p.all = append(p.all, one)
	p.mu.Unlock()
	select {
	case p.ready <- struct{}{}:
	default:
	}
}

// Ready has a value when there is something to take.
func (p *pending[T]) Ready() <-chan struct{} { return p.ready }

// Take returns what waits, in the order in which it was given, and how many were
// lost since it was called last.
func (p *pending[T]) Take() (all []T, lost uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all, lost = p.all, p.lost
	p.all, p.lost = nil, 0
	return all, lost
}
