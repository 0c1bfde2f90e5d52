package exchange

import (
	"hash/maphash"
	"math/bits"
)

// dict is a persistent map: set and del return a new one and leave the old one
// as it was. The two share what is equal in both. The zero dict is empty.
//
// It is a hash trie. A node is a leaf of a few entries, searched one by one, or
// a branch, which picks the node below by the next bits of the hash.
type dict[K comparable, V any] struct {
	root *dictNode[K, V]
}

type dictNode[K comparable, V any] struct {
	n       int               // entries in and below this node
	entries []dictEntry[K, V] // of a leaf
	used    uint32            // of a branch: which of the possible children it has
	kids    []*dictNode[K, V] // of a branch: these, in order
}

type dictEntry[K comparable, V any] struct {
	hash uint64
	key  K
	val  V
}

const (
	leafMax  = 8 // entries above which a leaf becomes a branch
	leafMin  = 4 // entries from which a branch becomes a leaf again
	levels   = 12
	bitsEach = 5 // of the hash, for each level
)

// seed makes the hashes of this process unlike those of any other, so that no
// client can choose names that collide. It never changes.
var seed = maphash.MakeSeed()

// len returns how many entries there are.
func (d dict[K, V]) len() int {
	if d.root == nil {
		return 0
	}
	return d.root.n
}

// get returns the value of a key.
func (d dict[K, V]) get(key K) (V, bool) {
	if d.root == nil {
		var none V
		return none, false
	}
	return d.root.get(maphash.Comparable(seed, key), key)
}

// set returns the dict in which key has the value val.
func (d dict[K, V]) set(key K, val V) dict[K, V] {
	e := dictEntry[K, V]{maphash.Comparable(seed, key), key, val}
	if d.root == nil {
		return dict[K, V]{&dictNode[K, V]{n: 1, entries: []dictEntry[K, V]{e}}}
	}
	return dict[K, V]{d.root.set(e, 0)}
}

// del returns the dict without key.
func (d dict[K, V]) del(key K) dict[K, V] {
	if d.root == nil {
		return d
	}
	return dict[K, V]{d.root.del(maphash.Comparable(seed, key), key, 0)}
}

// at returns the value of the i-th entry, in no order that means anything. There
// must be as many.
func (d dict[K, V]) at(i int) V {
	n := d.root
	for n.kids != nil {
		at := 0
		for i >= n.kids[at].n {
			i -= n.kids[at].n
			at++
		}
		n = n.kids[at]
	}
	return n.entries[i].val
}

// each calls f for all entries, in no order, until it returns false.
func (d dict[K, V]) each(f func(K, V) bool) {
	if d.root != nil {
		d.root.each(f)
	}
}

func (n *dictNode[K, V]) get(hash uint64, key K) (V, bool) {
	for shift := 0; n != nil; shift += bitsEach {
		if n.kids == nil {
			if i := n.find(hash, key); i >= 0 {
				return n.entries[i].val, true
			}
			break
		}
		n = n.kid(hash >> shift)
	}
	var none V
	return none, false
}

// find returns the place of a key in a leaf, or -1.
func (n *dictNode[K, V]) find(hash uint64, key K) int {
	for i := range n.entries {
		if e := &n.entries[i]; e.hash == hash && e.key == key {
			return i
		}
	}
	return -1
}

// slot returns the bit of a branch's child, and its place among the children.
func (n *dictNode[K, V]) slot(hash uint64) (bit uint32, at int) {
	bit = 1 << (hash & (1<<bitsEach - 1))
	return bit, bits.OnesCount32(n.used & (bit - 1))
}

// kid returns a branch's child, nil if it has none there.
func (n *dictNode[K, V]) kid(hash uint64) *dictNode[K, V] {
	if bit, at := n.slot(hash); n.used&bit != 0 {
		return n.kids[at]
	}
	return nil
}

func (n *dictNode[K, V]) set(e dictEntry[K, V], level int) *dictNode[K, V] {
	if n.kids != nil {
		return n.setKid(e, level)
	}
	if i := n.find(e.hash, e.key); i >= 0 {
		entries := append([]dictEntry[K, V](nil), n.entries...)
		entries[i] = e
		return &dictNode[K, V]{n: n.n, entries: entries}
	}
	if n.n < leafMax || level == levels {
		entries := make([]dictEntry[K, V], n.n+1)
		copy(entries, n.entries)
		entries[n.n] = e
		return &dictNode[K, V]{n: n.n + 1, entries: entries}
	}
	return n.split(level).setKid(e, level)
}

