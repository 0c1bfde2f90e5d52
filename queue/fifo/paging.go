package fifo

import (
	"cmp"
	"slices"

	"github.com/lepusmq/lepus/store"
)

// paging is what a queue knows of messages that are not in memory.
type paging struct {
	// era counts the purges: what was asked for in an earlier one is void.
	era uint64
	// window is what all that is ready may cost; 0 is no bound.
	window int64
	// allowed is what unacked messages may cost that nobody keeps; 0 is no bound.
	allowed int64
	// heavy are those that were delivered when they cost more.
	heavy []delivered
	// exhumed is how many of the dying messages, the first, are being read.
	exhumed int
	// reading says that a [Want] is not answered yet.
	reading bool
}

const (
	// maxWanted is how many returned messages are asked for at a time.
	maxWanted = 256
	// minRead and maxRead bound what is read at a time, in bytes.
	minRead = 16 << 10
	maxRead = 1 << 20
	// smallWindow is the window from which on delivered messages may stay, and
	// the table of them when they have gone.
	smallWindow = 64 << 10
	// keepHeavy is how much room is kept for those that are to be spilled.
	keepHeavy = 64
	// leastBehind is the window from which consumers can be behind.
	leastBehind = 1 << 20
)

// delivered is a message that is unacked, or was.
type delivered struct {
	at  Slot
	seq uint64
}

// Want is what a queue needs to be read: ranges of sequence numbers of one
// lane, by keeper.
type Want struct {
	era    uint64
	gap    bool
	Lane   uint8
	dying  bool
	Ranges [keepers][]store.Range
	// Measure asks for no messages but for the bytes of their bodies, see
	// [Machine.Measured].
	Measure bool
	// Bytes is about how much is enough.
	Bytes int
}

// Lag is a keeper that has not written yet what could leave the memory then:
// what it was given of a lane, up to a sequence number.
type Lag struct {
	Keeper Keeper // Nobody: there is no lag
	Lane   uint8
	Seq    uint64
}

// Window sets how many bytes of waiting messages may stay in memory, 0 for any
// number.
func (m *Machine) Window(bytes int64) {
	m.window = bytes
	m.slots.few = bytes > 0 && bytes < smallWindow
	m.main.line.window = bytes
	if m.lanes != nil {
		m.lanes.share(bytes)
	}
}

// Allow sets what unacked messages may cost that nobody keeps, 0 for any number of
// bytes. Others are spilled when they are delivered.
func (m *Machine) Allow(bytes int64) { m.allowed = bytes }

// Written says up to which sequence numbers the keepers of a lane have written
// what they were given.
func (m *Machine) Written(lane uint8, stored, spilled uint64) {
	m.at(lane).kept = [keepers]uint64{Store: stored, Overflow: spilled}
}

// waiting is what the ready messages in memory cost that were never delivered.
func (m *Machine) waiting() int64 {
	if m.lanes != nil {
		return m.lanes.bytes()
	}
	return m.main.line.bytes()
}

// Bytes is what the messages in memory cost.
func (m *Machine) Bytes() int64 { return m.waiting() + m.residents.bytes + m.residents.alone }

// Alone is what those of them cost that were delivered and that nobody keeps.
func (m *Machine) Alone() int64 { return m.residents.alone }

// Over says that the queue has more in memory than it may.
func (m *Machine) Over() bool {
	if m.packed() || len(m.heavy) > 0 {
		return true
	}
	if m.lanes != nil {
		return m.lanes.over(m.window)
	}
	return m.main.line.over()
}

// Behind says that consumers are so far behind that what waits for them will
// soon have no room: three quarters of the window are full, or half of it are
// still, and nothing is out of memory yet. A small window is not worth waiting
// for.
func (m *Machine) Behind(was bool) bool {
	l := &m.main.line
	if m.window < leastBehind || !l.consumed || l.gap.len() > 0 || m.lanes != nil && m.lanes.gaps() {
		return false
	}
	if was {
		return m.waiting() > m.window/2
	}
	return m.waiting() > m.window-m.window/4
}

