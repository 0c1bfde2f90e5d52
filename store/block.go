package store

import (
	"fmt"

	"github.com/lepusmq/lepus/store/log"
)

// block reads the messages of an enqueue or move record.
type block struct {
	table []byte // queue ids
	rest  []byte // the entries not yet read
	left  int
}

// blockEntry is one message of a block. Its slices are borrowed.
type blockEntry struct {
	flags      uint16
	route      uint16
	priority   uint8
	count      uint32
	head, body uint32
	expires    int64
	due        int64
	chunks     []byte // positions
	targets    []byte // places in the table and sequence numbers; nil if there is only seq
	stride     int    // of targets
	seq        uint64 // in queue 0 of the table
	bytes      []byte // route, head and body; nil if they are in chunks
}

func newBlock(payload []byte) (block, error) {
	if len(payload) < blockHeader {
		return block{}, errRecord("a block of %d bytes", len(payload))
	}
	messages := le.Uint32(payload)
	queues := int(le.Uint16(payload[4:])) * 8
	rest := payload[blockHeader:]
	if len(rest) < queues {
		return block{}, errRecord("a block of %d bytes for %d queues", len(payload), queues/8)
	}
	at := len(rest) - queues
	return block{table: rest[at:], rest: rest[:at], left: int(messages)}, nil
}

// queues is the number of queues in the table.
func (b *block) queues() int { return len(b.table) / 8 }

// queue is the id of a queue in the table.
func (b *block) queue(place int) uint64 { return le.Uint64(b.table[place*8:]) }

// next reads the next message into e. ok is false when there is none.
func (b *block) next(e *blockEntry) (ok bool, err error) {
	if b.left == 0 {
		if len(b.rest) != 0 {
			return false, errRecord("%d bytes behind the last message", len(b.rest))
		}
		return false, nil
	}
	b.left--
	p := b.rest
	if len(p) < entryHeader {
		return false, errRecord("a message cut off")
	}
	*e = blockEntry{flags: le.Uint16(p), route: le.Uint16(p[2:]), head: le.Uint32(p[4:]), body: le.Uint32(p[8:])}
	if e.route > maxRoute {
		return false, errRecord("a route of %d bytes", e.route)
	}
	p = p[entryHeader:]
	if e.flags&^flagTargets != 0 {
		if p, ok = e.optional(p); !ok {
			return false, errRecord("the fields of a message cut off, or flags %#x unknown", e.flags)
		}
	}
	if e.stride = targetSize; e.flags&flagDeadlines != 0 {
		e.stride = deadlineSize
	}
	if e.flags&flagTargets != 0 {
		e.targets, p, ok = list(p, 2, e.stride)
	} else if ok = len(p) >= 8 && b.queues() > 0; ok {
		e.seq, p = le.Uint64(p), p[8:]
	}
	if !ok {
		return false, errRecord("the queues of a message cut off")
	}
	for t := e.targets; len(t) > 0; t = t[e.stride:] {
		if int(le.Uint16(t)) >= b.queues() {
			return false, errRecord("queue %d of %d", le.Uint16(t), b.queues())
		}
	}
	if e.flags&flagChunked == 0 {
		size := e.size()
		if uint64(len(p)) < size {
			return false, errRecord("a message of %d bytes where there are %d", size, len(p))
		}
		e.bytes, p = p[:size:size], p[size:]
	}
	b.rest = p
	return true, nil
}

// optional reads the fields that the flags name.
func (e *blockEntry) optional(p []byte) (rest []byte, ok bool) {
	need := 0
	for _, f := range [...]struct {
		flag uint16
		size int
	}{{flagExpires, 8}, {flagPriority, 1}, {flagCount, 4}, {flagDue, 8}} {
		if e.flags&f.flag != 0 {
			need += f.size
		}
	}
	if e.flags&^flagsKnown != 0 || len(p) < need {
		return nil, false
	}
	if e.flags&flagExpires != 0 {
		e.expires, p = int64(le.Uint64(p)), p[8:]
	}
	if e.flags&flagPriority != 0 {
		e.priority, p = p[0], p[1:]
	}
	if e.flags&flagCount != 0 {
		e.count, p = le.Uint32(p), p[4:]
	}
	if e.flags&flagDue != 0 {
		e.due, p = int64(le.Uint64(p)), p[8:]
	}
	if e.flags&flagChunked != 0 {
		e.chunks, p, ok = list(p, 4, 8)
		return p, ok && len(e.chunks) > 0
	}
	return p, true
}

// list reads a number of 2 or 4 bytes and as many items of a size.
func list(p []byte, number, size int) (items, rest []byte, ok bool) {
	if len(p) < number {
		return nil, nil, false
	}
	n := uint64(le.Uint16(p))
	if number == 4 {
		n = uint64(le.Uint32(p))
	}
	p = p[number:]
	if n*uint64(size) > uint64(len(p)) {
		return nil, nil, false
	}
	end := int(n) * size
	return p[:end:end], p[end:], true
}

// size is the length of route, head and body.
func (e *blockEntry) size() uint64 {
	return uint64(e.route) + uint64(e.head) + uint64(e.body)
}

// queues is the number of queues that the message is in.
func (e *blockEntry) queues() int {
	if e.targets != nil {
		return len(e.targets) / e.stride
	}
	return 1
}

// target is the i-th queue, by its place in the table, and the message's
// number there.
func (e *blockEntry) target(i int) (place int, seq uint64) {
	if e.targets == nil {
		return 0, e.seq
	}
	t := e.targets[i*e.stride:]
	return int(le.Uint16(t)), le.Uint64(t[2:])
}

// deadline is when the message expires in the i-th queue; 0 is never.
func (e *blockEntry) deadline(i int) int64 {
	if e.targets == nil || e.stride == targetSize {
		return e.expires
	}
	return int64(le.Uint64(e.targets[i*e.stride+targetSize:]))
}

// firstChunk is the position of the message's first chunk; 0 if it has none.
func (e *blockEntry) firstChunk() log.Position {
	if len(e.chunks) == 0 {
		return 0
	}
	return log.Position(le.Uint64(e.chunks))
}

// errRecord is an intact record that says what no record of this format says.
func errRecord(format string, args ...any) error {
	return fmt.Errorf("%w: log record: %s", ErrDamaged, fmt.Sprintf(format, args...))
}
