package exchange

import "slices"

// unique is a list without doubles, in the order of adding. Its memory is used
// again after reset. The zero unique is empty.
type unique[T comparable] struct {
	list []T
	seen map[T]struct{} // all of list, once it is too long for a search
}

// searchMax is how long a list may be to be searched from end to end.
const searchMax = 16

// add appends v, and reports false if it is there already.
func (u *unique[T]) add(v T) bool {
	if len(u.list) < searchMax {
		if slices.Contains(u.list, v) {
			return false
		}
		u.list = append(u.list, v)
		return true
	}
	if len(u.seen) == 0 {
		if u.seen == nil {
			u.seen = make(map[T]struct{}, 4*searchMax)
		}
		for _, w := range u.list {
			u.seen[w] = struct{}{}
		}
	}
	if _, ok := u.seen[v]; ok {
		return false
	}
	u.seen[v] = struct{}{}
	u.list = append(u.list, v)
	return true
}

// reset empties the list, and keeps nothing alive that was in it.
func (u *unique[T]) reset() {
	clear(u.list)
	u.list = u.list[:0]
	clear(u.seen)
}
