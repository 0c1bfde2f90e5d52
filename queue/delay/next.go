package delay

import (
	"math"
	"slices"
	"sort"

	"github.com/lepusmq/lepus/queue/heap"
	"github.com/lepusmq/lepus/store"
)

// Kind is what is to be done.
type Kind uint8

// What Next can ask for.
const (
	// Wait until Task.Until.
	Wait Kind = iota
	// Release Task.Items: they are due. When that is durable call Released, and
	// Settled for the buckets.
	Release
	// Load the bodies of Task.Items, which take about Task.Limit bytes. Then call
	// Loaded.
	Load
	// Read Task.Range of Task.Bucket, about Task.Limit bytes. Then call Read.
	Read
	// Move Task.Range of Task.Bucket, about Task.Limit bytes, to narrower
	// buckets. Then call Moved; and when that is durable Released, and Settled for
	// the bucket.
	Move
	// Drop Task.Bucket's part: it is empty, and the machine has forgotten it.
	Drop
)

// Task is something to be done.
type Task struct {
	Kind   Kind
	Until  int64
	Items  []Item
	Bucket *Bucket
	Range  store.Range
	Limit  int
}

// Never is when there is nothing to wait for.
const Never = math.MaxInt64

// Next says what is to be done at a time. It is called again when that is done,
// when what it said to wait for has come, or when something was added that is due before.
func (m *Machine) Next(now int64) Task {
	opening := m.opening(now)
	if m.releasing < maxReleasing {
		if t, ok := m.release(now, opening); ok {
			return t
		}
		if t, ok := m.fill(now); ok {
			return t
		}
		if t, ok := m.release(now, opening); ok {
			return t
		}
		if opening != nil {
			return m.read(opening)
		}
	}
	if t, ok := m.drop(now); ok {
		return t
	}
	return Task{Kind: Wait, Until: m.Until(now)}
}

// opening returns the first bucket that is to be read, nil if there is none.
func (m *Machine) opening(now int64) *Bucket {
	for _, b := range m.buckets {
		if b.state == open || b.opens() > now {
			continue
		}
		b.state = opening
		if b.from < b.base {
			return b
		}
		m.opened(b)
	}
	return nil
}

// opened ends the opening of a bucket. What was lost meanwhile is not counted
// any more.
func (m *Machine) opened(b *Bucket) {
	b.state = open
	for i := range b.fresh {
		if msg, seq := &b.fresh[i], b.base+uint64(i); msg.Size() > 0 && !b.isHeld(seq) {
			b.note(seq, msg)
		}
	}
	n := len(b.order) + b.settling + len(b.held)
	m.pending -= b.count - n
	b.count = n
}

// read goes on opening a bucket.
func (m *Machine) read(b *Bucket) Task {
	t := Task{Kind: Read, Bucket: b, Range: store.Range{First: b.from, Last: b.base - 1}, Limit: window}
	if b.level() > 0 && b.count-len(b.fresh)-len(b.order) > few {
		t.Kind = Move
	}
	return t
}

// Read takes what was read of a bucket, up to a number. The bodies are not
// kept.
func (m *Machine) Read(b *Bucket, found []store.Stored, upTo uint64) {
	if b.order == nil {
		b.order = make(heap.Heap[entry], 0, b.count)
	}
	for i := range found {
		b.note(found[i].Seq, &found[i].Message)
	}
	b.from = upTo + 1
}

// Moved notes that so many messages of a bucket, up to a number, have been added to
// others and will be settled.
func (m *Machine) Moved(b *Bucket, n int, upTo uint64) {
	m.pending -= n
	m.releasing++
	b.settling += n
	b.from = upTo + 1
}

// top returns the open bucket with the message that is due next and is not in
// line, nil if there is none.
func (m *Machine) top() *Bucket {
	var first *Bucket
	for _, b := range m.buckets {
		if len(b.order) == 0 || b.state != open {
			continue
		}
		if first == nil || b.due(b.order[0]) < first.due(first.order[0]) {
			first = b
		}
	}
	return first
}

