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
	// Count is how often the message has been delivered before.
	Count uint32
	// Lane is the priority under which the queue has it: see [Machine.Prioritize].
	Lane uint8
	// Kept says who keeps the message.
	Kept Keeper
}

// itemCost is what an item takes in memory beside the message's bytes.
const itemCost = 72

// cost is what the item counts for in a window.
func (i *Item) cost() int64 { return int64(i.Size()) + itemCost }

// Redelivered says whether the message may have been seen by a consumer.
func (i *Item) Redelivered() bool { return i.Count > 0 }

// Hold stops a queue at the messages of a commit group until the group is on
// its way to the disk. It belongs to the queue's strand.
type Hold struct{ released bool }

// Release lets the messages go at the next Dispatch.
func (h *Hold) Release() { h.released = true }

func (i *Item) held() bool { return i.Hold != nil && !i.Hold.released }
