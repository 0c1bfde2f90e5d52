package store

import (
	"bytes"

	"github.com/lepusmq/lepus/store/log"
)

// decoder turns records into operations: those of the log at a start, and
// each one that is appended afterwards, so that the index comes about in one
// way only. It belongs to one goroutine; the zero decoder is ready.
//
// A record is given to decode before its position is known, then to place.
type decoder struct {
	// ops are the operations placed so far. Whoever applies them empties it.
	ops []op

	fresh   []op // of the record not yet placed
	kind    log.Kind
	define  []byte // its payload, if it is a held define
	heads   []log.Position
	held    []heldRecord
	builder []runBuilder
}

// heldRecord waits for its head.
type heldRecord struct {
	pos    log.Position
	ops    []op
	define []byte
}

// record decodes a whole record of the log.
func (d *decoder) record(r log.Record) error {
	if err := d.decode(r.Kind, r.Payload); err != nil {
		return err
	}
	return d.place(r.Position)
}

// decode reads a payload, which is borrowed.
func (d *decoder) decode(kind log.Kind, payload []byte) error {
	d.kind, d.fresh = kind, d.fresh[:0]
	switch kind &^ recHeld {
	case recEnqueue, recMove:
		return d.block(kind&^recHeld, payload)
	case recDead:
		return d.dead(payload)
	case recCount:
		return d.tallies(payload, countSize)
	case recTally:
		return d.tallies(payload, tallySize)
	case recDefine:
		if kind&recHeld != 0 {
			d.define = bytes.Clone(payload)
			return nil
		}
		return d.definitions(payload)
	case recHead:
		return d.head(payload)
	case recChunk:
		return nil
	}
	return errRecord("kind %d", kind)
}

// place says where the decoded record lies: its operations are complete.
func (d *decoder) place(pos log.Position) error {
	switch {
	case d.kind == recHead:
		return d.release(pos)
	case d.kind == recChunk:
		return nil
	}
	for i := range d.fresh {
		o := &d.fresh[i]
		o.at, o.order = pos, pos
		if o.kind == recEnqueue || o.kind == recMove {
			o.run.pos = pos
			if o.chunk != 0 {
				o.run.setBack(uint32(pos - o.chunk))
			}
		}
	}
	if d.kind&recHeld == 0 {
		d.ops = append(d.ops, d.fresh...)
		return nil
	}
	d.held = append(d.held, heldRecord{pos: pos, ops: append([]op(nil), d.fresh...), define: d.define})
	d.define = nil
	return nil
}

// release gives the operations of the held records that the head at pos
// names. Others were left by a group that was torn.
func (d *decoder) release(pos log.Position) error {
	var define []byte
	var order log.Position
	at := 0
	for _, p := range d.heads {
		for at < len(d.held) && d.held[at].pos != p {
			at++
		}
		if at == len(d.held) {
			return errRecord("a head at %d without its record at %d", pos, p)
		}
		h := &d.held[at]
		if define == nil {
			order = h.pos
		}
		define = append(define, h.define...)
		for i := range h.ops {
			h.ops[i].at = pos
		}
		d.ops = append(d.ops, h.ops...)
	}
	clear(d.held)
	d.held = d.held[:0]
	if define == nil {
		return nil
	}
	d.fresh = d.fresh[:0]
	if err := d.definitions(define); err != nil {
		return err
	}
	for i := range d.fresh {
		d.fresh[i].at, d.fresh[i].order = pos, order
	}
	d.ops = append(d.ops, d.fresh...)
	return nil
}

func (d *decoder) head(p []byte) error {
	list, rest, ok := list(p, 4, 8)
	if !ok || len(rest) != 0 {
		return errRecord("a head of %d bytes", len(p))
	}
	d.heads = d.heads[:0]
	for ; len(list) > 0; list = list[8:] {
		d.heads = append(d.heads, log.Position(le.Uint64(list)))
	}
	return nil
}

