package store

import (
	"github.com/lepusmq/lepus/store/log"
)

// encoder appends records to the log and gives each to the decoder, which is
// what will change the index. It belongs to the committer.
type encoder struct {
	log     *log.Log
	decoder *decoder

	// limit is how large a record may become, roughly.
	limit int
	// inGroup has records held, and heads gathers where they are.
	inGroup bool
	heads   []log.Position

	block   blockWriter
	scratch []byte // a record that grows over several calls
	listed  uint32 // how many items it has
	single  [1]target
}

func newEncoder(l *log.Log, d *decoder) encoder {
	return encoder{log: l, decoder: d, limit: min(blockBytes, l.MaxPayload())}
}

// append adds a whole record.
func (e *encoder) append(kind log.Kind, payload []byte) (log.Position, error) {
	if e.inGroup && kind != recChunk && kind != recHead {
		kind |= recHeld
	}
	if err := e.decoder.decode(kind, payload); err != nil {
		return 0, err
	}
	pos, err := e.log.Append(kind, payload)
	if err != nil {
		return 0, err
	}
	return pos, e.placed(kind, pos)
}

// placed notes where the record just appended lies.
func (e *encoder) placed(kind log.Kind, pos log.Position) error {
	if kind&recHeld != 0 {
		e.heads = append(e.heads, pos)
	}
	return e.decoder.place(pos)
}

// beginGroup makes what follows one commit group.
func (e *encoder) beginGroup() {
	e.inGroup = true
	e.heads = e.heads[:0]
}

// endGroup makes what was appended since beginGroup take effect.
func (e *encoder) endGroup() error {
	e.inGroup = false
	if len(e.heads) == 0 {
		return nil
	}
	b := le.AppendUint32(e.scratch[:0], uint32(len(e.heads)))
	for _, pos := range e.heads {
		b = le.AppendUint64(b, uint64(pos))
	}
	e.scratch = b[:0]
	_, err := e.append(recHead, b)
	return err
}

// define appends definitions: all in one record, or a group of records.
func (e *encoder) define(changes []Definition) error {
	var b []byte
	for i := range changes {
		c := &changes[i]
		deleted := byte(0)
		if c.Deleted {
			deleted = 1
		}
		b = append(b, byte(c.Kind), deleted)
		b = le.AppendUint64(b, c.ID)
		b = le.AppendUint32(b, uint32(len(c.Value)))
		b = append(b, c.Value...)
	}
	if len(b) <= e.limit {
		_, err := e.append(recDefine, b)
		return err
	}
	e.beginGroup()
	for len(b) > 0 {
		n := min(len(b), e.limit)
		if _, err := e.append(recDefine, b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return e.endGroup()
}

// dead adds ranges that are settled in a queue. endDead comes at the end.
func (e *encoder) dead(queue uint64, spans []span) error {
	for len(spans) > 0 {
		if e.listed == 0 {
			e.scratch = append(e.scratch[:0], 0, 0, 0, 0)
		}
		n := min(len(spans), (e.limit-len(e.scratch)-12)/spanSize)
		if n <= 0 {
			if err := e.endDead(); err != nil {
				return err
			}
			continue
		}
		b := le.AppendUint64(e.scratch, queue)
		b = le.AppendUint32(b, uint32(n))
		for _, s := range spans[:n] {
			b = le.AppendUint64(b, s.first)
			b = le.AppendUint64(b, s.last)
		}
		e.scratch = b
		e.listed++
		spans = spans[n:]
	}
	return nil
}

// endDead appends the ranges that were added.
func (e *encoder) endDead() error { return e.endList(recDead) }

// tallies adds those of a queue. endTallies comes at the end.
func (e *encoder) tallies(queue uint64, tallies []seqTally) error {
	for _, c := range tallies {
		if e.listed == 0 {
			e.scratch = append(e.scratch[:0], 0, 0, 0, 0)
		}
		b := le.AppendUint64(e.scratch, queue)
		b = le.AppendUint64(b, c.seq)
		b = le.AppendUint32(b, c.count)
		e.scratch = le.AppendUint64(b, uint64(c.due))
		e.listed++
		if len(e.scratch)+tallySize > e.limit {
			if err := e.endTallies(); err != nil {
				return err
			}
		}
	}
	return nil
}

// endTallies appends the tallies that were added.
func (e *encoder) endTallies() error { return e.endList(recTally) }

// endList appends the list that was begun, if there is one.
func (e *encoder) endList(kind log.Kind) error {
	if e.listed == 0 {
		return nil
	}
	le.PutUint32(e.scratch, e.listed)
	e.listed = 0
	_, err := e.append(kind, e.scratch)
	return err
}

// message adds a message, for all queues that are still to have it. endBlock
// comes at the end.
func (e *encoder) message(m *Enqueue, in *queue) error {
	f := m.Fanout
	if f == nil {
		e.single[0] = target{queue: in, seq: m.Seq, expires: m.Expires}
		return e.put(recEnqueue, &m.Message, e.single[:], extra{})
	}
	if f.written {
		return nil
	}
	f.written = true
	for targets := f.targets; len(targets) > 0; {
		n := min(len(targets), e.targets())
		if err := e.put(recEnqueue, &m.Message, targets[:n], extra{}); err != nil {
			return err
		}
		targets = targets[n:]
	}
	f.targets = nil
	return nil
}

// moves adds messages that are stored again, with what is known of them.
func (e *encoder) moves(list []move) error {
	for i := range list {
		v := &list[i]
		known := extra{flags: v.entry.flags & flagsExtra, count: v.entry.count, due: v.entry.due}
		if err := e.put(recMove, &v.message, v.targets, known); err != nil {
			return err
		}
	}
	return e.endBlock()
}

// targets is how many queues one entry may name.
func (e *encoder) targets() int {
	return max(1, min(blockTargets, e.limit/4/(deadlineSize+8)))
}
