package queue

import (
	"crypto/sha256"
	"sync"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue/fifo"
	"github.com/lepusmq/lepus/store"
)

// DeduplicationHeader is the header by which duplicates are known.
const DeduplicationHeader = "x-deduplication-header"

// Digest stands for the value of a [DeduplicationHeader]. Two values have the
// same only if SHA-256 is broken.
type Digest [16]byte

// DigestOf returns what stands for a header; ok is false if messages cannot be
// told apart by it, as by a table.
func DigestOf(v amqp.Value) (d Digest, ok bool) {
	if _, isTable := v.Table(); isTable {
		return d, false
	}
	if _, isArray := v.Array(); isArray {
		return d, false
	}
	sum := sha256.Sum256(v.Key().Append(nil))
	return Digest(sum[:]), true
}

// digestOf returns what stands for the deduplication header of a message; ok is
// false if it has none.
func digestOf(m *Message) (d Digest, ok bool) {
	var facts amqp.Facts
	if err := amqp.CheckProperties(m.Head(), &facts); err != nil || facts.Headers == nil {
		return d, false
	}
	headers, _, err := amqp.ParseTable(facts.Headers)
	if err != nil {
		return d, false
	}
	v, ok := headers.Get(DeduplicationHeader)
	if !ok {
		return d, false
	}
	return DigestOf(v)
}

// distinct are the keys of the messages in a queue that takes none of which it
// has another with the same key. It takes about a hundred bytes for each message
// in the queue, also of those on disk: nothing else would be exact. It is owned by
// the strand.
type distinct struct {
	seqs map[Digest]uint64
	keys map[uint64]keyed
	// next is the key of the message that is coming in, if it has one.
	next    Digest
	hasNext bool
	safety  safety
	// answers are numbers that stand in groups for duplicates, because other queues
	// wait for this one's answer. The store is to forget them when it has the group.
	answers []answerInGroup
}

type answerInGroup struct {
	hold *fifo.Hold // of the group
	seq  uint64
}

// keyed is a message with a key.
type keyed struct {
	key  Digest
	lane uint8
}

func newDistinct() *distinct {
	return &distinct{seqs: map[Digest]uint64{}, keys: map[uint64]keyed{}}
}

// duplicate reports whether the queue has a message with the same key, and notes
// the key if not.
func (d *distinct) duplicate(m *Message) bool {
	if d.next, d.hasNext = digestOf(m); !d.hasNext {
		return false
	}
	_, is := d.seqs[d.next]
	return is
}

// add notes that the message that came in is in the queue.
func (d *distinct) add(seq uint64, lane uint8) {
	if d.hasNext {
		d.hasNext = false
		d.seqs[d.next] = seq
		d.keys[seq] = keyed{d.next, lane}
	}
}

// forget notes that a message has left the queue.
func (d *distinct) forget(seq uint64) {
	if k, ok := d.keys[seq]; ok {
		delete(d.keys, seq)
		delete(d.seqs, k.key)
	}
}

// dropDuplicate ends a message of which the queue has the original. It is
// confirmed when that is safe.
func (q *Queue) dropDuplicate(p *Publication) {
	s := &q.strand
	d := s.distinct
	if p.Fanout != nil && p.Persistent && q.store != nil {
		// The other queues wait for this one's answer.
		q.toStore()
		q.store.Append([]store.Enqueue{{Seq: s.seq, Message: p.Message, Fanout: p.Fanout}})
		q.store.Settle([]uint64{s.seq})
		s.seq++
	}
	if p.Confirm != nil && !d.safety.also(d.seqs[d.next], p.Confirm, p.Publish) {
		s.confirm.add(p.Confirm, p.Publish)
	}
	s.releaser.Release(&p.Message)
}

// answer ends a message of a group of which the queue has the original. The
// group is safe after all that came before it.
func (q *Queue) answer(g *Group, part *groupPart, p *Publication, joined *joined) {
	s := &q.strand
	if p.Fanout != nil && p.Persistent && q.store != nil && g.group != nil {
		joined.keep(q.priorities.main, store.Enqueue{Seq: s.seq, Message: p.Message, Fanout: p.Fanout})
		s.distinct.answers = append(s.distinct.answers, answerInGroup{&part.hold, s.seq})
		s.seq++
	}
	part.duplicates = append(part.duplicates, p.Message)
}

// settleAnswers has the store forget what stood for duplicates in a group that
// it has.
func (q *Queue) settleAnswers(hold *fifo.Hold) {
	d := q.strand.distinct
	var seqs []uint64
	rest := d.answers[:0]
	for _, a := range d.answers {
		if a.hold == hold {
			seqs = append(seqs, a.seq)
		} else {
			rest = append(rest, a)
		}
	}
	clear(d.answers[len(rest):])
	if d.answers = rest; len(seqs) > 0 {
		q.store.Settle(seqs)
	}
}

// purged notes that the ready messages of a lane below a number have gone.
func (q *Queue) purged(lane uint8, below uint64) {
	d := q.strand.distinct
	held := map[uint64]bool{}
	for _, k := range [...]fifo.Keeper{fifo.Nobody, fifo.Store, fifo.Overflow} {
		for _, seq := range q.strand.fifo.Unsettled(lane, k) {
			held[seq] = true
		}
	}
	for seq, k := range d.keys {
		if k.lane == lane && seq < below && !held[seq] {
			d.forget(seq)
		}
	}
}

// recoverKeys reads the keys of all messages of a lane.
func (q *Queue) recoverKeys(priority uint8) {
	const atOnce = 1 << 20
	d := q.strand.distinct
	part := q.lane(priority).store
	in, n := part.Stock()
	for n > 0 && in.First <= in.Last {
		found, upTo := part.Load([]store.Range{in}, atOnce)
		for i := range found {
			m := &found[i]
			if !d.duplicate(&m.Message) {
				d.add(m.Seq, priority)
			}
			m.Release()
		}
		if upTo >= in.Last {
			break
		}
		in.First = upTo + 1
	}
}

// safety knows of the messages with which the store is not done yet, and whom to
// tell when it is: the publisher, and those of duplicates. It stands between the
// store and them as the messages' [Confirmer], for which they have the numbers
// that they have in the queue. Any goroutine may call it.
type safety struct {
	mu      sync.Mutex
	waiting map[uint64][]pendingPublish // guarded by mu
}

// pendingPublish is a publish by the number under which its confirmer knows it.
type pendingPublish struct {
	confirm Confirmer
	number  uint64
}

// guard returns who is to confirm a message that the store is given instead of its
// confirmer, which may be nil.
func (s *safety) guard(seq uint64, c Confirmer, number uint64) (Confirmer, uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting == nil {
		s.waiting = map[uint64][]pendingPublish{}
	}
	s.waiting[seq] = nil
	if c != nil {
		s.waiting[seq] = []pendingPublish{{c, number}}
	}
	return s, seq
}

// also has a duplicate confirmed with a message, and reports false if that is safe
// already.
func (s *safety) also(seq uint64, c Confirmer, number uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	waiting, ok := s.waiting[seq]
	if ok {
		s.waiting[seq] = append(waiting, pendingPublish{c, number})
	}
	return ok
}

// Confirm implements [Confirmer].
func (s *safety) Confirm(first, last uint64) {
	var safe []pendingPublish
	s.mu.Lock()
	for seq := first; seq <= last; seq++ {
		safe = append(safe, s.waiting[seq]...)
		delete(s.waiting, seq)
	}
	s.mu.Unlock()
	for _, p := range safe {
		p.confirm.Confirm(p.number, p.number)
	}
}