// topItem is the first message of a bucket, without its body.
func (b *Bucket) topItem() Item {
	e := b.order[0]
	return Item{Bucket: b, Seq: e.seq, Due: b.due(e)}
}

// fill puts those due next in line and returns those whose bodies are to be
// loaded before.
func (m *Machine) fill(now int64) (Task, bool) {
	t := Task{Kind: Load}
	bytes := m.bytes
	for {
		b := m.top()
		if b == nil || b.due(b.order[0]) > now+ahead {
			break
		}
		i := b.topItem()
		if full := len(m.line)+len(t.Items) >= lineLen || bytes >= lineBytes; full && (len(m.line) == 0 || !i.before(&m.line[0])) {
			break
		}
		e := b.order.Pop()
		bytes += int(e.size)
		msg, ok := m.take(b, e.seq)
		if !ok {
			t.Limit += int(e.size)
			t.Items = append(t.Items, i)
			continue
		}
		i.Message = msg
		m.enter(i)
	}
	return t, len(t.Items) > 0
}

// enter puts a message in line.
func (m *Machine) enter(i Item) {
	m.bytes += int(i.Size())
	at := len(m.line)
	if at > 0 && i.before(&m.line[at-1]) {
		at = sort.Search(at, func(k int) bool { return i.before(&m.line[k]) })
	}
	m.line = slices.Insert(m.line, at, i)
}

// Loaded takes the items of a Load back. Those without a body are lost: they
// are to be settled.
func (m *Machine) Loaded(items []Item) {
	for _, i := range items {
		if i.Size() > 0 {
			m.enter(i)
			continue
		}
		i.Bucket.count--
		m.pending--
	}
}

// release takes those that are due out of the line. Nothing is released before
// what is due earlier, be it that this is still to be loaded or read.
func (m *Machine) release(now int64, opening *Bucket) (Task, bool) {
	if len(m.line) == 0 || m.line[0].Due > now {
		return Task{}, false
	}
	until := now + 1
	if opening != nil {
		until = min(until, opening.begin())
	}
	var next *Item
	if b := m.top(); b != nil {
		i := b.topItem()
		next = &i
	}
	n := 0
	for n < len(m.line) && n < batchLen {
		i := &m.line[n]
		if i.Due >= until || next != nil && next.before(i) {
			break
		}
		m.bytes -= int(i.Size())
		i.Bucket.settling++
		n++
	}
	if n == 0 {
		return Task{}, false
	}
	t := Task{Kind: Release, Items: slices.Clone(m.line[:n])}
	m.line = slices.Delete(m.line, 0, n)
	m.pending -= n
	m.releasing++
	return t, true
}

// drop forgets a bucket that is empty and will not be used again.
func (m *Machine) drop(now int64) (Task, bool) {
	for at, b := range m.buckets {
		if b.state == open && b.count == 0 && (b.level() > 0 || b.end() <= now) {
			m.buckets = slices.Delete(m.buckets, at, at+1)
			return Task{Kind: Drop, Bucket: b}, true
		}
	}
	return Task{}, false
}

// Until is when there is something to do. Batches that are to be durable first
// are not waited for.
func (m *Machine) Until(now int64) int64 {
	at := int64(Never)
	busy := m.releasing >= maxReleasing
	if len(m.line) > 0 && !busy {
		at = m.line[0].Due
	}
	if b := m.top(); b != nil && !busy {
		at = min(at, m.wanted(b))
	}
	for _, b := range m.buckets {
		switch {
		case b.state == open && b.count == 0:
			at = min(at, b.end())
		case b.state != open && !busy:
			at = min(at, b.opens())
		}
	}
	return max(at, now)
}

// wanted is when the first message of an open bucket is to be put in line: when it is
// due, or some time before that if its body must be loaded and there is room.
func (m *Machine) wanted(b *Bucket) int64 {
	due := b.due(b.order[0])
	switch {
	case b.body(b.order[0].seq) != nil:
		return due
	case len(m.line) >= lineLen || m.bytes >= lineBytes:
		return max(due-ahead, m.line[0].Due)
	}
	return due - ahead
}
