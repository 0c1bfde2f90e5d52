package fifo

import (
	"fmt"
	"slices"
)

// Check returns an error that names the first invariant found broken, or nil.
// It walks the whole state: for tests.
func (m *Machine) Check() error {
	seen := map[uint64]bool{}
	var err error
	var bytes, alone int64
	m.Resident(func(i *Item, _ int64) {
		switch {
		case seen[i.Seq]:
			err = fmt.Errorf("message %d is in the queue twice", i.Seq)
		case i.Seq > m.newest:
			err = fmt.Errorf("message %d was never published", i.Seq)
		default:
			err = m.checkLane(i)
		}
		seen[i.Seq] = true
	})
	if err != nil {
		return err
	}
	n := len(seen)
	for l := range m.eachLane {
		n += l.line.gap.len()
		if err := m.checkOrder(l); err != nil {
			return fmt.Errorf("priority %d: %w", l.priority, err)
		}
	}
	if n != m.queued()+m.Unacked()+len(m.delayed)+len(m.dying) {
		return fmt.Errorf("%d messages, but %d waiting, %d unacked, %d delayed and %d dying",
			n, m.queued(), m.Unacked(), len(m.delayed), len(m.dying))
	}
	if err := m.checkRules(); err != nil {
		return err
	}
	for at := range m.residents.items {
		switch i := &m.residents.items[at]; {
		case i.Seq == 0:
		case i.Kept == Nobody:
			alone += i.cost()
		default:
			bytes += i.cost()
		}
	}
	if r := &m.residents; bytes != r.bytes || alone != r.alone {
		return fmt.Errorf("delivered messages in memory cost %d and %d, not %d and %d", bytes, alone, r.bytes, r.alone)
	}
	return m.checkConsumers()
}

// checkLane looks at the lane of a message that is in memory.
func (m *Machine) checkLane(i *Item) error {
	if m.lanes != nil && int(i.Lane) >= len(m.lanes.by) || m.at(i.Lane) == nil || m.at(i.Lane).priority != i.Lane {
		return fmt.Errorf("message %d is in lane %d, which is not there", i.Seq, i.Lane)
	}
	if g := &m.at(i.Lane).line.gap; g.len() > 0 && i.Seq >= g.first && i.Seq <= g.last {
		return fmt.Errorf("message %d is in memory, and in the gap from %d to %d", i.Seq, g.first, g.last)
	}
	return nil
}

// checkOrder looks at one lane.
func (m *Machine) checkOrder(l *lane) error {
	if s := m.lanes; s != nil && l.ready() > 0 && s.busy[l.priority/64]&(1<<(l.priority%64)) == 0 {
		return fmt.Errorf("%d messages, and the lane has no turn", l.ready())
	}
	if first := l.line.peek(); first != nil && !m.resumed {
		for f := range l.returned.all {
			if f.seq >= first.Seq {
				return fmt.Errorf("message %d was returned, but %d is first in line", f.seq, first.Seq)
			}
		}
	}
	for f := range l.former {
		if lane, _ := m.residents.place(&f); lane != l.priority {
			return fmt.Errorf("message %d is of priority %d", f.seq, lane)
		}
	}
	for _, e := range [...]*list{&l.line.front, &l.line.back} {
		if err := e.check(l.priority); err != nil {
			return err
		}
	}
	return nil
}

// checkRules looks at what the rules need.
func (m *Machine) checkRules() error {
	for at := range m.delayed {
		if up := (at - 1) / 2; at > 0 && m.delayed[at].Before(m.delayed[up]) {
			return fmt.Errorf("message %d waits behind %d, which is due later", m.delayed[at].seq, m.delayed[up].seq)
		}
	}
	bytes := int64(0)
	count := func(i *Item) {
		if i.Expires != 0 && !m.mortal {
			bytes = -1 << 62
		}
		bytes += i.body()
	}
	away := false
	for l := range m.eachLane {
		l.line.front.each(count)
		l.line.back.each(count)
		for f := range l.returned.all {
			if f.resident() {
				count(m.residents.get(&f))
			}
		}
		away = away || l.line.gap.len() > 0
	}
	switch {
	case bytes < 0:
		return fmt.Errorf("a message expires and nobody looks")
	case bytes > m.length.bytes, !away && bytes != m.length.bytes:
		return fmt.Errorf("the bodies have %d bytes in memory, and %d in all", bytes, m.length.bytes)
	}
	return nil
}

func (m *Machine) checkConsumers() error {
	held := map[*Consumer]int{}
	for _, f := range m.slots.all {
		held[m.owners.table[f.owner]]++
	}
	queued := map[*Consumer]bool{}
	for at := range m.round.levels {
		l := &m.round.levels[at]
		if l.first == nil || at > 0 && l.priority >= m.round.levels[at-1].priority || m.round.first != m.round.levels[0].first {
			return fmt.Errorf("consumers of priority %d are out of order", l.priority)
		}
		for c := l.first; c != nil; c = c.next {
			queued[c] = true
		}
	}
	if s := &m.single; s.on && (s.active == nil) != (len(m.consumers) == 0) || s.active != nil && !slices.Contains(m.consumers, s.active) {
		return fmt.Errorf("%d consumers, and the active one is %v", len(m.consumers), s.active)
	}
	for _, c := range m.consumers {
		switch {
		case c.unacked != held[c]:
			return fmt.Errorf("a consumer counts %d unacked messages and has %d", c.unacked, held[c])
		case c.Prefetch > 0 && c.unacked > c.Prefetch:
			return fmt.Errorf("a consumer has %d unacked messages with a prefetch of %d", c.unacked, c.Prefetch)
		case m.mayHave(c) != queued[c]:
			return fmt.Errorf("a consumer with credit=%v has its turn=%v", m.mayHave(c), queued[c])
		}
		delete(queued, c)
	}
	if len(queued) > 0 {
		return fmt.Errorf("%d consumers have a turn but are gone", len(queued))
	}
	return nil
}

func (l *list) check(lane uint8) error {
	n, bytes, last := 0, int64(0), uint64(0)
	var err error
	l.each(func(i *Item) {
		n++
		bytes += i.cost()
		if i.Lane != lane {
			err = fmt.Errorf("message %d is of priority %d", i.Seq, i.Lane)
		}
		if i.Seq <= last {
			err = fmt.Errorf("message %d comes behind %d", i.Seq, last)
		}
		last = i.Seq
	})
	if err == nil && bytes != l.bytes {
		err = fmt.Errorf("%d messages in line cost %d, not %d", n, bytes, l.bytes)
	}
	return err
}

// Kept is how many messages a keeper has. It walks the whole state: for tests.
func (m *Machine) Kept(k Keeper) int {
	n := 0
	m.Resident(func(i *Item, _ int64) {
		if i.Kept == k {
			n++
		}
	})
	for l := range m.eachLane {
		n += l.line.gap.n[k]
	}
	return n
}