// packed says that delivered messages cost more than they should.
func (m *Machine) packed() bool {
	return m.window > 0 && m.residents.bytes > m.mostResident()
}

// mostResident is what delivered messages may cost. Where there is hardly room
// for those that wait, none need stay: a few would pin what all others lay in.
func (m *Machine) mostResident() int64 {
	if m.window < smallWindow {
		return 0
	}
	return m.window / 4
}

// Shrink takes messages out of memory that need not be there, between those
// that leave next and those that came last. Messages that nobody keeps are
// given to spill, which says whether it took them; release is called for those
// that have left. If more could leave once a keeper has written what it was
// given, Shrink returns that. It does a bounded amount of work; more says that it
// is not through. Of several lanes the lowest shrinks first.
func (m *Machine) Shrink(spill func(*Item) bool, release func(*Item)) (wait Lag, more bool) {
	give := func(i *Item) bool {
		if !spill(i) {
			return false
		}
		m.at(i.Lane).spilled = i.Seq
		return true
	}
	m.lighten(give)
	if m.packed() {
		more = m.residents.sweep(&m.slots, m.mostResident(), func(i *Item) bool {
			kept := m.isKept(i)
			if !kept && i.Kept != Nobody {
				wait = Lag{Keeper: i.Kept, Lane: i.Lane, Seq: i.Seq}
			}
			return kept
		}, release)
		if wait.Keeper != Nobody {
			more, m.residents.idle = false, 0 // all are looked at again then
		}
	}
	if m.lanes != nil {
		return m.lanes.shrink(m.window, give, release, m.isHeavy(), wait), more
	}
	return m.main.shrink(give, release, m.isHeavy(), wait), more
}

// isHeavy says that delivered messages that nobody keeps cost more than they may.
func (m *Machine) isHeavy() bool { return m.allowed > 0 && m.residents.alone > m.allowed }

// lighten spills what is heavy and still unacked. What it has spilled leaves the
// memory like other messages that have a keeper. It takes them in order only: those
// in line were published later.
func (m *Machine) lighten(spill func(*Item) bool) {
	for _, d := range m.heavy {
		f, ok := m.slots.find(d.at, d.seq)
		if !ok || !f.resident() {
			continue
		}
		i := m.residents.get(&f)
		if i.Kept != Nobody || i.Seq <= m.at(i.Lane).spilled {
			continue
		}
		m.residents.count(i, -1)
		spill(i)
		m.residents.count(i, 1)
	}
	if m.heavy = m.heavy[:0]; cap(m.heavy) > keepHeavy {
		m.heavy = nil
	}
}

// isKept says whether a message's keeper has written it.
func (m *Machine) isKept(i *Item) bool { return m.at(i.Lane).isKept(i) }

// crowded says whether a message that is delivered should not stay in memory
// until it is settled.
func (m *Machine) crowded(i *Item) bool {
	return m.window > 0 && m.residents.bytes >= m.mostResident() && m.isKept(i)
}

// Absent says that the next message is not in memory.
func (m *Machine) Absent() bool {
	l := m.lead()
	if l.returned.len+len(l.awaited) > 0 {
		f := l.firstReturned()
		return f == nil || !f.resident()
	}
	return l.line.peek() == nil && l.line.gap.len() > 0
}

// Hungry says that something should be read: there are consumers, and little of
// what they take next is in memory, or the rules need to see what is not.
func (m *Machine) Hungry() bool {
	switch {
	case m.reading:
		return false
	case m.Unmeasured(), len(m.dying) > 0 && !m.dying[0].resident():
		return true
	case len(m.consumers) == 0:
		return m.watched() && m.Absent()
	}
	l := m.lead()
	return l.returnedAway() || l.line.low()
}

// Reading says that a [Want] is not answered yet.
func (m *Machine) Reading() bool { return m.reading }

