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
	// kept is up to which sequence number the keepers have what they were
	// given.
	kept [keepers]uint64
	// awaited are returned messages that are being read, in order.
	awaited []ref
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
	// leastBehind is the window from which consumers can be behind.
	leastBehind = 1 << 20
)

// Want is what a queue needs to be read: ranges of sequence numbers, by keeper.
type Want struct {
	era    uint64
	gap    bool
	dying  bool
	Ranges [keepers][]store.Range
	// Measure asks for no messages but for the bytes of their bodies, see
	// [Machine.Measured].
	Measure bool
	// Bytes is about how much is enough.
	Bytes int
}

// Window sets how many bytes of waiting messages may stay in memory, 0 for any
// number, and up to which sequence numbers the keepers have written what they
// were given.
func (m *Machine) Window(bytes int64, stored, spilled uint64) {
	m.line.window = bytes
	m.kept = [keepers]uint64{Store: stored, Overflow: spilled}
}

// Bytes is what the messages in memory cost.
func (m *Machine) Bytes() int64 { return m.line.bytes() + m.residents.bytes }

// Over says that the queue has more in memory than it may.
func (m *Machine) Over() bool { return m.line.over() || m.packed() }

// Behind says that consumers are so far behind that what waits for them will
// soon have no room: three quarters of the window are full, or half of it are
// still, and nothing is out of memory yet. A small window is not worth waiting
// for.
func (m *Machine) Behind(was bool) bool {
	l := &m.line
	if l.window < leastBehind || !l.consumed || l.gap.len() > 0 {
		return false
	}
	if was {
		return l.bytes() > l.window/2
	}
	return l.bytes() > l.window-l.window/4
}

// packed says that delivered messages cost more than they should.
func (m *Machine) packed() bool {
	return m.line.window > 0 && m.residents.bytes > m.line.window/4
}

// Shrink takes messages out of memory that need not be there, between those
// that leave next and those that came last. Messages that nobody keeps are
// given to spill, which says whether it took them; release is called for those
// that have left. If more could leave once a keeper has written what it was
// given, Shrink returns that keeper and up to where it would have to. It does a
// bounded amount of work; more says that it is not through.
func (m *Machine) Shrink(spill func(*Item) bool, release func(*Item)) (wait Keeper, seq uint64, more bool) {
	l := &m.line
	if m.packed() {
		more = m.residents.sweep(&m.slots, l.window/4, func(i *Item) bool {
			kept := m.isKept(i)
			if !kept && i.Kept != Nobody {
				wait, seq = i.Kept, i.Seq
			}
			return kept
		}, release)
	}
	if !l.over() {
		return wait, seq, more
	}
	l.hand(spill)
	for l.mark.n > 0 {
		first := l.back.peek()
		if !m.isKept(first) {
			return first.Kept, first.Seq, more
		}
		l.shift(release)
	}
	return wait, seq, more
}

// isKept says whether a message's keeper has written it.
func (m *Machine) isKept(i *Item) bool { return i.Kept != Nobody && i.Seq <= m.kept[i.Kept] }

// crowded says whether a message that is delivered should not stay in memory
// until it is settled.
func (m *Machine) crowded(i *Item) bool {
	return m.packed() && m.isKept(i)
}

// Absent says that the next message is not in memory.
func (m *Machine) Absent() bool {
	if m.returned.len()+len(m.awaited) > 0 {
		f := m.firstReturned()
		return f == nil || !f.resident()
	}
	return m.line.peek() == nil && m.line.gap.len() > 0
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
	return m.returnedAway() || m.gapNear()
}

// returnedAway says that the first returned message is not in memory.
func (m *Machine) returnedAway() bool {
	return m.returned.len() > 0 && !m.returned.first().resident()
}

// gapNear says that little is left before the gap.
func (m *Machine) gapNear() bool {
	return m.line.gap.len() > 0 && m.line.front.bytes <= m.line.ahead()
}

// Reading says that a [Want] is not answered yet.
func (m *Machine) Reading() bool { return m.reading }

// Fetch says what should be read now: what somebody waits for, or soon will.
// ok is false if nothing, or as long as the last is not answered.
func (m *Machine) Fetch() (w Want, ok bool) {
	if m.reading {
		return Want{}, false
	}
	l := &m.line
	w = Want{era: m.era, Bytes: int(l.ahead())}
	switch {
	case m.Unmeasured() && m.wantMeasure(&w):
	case m.wantDying(&w):
	case m.returnedAway():
		m.wantReturned(&w)
	case m.gapNear():
		w.gap = true
		for k, n := range l.gap.n {
			if n > 0 {
				w.Ranges[k] = []store.Range{{First: l.gap.first, Last: l.gap.last}}
			}
		}
	default:
		return Want{}, false
	}
	m.reading = true
	return w, true
}

// wantReturned asks for the first of the returned messages.
func (m *Machine) wantReturned(w *Want) {
	var seqs [keepers][]uint64
	for m.returnedAway() && len(m.awaited) < maxWanted {
		f := m.returned.pop()
		m.awaited = append(m.awaited, f)
		k := m.keeper(&f)
		seqs[k] = append(seqs[k], f.seq)
	}
	for k := range seqs {
		slices.Sort(seqs[k])
		w.Ranges[k] = rangesOf(seqs[k])
	}
}

// Restore answers a [Want]: items, in order of Seq, are all that there are of
// it up to a sequence number. If they are not wanted any more it reports false
// and has taken none.
func (m *Machine) Restore(w *Want, items []Item, upTo uint64) bool {
	m.reading = false
	if w.era != m.era {
		return false
	}
	for at := range items {
		m.mortal = m.mortal || items[at].Expires != 0
	}
	switch {
	case w.gap:
		m.length.restored(items)
		m.line.restore(items, upTo)
	case w.dying:
		m.restoreDying(items, upTo)
	default:
		m.restoreReturned(items, upTo)
	}
	return true
}

// restoreReturned takes what was read of the returned messages. Those that are
// not there any more are gone.
func (m *Machine) restoreReturned(items []Item, upTo uint64) {
	kept := m.awaited[:0]
	for _, f := range m.awaited {
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
	m.awaited = nil
	m.returned.putBack(kept)
}

// Recover makes n messages of the store ready, which have these sequence
// numbers; mortal says that some of them may expire. For a queue that is new.
func (m *Machine) Recover(in store.Range, n int, mortal bool) {
	m.line.gap = gap{first: in.First, last: in.Last, n: [keepers]int{Store: n}}
	m.newest = max(m.newest, in.Last)
	m.length.unmeasured = in.Last
	m.mortal = mortal
}
