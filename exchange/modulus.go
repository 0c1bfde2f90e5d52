package exchange

import (
	"cmp"
	"slices"
)

// modulus leads to one of its bindings, the same for the same routing key. They
// are in the order of their destinations, so that it is still the same after a
// restart. Binding keys do not count. A change copies the list.
type modulus struct {
	sorted []*Binding
}

func (t modulus) add(b *Binding) table {
	at, _ := t.find(b)
	all := make([]*Binding, 0, len(t.sorted)+1)
	return modulus{append(append(append(all, t.sorted[:at]...), b), t.sorted[at:]...)}
}

func (t modulus) remove(b *Binding) table {
	at, _ := t.find(b)
	return modulus{slices.Concat(t.sorted[:at], t.sorted[at+1:])}
}

// find returns the place of a binding, and whether it is there.
func (t modulus) find(b *Binding) (at int, found bool) {
	return slices.BinarySearchFunc(t.sorted, b, func(x, y *Binding) int {
		if x.ToExchange != y.ToExchange {
			if x.ToExchange {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(x.Destination, y.Destination), cmp.Compare(x.seq, y.seq))
	})
}

func (t modulus) each(f func(*Binding) bool) {
	for _, b := range t.sorted {
		if !f(b) {
			return
		}
	}
}

func (t modulus) route(g *Graph, r *Result) {
	if n := uint64(len(t.sorted)); n > 0 {
		r.follow(g, t.sorted[hashOf(r.key)%n])
	}
}
