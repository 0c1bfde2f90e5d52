package fifo

import (
	"github.com/lepusmq/lepus/store"
)

// length is what a queue knows of the bodies of its waiting messages. Those
// that were delivered and are not in memory count when they are.
type length struct {
	bytes int64
}

// count is how many messages count for the length of the queue.
func (m *Machine) count() int64 { return int64(m.queued() + len(m.delayed)) }

// BodyBytes is how many bytes the bodies of waiting messages have together, as
// far as that is known.
func (m *Machine) BodyBytes() int64 { return m.length.bytes }

// Full says whether the queue would be too long with so many more messages, of
// so many bytes together.
func (m *Machine) Full(n, bytes int64) bool { return m.longer(n, bytes) }

// TooLong says whether more messages wait than may.
func (m *Machine) TooLong() bool { return m.longer(0, 0) }

func (m *Machine) longer(n, bytes int64) bool {
	r := m.rules
	return r != nil && (r.MaxLength >= 0 && m.count()+n > r.MaxLength ||
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
	if m.rules == nil || m.rules.MaxBytes < 0 {
		return false
	}
	for l := range m.eachLane {
		if l.unmeasured > 0 {
			return true
		}
	}
	return false
}

// wantMeasure asks for the size of what was recovered, of one lane.
func (m *Machine) wantMeasure(w *Want) bool {
	for l := range m.eachLane {
		gap := &l.line.gap
		if gap.n[Store] == 0 || gap.first > l.unmeasured {
			l.unmeasured = 0
		}
		if l.unmeasured > 0 {
			w.Measure, w.Lane = true, l.priority
			w.Ranges[Store] = []store.Range{{First: gap.first, Last: l.unmeasured}}
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
		m.at(w.Lane).unmeasured = 0
	}
}

// restored counts messages that were read from the gap of a lane.
func (m *Machine) restored(l *lane, items []Item) {
	if l.unmeasured == 0 {
		return
	}
	for at := range items {
		if i := &items[at]; i.Seq <= l.unmeasured {
			m.length.bytes += i.body()
		}
	}
}
