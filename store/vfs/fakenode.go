package vfs

import (
	"maps"
	"math/rand/v2"
	"slices"
)

const (
	fakePage   = 4096
	fakeSector = 512
)

// fakeNode is a file without its name. The Fake's lock guards it.
type fakeNode struct {
	now   []byte           // what the process sees
	safe  []byte           // what was synced
	dirty map[int64]bool   // pages that differ, by number
	back  map[int64][]byte // pages as the system wrote them back unasked
}

// write changes the file, lengthening it if need be.
func (n *fakeNode) write(p []byte, off int64) {
	if end := off + int64(len(p)); end > int64(len(n.now)) {
		n.resize(end)
	}
	copy(n.now[off:], p)
	n.touch(off, off+int64(len(p)))
}

func (n *fakeNode) resize(size int64) {
	old := int64(len(n.now))
	if size <= old {
		n.now = n.now[:size]
		return
	}
	n.now = slices.Grow(n.now, int(size-old))[:size]
	clear(n.now[old:])
	n.touch(old, min(size, int64(len(n.safe))))
}

func (n *fakeNode) touch(from, to int64) {
	for p := from / fakePage; from < to && p <= (to-1)/fakePage; p++ {
		n.dirty[p] = true
	}
}

func (n *fakeNode) sync() {
	n.safe = fit(n.safe, len(n.now))
	for p := range n.dirty {
		if at := p * fakePage; at < int64(len(n.now)) {
			copy(n.safe[at:], n.page(p))
		}
	}
	clear(n.dirty)
	clear(n.back)
}

func (n *fakeNode) page(p int64) []byte {
	return n.now[p*fakePage : min(int64(len(n.now)), (p+1)*fakePage)]
}

// writeBack lets the system write some dirty pages on its own, as it may at
// any time.
func (n *fakeNode) writeBack(rng *rand.Rand) {
	for _, p := range sortedKeys(n.dirty) {
		if p*fakePage >= int64(len(n.now)) || rng.IntN(2) == 0 {
			continue
		}
		page := n.page(p)
		old := n.back[p]
		if old == nil && p*fakePage < int64(len(n.safe)) {
			old = n.safe[p*fakePage : min(int64(len(n.safe)), (p+1)*fakePage)]
		}
		kept := fit(slices.Clone(old), len(page))
		whole := rng.IntN(4) > 0
		for s := 0; s < len(page); s += fakeSector {
			if whole || rng.IntN(2) == 0 {
				copy(kept[s:min(len(kept), s+fakeSector)], page[s:])
			}
		}
		n.back[p] = kept
	}
}

// keepSome makes some of what was not synced safe, as far as it was written
// back.
func (n *fakeNode) keepSome(rng *rand.Rand) {
	n.writeBack(rng)
	if rng.IntN(2) == 0 {
		n.safe = fit(n.safe, len(n.now))
	}
	for _, p := range sortedKeys(n.back) {
		at := int(p * fakePage)
		n.safe = fit(n.safe, max(len(n.safe), at+len(n.back[p])))
		copy(n.safe[at:], n.back[p])
	}
}

// revert goes back to what is safe.
func (n *fakeNode) revert() {
	n.now = slices.Clone(n.safe)
	clear(n.dirty)
	clear(n.back)
}

func (n *fakeNode) corrupt(off int64, mask byte) {
	for _, b := range [][]byte{n.now, n.safe} {
		if off < int64(len(b)) {
			b[off] ^= mask
		}
	}
	if b := n.back[off/fakePage]; off%fakePage < int64(len(b)) {
		b[off%fakePage] ^= mask
	}
}

func (n *fakeNode) clone() *fakeNode {
	c := &fakeNode{
		now: slices.Clone(n.now), safe: slices.Clone(n.safe),
		dirty: maps.Clone(n.dirty), back: map[int64][]byte{},
	}
	for p, b := range n.back {
		c.back[p] = slices.Clone(b)
	}
	return c
}

// fakeDir is the names of one directory. The Fake's lock guards it.
type fakeDir struct {
	now     map[string]*fakeNode // what the process sees
	safe    map[string]*fakeNode // what was synced
	pending []fakeChange         // what leads from safe to now
}

// fakeChange creates (to), removes (from) or renames (both).
type fakeChange struct {
	from, to string
	node     *fakeNode
}

func newFakeDir() *fakeDir {
	return &fakeDir{now: map[string]*fakeNode{}, safe: map[string]*fakeNode{}}
}

func (c fakeChange) apply(names map[string]*fakeNode) {
	delete(names, c.from)
	if c.to != "" {
		names[c.to] = c.node
	}
}

func (d *fakeDir) change(c fakeChange) {
	c.apply(d.now)
	d.pending = append(d.pending, c)
}

func (d *fakeDir) sync() {
	d.safe, d.pending = maps.Clone(d.now), nil
}

// keepSome makes some changes safe: the first few, or any of them.
func (d *fakeDir) keepSome(rng *rand.Rand) {
	first := rng.IntN(len(d.pending) + 1)
	inOrder := rng.IntN(2) == 0
	for i, c := range d.pending {
		if inOrder && i < first || !inOrder && rng.IntN(2) == 0 {
			c.apply(d.safe)
		}
	}
}

func (d *fakeDir) revert() {
	d.now, d.pending = maps.Clone(d.safe), nil
}

// clone copies the directory; nodes maps files already copied.
func (d *fakeDir) clone(nodes map[*fakeNode]*fakeNode) *fakeDir {
	copied := func(n *fakeNode) *fakeNode {
		if n != nil && nodes[n] == nil {
			nodes[n] = n.clone()
		}
		return nodes[n]
	}
	c := newFakeDir()
	for name, n := range d.now {
		c.now[name] = copied(n)
	}
	for name, n := range d.safe {
		c.safe[name] = copied(n)
	}
	for _, ch := range d.pending {
		ch.node = copied(ch.node)
		c.pending = append(c.pending, ch)
	}
	return c
}

// fit returns b with that length, zeros behind what it had.
func fit(b []byte, size int) []byte {
	if size <= len(b) {
		return b[:size]
	}
	return append(b, make([]byte, size-len(b))...)
}

func sortedKeys[K string | int64, V any](m map[K]V) []K {
	return slices.Sorted(maps.Keys(m))
}
