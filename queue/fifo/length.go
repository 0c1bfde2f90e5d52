package fifo

import (
	"github.com/lepusmq/lepus/store"
)

// length is what a queue knows of the bodies of its waiting messages. Those
// that were delivered and are not in memory count when they are.
type length struct {
	bytes int64
	// unmeasured is how many lanes have messages in their gaps that are not
	// counted in bytes, see [lane].
	unmeasured int
}

// queued is how many messages count for the length of the queue.
func (m *Machine) queued() int64 { return int64(m.Ready() + len(m.delayed)) }

// BodyBytes is how many bytes the bodies of waiting messages have together, as
// far as that is known.
func (m *Machine) BodyBytes() int64 { return m.length.bytes }

// Full says whether the queue would be too long with one more message, of so
// many bytes.
func (m *Machine) Full(bytes int64) bool { return m.longer(1, bytes) }

// TooLong says whether more messages wait than may.
func (m *Machine) TooLong() bool { return m.longer(0, 0) }

func (m *Machine) longer(n, bytes int64) bool {
	r := m.rules
	return r != nil && (r.MaxLength >= 0 && m.queued()+n > r.MaxLength ||
		r.MaxBytes >= 0 && m.length.bytes+bytes > r.MaxBytes)
}

// Drop moves the message that would leave next to where it is wanted, if the
// queue is too long and that message is in memory.
func (m *Machine) Drop(to *Item) bool {
	if !m.TooLong() || m.next() == nil {
		return false
	}
	m.pop(to)
	return true
}

// Unmeasured says that the queue must know how large its messages are, and that
// this takes to read them, see [Machine.Fetch].
func (m *Machine) Unmeasured() bool {
	return m.length.unmeasured > 0 && m.rules != nil && m.rules.MaxBytes >= 0
}

// wantMeasure asks for the size of what was recovered of a lane.
func (m *Machine) wantMeasure(w *Want) bool {
	for l := range m.eachLane {
		if l.unmeasured > 0 {
			w.Measure, w.Lane = true, l.priority
			w.Ranges[Store] = []store.Range{{First: l.line.gap.first, Last: l.unmeasured}}
			return true
		}
	}
	return false
}

// Measured answers a [Want] of that kind: how many bytes the bodies have.
func (m *Machine) Measured(w *Want, bytes int64) {
	m.reading = false
	if w.era == m.era {
		m.length.bytes += bytes
		m.measured(m.at(w.Lane))
	}
}

// measured notes that all of a lane is counted.
func (m *Machine) measured(l *lane) {
	if l.unmeasured > 0 {
		l.unmeasured = 0
		m.length.unmeasured--
	}
}

// countRestored counts messages that were read from a gap.
func (m *Machine) countRestored(l *lane, items []Item) {
	if l.unmeasured == 0 {
		return
	}
	for at := range items {
		if i := &items[at]; i.Seq <= l.unmeasured {
			m.length.bytes += i.body()
		}
	}
	if g := &l.line.gap; g.n[Store] == 0 || g.first > l.unmeasured {
		m.measured(l)
	}
}

// measureHeld counts what a purge has left.
func (m *Machine) measureHeld() {
	m.length = length{}
	count := func(i *Item) { m.length.bytes += i.body() }
	for l := range m.eachLane {
		l.unmeasured = 0
		l.line.front.each(count)
		l.line.back.each(count)
	}
}
