package store

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/lepusmq/lepus/store/log"
)

const (
	// loadAhead bounds what is read from the log with one system call.
	loadAhead = 256 << 10
	// sharedWindows is how many pieces of the log are shared by those who load
	// from queues that lie among each other.
	sharedWindows = 64
	// storedCost is what a loaded message counts for beside its bytes.
	storedCost = 64
)

// Stock returns what was found when the store was opened.
func (q *queue) Stock() (Range, int) { return q.store.index.stock(q.id) }

// Mortal says whether messages of the stock may expire.
func (q *queue) Mortal() bool {
	x := q.store.index
	x.mu.Lock()
	defer x.mu.Unlock()
	in := x.queues[q.id]
	return in != nil && in.mortal
}

// Load returns messages of some ranges.
func (q *queue) Load(ranges []Range, limit int) ([]Stored, uint64) {
	l := loader{store: q.store, queue: q}
	defer l.end()
	upTo := lastOf(ranges)
	for _, in := range ranges {
		var all bool
		if limit, all = l.load(&in, limit); !all {
			upTo = in.First - 1
			break
		}
	}
	slices.SortFunc(l.found, func(a, b Stored) int { return cmp.Compare(a.Seq, b.Seq) })
	return l.found, upTo
}

// lastOf is where ranges end.
func lastOf(ranges []Range) uint64 {
	if len(ranges) == 0 {
		return 0
	}
	return ranges[len(ranges)-1].Last
}

// loader reads messages of one queue.
type loader struct {
	store  *durable
	queue  *queue
	reader *log.Reader      // borrowed when it is needed
	tally  map[uint64]tally // of those chosen
	found  []Stored
	slab   Slab
}

// end gives back what the loader has borrowed.
func (l *loader) end() {
	l.slab.Close()
	if l.reader != nil {
		l.store.readers.giveBack(l.reader)
	}
}

// load reads messages of a range, of which it takes away what it has read, and
// returns what is left of the limit. all says that it came to the end.
func (l *loader) load(in *Range, limit int) (left int, all bool) {
	for in.First <= in.Last {
		if limit <= 0 {
			return limit, false
		}
		var runs []run
		runs, l.tally = l.store.index.runsOf(l.queue.id, *in, limit)
		if len(runs) == 0 {
			break
		}
		l.prepare(runs)
		for i := range runs {
			l.read(&runs[i])
			limit -= runs[i].weight()
		}
		in.First = runs[len(runs)-1].last() + 1
	}
	return limit, true
}

// prepare decides how to read runs. Those of a queue among many that are read
// at the same time lie among those of the others, which will be wanted, too.
func (l *loader) prepare(runs []run) {
	ahead, weight, live := 0, 0, 0
	for i := range runs {
		live += int(runs[i].live)
		ahead += int(runs[i].bytes + runs[i].reach)
		weight += runs[i].weight()
	}
	if l.reader == nil {
		l.reader = l.store.readers.borrow(runs[0].pos)
	}
	l.found = slices.Grow(l.found, live)
	l.slab.small = weight < 4*smallChunk
	l.reader.Ahead(min(ahead+4096, loadAhead))
	last := &runs[len(runs)-1]
	scattered := int64(last.pos-runs[0].pos) > 4*int64(ahead)
	if before := l.store.loaded.Swap(l.queue.id); scattered && before != l.queue.id {
		l.reader.Share(&l.store.shared)
	} else {
		l.reader.Share(nil)
	}
}

// weight is what the messages of a run take when they are loaded.
func (r *run) weight() int { return int(r.bytes) + storedCost*int(r.live) }

// read reads the messages of a run. What is not where the index said was
// settled meanwhile, or moved and its place given back, or it is damaged.
func (l *loader) read(r *run) {
	from := len(l.found)
	err := l.readRun(r)
	l.unique(from)
	if err == nil && len(l.found)-from == int(r.live) {
		return
	}
	found := make(map[uint64]bool)
	for i := range l.found[from:] {
		found[l.found[from+i].Seq] = true
	}
	var lost []uint64
	now, _ := l.store.index.runsOf(l.queue.id, Range{r.first(), r.last()}, int(^uint(0)>>1))
	for i := range now {
		left := &now[i]
		for seq := range found {
			left.kill(seq, seq)
		}
		switch {
		case left.live == 0:
		case left.pos != r.pos:
			l.read(left)
		default:
			lost = left.seqs(lost)
		}
	}
	if len(lost) > 0 {
		if err == nil {
			err = errRecord("they are not there")
		}
		l.lose(lost, err)
	}
}

// unique brings what was found from a place on in order, and drops what was
// found twice: where it was, and where it was moved to, close by.
func (l *loader) unique(from int) {
	fresh := l.found[from:]
	last := uint64(0)
	for i := range fresh {
		if fresh[i].Seq <= last {
			break
		}
		last = fresh[i].Seq
		if i == len(fresh)-1 {
			return
		}
	}
	slices.SortFunc(fresh, func(a, b Stored) int { return cmp.Compare(a.Seq, b.Seq) })
	n := 0
	for i := range fresh {
		if n > 0 && fresh[i].Seq == fresh[n-1].Seq {
			fresh[i].Release()
			continue
		}
		fresh[n] = fresh[i]
		n++
	}
	clear(fresh[n:])
	l.found = l.found[:from+n]
}

