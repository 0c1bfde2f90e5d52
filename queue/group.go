package queue

import (
	"github.com/lepusmq/lepus/queue/fifo"
	"github.com/lepusmq/lepus/store"
)

// Group is what a tx.commit does to several queues: durable ones take all of
// it or, after a crash, none. Messages of the group are held back in their
// queues, with all that comes behind them, until the group is on its way to
// the disk as a whole.
type Group struct {
	parts []*groupPart
	joins []func(*store.Group)
	after []func()
	group *store.Group
}

// groupPart is what the group does to one queue.
type groupPart struct {
	queue    *Queue
	messages []Publication
	acked    []Settlement
	hold     fifo.Hold
}

// Publish adds a message, of which the group takes over one reference.
func (g *Group) Publish(to *Queue, p Publication) {
	part := g.part(to)
	part.messages = append(part.messages, p)
}

// Ack adds a message to be settled; so does a reject without requeue.
func (g *Group) Ack(from *Queue, s Settlement) {
	part := g.part(from)
	part.acked = append(part.acked, s)
}

// Join adds something that is in the same store and no queue: join is called
// once, by Commit, and calls [store.Queue.Join].
func (g *Group) Join(join func(to *store.Group)) { g.joins = append(g.joins, join) }

// After has f called, from any goroutine, when the group is durable, before done.
func (g *Group) After(f func()) { g.after = append(g.after, f) }

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
// when it is durable. newGroup is the store's; it is not used when nothing in
// the group is durable. The group must not be changed any more.
func (g *Group) Commit(newGroup func(parts int, whole, done func()) *store.Group, done func()) {
	if len(g.after) > 0 {
		last := done
		done = func() {
			for _, f := range g.after {
				f()
			}
			last()
		}
	}
	durable := len(g.joins)
	for _, part := range g.parts {
		if part.queue.Durable() {
			durable++
		}
	}
	if durable > 0 {
		g.group = newGroup(durable, g.release, done)
	}
	for _, join := range g.joins {
		join(g.group)
	}
	for _, part := range g.parts {
		part.queue.do(func(q *Queue) { q.join(g, part) })
	}
	if durable == 0 {
		done()
	}
}

// release is called when all durable queues have joined. It may be called by
// one of their strands, so it runs none itself.
func (g *Group) release() {
	for _, part := range g.parts {
		if q := part.queue; q.Durable() {
			q.prompt(urgent{outcome: released, hold: &part.hold})
		}
	}
}

// join does the queue's part of a group.
func (q *Queue) join(g *Group, part *groupPart) {
	s := &q.strand
	var settled []uint64
	for _, a := range part.acked {
		var i fifo.Item
		if s.fifo.Settle(a.Slot, a.Seq, &i) {
			if i.Kept == fifo.Store {
				settled = append(settled, i.Seq)
				i.Kept = fifo.Nobody
			}
			q.forget(&i)
		}
	}
	var entries []store.Enqueue
	for i := range part.messages {
		entries = q.joinMessage(part, &part.messages[i], entries)
	}
	if q.store != nil {
		q.store.Join(g.group, entries, settled)
	}
	if s.deleted {
		q.dropJoined(part, len(entries) > 0)
	}
}

// dropJoined ends the messages that a group brought to a deleted queue, after
// the store has taken its own references.
func (q *Queue) dropJoined(part *groupPart, stored bool) {
	s := &q.strand
	if stored {
		q.store.SettleBelow(s.seq, nil)
	}
	for i := range part.messages {
		s.releaser.Release(&part.messages[i].Message)
	}
}

func (q *Queue) joinMessage(part *groupPart, p *Publication, entries []store.Enqueue) []store.Enqueue {
	s := &q.strand
	i := fifo.Item{Seq: s.seq, Message: p.Message}
	s.seq++
	if q.store != nil {
		i.Hold = &part.hold
		if p.Persistent {
			i.Kept = fifo.Store
			entries = append(entries, store.Enqueue{Seq: i.Seq, Message: p.Message, Fanout: p.Fanout})
		}
	}
	if !s.deleted {
		s.fifo.Publish(i)
	}
	return entries
}
