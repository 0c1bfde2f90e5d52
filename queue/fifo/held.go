package fifo

// OnHold is how many messages are in the queue that somebody else may still
// keep from coming: see [Hold].
func (m *Machine) OnHold() int { return m.onHold }

// Held says that the message that leaves next is on hold.
func (m *Machine) Held() bool { return m.onHold > 0 && m.lead().held() }

// Release lets the messages of a hold go at the next Dispatch.
func (m *Machine) Release(h *Hold) {
	m.onHold -= h.messages
	*h = Hold{released: true}
}

// hold counts the body of a message that is given to a consumer among those of
// the unacked.
func (m *Machine) hold(i *Item) { m.unackedBytes += i.body() }

// unhold takes back what hold has counted, after the message has left its slot.
// Of one that is not in memory nobody knows how large it is: it counts as the mean
// of all.
func (m *Machine) unhold(f *ref) {
	switch left := int64(m.slots.len); {
	case left == 0:
		m.unackedBytes = 0
	case f.resident():
		m.unackedBytes = max(0, m.unackedBytes-m.residents.get(f).body())
	default:
		m.unackedBytes -= m.unackedBytes / (left + 1)
	}
}

// UnackedBytes is about how many bytes the bodies of unacked messages have
// together: exactly, if all of them are in memory.
func (m *Machine) UnackedBytes() int64 { return m.unackedBytes }

// InMemory is how many messages are in memory, and how many bytes they have
// without what it costs to keep them.
func (m *Machine) InMemory() (n int, bytes int64) {
	n = len(m.residents.items) - len(m.residents.free)
	for l := range m.eachLane {
		n += l.line.front.len + l.line.back.len
	}
	return n, m.Bytes() - int64(n)*itemCost
}

// Head is the message that leaves next; nil if none may, or if it is not in
// memory. It is good until the next call.
func (m *Machine) Head() *Item { return m.next() }