func (d *decoder) dead(p []byte) error {
	if len(p) < 4 {
		return errRecord("dead ranges cut off")
	}
	all := make([]span, 0, len(p)/spanSize)
	n := le.Uint32(p)
	for p = p[4:]; n > 0; n-- {
		if len(p) < 8 {
			return errRecord("dead ranges cut off")
		}
		o := op{kind: recDead, queue: le.Uint64(p)}
		ranges, rest, ok := list(p[8:], 4, spanSize)
		if !ok {
			return errRecord("dead ranges cut off")
		}
		from := len(all)
		for ; len(ranges) > 0; ranges = ranges[spanSize:] {
			all = append(all, span{first: le.Uint64(ranges), last: le.Uint64(ranges[8:])})
		}
		o.spans = all[from:len(all):len(all)]
		d.fresh = append(d.fresh, o)
		p = rest
	}
	if len(p) != 0 {
		return errRecord("%d bytes behind the dead ranges", len(p))
	}
	return nil
}

// tallies reads a list of them, of that size each: without the time when a
// message is due, as folders of format 1 have it, or with it.
func (d *decoder) tallies(p []byte, size int) error {
	tallies, rest, ok := list(p, 4, size)
	if !ok || len(rest) != 0 {
		return errRecord("tallies of %d bytes", len(p))
	}
	for ; len(tallies) > 0; tallies = tallies[size:] {
		o := op{kind: recTally, queue: le.Uint64(tallies)}
		o.tally.seq, o.tally.count = le.Uint64(tallies[8:]), le.Uint32(tallies[16:])
		if size == tallySize {
			o.tally.due = int64(le.Uint64(tallies[20:]))
		}
		d.fresh = append(d.fresh, o)
	}
	return nil
}

// definitionHeader is the length of a definition without its value.
const definitionHeader = 14

func (d *decoder) definitions(p []byte) error {
	o := op{kind: recDefine}
	for len(p) > 0 {
		if len(p) < definitionHeader || uint64(le.Uint32(p[10:])) > uint64(len(p)-definitionHeader) {
			return errRecord("a definition cut off")
		}
		end := definitionHeader + int(le.Uint32(p[10:]))
		o.define = append(o.define, Definition{
			Kind: Kind(p[0]), Deleted: p[1] != 0, ID: le.Uint64(p[2:]),
			Value: bytes.Clone(p[definitionHeader:end]),
		})
		p = p[end:]
	}
	d.fresh = append(d.fresh, o)
	return nil
}

// block reads an enqueue or move record: for each queue of it the runs of its
// messages.
func (d *decoder) block(kind log.Kind, payload []byte) error {
	b, err := newBlock(payload)
	if err != nil {
		return err
	}
	for len(d.builder) < b.queues() {
		d.builder = append(d.builder, runBuilder{})
	}
	builder := d.builder[:b.queues()]
	var e blockEntry
	for {
		ok, err := b.next(&e)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		n := e.queues()
		share := uint32((e.size() + entryHeader) / uint64(max(n, 1)))
		for i := range n {
			place, seq := e.target(i)
			if seq > maxSeq {
				return errRecord("sequence number %d", seq)
			}
			d.message(kind, &builder[place], b.queue(place), seq, share, &e)
			builder[place].mortal = builder[place].mortal || e.deadline(i) != 0
		}
	}
	for i := range builder {
		d.flush(kind, &builder[i], b.queue(i))
	}
	return nil
}

// runBuilder gathers the messages of one queue in one record.
type runBuilder struct {
	run    run
	mortal bool // some of it expires
	chunk  log.Position
}

// message adds a message of one queue.
func (d *decoder) message(kind log.Kind, b *runBuilder, queue, seq uint64, share uint32, e *blockEntry) {
	r := &b.run
	redelivered := e.flags&flagRedelivered != 0
	if r.live > 0 {
		if next := r.last() + 1; seq < next || seq-next >= runGap || seq-r.seq >= runSpan || redelivered != r.redelivered ||
			b.chunk != 0 || len(e.chunks) > 0 {
			d.flush(kind, b, queue)
		} else {
			if seq > next {
				r.mask(r.to+1, uint16(seq-r.seq)-1)
			}
			r.to = uint16(seq - r.seq)
			r.live++
			r.bytes += share
			return
		}
	}
	*r = run{seq: seq, live: 1, bytes: share, redelivered: redelivered}
	b.chunk = e.firstChunk()
}

// flush ends the run being built.
func (d *decoder) flush(kind log.Kind, b *runBuilder, queue uint64) {
	if b.run.live > 0 {
		d.fresh = append(d.fresh, op{kind: kind, queue: queue, run: b.run, mortal: b.mortal, chunk: b.chunk})
	}
	*b = runBuilder{}
}
