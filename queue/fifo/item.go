package fifo

import "github.com/lepusmq/lepus/store"

// Keeper says who has a message beside memory, and must be told when it is
// settled.
type Keeper uint8

// The keepers.
const (
	Nobody   Keeper = iota // only memory has the message
	Store                  // the store keeps it over a restart
	Overflow               // it was spilled to save memory

	keepers = 3
)

// Item is a message in the queue.
type Item struct {
	// Seq is its place in the queue: rising in order of arrival.
	Seq uint64
	store.Message
	// Hold keeps the message, and those behind it, from delivery; nil if
	// nothing does.
	Hold *Hold
	// Count is how the message has come back so far.
	Count Tally
	// Lane is the priority under which the queue has it: see [Machine.Prioritize].
	Lane uint8
	// Kept says who keeps the message.
	Kept Keeper
}

// itemCost is what an item takes in memory beside the message's bytes.
const itemCost = 72

// cost is what the item counts for in a window.
func (i *Item) cost() int64 { return int64(i.Size()) + itemCost }

// body is the length of the message's body.
func (i *Item) body() int64 {
	_, _, n := i.Lengths()
	return int64(n)
}

// Redelivered says whether the message may have been seen by a consumer.
func (i *Item) Redelivered() bool { return i.Count > 0 }

// Tally is how often a message was delivered in vain. It is what is kept of its
// history: twice the number of deliveries that failed, and one more if it was
// delivered at all.
type Tally uint32

// Failures is how many deliveries failed. A consumer that only gives a message
// back has not failed.
func (t Tally) Failures() uint32 { return uint32(t >> 1) }

// returned is the tally of a message that comes back.
func (t Tally) returned(failed bool) Tally {
	t |= 1
	if failed && t < maxTally {
		t += 2
	}
	return t
}

// Hold stops a queue at the messages of a commit group until the group is on
// its way to the disk: see [Machine.Release]. It belongs to the queue's strand.
type Hold struct {
	released bool
	messages int // that it holds
}

func (i *Item) held() bool { return i.Hold != nil && !i.Hold.released }
