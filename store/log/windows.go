package log

import (
	"slices"
	"sync"
)

// windowSize is the size of a piece of the log that readers share.
const windowSize = 64 << 10

// Windows are pieces of the log that were read of late, for readers that read
// here and there what lies close to each other. Any goroutine may use them; the
// zero value with Most set is ready.
type Windows struct {
	// Most is how many are kept. It must not change.
	Most int

	mu   sync.Mutex
	list []window // guarded by mu; the one used last at the end
}

// window is what lies at a multiple of windowSize. Its bytes never change.
type window struct {
	of   *segment
	from Position
	buf  []byte
}

// Share has the reader use what others have read, or, with nil, no more.
func (r *Reader) Share(w *Windows) {
	r.shared = w
}

// get returns the bytes from pos on, up to the end of a window, need of them or
// more. It returns nil if they are not in one window.
func (w *Windows) get(s *segment, pos, limit Position, need int) ([]byte, error) {
	from := max(pos&^(windowSize-1), s.start)
	end := min(pos&^(windowSize-1)+windowSize, limit)
	if pos+Position(need) > end {
		return nil, nil
	}
	w.mu.Lock()
	for i := len(w.list) - 1; i >= 0; i-- {
		found := w.list[i]
		if found.of == s && found.from == from && pos+Position(need) <= from+Position(len(found.buf)) {
			copy(w.list[i:], w.list[i+1:])
			w.list[len(w.list)-1] = found
			w.mu.Unlock()
			return found.buf[pos-from:], nil
		}
	}
	w.mu.Unlock()
	b, err := s.readAt(make([]byte, end-from), from)
	if err != nil || int(pos-from)+need > len(b) {
		return nil, err
	}
	w.mu.Lock()
	w.list = slices.DeleteFunc(w.list, func(old window) bool { return old.of == s && old.from == from })
	if len(w.list) >= w.Most {
		w.list = slices.Delete(w.list, 0, 1)
	}
	w.list = append(w.list, window{of: s, from: from, buf: b})
	w.mu.Unlock()
	return b[pos-from:], nil
}
