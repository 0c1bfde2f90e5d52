package store

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/lepusmq/lepus/store/log"
)

// stateLoader reads what Badger has into an index, at the start. What does
// not fit together is damage, which is named, or given up if losses are
// accepted.
type stateLoader struct {
	store *durable
	index *index

	id    log.StoreID // zero in a new store
	known log.Position
	mark  struct {
		epoch uint32
		end   log.Position
	}
	g     gRecord
	sweep []uint64 // queues with pages that may have to go
	tombs []uint64 // queues that are to go
	sum   uint64
	lost  bool     // something was given up
	bad   []change // removes the values that were
}

// anchor reads what must be known before the log is opened.
func (l *stateLoader) anchor() error {
	v, err := l.get(stateKey(keyAnchor))
	if err != nil || v == nil {
		return err
	}
	if len(v) < 18 {
		return l.tolerate(fmt.Errorf("%w: index: the anchor", ErrDamaged))
	}
	if version := le.Uint16(v); version > stateVersion {
		return fmt.Errorf("%w: the index has version %d, this program knows versions up to %d",
			ErrFormat, version, stateVersion)
	}
	copy(l.id[:], v[2:18])
	return nil
}

// get returns a value without its checksum.
func (l *stateLoader) get(key []byte) ([]byte, error) {
	sealed, err := l.store.kv.get(key)
	if err != nil || sealed == nil {
		return nil, err
	}
	v, err := unseal(key, sealed)
	if err != nil {
		return nil, l.giveUp(key, err)
	}
	return v, nil
}

// giveUp is tolerate about a value, which will be removed.
func (l *stateLoader) giveUp(key []byte, err error) error {
	l.bad = append(l.bad, change{key: bytes.Clone(key), deleted: true})
	return l.tolerate(err)
}

// load reads everything.
func (l *stateLoader) load() error {
	l.index.segments.refresh()
	v, err := l.get(stateKey(keyClean))
	if err != nil {
		return err
	}
	if len(v) == 12 {
		l.mark.epoch, l.mark.end = le.Uint32(v), log.Position(le.Uint64(v[4:]))
		l.known = l.mark.end
	}
	for _, part := range [...]struct {
		letter byte
		read   func(key, value []byte, hash uint64) error
	}{
		{keyG, l.readG}, {keyDefinition, l.readDefinition}, {keySegment, l.readSum},
		{keyQueue, l.readQueue}, {keySweep, l.readSweep},
	} {
		err := l.store.kv.scan([]byte{part.letter}, func(key, sealed []byte) error {
			key = bytes.Clone(key)
			value, err := unseal(key, sealed)
			if err != nil {
				if n, kerr := keyNumbers(key, 1); kerr == nil && part.letter == keyQueue {
					l.sweep = append(l.sweep, n[0])
				}
				return l.giveUp(key, err)
			}
			hash := hashOf(key, sealed)
			if part.letter != keySweep {
				l.sum += hash
			}
			return part.read(key, value, hash)
		})
		if err != nil {
			return err
		}
	}
	if l.id == (log.StoreID{}) && l.g.position > 0 {
		if err := l.tolerate(fmt.Errorf("%w: index: the anchor is missing", ErrDamaged)); err != nil {
			return err
		}
	}
	l.known = max(l.known, l.g.position)
	for _, q := range l.index.queues {
		l.known = max(l.known, q.position)
		q.position = max(q.position, l.g.position)
	}
	l.index.applied = l.g.position
	l.store.checkpoints.g = l.g.position
	return l.compare()
}

// compare checks the sums.
func (l *stateLoader) compare() error {
	v, err := l.get(stateKey(keySum))
	if err != nil {
		return err
	}
	want := uint64(0)
	if len(v) == 8 {
		want = le.Uint64(v)
	}
	if want != l.sum {
		if err := l.tolerate(fmt.Errorf("%w: index: values are missing or old ones have come back", ErrDamaged)); err != nil {
			return err
		}
	}
	l.store.checkpoints.sum = l.sum
	for _, g := range l.index.segments.list {
		if g.saved != g.sum {
			err := l.tolerate(fmt.Errorf("%w: index: segment %d should have %d messages of %d bytes, but has %d of %d",
				ErrDamaged, g.seq, g.saved.messages, g.saved.bytes, g.sum.messages, g.sum.bytes))
			if err != nil {
				return err
			}
			g.saved = g.sum
		}
	}
	return nil
}

// tolerate returns the error, unless losses are accepted.
func (l *stateLoader) tolerate(err error) error {
	if !l.store.opt.AcceptLogLoss {
		return err
	}
	l.lost = true
	l.store.lose(err)
	return nil
}

// heal makes Badger agree with what is left. The next checkpoint writes all of
// it; until then it takes the same loss again to open the store.
func (l *stateLoader) heal() error {
	if !l.lost {
		return nil
	}
	x := l.index
	for _, q := range x.queues {
		for _, p := range q.pages {
			q.change(p)
		}
		x.touch(q)
		l.sweep = append(l.sweep, q.id)
	}
	for _, g := range x.segments.list {
		g.touched = true
	}
	return l.store.commitAll(l.bad)
}

