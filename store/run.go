package store

import (
	"math/bits"
	"slices"

	"github.com/lepusmq/lepus/store/log"
)

const (
	// runSpan bounds how far the sequence numbers of a run may lie apart.
	runSpan = 1 << 16
	// runGap bounds the numbers left out between two messages of a run: their
	// bits must not take more than another run.
	runGap = 512
	// runReach bounds the stretch of log that several records in one run may
	// take, runMessages their messages.
	runReach    = 64 << 10
	runMessages = blockMessages
	// runSparse is how much of the log that is not the queue's may lie between
	// two records of a run, beyond three times what is.
	runSparse = 4 << 10
)

// run is messages of one queue that lie close together in the log: a piece of
// the queue's index. Offsets are counted from seq. The runs of a queue do not
// overlap.
type run struct {
	seq   uint64
	pos   log.Position // the first record
	reach uint32       // how far behind pos the last record begins
	bytes uint32       // the queue's share of the log's bytes, dead messages left out

	live     uint32 // how many are alive
	from, to uint16 // the first and last offset alive
	// redelivered says so of all messages.
	redelivered bool
	rare        *rareRun // nil in most runs, of which there are many
}

// rareRun is what few runs have.
type rareRun struct {
	back uint32 // how far before pos the first chunk lies, 0 without chunks
	// dead has a bit for each offset between from and to that is not alive;
	// what is behind its end is alive. Bits beyond from and to say nothing.
	dead []uint64
}

func (r *run) first() uint64 { return r.seq + uint64(r.from) }
func (r *run) last() uint64  { return r.seq + uint64(r.to) }

// size is the memory that the run takes.
func (r *run) size() int {
	if r.rare == nil {
		return runMemory
	}
	return runMemory + rareMemory + 8*len(r.rare.dead)
}

// back is how far before pos the first chunk lies, 0 without chunks.
func (r *run) back() uint32 {
	if r.rare == nil {
		return 0
	}
	return r.rare.back
}

// dead are the bits of what is not alive, as [rareRun] has them.
func (r *run) dead() []uint64 {
	if r.rare == nil {
		return nil
	}
	return r.rare.dead
}

// setBack sets how far before pos the first chunk lies.
func (r *run) setBack(back uint32) {
	if back > 0 {
		r.rarely().back = back
	}
}

// rarely returns what few runs have, to be changed.
func (r *run) rarely() *rareRun {
	if r.rare == nil {
		r.rare = new(rareRun)
	}
	return r.rare
}

// clone returns a copy that shares nothing with the run.
func (r *run) clone() run {
	c := *r
	if r.rare != nil {
		c.rare = &rareRun{back: r.rare.back, dead: slices.Clone(r.rare.dead)}
	}
	return c
}

// alive says whether a message of the run is alive.
func (r *run) alive(seq uint64) bool {
	if seq < r.first() || seq > r.last() {
		return false
	}
	return !r.bit(uint16(seq - r.seq))
}

func (r *run) bit(offset uint16) bool {
	w, dead := int(offset>>6), r.dead()
	return w < len(dead) && dead[w]>>(offset&63)&1 != 0
}

// mask sets the bits of the offsets from to to, both included.
func (r *run) mask(from, to uint16) {
	rare := r.rarely()
	if need := int(to>>6) + 1; need > len(rare.dead) {
		rare.dead = append(rare.dead, make([]uint64, need-len(rare.dead))...)
	}
	for w := from >> 6; w <= to>>6; w++ {
		lo, hi := uint16(0), uint16(63)
		if w == from>>6 {
			lo = from & 63
		}
		if w == to>>6 {
			hi = to & 63
		}
		rare.dead[w] |= ^uint64(0) >> (63 - hi + lo) << lo
	}
}

// deadIn counts the bits from offset from to offset to, both included.
func (r *run) deadIn(from, to uint16) uint32 {
	n, dead := 0, r.dead()
	for w := int(from >> 6); w <= int(to>>6) && w < len(dead); w++ {
		word := dead[w]
		if w == int(from>>6) {
			word = word >> (from & 63) << (from & 63)
		}
		if w == int(to>>6) {
			word = word << (63 - to&63) >> (63 - to&63)
		}
		n += bits.OnesCount64(word)
	}
	return uint32(n)
}

