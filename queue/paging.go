package queue

import (
	"cmp"
	"slices"

	"github.com/lepusmq/lepus/queue/fifo"
	"github.com/lepusmq/lepus/store"
)

// answer is what was read for a [fifo.Want].
type answer struct {
	want fifo.Want
	fifo.Read
	bytes int64 // if it was only to measure
}

// overflow is where messages go that nobody keeps when there are too many for
// the memory.
type overflow struct {
	store store.Store
	id    uint64
	part  store.Queue
}

// frame tells the machine how much may be in memory and what its keepers have.
func (q *Queue) frame() {
	s := &q.strand
	var window, alone int64
	if q.budget != nil {
		window = q.budget.window(s.counted, s.fifo.Consumers() > 0)
		alone = q.budget.unacked(s.alone)
	}
	s.fifo.Window(window)
	s.fifo.Allow(alone)
	for priority := range s.fifo.Lanes {
		stored, spilled := q.lane(priority).written()
		s.fifo.Written(priority, stored, spilled)
	}
}

// page moves messages between memory and their keepers, as the window asks.
func (q *Queue) page() {
	s := &q.strand
	if s.fifo.Over() && !s.deleted {
		q.shrink()
	}
	if s.fifo.Hungry() || s.stalled {
		q.fetch()
	}
	if was := q.behind.Load(); (s.fifo.Behind(was) || q.overdue()) != was {
		q.behind.Store(!was)
	}
	if q.budget == nil {
		return
	}
	alone := s.fifo.Alone()
	if alone != s.alone {
		q.budget.alone.Add(alone - s.alone)
		s.alone = alone
	}
	// What is being read will be in memory soon.
	if bytes := s.fifo.Bytes() - alone + s.wanted; bytes != s.counted {
		q.budget.used.Add(bytes - s.counted)
		s.counted = bytes
	}
}

// shrink takes messages out of memory. What its keeper has not written yet
// goes when it has.
func (q *Queue) shrink() {
	s := &q.strand
	q.frame()
	lag, more := s.fifo.Shrink(q.spill, func(i *fifo.Item) { s.releaser.Release(&i.Message) })
	q.toStore()
	if more || lag.Keeper != fifo.Nobody && !q.lane(lag.Lane).keeper(lag.Keeper).Await(lag.Seq, q.kept) {
		s.more = true
	}
}

// spill gives a message to the overflow, if there is one.
func (q *Queue) spill(i *fifo.Item) bool {
	s := &q.strand
	q.gather(i.Lane)
	if l := q.lane(i.Lane); l.overflow == nil && !q.openOverflow(l) {
		return false
	}
	i.Kept = fifo.Overflow
	s.spilled = append(s.spilled, store.Enqueue{Seq: i.Seq, Message: i.Message})
	return true
}

// openOverflow makes a lane's part of the overflow.
func (q *Queue) openOverflow(l *lane) bool {
	if q.spillTo == nil {
		return false
	}
	to, err := q.spillTo.Open()
	if err != nil {
		return false
	}
	o := &overflow{store: to, id: to.NewID()}
	to.Define([]store.Definition{{Kind: store.KindQueue, ID: o.id}}, nil)
	o.part = to.Queue(o.id)
	l.overflow = o
	return true
}

// closeOverflow forgets what the queue has spilled.
func (q *Queue) closeOverflow() {
	for _, l := range q.eachLane {
		if o := l.overflow; o != nil {
			o.store.Define([]store.Definition{{Kind: store.KindQueue, ID: o.id, Deleted: true}}, nil)
			l.overflow = nil
		}
	}
}

// kept is called by a store that has written what the queue waits for, on a
// goroutine that has time for a turn.
func (q *Queue) kept() {
	if q.post(nil) { // the turn will look what can leave now
		q.drain(1)
	}
}

// prompt has the strand call f soon, for callers that must not run the strand
// themselves.
func (q *Queue) prompt(f func(*Queue)) {
	if q.post(f) {
		go q.drain(-1)
	}
}

// post puts f into the urgent lane. If it reports true the caller is to see to it
// that the mailbox is drained.
func (q *Queue) post(f func(*Queue)) (drain bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.urgent = append(q.urgent, urgent{outcome: asked, do: f})
	drain = !q.running
	q.running = true
	return drain
}

