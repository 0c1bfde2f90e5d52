package fifo

// blockLen is chosen so that a queue with few messages costs few kilobytes.
const blockLen = 32

type block struct {
	items [blockLen]Item
	next  *block
}

// Blocks is memory for messages that nobody uses now. A queue takes from it and
// adds to it while it runs, see [Machine.Lend]; it belongs to the same goroutine.
type Blocks struct {
	free   *block
	len    int
	tables []*slotTable
}

// maxFree is how many unused blocks, and tables, are kept.
const maxFree = 64

func (b *Blocks) get() *block {
	if b == nil || b.free == nil {
		return &block{}
	}
	first := b.free
	b.free, first.next = first.next, nil
	b.len--
	return first
}

func (b *Blocks) put(old *block) {
	if b != nil && b.len < maxFree {
		old.next, b.free = b.free, old
		b.len++
	}
}

func (b *Blocks) table() *slotTable {
	if b == nil || len(b.tables) == 0 {
		return new(slotTable)
	}
	last := len(b.tables) - 1
	t := b.tables[last]
	b.tables = b.tables[:last]
	return t
}

func (b *Blocks) putTable(old *slotTable) {
	if b != nil && len(b.tables) < maxFree {
		b.tables = append(b.tables, old)
	}
}

// list is messages in memory, first in, first out. It grows and shrinks by
// blocks, so that a long one is never copied.
type list struct {
	head, tail *block
	first      int // of the next item in head
	end        int // behind the last item in tail
	len        int
	bytes      int64 // what the items cost
}

// add makes room for one more item, which will cost so much, at the end and
// returns it, empty.
func (l *list) add(cost int64, blocks *Blocks) *Item {
	switch {
	case l.tail == nil:
		l.head = blocks.get()
		l.tail, l.first, l.end = l.head, 0, 0
	case l.end == blockLen:
		l.tail.next = blocks.get()
		l.tail, l.end = l.tail.next, 0
	}
	i := &l.tail.items[l.end]
	l.end++
	l.len++
	l.bytes += cost
	return i
}

func (l *list) peek() *Item {
	if l.len == 0 {
		return nil
	}
	return &l.head.items[l.first]
}

// pop moves the first item to where it is wanted.
func (l *list) pop(to *Item, blocks *Blocks) {
	i := &l.head.items[l.first]
	*to = *i
	*i = Item{}
	l.first++
	l.len--
	l.bytes -= to.cost()
	switch {
	case l.len == 0 && l.head == l.tail:
		l.first, l.end = 0, 0
	case l.first == blockLen:
		old := l.head
		l.head, l.first = old.next, 0
		old.next = nil
		blocks.put(old)
	}
}

// each calls f for every item, in order.
func (l *list) each(f func(*Item)) {
	b, at := l.head, l.first
	for range l.len {
		if at == blockLen {
			b, at = b.next, 0
		}
		f(&b.items[at])
		at++
	}
}
