package store

import "github.com/lepusmq/lepus/store/log"

// batch is one transaction in the making. Everything that the sum over all
// values covers goes through put and remove.
type batch struct {
	changes []change
	size    int
	sum     *uint64
}

func (b *batch) add(c change) {
	b.changes = append(b.changes, c)
	b.size += c.size()
}

// put sets a value that the sum covers. hash is that of the value before, and
// becomes that of this one.
func (b *batch) put(key, value []byte, hash *uint64) {
	sealed := seal(key, value)
	h := hashOf(key, sealed)
	*b.sum += h - *hash
	*hash = h
	b.add(change{key: key, value: sealed})
}

// remove deletes a value that the sum covers.
func (b *batch) remove(key []byte, hash *uint64) {
	*b.sum -= *hash
	*hash = 0
	b.add(change{key: key, deleted: true})
}

// pageBytes is how large a page may be in Badger: far below what fits into a
// transaction.
const pageBytes = 128 << 10

// queueState is what is to be written of a queue, and belongs together.
type queueState struct {
	queue  *queueIndex
	record []byte
	pages  []change // new ones
	old    []change // those that nothing names any more
	deltas []segmentDelta
	size   int
}

// snapshot encodes a queue as it is now; applied is the position up to which
// that holds. What has changed is taken for written from here on. Called with
// the index locked.
func (q *queueIndex) snapshot(applied log.Position) queueState {
	q.dirty = false
	q.position = applied
	s := queueState{queue: q}
	rec := queueRecord{position: applied, next: q.next, pages: make([]pageEntry, 0, len(q.pages))}
	for i := 0; i < len(q.pages); i++ {
		p := q.pages[i]
		if p.number == 0 {
			b := p.encode(q.counts)
			for len(b) > pageBytes && len(p.runs) > 1 {
				q.halve(i)
				b = p.encode(q.counts)
			}
			if i == len(q.pages)-1 && len(b) <= tailBytes {
				rec.tail, rec.runs = b, uint32(len(p.runs))
				break
			}
			p.number = q.nextPage
			q.nextPage++
			key := stateKey(keyPage, q.id, p.number)
			b = seal(key, b)
			p.check = checkOf(b)
			s.pages = append(s.pages, change{key: key, value: b})
		}
		rec.pages = append(rec.pages, pageEntry{
			number: p.number, first: p.first(), last: p.last(), messages: p.messages(), check: p.check,
		})
	}
	rec.nextPage = q.nextPage
	s.record = rec.encode()
	s.finish()
	return s
}

// finish takes what else has changed in the queue.
func (s *queueState) finish() {
	q := s.queue
	for _, number := range q.garbage {
		s.old = append(s.old, change{key: stateKey(keyPage, q.id, number), deleted: true})
	}
	s.deltas = q.deltas
	q.garbage, q.deltas = nil, nil
	s.size = len(s.record) + 2*changeCost
	for _, list := range [...][]change{s.pages, s.old} {
		for i := range list {
			s.size += list[i].size()
		}
	}
}

// ending is what is to be written of a queue that has ended: its record is a
// tombstone, for the time that its pages take to go. Called with the index
// locked.
func (q *queueIndex) ending() queueState {
	s := queueState{queue: q}
	rec := queueRecord{flags: queueTombstone, position: q.position, next: q.next, nextPage: q.nextPage}
	s.record = rec.encode()
	s.finish()
	return s
}

func (p *page) encode(counts map[uint64]uint32) []byte {
	b := make([]byte, 0, len(p.runs)*runSize+4)
	for i := range p.runs {
		b = appendRun(b, &p.runs[i], counts)
	}
	return b
}

func (p *page) messages() uint32 {
	n := uint32(0)
	for i := range p.runs {
		n += p.runs[i].live
	}
	return n
}

// settle adds what a queue has changed to the sums that Badger has; sums comes
// before the end of the same transaction. Called with the index locked.
func (x *index) settle(deltas []segmentDelta) {
	for _, d := range deltas {
		if g := x.segments.bySeq(d.seq); g != nil && d.sum != (sum{}) {
			g.saved.add(d.sum)
			g.touched = true
		}
	}
}

// sums adds the sums that have changed to a transaction. Called with the index
// locked.
func (x *index) sums(b *batch) {
	for _, g := range x.segments.list {
		if g.touched {
			g.touched, g.stored = false, true
			v := le.AppendUint64(nil, uint64(g.saved.messages))
			v = le.AppendUint64(v, uint64(g.saved.bytes))
			b.put(stateKey(keySegment, g.seq), v, &g.hash)
		}
	}
}
