package store

import (
	"bytes"
	"fmt"
	"sort"
)

const (
	// pageRuns is how many runs a page holds, in a queue with few pages. Long
	// queues have larger pages, up to maxPageRuns, so that the list of them
	// stays short.
	pageRuns    = 128
	maxPageRuns = 4096
	// runMemory and tallyMemory are what a run and a tally take in memory,
	// rareMemory what few runs take beside that and their bits.
	runMemory   = 48
	rareMemory  = 32
	tallyMemory = 56
)

// page is a stretch of a queue's runs, which Badger keeps as one value. While
// it has not changed since it was saved, its runs may be dropped from memory:
// only the summary stays.
type page struct {
	// The summary, as it was saved. It is void while the page is changed.
	number      uint64 // in Badger, see pageKey; 0 if the page is part of the queue's record
	check       uint32
	messages    uint32
	from, until uint64
	sums        pageSums // what its messages add to the segments

	// The runs and the tallies of their messages; nil if they are only in Badger.
	runs    []run
	tallies map[uint64]tally
	size    int // bytes of memory that these take

	slot    int32 // place in the cache, counted from 1; 0 if it is not there
	used    bool  // since the cache last looked
	changed bool  // differs from what Badger has
	lost    bool  // what Badger has cannot be read
}

func (p *page) first() uint64 {
	if p.changed {
		return p.runs[0].first()
	}
	return p.from
}

func (p *page) last() uint64 {
	if p.changed {
		return p.runs[len(p.runs)-1].last()
	}
	return p.until
}

// empty says whether nothing is left in the page.
func (p *page) empty() bool { return p.changed && len(p.runs) == 0 }

// search returns the place of the first run that ends at seq or behind it. The
// runs must be in memory.
func (p *page) search(seq uint64) int {
	return sort.Search(len(p.runs), func(i int) bool { return p.runs[i].last() >= seq })
}

// alive says whether a message is in the page, whose runs must be in memory.
func (p *page) alive(seq uint64) bool {
	i := p.search(seq)
	return i < len(p.runs) && p.runs[i].alive(seq)
}

// drop leaves only the summary.
func (p *page) drop() { p.runs, p.tallies, p.size = nil, nil, 0 }

// measure returns the memory that the page's runs and tallies take.
func (p *page) measure() int {
	n := len(p.tallies) * tallyMemory
	for i := range p.runs {
		n += p.runs[i].size()
	}
	return n
}

// encode makes the value of a page.
func (p *page) encode() []byte {
	b := make([]byte, 0, 4+3*leastRun*len(p.runs)+4)
	b = le.AppendUint32(b, uint32(len(p.runs)))
	after := new(run)
	for i := range p.runs {
		b = appendRun(b, &p.runs[i], after, p.tallies)
		after = &p.runs[i]
	}
	return b
}

// decode reads what encode made.
func (p *page) decode(b []byte) (ok bool) {
	if len(b) < 4 || uint64(le.Uint32(b)) > uint64(len(b)/leastRun) {
		return false
	}
	runs := make([]run, 0, le.Uint32(b))
	after := new(run)
	for b = b[4:]; len(b) > 0; {
		r, rest, ok := decodeRun(b, after, p.setTally)
		if n := len(runs); !ok || n == cap(runs) || n > 0 && r.first() <= after.last() {
			return false
		}
		runs, b = append(runs, r), rest
		after = &runs[len(runs)-1]
	}
	p.runs = runs
	p.size = p.measure()
	return len(runs) > 0 && len(runs) == cap(runs)
}

func (p *page) setTally(t seqTally) {
	if p.tallies == nil {
		p.tallies = make(map[uint64]tally)
	}
	p.tallies[t.seq] = t.tally
}

// summarize makes the summary of what is in memory.
func (p *page) summarize(s *segments) {
	p.from, p.until, p.messages = p.runs[0].first(), p.runs[len(p.runs)-1].last(), 0
	var sums []segmentSum
	for i := range p.runs {
		r := &p.runs[i]
		p.messages += r.live
		s.share(r, int64(r.live), int64(r.bytes), func(g *segment, d sum) { sums = addSum(sums, g.seq, d) })
	}
	p.sums = packSums(sums)
}

