package queue

import (
	"time"

	"github.com/lepusmq/lepus/queue/delay"
	"github.com/lepusmq/lepus/store"
)

// groupDelay is what a group brings to one delay.
type groupDelay struct {
	delay    *Delay
	messages []Message
	held     []bucketSeqs // the same, once the delay has joined
}

// Postpone adds a message that is to wait in a delay until it is due, in Unix
// milliseconds; the group takes over its reference. The delay's keeper is the store
// of the group.
func (g *Group) Postpone(in *Delay, m Message, due int64) {
	m.Expires = due
	for _, part := range g.late {
		if part.delay == in {
			part.messages = append(part.messages, m)
			return
		}
	}
	g.late = append(g.late, &groupDelay{delay: in, messages: []Message{m}})
}

// join does the delay's part of a group. The messages wait, but are held until the
// group is whole: if one was released before, the record that it has left could
// precede the one that it has come (storage rule 3).
func (d *Delay) join(part *groupDelay, to *store.Group) {
	now := time.Now().UnixMilli()
	d.mu.Lock()
	defer d.mu.Unlock()
	entries := map[*delay.Bucket][]store.Enqueue{}
	for _, m := range part.messages {
		var b *delay.Bucket
		if !d.closed {
			b = d.bucket(now, m.Expires, nil)
		}
		if b == nil { // the delay has ended
			m.Release()
			continue
		}
		entries[b] = append(entries[b], store.Enqueue{Seq: d.machine.Hold(b, m), Message: m})
	}
	to.Expect(len(entries))
	for b, e := range entries {
		held := bucketSeqs{bucket: b}
		for i := range e {
			held.seqs = append(held.seqs, e[i].Seq)
		}
		part.held = append(part.held, held)
		b.Part.Join(to, e, nil)
	}
	to.Waive()
}

// free lets messages go that were held: their group is whole. It waits for
// nothing.
func (d *Delay) free(held []bucketSeqs) {
	d.bell.Lock()
	d.freed = append(d.freed, held...)
	d.bell.Unlock()
	d.ring()
}
