package store

import "errors"

// ErrClosed is returned by a store that was closed or has failed.
var ErrClosed = errors.New("store: closed")

// MaxBacklog is the backlog from which [Store.Throttle] waits.
const MaxBacklog = 16 << 20

// Store keeps messages and definitions. All methods may be called from any
// goroutine; none waits for the disk, unless its comment says so. Callbacks come
// from any goroutine, without locks held, and must not block. What is given to
// a store that was closed is ignored.
//
// A store that cannot write has failed as a whole, once and for good (a retried
// sync lies). It then calls Options.OnFail once and calls no more callbacks.
type Store interface {
	// NewID returns an identifier for a definition, never used before and
	// never to be used again, also over restarts.
	NewID() uint64

	// Define records changes of definitions: all of them or, after a crash,
	// none. done is called once they are durable, from a goroutine of the
	// store, and must not block. It may be nil. A definition is given to
	// Define before its object is visible to routing (storage rule 9).
	Define(changes []Definition, done func())

	// Definitions returns what was defined when the store was opened, in the
	// order in which it was first defined.
	Definitions() []Definition

	// Queue returns the part of the store that keeps the messages of the
	// queue with that definition. The same id gives the same part.
	Queue(id uint64) Queue

	// NewGroup starts a commit group: operations on several queues that are
	// found after a crash all or not at all. parts is how many calls of
	// [Queue.Join] it will get; a group of none is done at once. whole is called
	// when the last has come and the group is on its way to the disk, so that
	// its order against what comes later is fixed; done is called once it is
	// durable. Neither may block; both may come from any goroutine, whole always
	// before done. Both may be nil.
	NewGroup(parts int, whole, done func()) *Group

	// Room is how many bytes are free on the store's volume, and how few are too
	// few; -1 where that is not known, or if nothing is kept on one.
	Room() (free, low int64)

	// SetDiskLow sets how few are too few from now on; 0 is what fits the volume,
	// and no value less than what the store itself needs.
	SetDiskLow(bytes int64)

	// Backlog is how many bytes of messages wait to be written, with what it
	// costs to keep them waiting. It costs an atomic load or two.
	Backlog() int64

	// Throttle waits as long as the backlog is above MaxBacklog. It is how
	// publishers are slowed; only who may wait calls it: readers of sockets.
	Throttle()

	// Lead calls f, in which the caller gives the store a message of which it
	// awaits the confirm, and nothing else. If nobody else is committing, and the
	// disk is quick, the caller then commits all that is pending itself: Lead waits for
	// the disk, and led says so. That saves the way to a goroutine and back.
	Lead(f func(led bool))

	// Clean says whether the store was closed in order the last time.
	Clean() bool

	// Close writes all that was given to the store, marks it clean and closes
	// it. It waits for the disk. Callbacks of what was pending are called
	// before it returns.
	Close() error
}