// fetch has messages read that are wanted soon. The reader is a goroutine for
// which Close waits.
func (q *Queue) fetch() {
	want, ok := q.strand.fifo.Fetch()
	if !ok {
		if !q.strand.fifo.Reading() {
			q.strand.stalled = false // there is nothing to wait for
		}
		return
	}
	q.strand.wanted = int64(want.Bytes)
	var from [2]store.Queue
	for i, k := range [...]fifo.Keeper{fifo.Store, fifo.Overflow} {
		if len(want.Ranges[k]) > 0 {
			from[i] = q.lane(want.Lane).keeper(k)
		}
	}
	q.reads.Go(func() {
		a := read(want, from)
		q.budget.enter()
		if q.post(func(q *Queue) { q.restore(a) }) {
			q.drain(1)
		}
		q.budget.leave()
	})
}

// read reads what is wanted from the store and the overflow.
func read(want fifo.Want, from [2]store.Queue) *answer {
	a := &answer{want: want, Read: fifo.Read{UpTo: ^uint64(0)}}
	if want.Measure {
		a.bytes = measure(want.Ranges[fifo.Store], from[0])
		return a
	}
	for i, k := range [...]fifo.Keeper{fifo.Store, fifo.Overflow} {
		if from[i] == nil {
			continue
		}
		found, upTo := from[i].Load(want.Ranges[k], want.Bytes)
		a.UpTo = min(a.UpTo, upTo)
		a.Items = slices.Grow(a.Items, len(found))
		for at := range found {
			a.add(&found[at], k)
		}
	}
	if from[0] != nil && from[1] != nil {
		a.merge()
	}
	return a
}

// add adds a message that was loaded.
func (a *answer) add(m *store.Stored, k fifo.Keeper) {
	a.Items = append(a.Items, itemOf(m, k))
	if m.Due == 0 {
		return
	}
	if a.Due == nil {
		a.Due = make(map[uint64]int64)
	}
	a.Due[m.Seq] = m.Due
}

// itemOf makes an item of a message that was loaded.
func itemOf(m *store.Stored, k fifo.Keeper) fifo.Item {
	i := fifo.Item{Seq: m.Seq, Message: m.Message, Count: fifo.Tally(m.Count), Kept: k}
	i.Persistent = k == fifo.Store
	if m.Redelivered {
		i.Count = max(i.Count, 1)
	}
	return i
}

// measure returns how many bytes the bodies of stored messages have.
func measure(ranges []store.Range, from store.Queue) (bytes int64) {
	in := ranges[0]
	for in.First <= in.Last {
		found, upTo := from.Load([]store.Range{in}, measureAhead)
		var r store.Releaser
		for i := range found {
			_, _, body := found[i].Lengths()
			bytes += int64(body)
			r.Release(&found[i].Message)
		}
		r.Flush()
		in.First = upTo + 1
	}
	return bytes
}

// measureAhead is how much is read at a time to measure it.
const measureAhead = 1 << 20

// merge brings what came from two keepers in order, and drops what lies beyond
// the place up to which both have been read.
func (a *answer) merge() {
	slices.SortFunc(a.Items, func(x, y fifo.Item) int { return cmp.Compare(x.Seq, y.Seq) })
	n, _ := slices.BinarySearchFunc(a.Items, a.UpTo+1, func(i fifo.Item, seq uint64) int { return cmp.Compare(i.Seq, seq) })
	drop(a.Items[n:])
	a.Items = a.Items[:n]
}

// drop gives back the memory of items that nobody wants.
func drop(items []fifo.Item) {
	var r store.Releaser
	for i := range items {
		r.Release(&items[i].Message)
	}
	r.Flush()
}

// restore takes what was read into the queue.
func (q *Queue) restore(a *answer) {
	s := &q.strand
	s.count().DiskReads += uint64(len(a.Items))
	switch {
	case s.deleted:
		drop(a.Items)
	case a.want.Measure:
		s.fifo.Measured(&a.want, a.bytes)
	case !s.fifo.Restore(&a.want, &a.Read, func(i *fifo.Item) { s.releaser.Release(&i.Message) }):
		drop(a.Items)
	case s.fifo.Timed():
		s.fifo.At(q.now())
	}
	s.stalled, s.wanted = false, 0
}
