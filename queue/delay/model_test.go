package delay

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lepusmq/lepus/queue/heap"
	"github.com/lepusmq/lepus/store"
)

// model does what a machine asks for, and knows what must come of it.
type model struct {
	Machine
	t       *testing.T
	rng     *rand.Rand
	now     int64
	volatil bool // nothing is ever kept

	parts    map[uint64]*part
	pending  map[int64]int // messages by when they are due
	undone   []func()      // batches that are not durable yet
	held     []heldGroup   // which are not whole yet
	released int
	reads    int // messages read to open buckets
	moves    int
}

// part is what the store has of a bucket.
type part struct {
	store.Queue
	next uint64
	kept uint64
	dues map[uint64]int64
}

func (p *part) NextSeq() uint64 { return p.next }

func (p *part) Stock() (store.Range, int) {
	if len(p.dues) == 0 {
		return store.Range{}, 0
	}
	first, last := ^uint64(0), uint64(0)
	for seq := range p.dues {
		first, last = min(first, seq), max(last, seq)
	}
	return store.Range{First: first, Last: last}, len(p.dues)
}

func message(due int64) store.Message {
	m := store.Adopt([]byte{0, 0, 'x'}, 2, 0)
	m.Expires = due
	return m
}

func newModel(t *testing.T, seed uint64) *model {
	return &model{
		t: t, rng: rand.New(rand.NewPCG(seed, 1)), now: 1_790_000_000_000,
		parts: map[uint64]*part{}, pending: map[int64]int{},
	}
}

func (m *model) add(due int64, below *Bucket) *Bucket {
	b := m.bucket(due, below)
	seq, at := m.Add(b, message(due))
	if at > due {
		m.t.Fatalf("due at %d, to be looked at at %d", due, at)
	}
	m.given(b, seq, due)
	return b
}

// bucket returns the bucket for a message, with its part.
func (m *model) bucket(due int64, below *Bucket) *Bucket {
	b := m.Bucket(m.now, due, below)
	if b.Part == nil {
		if m.parts[b.Key] != nil {
			m.t.Fatalf("bucket %d has a part", b.Key)
		}
		p := &part{next: 1, dues: map[uint64]int64{}}
		m.parts[b.Key] = p
		b.Attach(p)
	}
	return b
}

// given notes that the part of a bucket has been given a message.
func (m *model) given(b *Bucket, seq uint64, due int64) {
	p := m.parts[b.Key]
	if seq != p.next {
		m.t.Fatalf("number %d, want %d", seq, p.next)
	}
	p.next++
	p.dues[seq] = due
}

func (m *model) put(due int64) {
	m.add(due, nil)
	m.pending[due]++
}

// keep has parts keep some of what they have got.
func (m *model) keep() {
	if m.volatil {
		return
	}
	for _, b := range m.buckets {
		p := m.parts[b.Key]
		if m.rng.IntN(2) == 0 {
			p.kept = p.next - 1
			for i := range m.held {
				if g := &m.held[i]; g.bucket == b {
					p.kept = min(p.kept, g.seqs[0]-1)
				}
			}
			m.Trim(b, m.now, p.kept, (*store.Message).Release)
		}
	}
}

// load returns what a part has of a range, at most so many, as a store would.
func (m *model) load(b *Bucket, in store.Range, limit int) (found []store.Stored, upTo uint64) {
	p := m.parts[b.Key]
	if in.Last > p.kept {
		m.t.Fatalf("bucket %d is read up to %d, kept is %d", b.Key, in.Last, p.kept)
	}
	for seq := in.First; seq <= in.Last; seq++ {
		if due, ok := p.dues[seq]; ok && len(found) == limit {
			return found, found[limit-1].Seq
		} else if ok {
			found = append(found, store.Stored{Seq: seq, Message: message(due)})
		}
	}
	return found, in.Last
}

// step does one thing that the machine asks for and reports whether it did not
// have to wait.
func (m *model) step() bool {
	t := m.Next(m.now)
	switch t.Kind {
	case Wait:
		if t.Until <= m.now {
			m.t.Fatalf("wait until %d, now is %d", t.Until, m.now)
		}
		return false
	case Release:
		m.release(t.Items)
	case Load:
		for i := range t.Items {
			it := &t.Items[i]
			if it.Due > m.now+ahead {
				m.t.Fatalf("loaded %d ms ahead", it.Due-m.now)
			}
			found, _ := m.load(it.Bucket, store.Range{First: it.Seq, Last: it.Seq}, 1)
			if len(found) != 1 {
				m.t.Fatalf("bucket %d: number %d is not there", it.Bucket.Key, it.Seq)
			}
			it.Message = found[0].Message
		}
		m.Loaded(t.Items)
	case Read:
		found, upTo := m.load(t.Bucket, t.Range, 1+m.rng.IntN(50))
		m.reads += len(found)
		m.Read(t.Bucket, found, upTo)
	case Move:
		m.move(&t)
	case Drop:
		p := m.parts[t.Bucket.Key]
		if len(p.dues) > 0 {
			m.t.Fatalf("bucket %d is dropped with %d messages", t.Bucket.Key, len(p.dues))
		}
		delete(m.parts, t.Bucket.Key)
	}
	return true
}

