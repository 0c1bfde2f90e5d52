package queue

import "sync/atomic"

const (
	// leastWindow is what every queue may have of messages in memory, however
	// little there is.
	leastWindow = 16 << 10
	// defaultBudget is what all queues share unless there is less.
	defaultBudget = 32 << 20
	// budgetShare is the part of the process's memory that a budget takes at
	// most.
	budgetShare = 16
)

// Budget shares memory among the windows of queues: each may take half of what
// is left. What is in no window is on disk. Its methods may be called from
// any goroutine.
type Budget struct {
	limit int64        // immutable
	used  atomic.Int64 // by all queues
}

// NewBudget returns the budget for a process that may use so many bytes of
// memory, 0 if that is not known.
func NewBudget(memory int64) *Budget {
	b := &Budget{limit: defaultBudget}
	if memory > 0 {
		b.limit = min(b.limit, memory/budgetShare)
	}
	return b
}

// window is how much a queue may have that has so much now.
func (b *Budget) window(has int64) int64 {
	left := b.limit - (b.used.Load() - has)
	return max(left/2, leastWindow)
}

// Used is how many bytes of messages the queues have in memory.
func (b *Budget) Used() int64 { return b.used.Load() }
