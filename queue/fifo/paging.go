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
	// leastBehind is the window from which consumers can be behind.
	leastBehind = 1 << 20
)

// Want is what a queue needs to be read: ranges of sequence numbers, by keeper.
type Want struct {
	era    uint64
	gap    bool
	Ranges [keepers][]store.Range
	// Bytes is about how much is enough.
	Bytes int
}

// Window sets how many bytes of waiting messages may stay in memory, 0 for any
// number, and up to which sequence numbers the keepers have written what they
// were given.
func (m *Machine) Window(bytes int64, stored, spilled uint64) {
	m.line.window = bytes
	m.kept = [keepers]uint64{Store: stored, Overflow: spilled}
	m.slots.few = bytes > 0 && bytes < smallWindow
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
	return m.line.window > 0 && m.residents.bytes > m.mostResident()
}

// mostResident is what delivered messages may cost. Where there is hardly room
// for those that wait, none need stay: a few would pin what all others lay in.
func (m *Machine) mostResident() int64 {
	if m.line.window < smallWindow {
		return 0
	}
	return m.line.window / 4
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
		more = m.residents.sweep(&m.slots, m.mostResident(), func(i *Item) bool {
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
	return m.line.window > 0 && m.residents.bytes >= m.mostResident() && m.isKept(i)
}

// Absent says that the next message is not in memory.
func (m *Machine) Absent() bool {
	if len(m.returned)+len(m.awaited) > 0 {
		f := m.firstReturned()
		return f == nil || !f.resident()
	}
	return m.line.peek() == nil && m.line.gap.len() > 0
}

// Hungry says that there are consumers, and that little of what they take next
// is in memory.
func (m *Machine) Hungry() bool {
	if m.reading || len(m.consumers) == 0 {
		return false
	}
	return len(m.returned) > 0 && !m.returned[0].resident() ||
		m.line.gap.len() > 0 && m.line.front.bytes <= m.line.ahead()
}

// Fetch says what should be read now: what somebody waits for, or soon will.
// ok is false if nothing, or as long as the last is not answered.
func (m *Machine) Fetch() (w Want, ok bool) {
	if m.reading {
		return Want{}, false
	}
	l := &m.line
	w = Want{era: m.era, Bytes: int(l.ahead())}
	switch {
	case len(m.returned) > 0 && !m.returned[0].resident():
		m.wantReturned(&w)
	case l.gap.len() > 0 && l.front.bytes <= l.ahead():
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
	for len(m.returned) > 0 && !m.returned[0].resident() && len(m.awaited) < maxWanted {
		f := m.returned.pop()
		m.awaited = append(m.awaited, f)
		i := f.item()
		list := w.Ranges[i.Kept]
		if n := len(list); n > 0 && list[n-1].Last+1 == f.seq {
			list[n-1].Last = f.seq
		} else {
			w.Ranges[i.Kept] = append(list, store.Range{First: f.seq, Last: f.seq})
		}
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
	if w.gap {
		m.line.restore(items, upTo)
		return true
	}
	awaited := m.awaited
	m.awaited = nil
	for at := range awaited {
		f := &awaited[at]
		n, found := slices.BinarySearchFunc(items, f.seq, func(i Item, seq uint64) int { return cmp.Compare(i.Seq, seq) })
		switch {
		case found:
			items[n].Count = f.where >> whereBits
			m.returned.push(m.residents.keep(&items[n], 0, true))
		case f.seq > upTo:
			m.returned.push(*f)
		}
	}
	return true
}

// Recover makes n messages of the store ready, which have these sequence
// numbers. For a queue that is new.
func (m *Machine) Recover(in store.Range, n int) {
	m.line.gap = gap{first: in.First, last: in.Last, n: [keepers]int{Store: n}}
	m.newest = max(m.newest, in.Last)
}
