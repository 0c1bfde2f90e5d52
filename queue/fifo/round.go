package fifo

import "slices"

// round is the consumers that may have messages now, in the order in which
// their turn comes: those of the highest priority only, until none of them has
// credit.
type round struct {
	first  *Consumer // whose turn it is
	levels []level   // the highest priority first; there is mostly one
}

// level is the consumers of one priority.
type level struct {
	priority    int64
	first, last *Consumer
}

// level finds the place of a priority among the levels.
func (r *round) level(priority int64) (at int, found bool) {
	if len(r.levels) > 0 && r.levels[0].priority == priority {
		return 0, true
	}
	return slices.BinarySearchFunc(r.levels, priority, func(l level, p int64) int {
		switch {
		case l.priority > p:
			return -1
		case l.priority < p:
			return 1
		}
		return 0
	})
}

// add puts a consumer behind those of its priority.
func (r *round) add(c *Consumer) {
	if c.queued {
		return
	}
	at, found := r.level(c.Priority)
	if !found {
		r.levels = slices.Insert(r.levels, at, level{priority: c.Priority})
	}
	r.levels[at].add(c)
	r.first = r.levels[0].first
}

// remove takes a consumer out of the round.
func (r *round) remove(c *Consumer) {
	if !c.queued {
		return
	}
	at, _ := r.level(c.Priority)
	r.levels[at].remove(c)
	if r.levels[at].first == nil {
		r.levels = slices.Delete(r.levels, at, at+1)
	}
	r.first = nil
	if len(r.levels) > 0 {
		r.first = r.levels[0].first
	}
}

// turn puts the first consumer behind the others of its priority.
func (r *round) turn() {
	if r.first.next != nil {
		r.rotate()
	}
}

func (r *round) rotate() {
	l := &r.levels[0]
	c := l.first
	l.remove(c)
	l.add(c)
	r.first = l.first
}

func (l *level) add(c *Consumer) {
	c.queued, c.prev, c.next = true, l.last, nil
	if l.last != nil {
		l.last.next = c
	} else {
		l.first = c
	}
	l.last = c
}

func (l *level) remove(c *Consumer) {
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		l.first = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		l.last = c.prev
	}
	c.queued, c.prev, c.next = false, nil, nil
}
