package fifo

// line is the ready messages that were never delivered: first in, first out.
// In a long queue only those at both ends are in memory; what lies between is a
// gap, of which only the bounds are known. Once there is a gap, what comes in
// follows into it as soon as it is kept.
type line struct {
	front list // leaves next
	gap   gap
	back  list // came last
	mark  mark // in back
	// handed says that all of front has a keeper, or had its chance.
	handed bool

	blocks *Blocks
	window int64 // what front and back may cost; 0 is no bound
	// consumed says that there are consumers. A line without is not paged in,
	// so that all of it can leave.
	consumed bool
}

// gap is a stretch of messages that only their keepers have.
type gap struct {
	first, last uint64
	n           [keepers]int // how many, by keeper
}

func (g *gap) len() int { return g.n[Store] + g.n[Overflow] }

// add puts a message behind the others.
func (g *gap) add(i *Item) {
	if g.len() == 0 {
		g.first = i.Seq
	}
	g.last = i.Seq
	g.n[i.Kept]++
}

// took notes that everything up to a sequence number was taken out, n messages
// by keeper. What was counted and is not there is gone.
func (g *gap) took(upTo uint64, n *[keepers]int) {
	if upTo >= g.last {
		*g = gap{}
		return
	}
	g.first = upTo + 1
	for k := range g.n {
		g.n[k] = max(0, g.n[k]-n[k])
	}
}

// mark is a place in a list: the items before it have been handed to a keeper,
// or need none.
type mark struct {
	block *block // nil: the front
	at    int
	n     int // items before it
}

func (l *line) len() int     { return l.front.len + l.gap.len() + l.back.len }
func (l *line) bytes() int64 { return l.front.bytes + l.back.bytes }

// over says whether the line costs more than it may, or has something for the
// gap.
func (l *line) over() bool {
	return l.window > 0 && l.bytes() > l.window || l.back.len > 0 && l.gap.len() > 0
}

// ahead is how many bytes are read from the gap at a time, and how few are left
// in front when that is done.
func (l *line) ahead() int64 {
	if l.window == 0 {
		return maxRead
	}
	return min(max(l.window/16, minRead), maxRead)
}

// low says that there is a gap, and little in front of it.
func (l *line) low() bool { return l.gap.len() > 0 && l.front.bytes <= l.ahead() }

// add makes room for one more item, which will cost so much, and returns it,
// empty.
func (l *line) add(cost int64) *Item {
	if l.consumed && l.back.len == 0 && l.gap.len() == 0 && (l.window == 0 || l.front.bytes <= l.window/2) {
		l.handed = false
		return l.front.add(cost, l.blocks)
	}
	return l.back.add(cost, l.blocks)
}

// peek returns the first item; nil if there is none, or if it is not in memory.
// Only consumers have back become front: what is in front does not leave memory.
func (l *line) peek() *Item {
	if l.front.len > 0 || l.gap.len() > 0 {
		return l.front.peek()
	}
	if !l.consumed || l.back.len == 0 {
		return l.back.peek()
	}
	l.front, l.back = l.back, l.front
	l.mark, l.handed = mark{}, false
	return l.front.peek()
}

// pop moves the item that peek returned to where it is wanted.
func (l *line) pop(to *Item) {
	if l.front.len > 0 {
		l.front.pop(to, l.blocks)
		return
	}
	l.popBack(to)
}

// popBack takes the first item out of back.
func (l *line) popBack(to *Item) {
	l.back.pop(to, l.blocks)
	if l.mark.n > 0 {
		l.mark.n--
	}
	if l.mark.n == 0 {
		l.mark = mark{}
	}
}

// hand gives messages of back that nobody keeps to spill, which marks those
// that it takes.
func (l *line) hand(spill func(*Item) bool) {
	for l.mark.n < l.back.len {
		m := &l.mark
		switch {
		case m.block == nil:
			m.block, m.at = l.back.head, l.back.first
		case m.at == blockLen:
			m.block, m.at = m.block.next, 0
		}
		i := &m.block.items[m.at]
		if i.held() || i.Kept == Nobody && !spill(i) {
			return
		}
		m.at++
		m.n++
	}
}

// handFront gives those messages of front to spill, once, that nobody keeps and that
// are above a sequence number.
func (l *line) handFront(above uint64, spill func(*Item) bool) {
	if l.handed {
		return
	}
	l.handed = true
	taken := true
	l.front.each(func(i *Item) {
		if taken && i.Kept == Nobody && i.Seq > above {
			taken = !i.held() && spill(i)
		}
	})
}

// shift moves the first item of back into the gap. It must have been handed
// over.
func (l *line) shift(release func(*Item)) {
	var i Item
	l.popBack(&i)
	l.gap.add(&i)
	release(&i)
}

// restore puts messages that were read from the gap behind front. They are all
// that there are up to a sequence number.
func (l *line) restore(items []Item, upTo uint64) {
	var n [keepers]int
	for at := range items {
		i := &items[at]
		n[i.Kept]++
		*l.front.add(i.cost(), l.blocks) = *i
	}
	l.gap.took(upTo, &n)
}

// idle gives back the blocks of an empty line.
func (l *line) idle() {
	for _, e := range [...]*list{&l.front, &l.back} {
		if e.len == 0 && e.head != nil {
			l.blocks.put(e.head)
			*e = list{}
		}
	}
	l.mark = mark{}
}

// drop gives the memory back. The items must be gone.
func (l *line) drop() {
	*l = line{blocks: l.blocks, window: l.window, consumed: l.consumed}
}