// window narrows the run to the offsets from to to, both included, and then to
// what is alive there. It returns how many messages and bytes that takes away.
func (r *run) window(from, to uint16) (messages, bytes uint32) {
	kept := uint32(to) - uint32(from) + 1 - r.deadIn(from, to)
	messages = r.live - kept
	bytes = r.share(messages)
	r.live, r.bytes = kept, r.bytes-bytes
	if kept == 0 {
		return messages, bytes
	}
	for r.bit(from) {
		from++
	}
	for r.bit(to) {
		to--
	}
	r.from, r.to = from, to
	return messages, bytes
}

// share is what so many of the messages take of the bytes.
func (r *run) share(messages uint32) uint32 {
	if r.live == 0 {
		return 0
	}
	return uint32(uint64(r.bytes) * uint64(messages) / uint64(r.live))
}

// kill settles the messages first to last, as far as the run has them, and
// returns how many and how many bytes that takes away.
func (r *run) kill(first, last uint64) (messages, bytes uint32) {
	if first > r.last() || last < r.first() {
		return 0, 0
	}
	switch {
	case first <= r.first() && last >= r.last():
		messages, bytes = r.live, r.bytes
		r.live, r.bytes = 0, 0
		return messages, bytes
	case first <= r.first():
		return r.window(uint16(last-r.seq)+1, r.to)
	case last >= r.last():
		return r.window(r.from, uint16(first-r.seq)-1)
	}
	from, to := uint16(first-r.seq), uint16(last-r.seq)
	messages = uint32(to) - uint32(from) + 1 - r.deadIn(from, to)
	bytes = r.share(messages)
	r.live, r.bytes = r.live-messages, r.bytes-bytes
	r.mask(from, to)
	return messages, bytes
}

// within returns a copy that has only the messages first to last.
func (r *run) within(first, last uint64) run {
	c := r.clone()
	if c.first() < first {
		c.kill(c.first(), first-1)
	}
	if c.live > 0 && c.last() > last {
		c.kill(last+1, c.last())
	}
	return c
}

// split returns what lies at seq and behind it, and keeps what is before.
// There must be something of both.
func (r *run) split(seq uint64) run {
	rest := r.clone()
	at := uint16(seq - r.seq)
	messages, bytes := r.window(r.from, at-1)
	rest.window(at, rest.to)
	rest.bytes = bytes
	if rest.live != messages {
		panic("store: a run was split wrongly")
	}
	return rest
}

// join adds a run that follows in the log and in the queue, if they may be
// one.
func (r *run) join(next *run) bool {
	if r.back() != 0 || next.back() != 0 || r.redelivered != next.redelivered || next.pos < r.pos {
		return false
	}
	if next.first()-r.last() > runGap {
		return false
	}
	reach := uint64(next.pos-r.pos) + uint64(next.reach)
	span := next.last() - r.seq
	if reach > runReach || span >= runSpan || r.live+next.live > runMessages {
		return false
	}
	if used := uint64(r.bytes) + uint64(next.bytes); reach > 4*used+runSparse {
		return false
	}
	r.trim()
	base := uint16(next.seq - r.seq)
	if next.first() > r.last()+1 {
		r.mask(r.to+1, base+next.from-1)
	}
	for o := uint32(next.from); o <= uint32(next.to); o++ {
		if next.bit(uint16(o)) {
			r.mask(base+uint16(o), base+uint16(o))
		}
	}
	r.reach = uint32(reach)
	r.to = base + next.to
	r.live += next.live
	r.bytes += next.bytes
	return true
}

// trim clears the bits behind to: the run is about to grow over them.
func (r *run) trim() {
	if w, dead := int(r.to>>6), r.dead(); w < len(dead) {
		dead[w] = dead[w] << (63 - r.to&63) >> (63 - r.to&63)
		r.rare.dead = dead[:w+1]
	}
}
