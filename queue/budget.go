package queue

import (
	"sync/atomic"

	"github.com/lepusmq/lepus/store"
)

const (
	// leastWindow is what a queue with consumers may have of messages in memory,
	// however little there is.
	leastWindow = 16 << 10
	// defaultBudget is what all queues share unless there is less.
	defaultBudget = 16 << 20
	// budgetShare is the part of the process's memory that a budget takes at
	// most.
	budgetShare = 16
	// maxRestoring is how many queues may at once take their turn with what was
	// read. All of 1,000 would wait for the lock of one channel, each with what a
	// turn takes, and each would then deliver to it.
	maxRestoring = 4
	// chunkShare is how many times the budget the chunks may take: there are
	// always some that are being filled, written or sent.
	chunkShare = 2
)

// Budget shares memory among the windows of queues: each may take half of what
// is left. What is in no window is on disk. Its methods may be called from
// any goroutine.
//
// What queues have in memory is counted twice: as it is, and as the chunks in
// which it lies. One message of a chunk that stays has all of it stay.
type Budget struct {
	// immutable
	limit  int64
	chunks func() int64 // what the chunks take, which may be chunkShare limits
	// restoring has room for those who put back what they have read.
	restoring chan struct{}

	used atomic.Int64 // by all queues
}

// NewBudget returns the budget for a process that may use so many bytes of
// memory, 0 if that is not known.
func NewBudget(memory int64) *Budget {
	b := &Budget{limit: defaultBudget, chunks: store.ChunkBytes, restoring: make(chan struct{}, maxRestoring)}
	if memory > 0 {
		b.limit = min(b.limit, memory/budgetShare)
	}
	return b
}

// window is how much a queue may have that has so much now. If nothing is left
// that is a little for a queue with consumers, and next to nothing for others.
func (b *Budget) window(has int64, consumed bool) int64 {
	left := b.limit - (b.used.Load() - has)
	if b.chunks != nil {
		left = min(left, chunkShare*b.limit-b.chunks())
	}
	if consumed {
		return max(left/2, leastWindow)
	}
	return max(left/2, 1)
}

// enter waits until the caller may put back what was read; leave lets the next
// do so.
func (b *Budget) enter() {
	if b != nil && b.restoring != nil {
		b.restoring <- struct{}{}
	}
}

func (b *Budget) leave() {
	if b != nil && b.restoring != nil {
		<-b.restoring
	}
}

// Used is how many bytes of messages the queues have in memory.
func (b *Budget) Used() int64 { return b.used.Load() }