// Fetch says what should be read now: what somebody waits for, or soon will.
// ok is false if nothing, or as long as the last is not answered.
func (m *Machine) Fetch() (w Want, ok bool) {
	if m.reading {
		return Want{}, false
	}
	l := m.lead()
	w = Want{era: m.era, Lane: l.priority, Bytes: int(l.line.ahead())}
	switch {
	case m.Unmeasured() && m.wantMeasure(&w):
	case m.wantDying(&w):
	case l.returnedAway():
		m.wantReturned(l, &w)
	case l.line.low():
		w.gap = true
		gap := &l.line.gap
		for k, n := range gap.n {
			if n > 0 {
				w.Ranges[k] = []store.Range{{First: gap.first, Last: gap.last}}
			}
		}
	default:
		return Want{}, false
	}
	m.reading = true
	return w, true
}

// wantReturned asks for the first of the returned messages.
func (m *Machine) wantReturned(l *lane, w *Want) {
	var seqs [keepers][]uint64
	for l.returnedAway() && len(l.awaited) < maxWanted {
		f := l.returned.pop()
		l.awaited = append(l.awaited, f)
		_, k := m.residents.place(&f)
		seqs[k] = append(seqs[k], f.seq)
	}
	for k := range seqs {
		slices.Sort(seqs[k])
		w.Ranges[k] = rangesOf(seqs[k])
	}
}

// Read is what there is of a [Want], up to a sequence number.
type Read struct {
	Items []Item // in order of Seq
	UpTo  uint64
	// Due is when those may be delivered that waited when the queue was closed, by
	// Seq; nil if none did.
	Due map[uint64]int64
}

// Restore answers a [Want] with all that there are of it. If it is not wanted any
// more Restore reports false and has taken nothing. release is called for
// messages that it leaves to their keeper.
func (m *Machine) Restore(w *Want, r *Read, release func(*Item)) bool {
	m.reading = false
	if w.era != m.era {
		return false
	}
	l := m.at(w.Lane)
	for at := range r.Items {
		r.Items[at].Lane = w.Lane
		m.mortal = m.mortal || r.Items[at].Expires != 0
	}
	switch {
	case w.gap:
		m.restored(l, r.Items)
		m.restoreDelayed(l, r, release)
		l.line.restore(r.Items, r.UpTo)
	case w.dying:
		m.restoreDying(r.Items, r.UpTo)
	default:
		m.restoreReturned(l, r.Items, r.UpTo)
	}
	return true
}

// restoreDelayed takes the messages that are to wait out of what was read of the
// gap of a lane.
func (m *Machine) restoreDelayed(l *lane, r *Read, release func(*Item)) {
	if len(r.Due) == 0 {
		return
	}
	m.resumed = true
	ready := r.Items[:0]
	for at := range r.Items {
		i := &r.Items[at]
		due := r.Due[i.Seq]
		if due == 0 {
			ready = append(ready, *i)
			continue
		}
		l.line.gap.n[i.Kept] = max(0, l.line.gap.n[i.Kept]-1)
		m.length.bytes -= i.body()
		stay := !m.crowded(i)
		m.delayed.Push(delayed{m.residents.keep(i, 0, stay), due})
		if !stay {
			release(i)
		}
	}
	clear(r.Items[len(ready):])
	r.Items = ready
}

// restoreReturned takes what was read of the returned messages. Those that are
// not there any more are gone.
func (m *Machine) restoreReturned(l *lane, items []Item, upTo uint64) {
	kept := l.awaited[:0]
	for _, f := range l.awaited {
		n, found := slices.BinarySearchFunc(items, f.seq, func(i Item, seq uint64) int { return cmp.Compare(i.Seq, seq) })
		switch {
		case found:
			items[n].Count = f.item().Count
			m.length.bytes += items[n].body()
			f = m.residents.keep(&items[n], 0, true)
		case f.seq <= upTo:
			continue
		}
		kept = append(kept, f)
	}
	l.awaited = nil
	l.returned.putBack(kept)
}

// Recover makes n messages of the store ready, which have these sequence
// numbers in a lane; mortal says that some of them may expire. For a queue that
// is new.
func (m *Machine) Recover(lane uint8, in store.Range, n int, mortal bool) {
	l := m.enter(lane)
	l.line.gap = gap{first: in.First, last: in.Last, n: [keepers]int{Store: n}}
	m.newest = max(m.newest, in.Last)
	l.unmeasured = in.Last
	m.mortal = m.mortal || mortal
}
