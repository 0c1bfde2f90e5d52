package delay

import (
	"slices"

	"github.com/lepusmq/lepus/store"
)

// Hold is [Machine.Add] for a message that waits with all others, but is not
// released, nor leaves the memory, before [Machine.Free].
func (m *Machine) Hold(b *Bucket, msg store.Message) (seq uint64) {
	seq = b.append(msg)
	m.pending++
	b.held = append(b.held, seq)
	return seq
}

// Free lets messages of a bucket go that are held. Their numbers rise. Then the
// machine is to be asked what to do.
func (m *Machine) Free(b *Bucket, seqs []uint64) {
	b.held = slices.DeleteFunc(b.held, func(seq uint64) bool {
		_, free := slices.BinarySearch(seqs, seq)
		return free
	})
	if len(b.held) == 0 {
		b.held = nil
	}
	if b.state != open {
		return
	}
	for _, seq := range seqs {
		b.note(seq, b.body(seq))
	}
}

// isHeld reports whether a message is held.
func (b *Bucket) isHeld(seq uint64) bool {
	_, held := slices.BinarySearch(b.held, seq)
	return held
}

// mayLeave is the number up to which bodies may leave the memory.
func (b *Bucket) mayLeave() uint64 {
	if len(b.held) > 0 {
		return b.held[0] - 1
	}
	return b.next - 1
}
