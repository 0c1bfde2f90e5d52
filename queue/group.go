package queue

import (
	"slices"
	"sync/atomic"

	"github.com/lepusmq/lepus/queue/fifo"
	"github.com/lepusmq/lepus/store"
)

// Group is what a tx.commit, or the death of messages, does to several queues:
// durable ones take all of it or, after a crash, none. Messages of the group are
// held back in their queues, with all that comes behind them, until the group is
// on its way to the disk as a whole.
type Group struct {
	parts []*groupPart
	joins []func(*store.Group)
	late  []*groupDelay
	after []func(refused bool)
	group *store.Group // nil if the store need not know
	done  func()
	// posted says that what the group brings does not come from a publisher.
	posted bool
	// left counts what must have happened before done: each part has been
	// joined, and all is durable.
	left    atomic.Int32
	refused atomic.Bool
	// last is the part that is joined after all others, of which there are still
	// so many; nil if the order does not matter.
	last   *groupPart
	others atomic.Int32
}

// groupPart is what the group does to one queue.
type groupPart struct {
	queue    *Queue
	messages []Publication
	acked    []Settlement
	rejected []Settlement
	dead     joined // to be settled in the store only
	hold     fifo.Hold
	// refused are the messages that the queue does not take, and unanswered the
	// numbers of those of which other queues wait to hear.
	refused    []*Publication
	unanswered []uint64
	// duplicates are messages that the queue had already.
	duplicates []Message
}

// Publish adds a message, of which the group takes over one reference.
func (g *Group) Publish(to *Queue, p Publication) {
	part := g.part(to)
	part.messages = append(part.messages, p)
}

// Ack adds messages to be settled.
func (g *Group) Ack(from *Queue, s Settlement) {
	part := g.part(from)
	part.acked = append(part.acked, s)
}

// Reject adds messages that nobody wants. If they go to a dead letter exchange they
// do so by themselves, after the group.
func (g *Group) Reject(from *Queue, s Settlement) {
	part := g.part(from)
	part.rejected = append(part.rejected, s)
}

// Refused says, when the group is done, that a queue has not taken a message.
func (g *Group) Refused() bool { return g.refused.Load() }

// Join adds something that is in the same store and no queue: join is called
// once, by Commit, and calls [store.Queue.Join].
func (g *Group) Join(join func(to *store.Group)) { g.joins = append(g.joins, join) }

// After has f called, from any goroutine, when the group is durable, before done,
// and told whether a queue has not taken a message.
func (g *Group) After(f func(refused bool)) { g.after = append(g.after, f) }

// Bury adds a message of the queue's store that has died: the queue itself
// knows, the store is to forget it with the group.
func (g *Group) Bury(in *Queue, dead *Dead) {
	part := g.part(in)
	part.dead.settle(dead.Lane, dead.Seq)
}

func (g *Group) part(q *Queue) *groupPart {
	for _, p := range g.parts {
		if p.queue == q {
			return p
		}
	}
	p := &groupPart{queue: q}
	g.parts = append(g.parts, p)
	return p
}

// Commit hands the group to its queues. done is called, from any goroutine,
// when it is durable and the others have it. newGroup is the store's; it is not
// used when nothing in the group is durable. The group must not be changed any
// more.
func (g *Group) Commit(newGroup NewGroup, done func()) {
	g.hand(newGroup, done, (*Queue).do)
}

// Post is [Group.Commit] for strands: it runs none on the caller's stack. The
// store's group is not used either when no message of the group is to be kept.
func (g *Group) Post(newGroup NewGroup, done func()) {
	if !g.keeps() {
		newGroup = nil
	}
	g.posted = true
	g.hand(newGroup, done, (*Queue).later)
}

// PostTaken is [Group.Post] for messages of one queue of which none may be lost:
// only if all queues have taken theirs is the dead message settled in its own.
func (g *Group) PostTaken(from *Queue, newGroup NewGroup, done func()) {
	g.last = g.part(from)
	g.Post(newGroup, done)
}

// Refusing returns, when the group is done, the queues that have not taken a
// message.
func (g *Group) Refusing() []*Queue {
	var queues []*Queue
	for _, part := range g.parts {
		if len(part.refused) > 0 {
			queues = append(queues, part.queue)
		}
	}
	return queues
}

// NewGroup makes a commit group of a store, see [store.Store].
type NewGroup func(parts int, whole, done func()) *store.Group

// keeps says whether the store is to keep something of the group.
func (g *Group) keeps() bool {
	if len(g.joins)+len(g.late) > 0 {
		return true
	}
	for _, part := range g.parts {
		keeps := func(p Publication) bool { return p.Persistent || part.queue.Quorum() }
		if part.queue.Durable() && slices.ContainsFunc(part.messages, keeps) {
			return true
		}
	}
	return false
}

func (g *Group) hand(newGroup NewGroup, done func(), give func(*Queue, func(*Queue))) {
	if len(g.after) > 0 {
		last := done
		done = func() {
			for _, f := range g.after {
				f(g.Refused())
			}
			last()
		}
	}
	durable := len(g.joins) + len(g.late)
	for _, part := range g.parts {
		if part.queue.Durable() {
			durable++
		}
	}
	g.done = done
	g.left.Store(int32(len(g.parts)) + 1)
	if durable > 0 && newGroup != nil {
		g.group = newGroup(durable+1, g.release, g.come)
	} else {
		g.come()
	}
	for _, join := range g.joins {
		join(g.group)
	}
	for _, part := range g.late {
		part.delay.join(part, g.group)
	}
	if g.group != nil {
		// Not before: those hold locks, which whoever is told must not find held.
		g.group.Waive()
	}
	g.others.Store(int32(len(g.parts)) - 1)
	for _, part := range g.parts {
		if part != g.last || len(g.parts) == 1 {
			give(part.queue, func(q *Queue) { q.join(g, part) })
		}
	}
}

