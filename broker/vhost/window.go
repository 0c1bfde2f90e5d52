package vhost

import (
	"encoding/binary"
	"sync"

	"github.com/lepusmq/lepus/exchange"
	"github.com/lepusmq/lepus/queue"
	"github.com/lepusmq/lepus/store"
)

// window is the keys of the last messages that a deduplication exchange let
// through. Its methods may be called from any goroutine.
//
// A key comes into the store in the commit group that takes its message to the
// queues, so that a crash leaves both or none: a publisher that was not confirmed
// may send again.
type window struct {
	// Immutable.
	cache exchange.Cache
	parts *parts // of the exchange; nil if nothing is kept

	// Guarded by mu.
	mu             sync.Mutex
	marks          map[queue.Digest]*mark
	oldest, newest *mark
	dead           []uint64 // numbers of marks that are gone, for the store to forget

	// joining is held while the part is used, so that its numbers rise. It is
	// taken before mu.
	joining sync.Mutex
	seq     uint64 // guarded by joining: the last number in the part
}

// mark is a key in a window. It is guarded by the window's mu.
type mark struct {
	window       *window
	key          queue.Digest
	expires      int64  // Unix milliseconds; 0 is never
	seq          uint64 // in the part; 0 if it is not there
	older, newer *mark
	// safe says that the message has come where it goes, gone that the key is no
	// longer in the window.
	safe, gone bool
	waiting    []func(refused bool) // called when it is safe
}

func newWindow(cache exchange.Cache, p *parts) *window {
	w := &window{cache: cache, marks: map[queue.Digest]*mark{}}
	if cache.Disk {
		w.parts = p
	}
	return w
}

// find returns the mark of a key, nil if the key is not known now.
func (w *window) find(key queue.Digest, now int64) *mark {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.known(key, now)
}

func (w *window) known(key queue.Digest, now int64) *mark {
	m := w.marks[key]
	if m != nil && m.expires != 0 && m.expires <= now {
		w.drop(m)
		return nil
	}
	return m
}

// claim brings a key into the window, nil if it is there already. ttl is how long
// it stays, in milliseconds; 0 is for ever.
func (w *window) claim(key queue.Digest, ttl, now int64) *mark {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.known(key, now) != nil {
		return nil
	}
	m := &mark{window: w, key: key}
	if ttl != 0 {
		m.expires = now + ttl
	}
	w.insert(m)
	w.trim(now)
	return m
}

func (w *window) insert(m *mark) {
	w.marks[m.key] = m
	m.older = w.newest
	if m.older != nil {
		m.older.newer = m
	} else {
		w.oldest = m
	}
	w.newest = m
}

// trim drops the oldest keys when there are too many, or when they have expired.
func (w *window) trim(now int64) {
	for m := w.oldest; m != nil && (len(w.marks) > w.cache.Size || m.expires != 0 && m.expires <= now); m = w.oldest {
		w.drop(m)
	}
}

// drop takes a key out of the window. What is not safe yet has the store forget
// it when it is.
func (w *window) drop(m *mark) {
	delete(w.marks, m.key)
	m.gone = true
	if m.older != nil {
		m.older.newer = m.newer
	} else {
		w.oldest = m.newer
	}
	if m.newer != nil {
		m.newer.older = m.older
	} else {
		w.newest = m.older
	}
	if m.safe && m.seq != 0 {
		w.dead = append(w.dead, m.seq)
	}
}

// release takes back a claim of which nothing came.
func (m *mark) release() {
	m.window.mu.Lock()
	defer m.window.mu.Unlock()
	if !m.gone {
		m.window.drop(m)
	}
}

// lasts reports whether the key is still in the window.
func (m *mark) lasts() bool {
	m.window.mu.Lock()
	defer m.window.mu.Unlock()
	return !m.gone
}

// await calls f when the message of the key is safe, at once if it is, or when a
// queue has refused it.
func (m *mark) await(f func(refused bool)) {
	m.window.mu.Lock()
	safe := m.safe
	if !safe {
		m.waiting = append(m.waiting, f)
	}
	m.window.mu.Unlock()
	if safe {
		f(false)
	}
}

// arrived says that the message of the key is safe, or that a queue has refused it:
// then it may come again.
func (m *mark) arrived(refused bool) {
	w := m.window
	w.mu.Lock()
	m.safe = true
	switch {
	case refused && !m.gone:
		w.drop(m)
	case m.gone && m.seq != 0:
		w.dead = append(w.dead, m.seq)
	}
	calls := m.waiting
	m.waiting = nil
	w.mu.Unlock()
	for _, f := range calls {
		f(refused)
	}
}

// join makes the key a part of the group that takes its message to the queues.
func (m *mark) join(to *queue.Group) {
	if part := m.window.part(); part != nil {
		to.Join(func(g *store.Group) { m.window.join(m, part, g) })
	}
	to.After(m.arrived)
}

// encode is how a mark is kept: the key, and when it expires.
func (m *mark) encode() []byte {
	return binary.BigEndian.AppendUint64(append([]byte(nil), m.key[:]...), uint64(m.expires))
}

// decode reads what encode made.
func (m *mark) decode(b []byte) (ok bool) {
	const n = len(queue.Digest{})
	if len(b) != n+8 {
		return false
	}
	m.key, m.expires = queue.Digest(b[:n]), int64(binary.BigEndian.Uint64(b[n:]))
	return true
}

// windowKey is the key of a window's part.
func windowKey() uint64 { return queue.PartKey(queue.DedupPart, 0) }

// part returns where the keys are kept, nil if they are not.
func (w *window) part() store.Queue {
	if w.parts == nil {
		return nil
	}
	return w.parts.get(windowKey())
}

func (w *window) join(m *mark, part store.Queue, to *store.Group) {
	w.joining.Lock()
	defer w.joining.Unlock()
	w.seq = max(w.seq+1, part.NextSeq())
	w.mu.Lock()
	m.seq = w.seq
	dead := w.dead
	w.dead = nil
	w.mu.Unlock()
	kept := queue.Adopt(m.encode(), 0, 0)
	kept.Persistent = true
	part.Join(to, []store.Enqueue{{Seq: m.seq, Message: kept}}, dead)
	kept.Release()
}

// recover brings back the keys that were kept.
func (w *window) recover(now int64) {
	if w.parts == nil {
		return
	}
	part := w.parts.all()[windowKey()]
	if part == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	eachKept(part, func(s *store.Stored) {
		m := &mark{window: w, seq: s.Seq, safe: true}
		if !m.decode(s.Body()) {
			return
		}
		if was := w.marks[m.key]; was != nil {
			w.drop(was)
		}
		w.insert(m)
		w.trim(now)
	})
}

// eachKept calls f for all messages of a part of the store, in order. They are
// valid for the call.
func eachKept(part store.Queue, f func(*store.Stored)) {
	const atOnce = 1 << 20
	in, n := part.Stock()
	if n == 0 {
		return
	}
	for in.First <= in.Last {
		found, upTo := part.Load([]store.Range{in}, atOnce)
		for i := range found {
			f(&found[i])
			found[i].Release()
		}
		if upTo == ^uint64(0) || upTo < in.First {
			return
		}
		in.First = upTo + 1
	}
}
