package store

import (
	"slices"

	"github.com/lepusmq/lepus/store/log"
)

// batch is one transaction in the making. Everything that the sum over all
// values covers goes through put and remove.
type batch struct {
	changes []change
	size    int
	sum     *uint64
	saved   []*page // those that are in Badger when it is done
}

func (b *batch) add(list ...change) {
	b.changes = append(b.changes, list...)
	for i := range list {
		b.size += list[i].size()
	}
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
const pageBytes = 64 << 10

// sumsBytes bounds what a page may say about segments.
const sumsBytes = 8 << 10

// queueState is what is to be written of a queue, and belongs together.
type queueState struct {
	queue  *queueIndex
	record []byte
	saved  []*page  // those that are new, in the record or in pages
	pages  []change // new ones
	old    []change // those that nothing names any more
	deltas []segmentSum
	size   int
}

// snapshot encodes a queue as it is now; applied is the position up to which
// that holds. What has changed is taken for written from here on, but stays in
// memory until written says so. Called with the index locked.
func (q *queueIndex) snapshot(applied log.Position) queueState {
	q.dirty = false
	q.position = applied
	if q.index.acceptLoss {
		q.giveUpLost(applied)
	}
	s := queueState{queue: q}
	rec := queueRecord{position: applied, next: q.next, pages: make([]pageEntry, 0, len(q.pages))}
	if q.mortal {
		rec.flags |= queueMortal
	}
	for i := 0; i < len(q.pages); i++ {
		p := q.pages[i]
		if p.number == 0 && q.need(p) == nil {
			b := s.encode(i)
			if i == len(q.pages)-1 && len(b) <= tailBytes {
				rec.tail = b
				break
			}
			p.number = q.index.nextPage
			q.index.nextPage++
			key := pageKey(q.id, p.number)
			b = seal(key, b)
			p.check = checkOf(b)
			s.pages = append(s.pages, change{key: key, value: b})
		}
		rec.pages = append(rec.pages, p.entry())
	}
	rec.nextPage = q.index.nextPage
	s.record = rec.encode()
	s.finish()
	return s
}

// encode makes the value of a page, which is parted if it is too large, and
// takes it for saved.
func (s *queueState) encode(at int) []byte {
	q := s.queue
	p := q.pages[at]
	q.change(p)
	segments := &q.index.segments
	p.summarize(segments)
	b := p.encode()
	for (len(b) > pageBytes || len(p.sums) > sumsBytes) && len(p.runs) > 1 {
		q.halve(at)
		p.summarize(segments)
		b = p.encode()
	}
	p.changed = false
	q.weigh(-p.size)
	s.saved = append(s.saved, p)
	return b
}

// giveUpLost takes pages that are lost out of the queue. by is the position at
// which that happens.
func (q *queueIndex) giveUpLost(by log.Position) {
	q.pages = slices.DeleteFunc(q.pages, func(p *page) bool {
		if p.lost {
			q.discard(p, by)
		}
		return p.empty()
	})
}

// written says that Badger has pages now: those that have not changed since may
// be dropped. Called with the index locked.
func (x *index) written(saved []*page) {
	for _, p := range saved {
		if !p.changed {
			p.used = false
			x.cache.add(p)
		}
	}
}

// finish takes what else has changed in the queue.
func (s *queueState) finish() {
	q := s.queue
	for _, number := range q.garbage {
		s.old = append(s.old, change{key: pageKey(q.id, number), deleted: true})
	}
	s.deltas = q.takeDeltas()
	q.garbage = nil
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
	rec := queueRecord{flags: queueTombstone, position: q.position, next: q.next, nextPage: q.index.nextPage}
	s.record = rec.encode()
	s.finish()
	return s
}

// settle adds what a queue has changed to the sums by what Badger has, when that
// goes into a transaction. Called with the index locked.
func (x *index) settle(deltas []segmentSum) {
	for _, d := range deltas {
		if g := x.segments.bySeq(d.seq); g != nil {
			g.saved.add(d.sum)
		}
	}
}