// lose reports messages that cannot be read.
func (l *loader) lose(lost []uint64, err error) {
	s := l.store
	err = fmt.Errorf("store: %d messages of queue %d, from number %d on, cannot be read: %w",
		len(lost), l.queue.id, lost[0], err)
	s.complain(err)
	if s.opt.AcceptLogLoss {
		l.queue.giveUp(lost)
	}
}

// giveUp settles messages from outside the strand.
func (q *queue) giveUp(seqs []uint64) {
	s := q.store
	s.mu.Lock()
	wake := false
	if s.err == nil {
		for _, seq := range seqs {
			q.kill(span{seq, seq})
		}
		wake = q.stir(false)
	}
	s.mu.Unlock()
	s.wakeIf(wake)
}

// seqs appends the numbers of the messages alive.
func (r *run) seqs(list []uint64) []uint64 {
	if r.live == 0 {
		return list
	}
	for seq := r.first(); seq <= r.last(); seq++ {
		if r.alive(seq) {
			list = append(list, seq)
		}
	}
	return list
}

// readRun reads the messages of one run, over damaged records if it can, and
// returns the first error.
func (l *loader) readRun(r *run) error {
	l.reader.Seek(r.pos)
	end := r.pos + log.Position(r.reach)
	var first error
	for {
		rec, err := l.reader.Next()
		var damage *log.DamageError
		switch {
		case errors.Is(err, io.EOF):
			return first
		case errors.As(err, &damage):
			var again *log.DamageError
			if errors.As(first, &again) && again.Position == damage.Position {
				return first
			}
			first = cmp.Or(first, damaged(err))
			if damage.Position >= end {
				return first
			}
			continue
		case err != nil:
			return damaged(err)
		case rec.Position > end:
			return first
		}
		if kind := rec.Kind &^ recHeld; kind == recEnqueue || kind == recMove {
			if err := l.readBlock(rec, r); err != nil {
				return err
			}
		}
		if rec.Position == end {
			return first
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
			if b.queue(place) != l.queue.id || !r.alive(seq) {
				continue
			}
			m, err := l.message(&e)
			if err != nil {
				return err
			}
			m.Expires = e.deadline(i)
			t := l.tally[seq]
			l.found = append(l.found, Stored{
				Seq: seq, Message: m, Count: t.count, Due: t.due,
				Redelivered: t.count > 0 || r.redelivered || r.pos < l.store.index.unclean,
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
	m.route |= e.flags & flagMarks << marksShift
	m.Persistent, m.Priority = true, e.priority
	return m, nil
}

// damaged says that what the log could not give back is lost.
func damaged(err error) error {
	var d *log.DamageError
	if errors.As(err, &d) || errors.Is(err, log.ErrNotFound) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

// stock returns how many messages a queue has, and from where to where.
func (x *index) stock(id uint64) (Range, int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	q := x.queues[id]
	if q == nil || len(q.pages) == 0 {
		return Range{}, 0
	}
	return Range{q.pages[0].first(), q.pages[len(q.pages)-1].last()}, int(q.messages)
}

// runsOf returns copies of runs with about limit bytes of messages of a range,
// with the tallies of those that have any. It passes over pages that are lost,
// which are reported once.
func (x *index) runsOf(id uint64, in Range, limit int) (runs []run, tallies map[uint64]tally) {
	x.mu.Lock()
	defer x.unlock()
	q := x.queues[id]
	if q == nil {
		return nil, nil
	}
	for at := q.find(in.First); at < len(q.pages); at++ {
		p := q.pages[at]
		if limit <= 0 || p.first() > in.Last {
			break
		}
		if q.need(p) != nil {
			continue
		}
		for i := p.search(in.First); i < len(p.runs); i++ {
			if limit <= 0 || p.runs[i].first() > in.Last {
				return runs, tallies
			}
			r := p.runs[i].within(in.First, in.Last)
			if r.live == 0 {
				continue
			}
			cut := r.cut(limit)
			runs = append(runs, r)
			tallies = p.talliesOf(&r, tallies)
			if limit -= r.weight(); cut {
				return runs, tallies
			}
		}
	}
	return runs, tallies
}

// cut leaves about limit bytes of the run, if it has more, and reports whether
// it did.
func (r *run) cut(limit int) bool {
	if r.weight() <= max(limit, leastLoad) {
		return false
	}
	n := uint32(uint64(r.live) * uint64(max(limit, leastLoad)) / uint64(r.weight()))
	seq := r.first()
	for left := max(n, 1); ; seq++ {
		if r.alive(seq) {
			if left--; left == 0 {
				break
			}
		}
	}
	if seq == r.last() {
		return false
	}
	r.kill(seq+1, r.last())
	return true
}

// leastLoad is how much of a run is loaded at least: its record is read as a
// whole. That is what fits into two small chunks.
const leastLoad = 2*smallChunk - 2<<10

// talliesOf adds the tallies of a run's messages to a map.
func (p *page) talliesOf(r *run, to map[uint64]tally) map[uint64]tally {
	if len(p.tallies) == 0 {
		return to
	}
	if to == nil {
		to = make(map[uint64]tally)
	}
	for seq := r.first(); seq <= r.last(); seq++ {
		if t, ok := p.tallies[seq]; ok {
			to[seq] = t
		}
	}
	return to
}