// Queue keeps the persistent messages of one queue. A message is known by its
// sequence number, which the queue's owner assigns, rising, never used twice.
// Calls about one queue come from one goroutine at a time (its strand) and
// take effect in call order; calls about different queues may run in parallel.
// None of them waits for the disk or for another queue.
type Queue interface {
	// NextSeq returns a number above all that were ever used in this queue.
	NextSeq() uint64

	// Append keeps messages, in rising order of Seq. It takes a reference of
	// its own of each message it keeps. Each entry's Confirm is notified
	// exactly once: when it is durable, or when it was settled before it was
	// written; settled means acked or dropped for good. The slice may be reused
	// after the call.
	Append(entries []Enqueue)

	// Settle forgets messages for good: acked, purged or dropped. Sequence
	// numbers may come in any order; unknown ones are ignored. The slice may be
	// reused after the call.
	Settle(seqs []uint64)

	// SettleBelow settles every message with a sequence number below seq,
	// except those listed (rising): how a purge is recorded, whatever its size.
	SettleBelow(seq uint64, except []uint64)

	// Delivered records how often a message has been delivered, as an absolute
	// count, and when it may be again, in Unix milliseconds; 0 is at once. It needs
	// no sync of its own.
	Delivered(seq uint64, count uint32, due int64)

	// Join adds this queue's part to a group: messages to keep and messages to
	// settle, durable only with the whole group. Called exactly once for each
	// part. Confirms of entries in a group are notified like those of Append,
	// those that the group makes durable before the group's done. The slices may
	// be reused after the call. A Fanout must not have entries both in a group
	// and outside of it.
	Join(g *Group, entries []Enqueue, settled []uint64)

	// Stock returns how many messages the store has of the queue, and from
	// which sequence number to which. For the time of recovery, before the
	// queue has a strand.
	Stock() (in Range, n int)

	// Mortal says whether some of these messages may expire.
	Mortal() bool

	// Kept returns the sequence number up to which every message that was
	// appended, and not settled since, can be loaded. It costs an atomic load.
	Kept() uint64

	// Await calls f, from a goroutine of the store that does only this, when
	// Kept has reached seq. If it has already, it reports false and does not.
	// A later call replaces an earlier one. f must not block.
	Await(seq uint64, f func()) bool

	// Load returns messages of some ranges, which rise, in rising order, about
	// limit bytes of them; each has one reference that is the caller's. It
	// returns all that there are up to a sequence number, which is that of
	// the last range's end if there are no more.
	//
	// It reads the disk, and may be called from any goroutine that may wait for
	// that, before the store is closed. Damaged messages are left out and
	// reported, see Options.OnDamage.
	Load(ranges []Range, limit int) (found []Stored, upTo uint64)
}

// Range is a range of sequence numbers, both ends included.
type Range struct{ First, Last uint64 }

// Enqueue is a message to be kept.
type Enqueue struct {
	Seq uint64
	Message
	// Fanout ties together the queues that keep the same message, so that its
	// bytes are written once; nil when only this queue does.
	Fanout *Fanout
	// Confirm is who waits for the message to be safe; nil if nobody does.
	Confirm Confirmer
	// Publish is the number under which Confirm knows the message.
	Publish uint64
}

// Confirmer is told when its publishes have become safe.
type Confirmer interface {
	// Confirm says that one queue has taken responsibility for each of the
	// publishes first to last, both included. It may come from any goroutine,
	// must not block and must not call the store.
	Confirm(first, last uint64)
}

// Sender is a Confirmer that can send the news itself, without waiting for its
// peer. That is asked of it when there is nobody else to tell.
type Sender interface {
	Confirmer
	// ConfirmNow is Confirm, and sends the news.
	ConfirmNow(first, last uint64)
}

// Fanout is shared by the entries of one message in several queues, so that
// its bytes are written once: when every queue's [Queue.Append] has come, or
// with the group that all of them have joined. Its user only passes it on.
type Fanout struct {
	queues  int      // immutable
	missing int      // guarded by the store's mu
	targets []target // guarded by the store's mu until none is missing, then the committer's
	written bool     // the committer's
}

// target is one queue of a message, the message's number there, and when it
// expires there, in Unix milliseconds; 0 is never.
type target struct {
	queue   *queue
	seq     uint64
	expires int64
}

// NewFanout returns a Fanout for n queues; each of them must give it to
// [Queue.Append] or [Queue.Join] exactly once.
func NewFanout(n int) *Fanout {
	return &Fanout{queues: n, missing: n}
}

// Stored is a message that was loaded.
type Stored struct {
	Seq uint64
	Message
	// Redelivered says that it may have been delivered before the stop.
	Redelivered bool
	// Count is how often it was delivered, as far as that was recorded.
	Count uint32
	// Due is when it may be delivered again, in Unix milliseconds; 0 is at once.
	Due int64
}

// Kind is what a definition defines.
type Kind uint8

// The kinds of definitions. Their numbers are part of the store's format.
const (
	KindVHost Kind = 1 + iota
	KindUser
	KindExchange
	KindQueue
	KindBinding
	KindPolicy
	KindParameter
)

// Definition is one definition, or its end. The value is opaque to the store.
type Definition struct {
	Kind Kind
	ID   uint64
	// Value replaces what was defined under this kind and ID before.
	Value []byte
	// Deleted ends the definition. The end of a KindQueue definition also
	// forgets the queue's messages.
	Deleted bool
}
