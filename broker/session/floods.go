package session

import (
	"sync"
	"time"
)

// floodEnds is how often is looked whether there still is a flood.
const floodEnds = time.Second

// FloodNews is called with true when a client begins to write its messages one by one
// as fast as it can, and with false when none has for a second or two, or at the end.
// It must not block, and is called by one goroutine at a time.
type FloodNews func(on bool)

// floods knows whether any reader sees a flood, and tells when that changes. Any
// goroutine may use it.
type floods struct {
	tell FloodNews // nil: nobody wants to know

	mu    sync.Mutex
	timer *time.Timer // while there is a flood: when to look whether it goes on
	seen  bool        // since the last look
}

// see is called by a reader that sees one.
func (f *floods) see() {
	if f.tell == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = true
	if f.timer == nil {
		f.timer = time.AfterFunc(floodEnds, f.look)
		f.tell(true)
	}
}

func (f *floods) look() {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.timer == nil: // closed meanwhile
	case f.seen:
		f.seen = false
		f.timer.Reset(floodEnds)
	default:
		f.end()
	}
}

// close is called when all readers have left.
func (f *floods) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.timer != nil {
		f.timer.Stop()
		f.end()
	}
}

// end is called with mu held.
func (f *floods) end() {
	f.timer, f.seen = nil, false
	f.tell(false)
}
