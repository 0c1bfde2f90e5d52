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

	id      log.StoreID // zero in a new store
	version uint16      // likewise
	former  []formerSum
	known   log.Position
	mark    struct {
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
	if l.version = le.Uint16(v); l.version < versionWithSums || l.version > stateVersion {
		return fmt.Errorf("%w: the index has version %d, this program knows versions %d to %d",
			ErrFormat, l.version, versionWithSums, stateVersion)
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
		{keyG, l.readG}, {keyDefinition, l.readDefinition}, {keySegment, l.readFormer},
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

// compare checks the sum over all values.
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
		g.saved = g.sum
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

// heal makes Badger agree with what is left. The next checkpoint writes the
// records of all queues; until then it takes the same loss again to open the
// store.
func (l *stateLoader) heal() error {
	if !l.lost {
		return nil
	}
	x := l.index
	for _, q := range x.queues {
		x.touch(q)
		l.sweep = append(l.sweep, q.id)
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
	l.index.nextPage = max(l.index.nextPage, rec.nextPage)
	if rec.flags&queueTombstone != 0 {
		l.tombs = append(l.tombs, n[0])
		return nil
	}
	q := l.index.newQueue(n[0], rec.position)
	q.next, q.stored, q.hash = rec.next, true, hash
	q.mortal = rec.flags&queueMortal != 0
	l.index.queues[q.id] = q
	if n := len(rec.pages); n > 0 {
		q.pages = make([]*page, 0, n+1)
	}
	for i := range rec.pages {
		if err := l.readPage(q, rec.pages[i].page()); err != nil {
			if err := l.tolerate(err); err != nil {
				return err
			}
		}
	}
	if len(rec.tail) > 0 {
		p := new(page)
		if !p.decode(rec.tail) {
			return l.tolerate(fmt.Errorf("%w: index: the last runs of queue %d", ErrDamaged, q.id))
		}
		if err := l.take(q, p); err != nil {
			return err
		}
	}
	q.takeDeltas()
	return nil
}

// readPage takes up a page that a record names. It is read only if losses are
// accepted, so that they are found now; else what the record says of it will
// do.
func (l *stateLoader) readPage(q *queueIndex, p *page) error {
	if !l.store.opt.AcceptLogLoss {
		if err := inOrder(q, p); err != nil {
			return err
		}
		for s := range p.sums.all {
			g := l.index.segments.bySeq(s.seq)
			if g == nil {
				return fmt.Errorf("%w: the log does not have segment %d, where queue %d has %d messages",
					ErrDamaged, s.seq, q.id, s.sum.messages)
			}
			g.sum.add(s.sum)
		}
		q.messages += uint64(p.messages)
		q.pages = append(q.pages, p)
		return nil
	}
	if p.lost {
		return q.pageError(p, fmt.Errorf("%w: it was found damaged before", ErrDamaged))
	}
	b, err := q.fetch(p)
	if err != nil {
		return q.pageError(p, err)
	}
	if !p.decode(b) {
		return q.pageError(p, fmt.Errorf("%w: its runs", ErrDamaged))
	}
	return l.take(q, p)
}

// take takes up a page whose runs are in memory, without those that the log
// does not have.
func (l *stateLoader) take(q *queueIndex, p *page) error {
	p.summarize(&l.index.segments)
	if err := inOrder(q, p); err != nil {
		return err
	}
	var kept []run
	for _, r := range p.runs {
		if l.index.segments.of(r.pos) == nil || l.index.segments.of(r.pos-log.Position(r.back())) == nil {
			err := l.tolerate(fmt.Errorf("%w: the log does not have position %d, where queue %d has %d messages",
				ErrDamaged, r.pos, q.id, r.live))
			if err != nil {
				return err
			}
			continue
		}
		q.account(&r, int64(r.live), int64(r.bytes), 0)
		q.messages += uint64(r.live)
		kept = append(kept, r)
	}
	if len(kept) == 0 {
		return nil
	}
	if len(kept) == len(p.runs) {
		l.index.cache.add(p)
	} else {
		p.runs = kept
		p.size = p.measure()
		q.change(p)
	}
	q.pages = append(q.pages, p)
	return nil
}

// inOrder says whether a page may be put behind the others of a queue.
func inOrder(q *queueIndex, p *page) error {
	if n := len(q.pages); n > 0 && p.from <= q.pages[n-1].last() {
		return fmt.Errorf("%w: index: the pages of queue %d overlap", ErrDamaged, q.id)
	}
	return nil
}
