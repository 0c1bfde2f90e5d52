package vhost

import (
	"sync/atomic"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
)

// lateBurial is the part of a burial whose dead letters wait at exchanges. Their
// queue is told that they are settled when they are kept there: a crash in
// between leaves a message in both places rather than in none.
type lateBurial struct {
	// Immutable.
	queue    *queue.Queue
	newGroup queue.NewGroup
	done     func()
	dead     []queue.Dead // what is to be settled

	left atomic.Int64 // what must be kept, and the rest of the burial
}

// postpone has a dead letter wait at the exchanges that it has come to.
func (b *burial) postpone(d *queue.Dead, facts *amqp.Facts) {
	waits := b.result.Waits()
	if b.late == nil {
		b.late = &lateBurial{queue: b.queue, newGroup: b.vhost.NewGroup}
		b.late.left.Store(1)
	}
	b.late.left.Add(int64(len(waits)))
	if d.Stored {
		b.late.dead = append(b.late.dead, queue.Dead{Lane: d.Lane, Seq: d.Seq})
	}
	head := b.head
	b.head = amqp.AppendWaited(nil, head)
	p := b.letterOf(d, facts)
	b.head = head
	p.Confirm = b.late
	p.Retain(len(waits) - 1)
	for _, x := range waits {
		letter := p
		waitingAt(x).Put(&letter, b.result.Delay())
	}
}

// Confirm implements queue.Confirmer.
func (l *lateBurial) Confirm(first, last uint64) { l.came(int64(last - first + 1)) }

// came notes that so many letters are kept, or the rest of the burial is done.
func (l *lateBurial) came(n int64) {
	if l.left.Add(-n) > 0 {
		return
	}
	var g queue.Group
	for i := range l.dead {
		g.Bury(l.queue, &l.dead[i])
	}
	g.Post(l.newGroup, l.done)
}
