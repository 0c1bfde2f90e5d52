package delay

import (
	"fmt"
	"slices"
)

// Check returns an error that names a broken invariant: for tests and fixtures.
func (m *Machine) Check() error {
	unsettled, inLine := 0, map[*Bucket]int{}
	bytes, kept := 0, 0
	for i := range m.line {
		if i > 0 && m.line[i].before(&m.line[i-1]) {
			return fmt.Errorf("the line is out of order at %d", i)
		}
		bytes += int(m.line[i].Size())
		inLine[m.line[i].Bucket]++
	}
	for i, b := range m.buckets {
		if i > 0 && b.Key <= m.buckets[i-1].Key {
			return fmt.Errorf("bucket %d is out of order", b.Key)
		}
		if n := b.base + uint64(len(b.fresh)); n != b.next {
			return fmt.Errorf("bucket %d: fresh ends at %d, next is %d", b.Key, n, b.next)
		}
		if !slices.IsSorted(b.held) {
			return fmt.Errorf("bucket %d: what is held is out of order", b.Key)
		}
		for _, seq := range b.held {
			if b.body(seq) == nil {
				return fmt.Errorf("bucket %d: %d is held and not in memory", b.Key, seq)
			}
		}
		if n := len(b.order) + b.settling + len(b.held) + inLine[b]; b.state == open && n > b.count {
			return fmt.Errorf("bucket %d counts %d and has %d", b.Key, b.count, n)
		}
		for at := 1; at < len(b.order); at++ {
			if b.order[at].Before(b.order[(at-1)/2]) {
				return fmt.Errorf("bucket %d: no heap at %d", b.Key, at)
			}
		}
		for at := range b.swept {
			kept += int(b.fresh[at].Size())
		}
		unsettled += b.count - b.settling
	}
	switch {
	case bytes != m.bytes:
		return fmt.Errorf("%d bytes in line, counted %d", bytes, m.bytes)
	case kept != m.kept:
		return fmt.Errorf("%d bytes kept, counted %d", kept, m.kept)
	case unsettled != m.pending:
		return fmt.Errorf("%d messages pending, counted %d", unsettled, m.pending)
	}
	return nil
}