// entry names the page in the queue's record.
func (p *page) entry() pageEntry {
	return pageEntry{
		number: p.number, first: p.from, last: p.until, messages: p.messages, check: p.check, lost: p.lost, sums: p.sums,
	}
}

// page makes a page of which nothing is in memory.
func (p *pageEntry) page() *page {
	return &page{
		number: p.number, from: p.first, until: p.last, messages: p.messages, check: p.check, lost: p.lost,
		sums: append(pageSums(nil), p.sums...),
	}
}

// PageError says that a page of the index cannot be read: of the queue's
// messages First to Last the store does not know where they are. It wraps
// ErrDamaged.
type PageError struct {
	Queue, Page uint64
	First, Last uint64
	Messages    uint32
	Err         error // why
}

// Error names queue, page and messages.
func (e *PageError) Error() string {
	return fmt.Sprintf("%v: index: page %d of queue %d, with %d messages from %d to %d, cannot be read: %v",
		ErrDamaged, e.Page, e.Queue, e.Messages, e.First, e.Last, e.Err)
}

// Unwrap returns ErrDamaged and the cause.
func (e *PageError) Unwrap() []error { return []error{ErrDamaged, e.Err} }

// need has the runs of a page in memory until the next call for a page.
func (q *queueIndex) need(p *page) error {
	switch {
	case p.runs != nil:
		p.used = true
		return nil
	case p.lost:
		return q.pageError(p, fmt.Errorf("%w: it was found damaged before", ErrDamaged))
	}
	fresh, err := q.read(p)
	if err != nil {
		return q.lose(p, err)
	}
	p.runs, p.tallies, p.size, p.used = fresh.runs, fresh.tallies, fresh.size, true
	q.index.cache.add(p)
	return nil
}

// read returns what Badger has of a page, if that is what was saved.
func (q *queueIndex) read(p *page) (*page, error) {
	b, err := q.fetch(p)
	if err != nil {
		return nil, err
	}
	fresh := new(page)
	if !fresh.decode(b) {
		return nil, fmt.Errorf("%w: its runs", ErrDamaged)
	}
	if fresh.summarize(&q.index.segments); !fresh.agrees(p) {
		return nil, fmt.Errorf("%w: it has %d messages from %d to %d", ErrDamaged, fresh.messages, fresh.from, fresh.until)
	}
	return fresh, nil
}

// agrees says whether two summaries say the same of the messages.
func (p *page) agrees(o *page) bool {
	return p.from == o.from && p.until == o.until && p.messages == o.messages && bytes.Equal(p.sums, o.sums)
}

// fetch returns the value of a page, or the part of the queue's record that
// has it.
func (q *queueIndex) fetch(p *page) ([]byte, error) {
	key := pageKey(q.id, p.number)
	if p.number == 0 {
		key = stateKey(keyQueue, q.id)
	}
	sealed, err := q.index.get(key)
	if err != nil {
		return nil, err
	}
	if sealed == nil {
		return nil, fmt.Errorf("%w: key %x is missing", ErrDamaged, key)
	}
	b, err := unseal(key, sealed)
	if err != nil {
		return nil, err
	}
	if p.number != 0 {
		if checkOf(sealed) != p.check {
			return nil, fmt.Errorf("%w: key %x has another value", ErrDamaged, key)
		}
		return b, nil
	}
	rec, ok := decodeQueueRecord(b)
	if !ok || hashOf(key, sealed) != q.hash {
		return nil, fmt.Errorf("%w: key %x has another value", ErrDamaged, key)
	}
	return rec.tail, nil
}

// lose gives up a page that cannot be read. Nothing reads it again, so that no
// message in it comes back whose settlement is passed over from now on; what it
// adds to the sums stays until the queue settles all that it spans.
func (q *queueIndex) lose(p *page, why error) error {
	err := q.pageError(p, why)
	p.lost = true
	q.index.lost = append(q.index.lost, err)
	q.index.touch(q)
	return err
}

func (q *queueIndex) pageError(p *page, why error) error {
	return &PageError{Queue: q.id, Page: p.number &^ formerPage, First: p.from, Last: p.until, Messages: p.messages, Err: why}
}
