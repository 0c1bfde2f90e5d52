package fifo

// Slot names an unacked message inside its queue. Slots are used again; the
// sequence number beside it tells whether it is still the same message.
type Slot uint32

type taken struct {
	Item
	holder   any
	consumer *Consumer // nil for a message that was fetched with Get
	free     Slot      // the next free slot, when this one is free
	used     bool
}

// slots is the table of unacked messages. Slot 0 is never used.
type slots struct {
	table []taken
	free  Slot
	len   int
}

func (s *slots) put(t taken) Slot {
	t.used = true
	s.len++
	if at := s.free; at != 0 {
		s.free = s.table[at].free
		s.table[at] = t
		return at
	}
	if len(s.table) == 0 {
		s.table = make([]taken, 1, 8)
	}
	s.table = append(s.table, t)
	return Slot(len(s.table) - 1)
}

// take empties a slot. It reports false when the slot holds another message.
func (s *slots) take(at Slot, seq uint64) (taken, bool) {
	if int(at) >= len(s.table) || !s.table[at].used || s.table[at].Seq != seq {
		return taken{}, false
	}
	t := s.table[at]
	s.table[at] = taken{free: s.free}
	s.free = at
	s.len--
	if s.len == 0 && len(s.table) > keepSlots {
		s.table, s.free = nil, 0
	}
	return t, true
}

// keepSlots is the size up to which an empty table is kept.
const keepSlots = 4096