// joined notes that a part has been joined.
func (g *Group) joined(part *groupPart) {
	if g.last != nil && part != g.last && g.others.Add(-1) == 0 {
		g.last.queue.later(func(q *Queue) { q.join(g, g.last) })
	}
	g.come()
}

// come counts one of the things that come before done.
func (g *Group) come() {
	if g.left.Add(-1) == 0 {
		g.done()
	}
}

// release is called when all have joined that are durable. It may be called by
// the strand of a queue, so it runs none itself.
func (g *Group) release() {
	for _, part := range g.late {
		part.delay.free(part.held)
	}
	for _, part := range g.parts {
		if q := part.queue; q.Durable() {
			q.prompt(func(q *Queue) {
				if !q.strand.deleted {
					q.strand.fifo.Release(&part.hold)
				}
				if q.strand.distinct != nil {
					q.settleAnswers(&part.hold)
				}
			})
		}
	}
}

// settleJoined ends unacked messages, those of the store with the group, and returns how
// many there were.
func (q *Queue) settleJoined(list []Settlement, joined *joined) (n uint64) {
	s := &q.strand
	for _, one := range list {
		for at, seq := range one.all {
			var i fifo.Item
			if !s.fifo.Settle(at, seq, &i) {
				continue
			}
			n++
			if i.Kept == fifo.Store {
				joined.settle(i.Lane, i.Seq)
				i.Kept = fifo.Nobody
				s.stored--
			}
			q.forget(&i)
		}
	}
	return n
}

// join does the queue's part of a group.
func (q *Queue) join(g *Group, part *groupPart) {
	s := &q.strand
	var joined joined
	if n := q.settleJoined(part.acked, &joined); n > 0 {
		s.flow.Ack += n
	}
	if !q.mourns() {
		if n := q.settleJoined(part.rejected, &joined); n > 0 {
			s.flow.Dropped[Rejected] += n
		}
		part.rejected = nil
	}
	if n := len(part.messages); n > 0 && !g.posted {
		s.count().Publish += uint64(n)
	}
	for _, r := range part.rejected {
		q.hurry(&urgent{Settlement: r, outcome: rejected})
	}
	for i := range part.messages {
		p := &part.messages[i]
		switch {
		case s.distinct != nil && s.distinct.duplicate(&p.Message):
			q.answer(g, part, p, &joined)
		case s.deleted || q.admit(p):
			q.joinMessage(g, part, p, &joined)
		default:
			g.refused.Store(true)
			q.refuseJoined(part, p, &joined)
		}
	}
	if part != g.last || !g.Refused() {
		joined.settleAll(&part.dead)
	}
	switch {
	case q.store == nil:
	case g.group != nil:
		joined.join(q, g.group)
		q.store.Settle(part.unanswered)
	default:
		joined.forget(q)
	}
	for _, p := range part.refused {
		q.discard(p)
	}
	for i := range part.duplicates {
		s.releaser.Release(&part.duplicates[i])
	}
	if s.deleted {
		q.dropJoined(part)
	}
	g.joined(part)
}

// refuseJoined has a message of a group go nowhere, or die, once the store has
// heard of it.
func (q *Queue) refuseJoined(part *groupPart, p *Publication, joined *joined) {
	s := &q.strand
	if p.Fanout != nil && p.Persistent && q.store != nil {
		// The other queues wait for this one's answer.
		joined.keep(q.priorities.main, store.Enqueue{Seq: s.seq, Message: p.Message, Fanout: p.Fanout})
		part.unanswered = append(part.unanswered, s.seq)
		s.seq++
	}
	part.refused = append(part.refused, p)
}

// dropJoined ends the messages that a group brought to a deleted queue, after
// the store has taken its own references. What it brought to one that was closed
// before its turn came is there after the next start.
func (q *Queue) dropJoined(part *groupPart) {
	s := &q.strand
	if !s.closed {
		q.settleAll()
	}
	for i := range part.messages {
		s.releaser.Release(&part.messages[i].Message)
	}
}

func (q *Queue) joinMessage(g *Group, part *groupPart, p *Publication, joined *joined) {
	s := &q.strand
	i := fifo.Item{Seq: s.seq, Message: p.Message, Lane: q.laneOf(&p.Message)}
	s.seq++
	if g.group != nil && q.store != nil {
		i.Hold = &part.hold
		if p.Persistent {
			i.Kept = fifo.Store
			s.stored++
			s.count().DiskWrites++
			e := store.Enqueue{Seq: i.Seq, Message: p.Message, Fanout: p.Fanout}
			if s.distinct != nil {
				e.Confirm, e.Publish = s.distinct.safety.guard(e.Seq, nil, 0)
			}
			joined.keep(i.Lane, e)
		}
	}
	if !s.deleted {
		s.fifo.Publish(i)
	}
	if s.distinct != nil {
		s.distinct.add(i.Seq, i.Lane)
	}
}
