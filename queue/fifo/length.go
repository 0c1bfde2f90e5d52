package fifo

import (
	"github.com/lepusmq/lepus/store"
)

// length is what a queue knows of the bodies of its waiting messages. Those
// that were delivered and are not in memory count when they are.
type length struct {
	bytes int64
	// unmeasured is the sequence number up to which messages in the gap are not
	// counted in bytes; 0 if all are. The store knows which messages it has, but
	// not how large each is.
	unmeasured uint64
}

// waiting is how many messages count for the length of the queue.
func (m *Machine) waiting() int64 { return int64(m.Ready() + len(m.delayed)) }

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
	return r != nil && (r.MaxLength >= 0 && m.waiting()+n > r.MaxLength ||
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

// wantMeasure asks for the size of what was recovered.
func (m *Machine) wantMeasure(w *Want) bool {
	l := &m.length
	if m.line.gap.n[Store] == 0 || m.line.gap.first > l.unmeasured {
		l.unmeasured = 0
		return false
	}
	w.Measure = true
	w.Ranges[Store] = []store.Range{{First: m.line.gap.first, Last: l.unmeasured}}
	return true
}

// Measured answers a [Want] of that kind: how many bytes the bodies have.
func (m *Machine) Measured(w *Want, bytes int64) {
	m.reading = false
	if w.era == m.era {
		m.length.bytes += bytes
		m.length.unmeasured = 0
	}
}

// restored counts messages that were read from the gap.
func (l *length) restored(items []Item) {
	if l.unmeasured == 0 {
		return
	}
	for at := range items {
		if i := &items[at]; i.Seq <= l.unmeasured {
			l.bytes += i.body()
		}
	}
}
