package perf

import "encoding/binary"

// stampSize is how many octets of a body a stamp takes.
const stampSize = 16

// stamp is the start of a body: which message it is, and when it was sent.
type stamp struct {
	run      uint16 // 12 bits: tells the messages of other runs apart
	producer uint16 // 12 bits
	seq      uint64 // 40 bits, from 1 on
	at       int64
}

const (
	maxProducers = 1 << 12
	runMask      = 1<<12 - 1
	seqBits      = 40
	seqMask      = 1<<seqBits - 1
)

func (s stamp) put(body []byte) {
	binary.BigEndian.PutUint64(body, uint64(s.run)<<(64-12)|uint64(s.producer)<<seqBits|s.seq)
	binary.BigEndian.PutUint64(body[8:], uint64(s.at))
}

// readStamp reads the stamp of a body; ok is false if it is too short for one.
func readStamp(body []byte) (s stamp, ok bool) {
	if len(body) < stampSize {
		return stamp{}, false
	}
	n := binary.BigEndian.Uint64(body)
	return stamp{
		run:      uint16(n >> (64 - 12)),
		producer: uint16(n>>seqBits) & (maxProducers - 1),
		seq:      n & seqMask,
		at:       int64(binary.BigEndian.Uint64(body[8:])),
	}, true
}
