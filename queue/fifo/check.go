package fifo

import "fmt"

// Check returns an error that names the first invariant found broken, or nil.
// It walks the whole state: for tests.
func (m *Machine) Check() error {
	seen := map[uint64]bool{}
	var err error
	bytes := int64(0)
	m.Resident(func(i *Item) {
		switch {
		case seen[i.Seq]:
			err = fmt.Errorf("message %d is in the queue twice", i.Seq)
		case i.Seq > m.newest:
			err = fmt.Errorf("message %d was never published", i.Seq)
		case m.line.gap.len() > 0 && i.Seq >= m.line.gap.first && i.Seq <= m.line.gap.last:
			err = fmt.Errorf("message %d is in memory, and in the gap from %d to %d", i.Seq, m.line.gap.first, m.line.gap.last)
		}
		seen[i.Seq] = true
	})
	if err != nil {
		return err
	}
	if n := len(seen) + m.line.gap.len(); n != m.Ready()+m.Unacked()+len(m.delayed)+len(m.dying) {
		return fmt.Errorf("%d messages, but %d ready, %d unacked, %d delayed and %d dying",
			n, m.Ready(), m.Unacked(), len(m.delayed), len(m.dying))
	}
	if first := m.line.peek(); first != nil {
		for _, f := range m.returned.all() {
			if f.seq >= first.Seq {
				return fmt.Errorf("message %d was returned, but %d is first in line", f.seq, first.Seq)
			}
		}
	}
	for at := range m.residents.items {
		if i := &m.residents.items[at]; i.Seq > 0 {
			bytes += i.cost()
		}
	}
	if bytes != m.residents.bytes {
		return fmt.Errorf("delivered messages in memory cost %d, not %d", bytes, m.residents.bytes)
	}
	for _, l := range [...]*list{&m.line.front, &m.line.back} {
		if err := l.check(); err != nil {
			return err
		}
	}
	if err := m.checkRules(); err != nil {
		return err
	}
	return m.checkConsumers()
}

// checkRules looks at what the rules need.
func (m *Machine) checkRules() error {
	for at := range m.delayed {
		if up := (at - 1) / 2; at > 0 && m.delayed[at].before(m.delayed[up]) {
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
	m.line.front.each(count)
	m.line.back.each(count)
	for _, f := range m.returned.all() {
		if f.resident() {
			count(m.residents.get(&f))
		}
	}
	switch {
	case bytes < 0:
		return fmt.Errorf("a message expires and nobody looks")
	case bytes > m.length.bytes, m.line.gap.len() == 0 && bytes != m.length.bytes:
		return fmt.Errorf("the bodies have %d bytes in memory, and %d in all", bytes, m.length.bytes)
	}
	return nil
}

func (m *Machine) checkConsumers() error {
	held := map[*Consumer]int{}
	for at := range m.slots.table {
		if owner := m.slots.table[at].owner; owner != 0 {
			held[m.owners.table[owner]]++
		}
	}
	queued := map[*Consumer]bool{}
	for c := m.round.first; c != nil; c = c.next {
		queued[c] = true
	}
	for _, c := range m.consumers {
		switch {
		case c.unacked != held[c]:
			return fmt.Errorf("a consumer counts %d unacked messages and has %d", c.unacked, held[c])
		case c.Prefetch > 0 && c.unacked > c.Prefetch:
			return fmt.Errorf("a consumer has %d unacked messages with a prefetch of %d", c.unacked, c.Prefetch)
		case c.hasCredit() != queued[c]:
			return fmt.Errorf("a consumer with credit=%v has its turn=%v", c.hasCredit(), queued[c])
		}
		delete(queued, c)
	}
	if len(queued) > 0 {
		return fmt.Errorf("%d consumers have a turn but are gone", len(queued))
	}
	return nil
}

func (l *list) check() error {
	n, bytes, last := 0, int64(0), uint64(0)
	var err error
	l.each(func(i *Item) {
		n++
		bytes += i.cost()
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