// split makes a branch of a leaf.
func (n *dictNode[K, V]) split(level int) *dictNode[K, V] {
	var parts [1 << bitsEach][]dictEntry[K, V]
	for _, e := range n.entries {
		i := e.hash >> (level * bitsEach) & (1<<bitsEach - 1)
		parts[i] = append(parts[i], e)
	}
	branch := &dictNode[K, V]{n: n.n}
	for i, part := range parts {
		if part != nil {
			branch.used |= 1 << i
			branch.kids = append(branch.kids, &dictNode[K, V]{n: len(part), entries: part})
		}
	}
	return branch
}

// setKid returns the branch with an entry set in the child that it belongs to.
func (n *dictNode[K, V]) setKid(e dictEntry[K, V], level int) *dictNode[K, V] {
	bit, at := n.slot(e.hash >> (level * bitsEach))
	if n.used&bit != 0 {
		was := n.kids[at]
		kid := was.set(e, level+1)
		return n.withKid(at, kid, n.n+kid.n-was.n)
	}
	kids := make([]*dictNode[K, V], len(n.kids)+1)
	copy(kids, n.kids[:at])
	kids[at] = &dictNode[K, V]{n: 1, entries: []dictEntry[K, V]{e}}
	copy(kids[at+1:], n.kids[at:])
	return &dictNode[K, V]{n: n.n + 1, used: n.used | bit, kids: kids}
}

// withKid returns the branch with another child in the place of one.
func (n *dictNode[K, V]) withKid(at int, kid *dictNode[K, V], size int) *dictNode[K, V] {
	kids := append([]*dictNode[K, V](nil), n.kids...)
	kids[at] = kid
	return &dictNode[K, V]{n: size, used: n.used, kids: kids}
}

// del returns the node without a key, nil if nothing is left, the same node if
// the key is not there.
func (n *dictNode[K, V]) del(hash uint64, key K, level int) *dictNode[K, V] {
	if n.kids != nil {
		return n.delKid(hash, key, level)
	}
	i := n.find(hash, key)
	if i < 0 {
		return n
	}
	if n.n == 1 {
		return nil
	}
	entries := make([]dictEntry[K, V], n.n-1)
	copy(entries, n.entries[:i])
	copy(entries[i:], n.entries[i+1:])
	return &dictNode[K, V]{n: n.n - 1, entries: entries}
}

func (n *dictNode[K, V]) delKid(hash uint64, key K, level int) *dictNode[K, V] {
	bit, at := n.slot(hash >> (level * bitsEach))
	if n.used&bit == 0 {
		return n
	}
	was := n.kids[at]
	kid := was.del(hash, key, level+1)
	if kid == was {
		return n
	}
	if n.n-1 <= leafMin {
		return n.gather(at, kid)
	}
	if kid != nil {
		return n.withKid(at, kid, n.n-1)
	}
	kids := make([]*dictNode[K, V], len(n.kids)-1)
	copy(kids, n.kids[:at])
	copy(kids[at:], n.kids[at+1:])
	return &dictNode[K, V]{n: n.n - 1, used: n.used &^ bit, kids: kids}
}

// gather makes a leaf of a branch that has lost an entry: kid, which may be
// nil, is what is left of the child at that place.
func (n *dictNode[K, V]) gather(at int, kid *dictNode[K, V]) *dictNode[K, V] {
	leaf := &dictNode[K, V]{n: n.n - 1, entries: make([]dictEntry[K, V], 0, n.n-1)}
	for i, k := range n.kids {
		if i == at {
			k = kid
		}
		if k != nil {
			leaf.collect(k)
		}
	}
	return leaf
}

// collect adds the entries in and below a node to the leaf n.
func (n *dictNode[K, V]) collect(from *dictNode[K, V]) {
	n.entries = append(n.entries, from.entries...)
	for _, k := range from.kids {
		n.collect(k)
	}
}

func (n *dictNode[K, V]) each(f func(K, V) bool) bool {
	for i := range n.entries {
		if !f(n.entries[i].key, n.entries[i].val) {
			return false
		}
	}
	for _, k := range n.kids {
		if !k.each(f) {
			return false
		}
	}
	return true
}
