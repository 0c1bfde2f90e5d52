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
	// defaultAlone is what delivered messages of all queues may have of the memory
	// that nobody keeps, unless budgetShare is less, and leastAlone what those of a
	// queue may have, however little there is.
	defaultAlone = 128 << 20
	leastAlone   = 64 << 10
	// defaultMailboxes is what may wait in the mailboxes of all queues, in bytes,
	// unless budgetShare is less.
	defaultMailboxes = 64 << 20
	// maxLoad and leastLoad are how much may wait in one, see [command.load],
	// before publishers are slowed: with little in the others, and with much.
	maxLoad   = 16384
	leastLoad = 32
)

// Budget shares memory among the windows of queues, what they have delivered and
// nobody keeps, and their mailboxes: of each a queue may take half of what is left.
// What is in no window is on disk, and whose mailbox has no room has its publishers
// wait. Its methods may be called from any goroutine.
//
// What queues have in memory is counted twice: as it is, and as the chunks in
// which it lies. One message of a chunk that stays has all of it stay.
type Budget struct {
	// immutable
	limit     int64
	mostAlone int64        // of delivered messages that nobody keeps; 0 is no bound
	mailboxes int64        // of what waits in them, see [command.load]
	chunks    func() int64 // what the chunks take, which may be chunkShare limits
	// restoring has room for those who put back what they have read.
	restoring chan struct{}

	used    atomic.Int64 // by all queues, without what is alone
	alone   atomic.Int64 // delivered, and nobody keeps it
	waiting atomic.Int64 // in all mailboxes
}

// NewBudget returns the budget for a process that may use so many bytes of
// memory, 0 if that is not known.
func NewBudget(memory int64) *Budget {
	b := &Budget{
		limit: defaultBudget, mostAlone: defaultAlone, mailboxes: defaultMailboxes / loadUnit,
		chunks: store.ChunkBytes, restoring: make(chan struct{}, maxRestoring),
	}
	if memory > 0 {
		b.limit = min(b.limit, memory/budgetShare)
		b.mostAlone = min(b.mostAlone, memory/budgetShare)
		b.mailboxes = min(b.mailboxes, memory/budgetShare/loadUnit)
	}
	return b
}

// mailbox is how much may wait in one mailbox.
func (b *Budget) mailbox() int64 {
	if b == nil {
		return maxLoad
	}
	return min(max((b.mailboxes-b.waiting.Load())/2, leastLoad), maxLoad)
}

// wait counts what was put into a mailbox, or taken from it if it is negative.
func (b *Budget) wait(load int64) {
	if b != nil {
		b.waiting.Add(load)
	}
}

// window is how much a queue may have that has so much now. If nothing is left
// that is a little for a queue with consumers, and next to nothing for others.
func (b *Budget) window(has int64, consumed bool) int64 {
	left := b.limit - (b.used.Load() - has)
	if b.chunks != nil {
		left = min(left, chunkShare*b.limit+b.alone.Load()-b.chunks())
	}
	if consumed {
		return max(left/2, leastWindow)
	}
	return max(left/2, 1)
}

// unacked is what a queue may have of delivered messages that nobody keeps, if it
// has so much now; 0 is any number of bytes.
func (b *Budget) unacked(has int64) int64 {
	if b.mostAlone == 0 {
		return 0
	}
	return max((b.mostAlone-(b.alone.Load()-has))/2, leastAlone)
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
func (b *Budget) Used() int64 { return b.used.Load() + b.alone.Load() }
