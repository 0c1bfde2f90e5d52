package delay

import (
	"github.com/lepusmq/lepus/queue/heap"
	"github.com/lepusmq/lepus/store"
)

// Buckets are 2^16 ms wide, about a minute; those for later times are 64 times
// as wide, and those for times after that again. So there are never more than
// some two hundred, whatever the delays.
const (
	levels    = 3
	slotBits  = 16
	levelBits = 6
	keyBits   = 2 // of a key are the level
)

// width is how many milliseconds buckets of a level span.
func width(level int) int64 { return 1 << (slotBits + levelBits*level) }

// lead is how long before its begin a bucket is opened: time enough to read
// what is in it, or to move it to narrower ones.
func lead(level int) int64 {
	if level == 0 {
		return width(0) / 4
	}
	return 8 * width(level-1)
}

// state is how far a bucket is from its time.
type state uint8

const (
	far     state = iota // nothing is known but how many it has
	opening              // it is being read, or moved to narrower buckets
	open                 // order has all its messages
)

// Bucket is the messages that are due in a span of time. Those of its fields
// that are exported, but for the key, are the shell's.
type Bucket struct {
	// Key tells buckets apart, and orders them by where they begin.
	Key uint64
	// Part keeps the messages. The machine never calls it.
	Part store.Queue
	// Kept is what the part calls when it has written what is awaited, and
	// Awaits says that it will.
	Kept   func()
	Awaits bool

	state state
	count int              // messages that are not settled
	next  uint64           // the number of the next message
	from  uint64           // opening: the next to be read
	order heap.Heap[entry] // open: all but those that are in line
	// settling are messages in groups that are not durable yet.
	settling int
	// held are those that are not to be released, by their numbers, which rise.
	held []uint64

	// fresh are the messages from base to next whose bodies are in memory; the
	// rest, which are zero, are in the part, like all below base. Of the first
	// swept it has been looked whether they can leave.
	base  uint64
	fresh []store.Message
	swept int
}

func newBucket(key uint64) *Bucket {
	return &Bucket{Key: key, state: far, next: 1, base: 1, from: 1}
}

// Attach gives a new bucket its part.
func (b *Bucket) Attach(part store.Queue) {
	next := part.NextSeq()
	b.Part, b.next, b.base, b.from = part, next, next, next
}

// append adds a message and returns its number.
func (b *Bucket) append(msg store.Message) (seq uint64) {
	seq = b.next
	b.next++
	b.count++
	b.fresh = append(b.fresh, msg)
	return seq
}

func keyOf(due int64, level int) uint64 {
	return uint64(due&^(width(level)-1))<<keyBits | uint64(level)
}

func (b *Bucket) level() int   { return int(b.Key & (1<<keyBits - 1)) }
func (b *Bucket) begin() int64 { return int64(b.Key >> keyBits) }
func (b *Bucket) end() int64   { return b.begin() + width(b.level()) }

// opens is when the bucket is to be opened.
func (b *Bucket) opens() int64 { return b.begin() - lead(b.level()) }

// body returns where the body of a message is in memory, nil if it is not.
func (b *Bucket) body(seq uint64) *store.Message {
	if seq < b.base || seq >= b.next {
		return nil
	}
	if m := &b.fresh[seq-b.base]; m.Size() > 0 {
		return m
	}
	return nil
}

// tidy forgets the front of fresh as far as nothing is there: it is in the part,
// or has been taken out of an open bucket.
func (b *Bucket) tidy() {
	n := 0
	for n < len(b.fresh) && b.fresh[n].Size() == 0 {
		n++
	}
	b.fresh, b.base, b.swept = b.fresh[n:], b.base+uint64(n), max(b.swept-n, 0)
	if len(b.fresh) == 0 {
		b.fresh = nil
	}
}

// due is when a message of order is due.
func (b *Bucket) due(e entry) int64 { return b.begin() + int64(e.at) }

// note enters a message into the order. One that is due at another time than
// the bucket's (its record is not of this program) counts as due at its edge.
func (b *Bucket) note(seq uint64, m *store.Message) {
	at := min(max(m.Expires-b.begin(), 0), width(b.level())-1)
	b.order.Push(entry{seq: seq, at: uint32(at), size: m.Size()})
}

// entry is a message in order: when it is due, in milliseconds from the begin
// of its bucket, and what its body takes.
type entry struct {
	seq      uint64
	at, size uint32
}

// Before orders messages by when they are due.
func (e entry) Before(o entry) bool { return e.at < o.at || e.at == o.at && e.seq < o.seq }
