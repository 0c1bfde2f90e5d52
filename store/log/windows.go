package log

import "sync"

// windowSize is the size of a piece of the log that readers share.
const windowSize = 64 << 10

// Windows are pieces of the log that were read of late, for readers that read
// here and there what lies close to each other. Any goroutine may use them; the
// zero value with Most set is ready.
type Windows struct {
	// Most is how many are kept. It must not change.
	Most int

	// Guarded by mu.
	mu    sync.Mutex
	at    map[Position]*window // by where they begin
	ring  []*window            // the same, in the order in which they are looked at
	hand  int                  // what is looked at next
	spare [][]byte             // buffers of windows that nobody uses any more
}

// window is what lies at a multiple of windowSize, or from the beginning of a
// segment on.
type window struct {
	from, until Position // immutable

	// loaded is closed when buf and err are there. They never change.
	loaded chan struct{}
	buf    []byte
	err    error

	refs int  // guarded by Windows.mu: readers that use it, and the ring
	used bool // guarded by Windows.mu: since the ring was last there
}

// get returns a window that has need bytes from pos on, which the caller must
// release. It returns nil if they are not in one window.
func (w *Windows) get(s *segment, pos, limit Position, need int) (*window, error) {
	from := max(pos&^(windowSize-1), s.start)
	until := min(pos&^(windowSize-1)+windowSize, limit)
	if pos+Position(need) > until {
		return nil, nil
	}
	w.mu.Lock()
	p := w.at[from]
	if p != nil && pos+Position(need) <= p.until {
		p.refs++
		p.used = true
		w.mu.Unlock()
		<-p.loaded
	} else {
		if p != nil {
			w.forget(p) // the segment has grown since
		}
		p = w.begin(from, until)
		w.mu.Unlock()
		var b []byte
		if b, p.err = s.readAt(p.buf, from); p.err == nil {
			p.buf = b
		}
		close(p.loaded)
	}
	if p.err == nil && p.has(pos, need) {
		return p, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forget(p)
	w.let(p)
	return nil, p.err
}

// has says whether the window has need bytes from pos on.
func (p *window) has(pos Position, need int) bool {
	return pos >= p.from && pos+Position(need) <= p.from+Position(len(p.buf))
}

// begin makes a window that the caller reads, in the place of one that was not
// used of late. Called with mu held.
func (w *Windows) begin(from, until Position) *window {
	p := &window{from: from, until: until, refs: 2, loaded: make(chan struct{})}
	for len(w.ring) >= w.Most {
		w.hand %= len(w.ring)
		if old := w.ring[w.hand]; old.used {
			old.used = false
			w.hand++
		} else {
			w.forget(old)
		}
	}
	if n := len(w.spare); n > 0 {
		p.buf = w.spare[n-1]
		w.spare = w.spare[:n-1]
	} else {
		p.buf = make([]byte, windowSize)
	}
	p.buf = p.buf[:until-from]
	if w.at == nil {
		w.at = make(map[Position]*window)
	}
	w.at[from] = p
	w.ring = append(w.ring, p)
	return p
}

// forget has a window found no more. Called with mu held.
func (w *Windows) forget(p *window) {
	if w.at[p.from] != p {
		return
	}
	delete(w.at, p.from)
	for i, q := range w.ring {
		if q == p {
			last := len(w.ring) - 1
			w.ring[i] = w.ring[last]
			w.ring[last] = nil
			w.ring = w.ring[:last]
			break
		}
	}
	w.let(p)
}

// release ends the use of a window.
func (w *Windows) release(p *window) {
	w.mu.Lock()
	w.let(p)
	w.mu.Unlock()
}

// let takes a reference away. Called with mu held.
func (w *Windows) let(p *window) {
	if p.refs--; p.refs == 0 && len(w.spare) < w.Most {
		w.spare = append(w.spare, p.buf[:0])
	}
}
