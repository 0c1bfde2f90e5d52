package store

import (
	"slices"
	"sync"
	"sync/atomic"
)

// NewMemory returns a store without a disk. A broker that uses it forgets
// everything when it stops, so it keeps nothing beyond what the callers hold
// themselves: it confirms at once, in the call that asks, and reports no
// message and no definition from before.
func NewMemory() Store {
	return &memory{queues: make(map[uint64]*memoryQueue)}
}

// memory is the store without a disk. Its callbacks run in the goroutine of
// the caller that completes what they wait for.
type memory struct {
	lastID atomic.Uint64

	mu     sync.Mutex
	queues map[uint64]*memoryQueue // guarded by mu
}

func (m *memory) NewID() uint64 { return m.lastID.Add(1) }

func (m *memory) Define(changes []Definition, done func()) {
	m.mu.Lock()
	for i := range changes {
		raise(&m.lastID, changes[i].ID)
		if c := &changes[i]; c.Kind == KindQueue && c.Deleted {
			delete(m.queues, c.ID)
		}
	}
	m.mu.Unlock()
	if done != nil {
		done()
	}
}

func (m *memory) Definitions() []Definition { return nil }

func (m *memory) Queue(id uint64) Queue {
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.queues[id]
	if q == nil {
		q = &memoryQueue{}
		m.queues[id] = q
	}
	return q
}

func (m *memory) NewGroup(parts int, whole, done func()) *Group {
	return newGroup(parts, whole, done, finishAtOnce)
}

func (m *memory) Backlog() int64 { return 0 }

// SetDiskLow implements Store.
func (m *memory) SetDiskLow(int64) {}

// Room implements Store.
func (m *memory) Room() (free, low int64) { return -1, -1 }

func (m *memory) Throttle() {}

func (m *memory) Lead(f func(led bool)) { f(false) }

func (m *memory) Clean() bool { return true }

func (m *memory) Close() error { return nil }

// memoryQueue remembers no message, only which sequence numbers were used.
type memoryQueue struct {
	last     uint64        // owned by the queue's strand
	confirms confirmations // owned by the queue's strand
}

func (q *memoryQueue) NextSeq() uint64 { return q.last + 1 }

func (q *memoryQueue) Append(entries []Enqueue) {
	for i := range entries {
		q.confirms.add(entries[i].Confirm, entries[i].Publish)
	}
	if n := len(entries); n > 0 {
		q.last = max(q.last, entries[n-1].Seq)
	}
	q.confirms.send()
}

func (q *memoryQueue) Settle([]uint64) {}

func (q *memoryQueue) SettleBelow(uint64, []uint64) {}

func (q *memoryQueue) Delivered(uint64, uint32, int64) {}

func (q *memoryQueue) Join(g *Group, entries []Enqueue, _ []uint64) {
	if n := len(entries); n > 0 {
		q.last = max(q.last, entries[n-1].Seq)
	}
	g.join(part{entries: slices.Clone(entries)})
}

func (q *memoryQueue) Stock() (Range, int) { return Range{}, 0 }

func (q *memoryQueue) Kept() uint64 { return 0 }

func (q *memoryQueue) Mortal() bool { return false }

// Await never calls back: nothing is ever kept.
func (q *memoryQueue) Await(uint64, func()) bool { return true }

func (q *memoryQueue) Load(ranges []Range, _ int) ([]Stored, uint64) {
	return nil, lastOf(ranges)
}
