package fifo

import "slices"

// single is how a queue with a single active consumer chooses it. The others
// wait.
type single struct {
	on bool
	// yields says that a consumer of a higher priority replaces the active one,
	// once that has nothing unacked; else it stays until it goes.
	yields bool
	active *Consumer
	// retiring says that the active consumer is being replaced, and gets
	// nothing more.
	retiring bool
}

// Single gives messages to one consumer at a time: the first, and when it goes,
// the one of the highest priority that has waited longest. With yields, one of a
// higher priority replaces the active one once that has nothing unacked. For a
// queue that is new.
func (m *Machine) Single(yields bool) { m.single = single{on: true, yields: yields} }

// Active says whether a consumer has its part in the queue, or waits until it
// is the single active one.
func (m *Machine) Active(c *Consumer) bool { return !m.single.on || c == m.single.active }

// mayHave says whether a consumer can be given messages now.
func (m *Machine) mayHave(c *Consumer) bool {
	return c.hasCredit() && (!m.single.on || c == m.single.active && !m.single.retiring)
}

// came notes that a consumer has come to a queue with a single active one.
func (m *Machine) came(c *Consumer) {
	s := &m.single
	switch {
	case s.active == nil:
		s.active = c
	case s.yields && c.Priority > s.active.Priority:
		s.retiring = true
		m.refresh(s.active)
		m.retire()
	}
}

// retire has the active consumer replaced that is to be, once it has nothing
// unacked.
func (m *Machine) retire() {
	if m.single.retiring && m.single.active.unacked == 0 {
		m.elect()
	}
}

// elect chooses the active consumer.
func (m *Machine) elect() {
	s := &m.single
	was := s.active
	s.active, s.retiring = nil, false
	for _, c := range m.consumers {
		if s.active == nil || c.Priority > s.active.Priority {
			s.active = c
		}
	}
	if was != nil {
		m.refresh(was)
	}
	if s.active != nil {
		m.refresh(s.active)
	}
}

// went notes that consumers have gone from a queue with a single active one.
func (m *Machine) went() {
	s := &m.single
	switch {
	case s.active == nil:
	case !s.active.registered:
		m.elect()
	case s.retiring && !slices.ContainsFunc(m.consumers, func(c *Consumer) bool { return c.Priority > s.active.Priority }):
		// So has the one that was to be next.
		s.retiring = false
		m.refresh(s.active)
	}
}
