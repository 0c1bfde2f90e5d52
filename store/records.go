package store

import (
	"encoding/binary"

	"github.com/lepusmq/lepus/store/log"
)

// The kinds of log records. DESIGN.md §2 has their form.
const (
	recEnqueue log.Kind = 1 + iota
	recMove
	recDead
	recCount
	recDefine
	recHead
	recChunk
	recTally

	// recHeld is added to the kind of a record that takes effect only when a
	// head names it.
	recHeld log.Kind = 0x80
)

// The flags of a message in an enqueue or move record.
const (
	flagExpires uint16 = 1 << iota
	flagPriority
	flagCount
	flagDue
	flagRedelivered
	flagChunked
	flagTargets
	flagDeadlines
	flagBlind
	flagDied

	flagsKnown = flagDied<<1 - 1

	// flagMarks are the flags of a message's marks, in their order.
	flagMarks  = flagBlind | flagDied
	marksShift = routeBits - 8
)

const (
	// blockBytes and blockMessages are what closes an enqueue record: one that
	// is read for a single message must not cost much.
	blockBytes    = 256 << 10
	blockMessages = 4096
	// blockTargets bounds the queues of one entry, so that an entry always
	// leaves room for a message.
	blockTargets = 8192

	// maxSeq is the highest sequence number of a message: what is above is
	// left for ranges, so that they can be counted.
	maxSeq = 1<<63 - 1

	blockHeader = 8
	entryHeader = 12
	targetSize  = 10
	// deadlineSize is that of a target that says when the message expires.
	deadlineSize = targetSize + 8
	spanSize     = 16
	countSize    = 20
	tallySize    = 28
)

// span is a range of sequence numbers, both ends included.
type span struct{ first, last uint64 }

// tally is how often a message was delivered, and when it may be again, in Unix
// milliseconds; 0 is at once.
type tally struct {
	count uint32
	due   int64
}

// seqTally is the tally of a message.
type seqTally struct {
	seq uint64
	tally
}

var le = binary.LittleEndian
