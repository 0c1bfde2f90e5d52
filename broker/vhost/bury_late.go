package vhost

import (
	"sync/atomic"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
)

// lateBurial is the dead letters of a burial that wait at exchanges. Their queue
// is told that they are settled when they are kept there: a crash in between
// leaves a letter in both places rather than in none.
type lateBurial struct {
	// Immutable once it has begun.
	queue    *queue.Queue
	newGroup queue.NewGroup
	done     func()
	dead     []queue.Dead // what is to be settled

	left atomic.Int64 // letters that are not kept yet, and whoever buries them
}

// postpone has a dead letter wait at the exchanges that it has come to.
func (b *burial) postpone(d *queue.Dead, facts *amqp.Facts) {
	waits := b.result.Waits()
	if b.late == nil {
		b.late = &lateBurial{queue: b.queue, newGroup: b.vhost.NewGroup}
		b.late.left.Store(1)
	}
	b.late.left.Add(int64(len(waits)))
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

// settles adds a dead message that is settled with its letter.
func (l *lateBurial) settles(d *queue.Dead) {
	l.dead = append(l.dead, queue.Dead{Lane: d.Lane, Seq: d.Seq})
}

// begun says that all letters have been written, and that the rest of the burial
// is done.
func (l *lateBurial) begun() { l.came(1) }

// Confirm implements queue.Confirmer.
func (l *lateBurial) Confirm(first, last uint64) { l.came(int64(last - first + 1)) }

// came notes that so many letters are kept.
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
