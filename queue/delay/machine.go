package delay

import (
	"slices"
	"sort"

	"github.com/lepusmq/lepus/store"
)

const (
	// few are so many messages that a wide bucket is kept as it is when its time
	// comes, instead of being moved to narrower ones.
	few = 1 << 16
	// ahead is how long before they are due bodies are read, in milliseconds.
	ahead = 500
	// lineBytes and lineLen bound the bodies in line.
	lineBytes = 1 << 20
	lineLen   = 4096
	// keepBytes is how much may stay in memory though it is kept, because it is
	// due soon.
	keepBytes = 256 << 10
	// batchLen is how many messages are released together, and maxReleasing how
	// many batches may be under way.
	batchLen     = 512
	maxReleasing = 256
	// window is how much of a bucket is read at a time.
	window = 256 << 10
)

// Machine is the messages of one delay. The zero Machine is empty. It belongs
// to one goroutine at a time.
type Machine struct {
	buckets   []*Bucket // by key
	line      []Item    // those due next, in order, with their bodies
	bytes     int       // of the bodies in line
	kept      int       // bytes of bodies that are in fresh though they are kept
	pending   int       // messages that were not released
	releasing int       // batches that are not durable yet
}

// Item is a message on its way out.
type Item struct {
	Bucket *Bucket
	Seq    uint64
	Due    int64
	store.Message
}

func (i *Item) before(o *Item) bool {
	switch {
	case i.Due != o.Due:
		return i.Due < o.Due
	case i.Bucket != o.Bucket:
		return i.Bucket.Key < o.Bucket.Key
	}
	return i.Seq < o.Seq
}

// Pending is how many messages wait.
func (m *Machine) Pending() int { return m.pending }

// Bucket returns the bucket for a message that is due at a time, or one for it
// that is narrower than another. It is the widest whose time is not near. A new one
// has no Part yet.
func (m *Machine) Bucket(now, due int64, below *Bucket) *Bucket {
	level := levels - 1
	if below != nil {
		level = below.level() - 1
	}
	due = max(due, 0)
	for ; level > 0; level-- {
		if begin := due &^ (width(level) - 1); begin-now > lead(level) {
			break
		}
	}
	key := keyOf(due, level)
	at, found := m.find(key)
	if !found {
		b := newBucket(key)
		if b.opens() <= now {
			b.state = open
		}
		m.buckets = slices.Insert(m.buckets, at, b)
	}
	return m.buckets[at]
}

func (m *Machine) find(key uint64) (at int, found bool) {
	return sort.Find(len(m.buckets), func(i int) int {
		switch k := m.buckets[i].Key; {
		case key < k:
			return -1
		case key > k:
			return 1
		}
		return 0
	})
}

// Recover brings back a bucket with so many messages, which lie in a range.
func (m *Machine) Recover(key uint64, part store.Queue, in store.Range, n int) *Bucket {
	b := newBucket(key)
	b.Attach(part)
	b.count = n
	if n > 0 {
		b.from = in.First
	}
	at, _ := m.find(key)
	m.buckets = slices.Insert(m.buckets, at, b)
	m.pending += n
	return b
}

// Add puts a message, of which the machine takes over one reference, into its
// bucket and returns its number there, and when the machine is to be asked
// what to do. The message expires when it is due.
func (m *Machine) Add(b *Bucket, msg store.Message) (seq uint64, at int64) {
	seq = b.append(msg)
	m.pending++
	if b.state != open {
		return seq, b.opens()
	}
	b.note(seq, &msg)
	return seq, msg.Expires
}

// Trim lets bodies leave the memory up to a number up to which the part has
// them. Those due soon stay, if they are not too many.
func (m *Machine) Trim(b *Bucket, now int64, kept uint64, release func(*store.Message)) {
	kept = min(kept, b.mayLeave())
	for ; b.swept < len(b.fresh) && b.base+uint64(b.swept) <= kept; b.swept++ {
		msg := &b.fresh[b.swept]
		size := int(msg.Size())
		if size == 0 {
			continue
		}
		if b.state == open && msg.Expires-now <= ahead && m.kept+size <= keepBytes {
			m.kept += size
			continue
		}
		release(msg)
		*msg = store.Message{}
	}
	b.tidy()
}

// Fresh returns the number of the last message whose body is in memory, may leave
// it and is not known to be kept; ok is false if there is none.
func (b *Bucket) Fresh() (seq uint64, ok bool) {
	seq = b.mayLeave()
	return seq, b.base+uint64(b.swept) <= seq
}

// take takes a body out of fresh.
func (m *Machine) take(b *Bucket, seq uint64) (msg store.Message, ok bool) {
	p := b.body(seq)
	if p == nil {
		return store.Message{}, false
	}
	msg = *p
	*p = store.Message{}
	if seq < b.base+uint64(b.swept) {
		m.kept -= int(msg.Size())
	}
	b.tidy()
	return msg, true
}

// Settled notes that messages of a bucket have left it for good.
func (m *Machine) Settled(b *Bucket, n int) {
	b.count -= n
	b.settling -= n
}

// Released notes that a batch, released or moved, is durable where it went.
func (m *Machine) Released() { m.releasing-- }

// End drops everything.
func (m *Machine) End(release func(*store.Message)) {
	for i := range m.line {
		release(&m.line[i].Message)
	}
	for _, b := range m.buckets {
		for i := range b.fresh {
			if b.fresh[i].Size() > 0 {
				release(&b.fresh[i])
			}
		}
	}
	*m = Machine{}
}
