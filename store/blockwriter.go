package store

import "github.com/lepusmq/lepus/store/log"

// blockWriter is an enqueue or move record that grows in the log's buffer.
type blockWriter struct {
	buf      []byte
	start    int // of the payload in buf
	open     bool
	kind     log.Kind
	messages uint32
	table    []*queue
	number   uint64 // counts the blocks
	chunks   []log.Position
}

// blockPlace is a queue's place in the table of a block.
type blockPlace struct {
	block uint64
	place uint16
}

// extra is what a stored message may have beyond a fresh one.
type extra struct {
	flags uint16 // those of flagsExtra
	count uint32
	due   int64
}

// flagsExtra are the flags of what only a stored message has.
const flagsExtra = flagCount | flagDue | flagRedelivered

// put adds a message of some queues to the block, which it begins or ends as
// need be. Only blocks and chunks may be appended until endBlock.
func (e *encoder) put(kind log.Kind, m *Message, targets []target, x extra) error {
	w := &e.block
	need := entryHeader + 21 + 2 + (deadlineSize+8)*len(targets) + int(m.Size())
	w.chunks = w.chunks[:0]
	if need > e.log.MaxPayload()-blockHeader {
		if err := e.chunk(m); err != nil {
			return err
		}
		need += 4 + 8*len(w.chunks) - int(m.Size())
	}
	if w.open && (w.kind != kind || w.messages == blockMessages || len(w.table)+len(targets) > 1<<16-1 ||
		len(w.buf)-w.start+8*len(w.table)+need > e.limit) {
		if err := e.endBlock(); err != nil {
			return err
		}
	}
	if !w.open {
		w.begin(e, kind)
	}
	w.entry(m, targets, x)
	return nil
}

// chunk appends the bytes of a message that is too large for a record.
func (e *encoder) chunk(m *Message) error {
	if err := e.endBlock(); err != nil {
		return err
	}
	for b := m.Bytes(); len(b) > 0; {
		n := min(len(b), e.log.MaxPayload())
		pos, err := e.append(recChunk, b[:n])
		if err != nil {
			return err
		}
		e.block.chunks = append(e.block.chunks, pos)
		b = b[n:]
	}
	return nil
}

func (w *blockWriter) begin(e *encoder, kind log.Kind) {
	w.kind = kind
	if e.inGroup {
		kind |= recHeld
	}
	w.buf = e.log.Begin(kind)
	w.start = len(w.buf)
	w.buf = append(w.buf, make([]byte, blockHeader)...)
	w.open = true
	w.number++
	w.messages = 0
}

// entry adds a message.
func (w *blockWriter) entry(m *Message, targets []target, x extra) {
	flags := x.flags | m.route>>marksShift&flagMarks
	// One deadline for all is written once.
	expires := targets[0].expires
	for _, t := range targets[1:] {
		if t.expires != expires {
			flags |= flagDeadlines
			expires = 0
			break
		}
	}
	if expires != 0 {
		flags |= flagExpires
	}
	if m.Priority != 0 {
		flags |= flagPriority
	}
	if len(w.chunks) > 0 {
		flags |= flagChunked
	}
	first := w.place(targets[0].queue)
	if len(targets) > 1 || first > 0 {
		flags |= flagTargets
	}
	route, head, body := m.Lengths()
	b := le.AppendUint16(w.buf, flags)
	b = le.AppendUint16(b, route)
	b = le.AppendUint32(b, head)
	b = le.AppendUint32(b, body)
	if expires != 0 {
		b = le.AppendUint64(b, uint64(expires))
	}
	if m.Priority != 0 {
		b = append(b, m.Priority)
	}
	if flags&flagCount != 0 {
		b = le.AppendUint32(b, x.count)
	}
	if flags&flagDue != 0 {
		b = le.AppendUint64(b, uint64(x.due))
	}
	if len(w.chunks) > 0 {
		b = le.AppendUint32(b, uint32(len(w.chunks)))
		for _, pos := range w.chunks {
			b = le.AppendUint64(b, uint64(pos))
		}
	}
	if flags&flagTargets == 0 {
		b = le.AppendUint64(b, targets[0].seq)
	} else {
		b = le.AppendUint16(b, uint16(len(targets)))
		for _, t := range targets {
			b = le.AppendUint16(b, w.place(t.queue))
			b = le.AppendUint64(b, t.seq)
			if flags&flagDeadlines != 0 {
				b = le.AppendUint64(b, uint64(t.expires))
			}
		}
	}
	if len(w.chunks) == 0 {
		b = append(b, m.Bytes()...)
	}
	w.buf = b
	w.messages++
}

// place returns the queue's place in the table, where it enters it if need be.
func (w *blockWriter) place(q *queue) uint16 {
	if q.place.block != w.number {
		q.place = blockPlace{block: w.number, place: uint16(len(w.table))}
		w.table = append(w.table, q)
	}
	return q.place.place
}

// endBlock appends the block, if there is one.
func (e *encoder) endBlock() error {
	w := &e.block
	if !w.open {
		return nil
	}
	w.open = false
	b := w.buf
	for i, q := range w.table {
		b = le.AppendUint64(b, q.id)
		w.table[i] = nil
	}
	le.PutUint32(b[w.start:], w.messages)
	le.PutUint16(b[w.start+4:], uint16(len(w.table)))
	w.table, w.buf = w.table[:0], nil
	kind := w.kind
	if e.inGroup {
		kind |= recHeld
	}
	if err := e.decoder.decode(kind, b[w.start:]); err != nil {
		return err
	}
	pos, err := e.log.Finish(b)
	if err != nil {
		return err
	}
	return e.placed(kind, pos)
}
