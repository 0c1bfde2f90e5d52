package store

import (
	"encoding/binary"
	"math"
)

// pageSums says what the messages of a page add to the segments, as it stands
// in the queue's record: for each segment its number, counted from the one
// before it, the messages, and the bytes. A queue among many has a few messages
// in every segment, so that these lists are most of what a summary takes.
type pageSums []byte

// packSums makes pageSums of a list.
func packSums(list []segmentSum) pageSums {
	b := make([]byte, 0, 64)
	before := uint64(0)
	for _, s := range list {
		b = binary.AppendVarint(b, int64(s.seq-before))
		b = binary.AppendUvarint(b, uint64(s.sum.messages))
		b = binary.AppendUvarint(b, uint64(s.sum.bytes))
		before = s.seq
	}
	return append(pageSums(nil), b...)
}

// all calls yield for each segment.
func (p pageSums) all(yield func(segmentSum) bool) {
	c := cursor{b: p}
	seq := uint64(0)
	for len(c.b) > 0 {
		seq += uint64(c.varint())
		if !yield(segmentSum{seq, sum{int64(c.uvarint()), int64(c.uvarint())}}) {
			return
		}
	}
}

// valid says whether the bytes are what packSums makes.
func (p pageSums) valid() bool {
	c := cursor{b: p}
	for len(c.b) > 0 {
		c.varint()
		c.small(math.MaxUint32)
		c.small(math.MaxInt64)
	}
	return !c.bad
}
