package fifo

import "fmt"

// Check returns an error that names the first invariant found broken, or nil.
// It walks the whole state: for tests.
func (m *Machine) Check() error {
	seen := map[uint64]bool{}
	var err error
	m.Unsettled(func(i *Item) {
		switch {
		case seen[i.Seq]:
			err = fmt.Errorf("message %d is in the queue twice", i.Seq)
		case i.Seq > m.newest:
			err = fmt.Errorf("message %d was never published", i.Seq)
		}
		seen[i.Seq] = true
	})
	if err != nil {
		return err
	}
	if len(seen) != m.Ready()+m.Unacked() {
		return fmt.Errorf("%d messages, but %d ready and %d unacked", len(seen), m.Ready(), m.Unacked())
	}
	if first := m.line.peek(); first != nil {
		for at := range m.returned {
			if m.returned[at].Seq >= first.Seq {
				return fmt.Errorf("message %d was returned, but %d is first in line", m.returned[at].Seq, first.Seq)
			}
		}
	}
	return m.checkConsumers()
}

func (m *Machine) checkConsumers() error {
	held := map[*Consumer]int{}
	for at := range m.slots.table {
		if t := &m.slots.table[at]; t.used && t.consumer != nil {
			held[t.consumer]++
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
