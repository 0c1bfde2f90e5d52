package exchange

import (
	"crypto/sha256"
	"math"
	"math/bits"
	"slices"
	"strconv"
)

// share is a node of a trie that divides the hashes of messages among
// destinations by their weights. A destination lies at the place that a digest
// of its name says, so that the trie depends on nothing but the destinations
// that are there, and is the same after a restart.
//
// At each node a message goes to the child that draws the longest straw, which
// are drawn from its hash and are the longer the heavier what is below the child
// is (weighted rendezvous hashing). When the weight of a child changes, a message
// comes to it or leaves it, but never changes from another child to a third.
type share struct {
	weight  float64
	used    uint32   // of a branch: which of the possible children it has
	kids    []*share // of a branch: these, in order
	binding *Binding // of a leaf
	digest  [sha256.Size]byte
}

// newShare returns the leaf of a binding whose key is a weight.
func newShare(b *Binding) *share {
	weight, _ := strconv.Atoi(b.Key)
	kind := "q"
	if b.ToExchange {
		kind = "x"
	}
	return &share{weight: float64(weight), binding: b, digest: sha256.Sum256([]byte(kind + b.Destination))}
}

// slot returns the bit of a branch's child where a leaf belongs, and its place
// among the children.
func (s *share) slot(leaf *share, level int) (bit uint32, at int) {
	bit = 1 << (leaf.digest[level] & (1<<bitsEach - 1))
	return bit, bits.OnesCount32(s.used & (bit - 1))
}

// add returns the trie, which may be nil, with one more leaf.
func (s *share) add(leaf *share) *share { return s.addAt(leaf, 0) }

// Digests differ long before their levels end.
func (s *share) addAt(leaf *share, level int) *share {
	switch {
	case s == nil && level > 0:
		return leaf
	case s == nil:
		s = &share{}
	case s.binding != nil:
		s = (&share{}).addAt(s, level)
	}
	next := &share{weight: s.weight + leaf.weight, used: s.used, kids: slices.Clone(s.kids)}
	bit, at := s.slot(leaf, level)
	if s.used&bit != 0 {
		next.kids[at] = s.kids[at].addAt(leaf, level+1)
	} else {
		next.used |= bit
		next.kids = slices.Insert(next.kids, at, leaf)
	}
	return next
}

// remove returns the trie without a leaf that it has, nil if nothing is left.
func (s *share) remove(leaf *share) *share { return s.removeAt(leaf, 0) }

func (s *share) removeAt(leaf *share, level int) *share {
	if s.binding != nil {
		return nil
	}
	next := &share{weight: s.weight - leaf.weight, used: s.used, kids: slices.Clone(s.kids)}
	bit, at := s.slot(leaf, level)
	if kid := s.kids[at].removeAt(leaf, level+1); kid != nil {
		next.kids[at] = kid
	} else {
		next.used &^= bit
		next.kids = slices.Delete(next.kids, at, at+1)
	}
	if len(next.kids) == 0 {
		return nil
	}
	return next
}

// pick returns the binding that a message with this hash goes by.
func (s *share) pick(hash uint64) *Binding {
	for level := uint64(0); s.binding == nil; level++ {
		best, longest := 0, math.Inf(-1)
		used := s.used
		for i, kid := range s.kids {
			slot := uint64(bits.TrailingZeros32(used))
			used &= used - 1
			if len(s.kids) == 1 {
				break
			}
			// u is between 0 and 1, both excluded.
			u := (float64(mix(hash^(level*32+slot+1)*0x9e3779b97f4a7c15)>>12) + 0.5) / (1 << 52)
			if straw := math.Log(u) / kid.weight; straw > longest {
				best, longest = i, straw
			}
		}
		s = s.kids[best]
	}
	return s.binding
}
