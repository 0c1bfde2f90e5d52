package store

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/lepusmq/lepus/store/log"
)

// Load returns messages found when the store was opened.
func (q *queue) Load(from uint64, limit int) ([]Stored, error) {
	x := q.store.index
	for {
		l := loader{store: q.store, queue: q.id, from: from}
		q.store.reads.RLock()
		x.mu.Lock()
		more := l.choose(x.queues[q.id], limit)
		x.mu.Unlock()
		if more {
			l.read()
		}
		q.store.reads.RUnlock()
		if !more {
			return nil, nil
		}
		if l.err == nil {
			return l.found, nil
		}
		if !q.store.opt.AcceptLogLoss {
			l.discard()
			return nil, fmt.Errorf("store: load messages of queue %d: %w", q.id, l.err)
		}
		q.store.lose(l.err)
		if gone := l.missing(); len(gone) > 0 {
			q.Settle(gone)
		}
		if len(l.found) > 0 {
			return l.found, nil
		}
		from = l.last + 1
	}
}

// loader reads messages of one queue.
type loader struct {
	store *durable
	queue uint64
	from  uint64
	runs  []run
	count map[uint64]uint32
	last  uint64 // the highest number chosen
	found []Stored
	slab  Slab
	err   error // the first
}

// choose takes runs with about so many messages, and says whether there are
// any. Called with the index locked.
func (l *loader) choose(q *queueIndex, limit int) bool {
	if q == nil {
		return false
	}
	l.count = make(map[uint64]uint32)
	at, i := q.seek(l.from)
	for ; at < len(q.pages) && limit > 0; at++ {
		for _, r := range q.pages[at].runs[i:] {
			r.dead = slices.Clone(r.dead)
			if r.first() < l.from {
				r.kill(r.first(), l.from-1)
				if r.live == 0 {
					continue
				}
			}
			l.runs = append(l.runs, r)
			l.last = r.last()
			for seq := r.first(); len(q.counts) > 0 && seq <= r.last(); seq++ {
				if c := q.counts[seq]; c > 0 {
					l.count[seq] = c
				}
			}
			if limit -= int(r.live); limit <= 0 {
				break
			}
		}
		i = 0
	}
	return len(l.runs) > 0
}

// read reads the messages of the runs chosen, as many as can be read.
func (l *loader) read() {
	reader := l.store.log.NewReader(0)
	defer reader.Close()
	defer l.slab.Close()
	for i := range l.runs {
		r := &l.runs[i]
		before := len(l.found)
		err := l.readRun(reader, r)
		if err == nil && len(l.found)-before != int(r.live) {
			err = errRecord("queue %d has %d of its %d messages at position %d",
				l.queue, len(l.found)-before, r.live, r.pos)
		}
		if err != nil && l.err == nil {
			l.err = err
		}
	}
	slices.SortFunc(l.found, func(a, b Stored) int {
		if a.Seq < b.Seq {
			return -1
		}
		return 1
	})
}

// readRun reads the messages of one run.
func (l *loader) readRun(reader *log.Reader, r *run) error {
	reader.Seek(r.pos)
	end := r.pos + log.Position(r.reach)
	for {
		rec, err := reader.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return damaged(err)
		case rec.Position > end:
			return nil
		}
		if kind := rec.Kind &^ recHeld; kind == recEnqueue || kind == recMove {
			if err := l.readBlock(rec, r); err != nil {
				return err
			}
		}
		if rec.Position == end {
			return nil
		}
	}
}

// readBlock takes the messages of the run out of a record.
func (l *loader) readBlock(rec log.Record, r *run) error {
	b, err := newBlock(rec.Payload)
	if err != nil {
		return err
	}
	var e blockEntry
	for {
		ok, err := b.next(&e)
		if err != nil || !ok {
			return err
		}
		for i := range e.queues() {
			place, seq := e.target(i)
			if b.queue(place) != l.queue || !r.alive(seq) {
				continue
			}
			m, err := l.message(&e)
			if err != nil {
				return err
			}
			count := l.count[seq]
			l.found = append(l.found, Stored{
				Seq: seq, Message: m, Count: count,
				Redelivered: count > 0 || r.redelivered || r.pos < l.store.index.unclean,
			})
		}
	}
}

// message makes a message of an entry.
func (l *loader) message(e *blockEntry) (Message, error) {
	route, head := int(e.route), int(e.route)+int(e.head)
	var m Message
	if e.flags&flagChunked == 0 {
		m = l.slab.Add(e.bytes[:route], e.bytes[route:head], e.bytes[head:])
	} else {
		// What the chunks can have bounds what the entry says.
		whole := make([]byte, 0, min(e.size(), uint64(len(e.chunks)/8)*log.MaxPayload))
		var buf []byte
		for c := e.chunks; len(c) > 0; c = c[8:] {
			rec, err := l.store.log.Read(log.Position(le.Uint64(c)), buf)
			if err != nil {
				return m, damaged(err)
			}
			if rec.Kind != recChunk {
				return m, errRecord("kind %d at position %d instead of a chunk", rec.Kind, rec.Position)
			}
			whole = append(whole, rec.Payload...)
			buf = rec.Payload[:0]
		}
		if uint64(len(whole)) != e.size() {
			return m, errRecord("chunks of %d bytes for a message of %d", len(whole), e.size())
		}
		m = Adopt(whole, route, int(e.head))
	}
	m.Persistent, m.Priority, m.Expires = true, e.priority, e.expires
	return m, nil
}

// missing lists the messages that were chosen and not found.
func (l *loader) missing() []uint64 {
	var gone []uint64
	at := 0
	for i := range l.runs {
		r := &l.runs[i]
		for seq := r.first(); seq <= r.last(); seq++ {
			for at < len(l.found) && l.found[at].Seq < seq {
				at++
			}
			if r.alive(seq) && (at == len(l.found) || l.found[at].Seq != seq) {
				gone = append(gone, seq)
			}
		}
	}
	return gone
}

// discard gives back what was found.
func (l *loader) discard() {
	var r Releaser
	for i := range l.found {
		r.Release(&l.found[i].Message)
	}
	r.Flush()
}

// damaged says that what the log could not give back is lost.
func damaged(err error) error {
	var d *log.DamageError
	if errors.As(err, &d) || errors.Is(err, log.ErrNotFound) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}