func (m *model) release(items []Item) {
	gone := map[*Bucket][]uint64{}
	for i := range items {
		it := &items[i]
		switch {
		case it.Due > m.now:
			m.t.Fatalf("released %d ms early", it.Due-m.now)
		case it.Size() == 0:
			m.t.Fatal("released without its body")
		case m.pending[it.Due] == 0:
			m.t.Fatalf("a message due at %d was released twice", it.Due)
		}
		if m.pending[it.Due]--; m.pending[it.Due] == 0 {
			delete(m.pending, it.Due)
		}
		it.Release()
		m.released++
		gone[it.Bucket] = append(gone[it.Bucket], it.Seq)
	}
	m.later(gone)
	if len(m.pending) > few/8 {
		return // it would take too long to look at all
	}
	last := items[len(items)-1].Due
	for due := range m.pending {
		if due < last {
			m.t.Fatalf("one due at %d was released before one due at %d", last, due)
		}
	}
}

func (m *model) move(t *Task) {
	found, upTo := m.load(t.Bucket, t.Range, 1+m.rng.IntN(5000))
	gone := map[*Bucket][]uint64{t.Bucket: nil}
	for i := range found {
		due := found[i].Expires
		if b := m.add(due, t.Bucket); b.level() >= t.Bucket.level() {
			m.t.Fatalf("moved from level %d to level %d", t.Bucket.level(), b.level())
		}
		found[i].Release()
		gone[t.Bucket] = append(gone[t.Bucket], found[i].Seq)
	}
	m.moves += len(found)
	m.Moved(t.Bucket, len(found), upTo)
	m.later(gone)
}

// later settles a batch when it is durable.
func (m *model) later(gone map[*Bucket][]uint64) {
	m.undone = append(m.undone, func() {
		m.Released()
		for b, seqs := range gone {
			for _, seq := range seqs {
				delete(m.parts[b.Key].dues, seq)
			}
			m.Settled(b, len(seqs))
		}
	})
}

// done has some batches, or all, become durable.
func (m *model) done(n int) {
	for ; n > 0 && len(m.undone) > 0; n-- {
		m.undone[0]()
		m.undone = m.undone[1:]
	}
}

// restart is what comes back after the process was killed: batches that are not
// durable have not happened, and all that was put had been kept.
func (m *model) restart() {
	m.End((*store.Message).Release)
	m.undone = nil
	for _, g := range m.held {
		for _, seq := range g.seqs {
			delete(m.parts[g.bucket.Key].dues, seq)
		}
	}
	m.held = nil
	m.pending = map[int64]int{}
	m.Machine = Machine{}
	keys := make([]uint64, 0, len(m.parts))
	for key := range m.parts {
		keys = append(keys, key)
	}
	m.rng.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	for _, key := range keys {
		p := m.parts[key]
		p.kept = p.next - 1
		in, n := p.Stock()
		m.Recover(key, p, in, n)
		for _, due := range p.dues {
			m.pending[due]++
		}
	}
}

func (m *model) check() {
	m.t.Helper()
	if err := m.Check(); err != nil {
		m.t.Fatal(err)
	}
	n := 0
	for _, k := range m.pending {
		n += k
	}
	for _, g := range m.held {
		n += len(g.seqs)
	}
	if n != m.Pending() {
		m.t.Fatalf("%d messages wait, want %d", m.Pending(), n)
	}
	if len(m.buckets) > 250 {
		m.t.Fatalf("%d buckets", len(m.buckets))
	}
}

// settleDown does all there is to do at the moment.
func (m *model) settleDown() {
	for m.step() || len(m.undone) > 0 {
		m.done(len(m.undone))
	}
	for due := range m.pending {
		if due <= m.now {
			m.t.Fatalf("a message due %d ms ago was not released", m.now-due)
		}
	}
}

