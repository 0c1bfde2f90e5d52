package fifo

import "github.com/lepusmq/lepus/store"

// Item is a message in the queue.
type Item struct {
	// Seq is its place in the queue: rising in order of arrival.
	Seq uint64
	store.Message
	// Hold keeps the message, and those behind it, from delivery; nil if
	// nothing does.
	Hold *Hold
	// Count is how often the message has been delivered before.
	Count uint32
	// Stored says that the store keeps the message, and must be told when it
	// is settled.
	Stored bool
}

// Redelivered says whether the message may have been seen by a consumer.
func (i *Item) Redelivered() bool { return i.Count > 0 }

// Hold stops a queue at the messages of a commit group until the group is on
// its way to the disk. It belongs to the queue's strand.
type Hold struct{ released bool }

// Release lets the messages go at the next Dispatch.
func (h *Hold) Release() { h.released = true }

func (i *Item) held() bool { return i.Hold != nil && !i.Hold.released }

// blockLen is chosen so that a queue with few messages costs few kilobytes.
const blockLen = 32

type block struct {
	items [blockLen]Item
	next  *block
}

// Blocks is memory for waiting messages that nobody uses now. A queue takes
// from it and adds to it while it runs, see [Machine.Lend]; it belongs to the
// same goroutine.
type Blocks struct {
	free *block
	len  int
}

// maxFree is how many unused blocks are kept.
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

// line is the ready messages that were never returned: first in, first out.
// It grows and shrinks by blocks, so that a long backlog is never copied.
type line struct {
	head, tail *block
	first      int // of the next item in head
	end        int // behind the last item in tail
	len        int
	blocks     *Blocks
}

// add makes room for one more item at the end and returns it, empty.
func (l *line) add() *Item {
	switch {
	case l.tail == nil:
		l.head = l.blocks.get()
		l.tail, l.first, l.end = l.head, 0, 0
	case l.end == blockLen:
		l.tail.next = l.blocks.get()
		l.tail, l.end = l.tail.next, 0
	}
	i := &l.tail.items[l.end]
	l.end++
	l.len++
	return i
}

func (l *line) peek() *Item {
	if l.len == 0 {
		return nil
	}
	return &l.head.items[l.first]
}

// pop moves the first item to where it is wanted.
func (l *line) pop(to *Item) {
	i := &l.head.items[l.first]
	*to, *i = *i, Item{}
	l.first++
	l.len--
	switch {
	case l.len == 0 && l.head == l.tail:
		l.first, l.end = 0, 0
	case l.first == blockLen:
		old := l.head
		l.head, l.first = old.next, 0
		old.next = nil
		l.blocks.put(old)
	}
}

// drop gives the memory back. The items must be gone.
func (l *line) drop() { l.head, l.tail = nil, nil }

// returned is the ready messages that were delivered before: a binary heap on
// their place. All of them come before everything in line.
type returned []Item

func (r *returned) push(i Item) {
	h := append(*r, i)
	at := len(h) - 1
	for at > 0 {
		up := (at - 1) / 2
		if h[up].Seq <= h[at].Seq {
			break
		}
		h[up], h[at] = h[at], h[up]
		at = up
	}
	*r = h
}

func (r *returned) pop() Item {
	h := *r
	top := h[0]
	last := len(h) - 1
	h[0] = h[last]
	h[last] = Item{}
	h = h[:last]
	for at := 0; ; {
		down := 2*at + 1
		if down >= last {
			break
		}
		if down+1 < last && h[down+1].Seq < h[down].Seq {
			down++
		}
		if h[at].Seq <= h[down].Seq {
			break
		}
		h[at], h[down] = h[down], h[at]
		at = down
	}
	*r = h
	if last == 0 {
		*r = nil
	}
	return top
}
