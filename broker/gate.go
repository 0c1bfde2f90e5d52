package broker

import (
	"errors"
	"net"
	"sync"
)

// gate is a listener that can be shut for a while: who comes meanwhile is refused
// by the system, as where nobody listens. It implements net.Listener; all methods
// may be called from any goroutine.
type gate struct {
	// immutable
	address net.Addr
	listen  func() (net.Listener, error)

	// guarded by mu
	mu      sync.Mutex
	changed chan struct{} // closed when what is below changes
	open    net.Listener  // nil while it is shut
	closed  bool
}

// openGate listens, and will again by the same function, which must find the
// address that it got first.
func openGate(listen func() (net.Listener, error)) (*gate, error) {
	l, err := listen()
	if err != nil {
		return nil, err
	}
	return &gate{address: l.Addr(), listen: listen, open: l, changed: make(chan struct{})}, nil
}

// Addr implements net.Listener. It does not change, also while the gate is shut.
func (g *gate) Addr() net.Addr { return g.address }

// Accept implements net.Listener. While the gate is shut it waits.
func (g *gate) Accept() (net.Conn, error) {
	for {
		g.mu.Lock()
		l, changed, closed := g.open, g.changed, g.closed
		g.mu.Unlock()
		switch {
		case closed:
			return nil, net.ErrClosed
		case l == nil:
			<-changed
			continue
		}
		conn, err := l.Accept()
		if err == nil || !errors.Is(err, net.ErrClosed) {
			return conn, err
		}
	}
}

// Close implements net.Listener, for good.
func (g *gate) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	return g.shutLocked()
}

// shut lets nobody in until reopen.
func (g *gate) shut() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.shutLocked()
}

func (g *gate) shutLocked() error {
	l := g.open
	g.change(nil)
	if l == nil {
		return nil
	}
	return l.Close()
}

// reopen ends shut; without it, or after Close, it does nothing. On an error the
// gate stays shut.
func (g *gate) reopen() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || g.open != nil {
		return nil
	}
	l, err := g.listen()
	if err != nil {
		return err
	}
	g.change(l)
	return nil
}

func (g *gate) change(to net.Listener) {
	g.open = to
	close(g.changed)
	g.changed = make(chan struct{})
}

// isShut says whether nobody is let in.
func (g *gate) isShut() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.open == nil
}