func (l *stateLoader) readG(key, value []byte, hash uint64) error {
	g, ok := decodeG(value)
	if !ok {
		return fmt.Errorf("%w: index: the G record", ErrDamaged)
	}
	l.g = g
	l.index.lastID = max(l.index.lastID, g.lastID)
	l.store.checkpoints.gHash = hash
	return nil
}

func (l *stateLoader) readDefinition(key, value []byte, hash uint64) error {
	if len(key) != 10 || len(value) < 8 {
		return l.tolerate(fmt.Errorf("%w: index: key %x", ErrDamaged, key))
	}
	id := binary.BigEndian.Uint64(key[2:])
	l.index.lastID = max(l.index.lastID, id)
	l.index.defined[definitionKey{Kind(key[1]), id}] = &definition{
		order: le.Uint64(value), value: bytes.Clone(value[8:]), stored: true, hash: hash,
	}
	if Kind(key[1]) == KindQueue && l.index.queues[id] == nil {
		l.index.queues[id] = l.index.newQueue(id, 0)
	}
	return nil
}

func (l *stateLoader) readSum(key, value []byte, hash uint64) error {
	n, err := keyNumbers(key, 1)
	if err != nil || len(value) != 16 {
		return l.tolerate(fmt.Errorf("%w: index: key %x", ErrDamaged, key))
	}
	g := l.index.segments.bySeq(n[0])
	if g == nil {
		l.sum -= hash
		return l.giveUp(key, fmt.Errorf("%w: the log has no segment %d", ErrDamaged, n[0]))
	}
	g.saved = sum{messages: int64(le.Uint64(value)), bytes: int64(le.Uint64(value[8:]))}
	g.stored, g.hash = true, hash
	return nil
}

func (l *stateLoader) readSweep(key, value []byte, hash uint64) error {
	n, err := keyNumbers(key, 1)
	if err != nil {
		return l.tolerate(err)
	}
	l.sweep = append(l.sweep, n[0])
	return nil
}

func (l *stateLoader) readQueue(key, value []byte, hash uint64) error {
	n, err := keyNumbers(key, 1)
	if err != nil {
		return l.tolerate(err)
	}
	rec, ok := decodeQueueRecord(value)
	if !ok {
		return l.tolerate(fmt.Errorf("%w: index: the record of queue %d", ErrDamaged, n[0]))
	}
	if rec.flags&queueTombstone != 0 {
		l.tombs = append(l.tombs, n[0])
		return nil
	}
	q := l.index.newQueue(n[0], rec.position)
	q.next, q.nextPage, q.stored, q.hash = rec.next, rec.nextPage, true, hash
	l.index.queues[q.id] = q
	for i := range rec.pages {
		if err := l.readPage(q, &rec.pages[i]); err != nil {
			if err := l.tolerate(err); err != nil {
				return err
			}
		}
	}
	if rec.runs > 0 {
		if err := l.readRuns(q, &page{}, rec.tail, rec.runs); err != nil {
			return l.tolerate(err)
		}
	}
	q.deltas = nil
	return nil
}

func (l *stateLoader) readPage(q *queueIndex, entry *pageEntry) error {
	key := stateKey(keyPage, q.id, entry.number)
	sealed, err := l.store.kv.get(key)
	if err != nil {
		return err
	}
	if sealed == nil {
		return fmt.Errorf("%w: index: page %d of queue %d is missing", ErrDamaged, entry.number, q.id)
	}
	b, err := unseal(key, sealed)
	if err == nil && checkOf(sealed) != entry.check {
		err = fmt.Errorf("%w: index: page %d of queue %d is another", ErrDamaged, entry.number, q.id)
	}
	if err != nil {
		return err
	}
	return l.readRuns(q, &page{number: entry.number, check: entry.check}, b, ^uint32(0))
}

// readRuns adds the runs of a page, at most n, to a queue.
func (l *stateLoader) readRuns(q *queueIndex, p *page, b []byte, n uint32) error {
	last, any := uint64(0), len(q.pages) > 0
	if any {
		last = q.pages[len(q.pages)-1].last()
	}
	var lost error
	for ; len(b) > 0 && n > 0; n-- {
		r, rest, ok := decodeRun(b, func(c seqCount) {
			if q.counts == nil {
				q.counts = make(map[uint64]uint32)
			}
			q.counts[c.seq] = c.count
		})
		if !ok || any && r.first() <= last {
			lost = fmt.Errorf("%w: index: a run of queue %d", ErrDamaged, q.id)
			break
		}
		b = rest
		if l.index.segments.of(r.pos) == nil || l.index.segments.of(r.pos-log.Position(r.back)) == nil {
			lost = fmt.Errorf("%w: the log does not have position %d, where queue %d has %d messages",
				ErrDamaged, r.pos, q.id, r.live)
			if !l.store.opt.AcceptLogLoss {
				break
			}
			continue
		}
		last, any = r.last(), true
		q.messages += uint64(r.live)
		q.account(&r, int64(r.live), int64(r.bytes), 0)
		p.runs = append(p.runs, r)
	}
	if len(p.runs) > 0 {
		q.pages = append(q.pages, p)
	}
	return lost
}