// Whatever comes, everything is released once, in order, not before it is due,
// and at once when it is.
func TestMachine(t *testing.T) {
	for seed := range uint64(24) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			m := newModel(t, seed)
			m.volatil = seed%4 == 3
			for range 2000 {
				m.random()
			}
			for len(m.held) > 0 {
				m.free()
			}
			for m.settleDown(); len(m.pending) > 0; m.settleDown() {
				m.now = max(m.now+1, m.Until(m.now))
			}
			m.check()
			m.now += width(0) * 2
			m.settleDown()
			if len(m.buckets) > 0 || len(m.parts) > 0 || m.released == 0 {
				t.Errorf("%d buckets and %d parts are left, %d released", len(m.buckets), len(m.parts), m.released)
			}
		})
	}
}

func (m *model) random() {
	switch n := m.rng.IntN(100); {
	case n < 45:
		m.put(m.someTime())
	case n < 48:
		m.hold(m.someTime(), 1+m.rng.IntN(5))
	case n < 50:
		m.free()
	case n < 65:
		m.step()
	case n < 75:
		m.keep()
	case n < 85:
		m.done(m.rng.IntN(3))
	case n < 98:
		m.now += m.rng.Int64N(int64(1) << (1 + m.rng.IntN(20)))
		if m.rng.IntN(10) == 0 {
			m.now -= m.rng.Int64N(100_000) // somebody sets the clock
		}
	case n < 99 && m.rng.IntN(10) == 0 && !m.volatil:
		m.restart()
	default:
		m.settleDown()
	}
	m.check()
}

// someTime is a time after now, by a delay of any size.
func (m *model) someTime() int64 { return m.now + 1 + m.rng.Int64N(int64(1)<<(1+m.rng.IntN(32))) }

// A wide bucket of many messages is moved to narrower ones when its time comes
// near, one of few is kept as it is.
func TestMachineMovesWideBuckets(t *testing.T) {
	for _, n := range []int{few, few + 1} {
		m := newModel(t, 1)
		begin := m.now&^(width(1)-1) + 10*width(1)
		for i := range n {
			m.put(begin + int64(i)%width(1))
		}
		m.restart()
		if len(m.buckets) != 1 || m.buckets[0].level() != 1 {
			t.Fatalf("%d buckets", len(m.buckets))
		}
		m.settleDown()
		if m.reads+m.moves > 0 {
			t.Fatalf("%d messages were read long before they are due", m.reads+m.moves)
		}
		m.now = begin - lead(1)
		m.settleDown()
		if want := n > few; want != (m.moves > 0) || want != (len(m.buckets) > 1) {
			t.Errorf("%d messages, %d were moved, %d buckets", n, m.moves, len(m.buckets))
		}
		if n > few {
			for _, b := range m.buckets {
				m.parts[b.Key].kept = m.parts[b.Key].next - 1
				m.Trim(b, m.now, m.parts[b.Key].kept, (*store.Message).Release)
				if b.level() == 0 && b.state == far && b.fresh != nil {
					t.Errorf("bucket %d has bodies in memory", b.Key)
				}
			}
		}
		m.now = begin + width(1)
		m.settleDown()
		if m.released != n {
			t.Errorf("%d of %d were released", m.released, n)
		}
	}
}

// What cannot be read is given up, and nothing waits for it.
func TestMachineLosesWhatIsDamaged(t *testing.T) {
	m := newModel(t, 1)
	for i := range int64(10) {
		m.put(m.now + 200_000 + i)
	}
	m.restart()
	lost := 0
	m.now += 200_000 - ahead
	for {
		task := m.Next(m.now)
		if task.Kind == Wait {
			break
		}
		switch task.Kind {
		case Read:
			found, upTo := m.load(task.Bucket, task.Range, 100)
			delete(m.parts[task.Bucket.Key].dues, found[3].Seq) // damaged
			m.Read(task.Bucket, slices.Delete(found, 3, 4), upTo)
			lost++
		case Load:
			for i := range task.Items[1:] {
				found, _ := m.load(task.Items[i+1].Bucket, store.Range{First: task.Items[i+1].Seq, Last: task.Items[i+1].Seq}, 1)
				task.Items[i+1].Message = found[0].Message
			}
			m.Loaded(task.Items)
			lost++
		}
	}
	if lost != 2 || m.Pending() != 8 {
		t.Fatalf("%d lost, %d pending", lost, m.Pending())
	}
	if err := m.Check(); err != nil {
		t.Error(err)
	}
}

// The heap of a bucket gives back what was put into it in order.
func TestOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var o heap.Heap[entry]
	var want []entry
	for i := range 1000 {
		e := entry{seq: uint64(i), at: uint32(rng.IntN(100))}
		o.Push(e)
		want = append(want, e)
	}
	slices.SortFunc(want, func(a, b entry) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.seq, b.seq)) })
	for _, e := range want {
		if got := o.Pop(); got != e {
			t.Fatalf("%v, want %v", got, e)
		}
	}
	if o != nil {
		t.Error("an empty heap keeps its memory")
	}
}
