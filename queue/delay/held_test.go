package delay

import "slices"

// heldGroup is messages of a group that is not whole yet, in one bucket.
type heldGroup struct {
	bucket *Bucket
	seqs   []uint64
	dues   []int64
}

// hold puts some messages of a group that are due at about the same time.
func (m *model) hold(due int64, n int) {
	g := heldGroup{bucket: m.bucket(due, nil)}
	for range n {
		if m.bucket(due, nil) != g.bucket {
			break
		}
		seq := m.Hold(g.bucket, message(due))
		m.given(g.bucket, seq, due)
		g.seqs, g.dues = append(g.seqs, seq), append(g.dues, due)
		due++
	}
	m.held = append(m.held, g)
}

// free has one of the groups be whole.
func (m *model) free() {
	if len(m.held) == 0 {
		return
	}
	at := m.rng.IntN(len(m.held))
	g := m.held[at]
	m.held = slices.Delete(m.held, at, at+1)
	m.Free(g.bucket, g.seqs)
	for _, due := range g.dues {
		m.pending[due]++
	}
}
