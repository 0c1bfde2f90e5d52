package fifo

// At tells the machine the time, in Unix milliseconds: messages that expired
// before are not dispatched, and those that were to wait until then are ready.
func (m *Machine) At(now int64) {
	m.now = now
	for len(m.delayed) > 0 && m.delayed[0].due <= now {
		m.ready(m.delayed.Pop().ref)
	}
}

// Mortal notes that the queue gets messages that expire: its head is looked at
// from now on, also without consumers.
func (m *Machine) Mortal() { m.mortal = true }

// Timed says that the machine needs to know the time.
func (m *Machine) Timed() bool { return m.mortal || len(m.delayed) > 0 }

// Expire moves the message that would leave next to where it is wanted, if it
// has expired, and reports whether it has. Only the first is looked at: what is
// behind it does not expire before it is first.
func (m *Machine) Expire(to *Item) bool {
	if !m.mortal {
		return false
	}
	if i := m.next(); i == nil || i.Expires == 0 || i.Expires > m.now {
		return false
	}
	m.pop(to)
	return true
}

// late says that a message has expired and is not to be dispatched any more. One
// that comes with its last moment can still be taken in it, one that comes back
// cannot.
func (m *Machine) late(i *Item) bool {
	return i.Expires < m.now || i.Expires == m.now && i.Redelivered()
}

// Due is when the machine next needs to know the time; 0 is never.
func (m *Machine) Due() int64 {
	var due int64
	if m.mortal {
		if i := m.next(); i != nil {
			due = i.Expires
		}
	}
	if len(m.delayed) > 0 && (due == 0 || m.delayed[0].due < due) {
		due = m.delayed[0].due
	}
	return due
}

// watched says that somebody must look at the first message, also if there are
// no consumers.
func (m *Machine) watched() bool { return m.mortal || m.TooLong() }

// Calm forgets, when the queue is empty, what its messages had it look after.
func (m *Machine) Calm() {
	if m.queued() > 0 {
		return
	}
	m.length = length{}
	if m.slots.len+len(m.delayed)+len(m.dying) == 0 {
		m.mortal = false
	}
}
