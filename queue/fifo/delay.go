package fifo

// delayed is a returned message that waits until it is ready.
type delayed struct {
	ref
	due int64
}

// Delayed is how many returned messages wait until they are ready.
func (m *Machine) Delayed() int { return len(m.delayed) }

// Before orders messages by when they are due, and then by their place.
func (d delayed) Before(other delayed) bool {
	return d.due < other.due || d.due == other.due && d.seq < other.seq
}
