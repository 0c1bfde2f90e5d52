package fifo

import (
	"math/bits"
	"slices"
)

// lanes are the lanes of a queue with priorities, as soon as it has messages
// of more than one.
type lanes struct {
	main *lane
	by   []*lane   // by priority; nil if there were no such messages yet
	list []*lane   // those that there are, the highest first
	busy [4]uint64 // a bit for each lane that may have messages
}

// Prioritize makes main the priority of messages that have none. For a queue
// that is new.
func (m *Machine) Prioritize(main uint8) { m.main.priority = main }

// at returns a lane that there is.
func (m *Machine) at(priority uint8) *lane {
	if m.lanes == nil {
		return &m.main
	}
	return m.lanes.by[priority]
}

// enter returns a lane that is given a message.
func (m *Machine) enter(priority uint8) *lane {
	if m.lanes == nil {
		if priority == m.main.priority {
			return &m.main
		}
		m.lanes = &lanes{main: &m.main}
		m.lanes.insert(&m.main)
		m.lanes.mark(m.main.priority)
	}
	s := m.lanes
	var l *lane
	if int(priority) < len(s.by) {
		l = s.by[priority]
	}
	if l == nil {
		e := &m.main.line
		l = &lane{
			priority: priority, returned: returned{inTurn: m.inTurn()},
			line: line{blocks: e.blocks, window: m.window, consumed: e.consumed},
		}
		s.insert(l)
	}
	s.mark(priority)
	return l
}

// lead is the lane that has its turn: the highest that has messages and is not
// on hold. If there is none it is any.
func (m *Machine) lead() *lane {
	if m.lanes == nil {
		return &m.main
	}
	return m.lanes.lead()
}

// eachLane calls yield for the lanes, the highest first.
func (m *Machine) eachLane(yield func(*lane) bool) {
	if m.lanes == nil {
		yield(&m.main)
		return
	}
	for _, l := range m.lanes.list {
		if !yield(l) {
			return
		}
	}
}

// Lanes calls yield for the priority of each lane that there is.
func (m *Machine) Lanes(yield func(priority uint8) bool) {
	m.eachLane(func(l *lane) bool { return yield(l.priority) })
}

// setConsumed tells the lanes whether there are consumers.
func (m *Machine) setConsumed() {
	for l := range m.eachLane {
		l.line.consumed = len(m.consumers) > 0
	}
}

func (s *lanes) insert(l *lane) {
	if n := int(l.priority) + 1; n > len(s.by) {
		s.by = slices.Grow(s.by, n-len(s.by))[:n]
	}
	s.by[l.priority] = l
	at, _ := slices.BinarySearchFunc(s.list, l.priority, func(l *lane, p uint8) int { return int(p) - int(l.priority) })
	s.list = slices.Insert(s.list, at, l)
}

// mark notes that a lane may have messages.
func (s *lanes) mark(priority uint8) { s.busy[priority/64] |= 1 << (priority % 64) }

// lead looks for the lane that has its turn, and forgets those that have become
// empty.
func (s *lanes) lead() *lane {
	found := s.main
	for word := len(s.busy) - 1; word >= 0; word-- {
		for left := s.busy[word]; left != 0; {
			bit := bits.Len64(left) - 1
			left &^= 1 << bit
			l := s.by[word*64+bit]
			switch {
			case l.ready() == 0:
				s.busy[word] &^= 1 << bit
				l.line.idle()
			case !l.held():
				return l
			default:
				found = l
			}
		}
	}
	return found
}

func (s *lanes) lend(b *Blocks) {
	for _, l := range s.list {
		l.line.blocks = b
	}
}

func (s *lanes) ready() int {
	n := 0
	for _, l := range s.list {
		n += l.ready()
	}
	return n
}

// bytes is what is in memory of all lines.
func (s *lanes) bytes() int64 {
	n := int64(0)
	for _, l := range s.list {
		n += l.line.bytes()
	}
	return n
}

// gaps says whether there are messages that are not in memory.
func (s *lanes) gaps() bool {
	return slices.ContainsFunc(s.list, func(l *lane) bool { return l.line.gap.len() > 0 })
}

// over says whether the lanes cost more than they may, or one of them has
// something for its gap.
func (s *lanes) over(window int64) bool {
	return window > 0 && s.bytes() > window ||
		slices.ContainsFunc(s.list, func(l *lane) bool { return l.line.back.len > 0 && l.line.gap.len() > 0 })
}

// share gives each lane what the others leave of the window.
func (s *lanes) share(window int64) {
	total := s.bytes()
	for _, l := range s.list {
		l.line.window = rest(window, total-l.line.bytes())
	}
}

// rest is what is left of a window that others use, or nearly nothing.
func rest(window, used int64) int64 {
	if window == 0 {
		return 0
	}
	return max(window-used, 1)
}

// shrink has the lanes shrink until they fit into the window, the lowest first.
func (s *lanes) shrink(window int64, spill func(*Item) bool, release func(*Item), heavy bool, wait Lag) Lag {
	total := s.bytes()
	for _, l := range slices.Backward(s.list) {
		had := l.line.bytes()
		l.line.window = rest(window, total-had)
		wait = l.shrink(spill, release, heavy, wait)
		total += l.line.bytes() - had
	}
	return wait
}
