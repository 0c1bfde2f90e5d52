package store

import (
	"cmp"
	"slices"

	"github.com/lepusmq/lepus/store/log"
)

// residents says which messages the index has in one record. It is used while
// the index is locked without a break.
type residents struct {
	at     log.Position
	queues []resident // one for each place in the record's table
}

// resident is a queue, and its run that was found last.
type resident struct {
	queue *queueIndex
	run   *run
}

// begin turns to a record.
func (r *residents) begin(x *index, b *block, at log.Position) {
	r.at = at
	r.queues = r.queues[:0]
	for place := range b.queues() {
		r.queues = append(r.queues, resident{queue: x.queues[b.queue(place)]})
	}
}

// has says whether the index has a message in the record. Messages are best
// asked for in order.
func (r *residents) has(place int, seq uint64) bool {
	q := &r.queues[place]
	if q.queue == nil {
		return false
	}
	if q.run == nil || seq > q.run.last() || seq < q.run.first() {
		p := q.queue.holder(seq)
		if p == nil {
			return false
		}
		q.run = &p.runs[p.search(seq)]
	}
	return q.run.alive(seq) && r.at >= q.run.pos && r.at-q.run.pos <= log.Position(q.run.reach)
}

// deadSegment is a segment with little in it.
type deadSegment struct {
	segment *segment
	dead    int64 // bytes
}

// mostlyDead returns the segments below a finished checkpoint of which at most
// half is live, those with the least first, and how many dead bytes in them
// are not worth the work.
func (x *index) mostlyDead(below log.Position, least int64) (list []deadSegment, enough int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	live := int64(0)
	for _, g := range x.segments.list {
		live += g.sum.bytes
		size := int64(g.limit - g.start)
		if g.limit <= below && g.sum.messages > 0 && g.sum.bytes <= size/2 && !g.left {
			list = append(list, deadSegment{g, size - g.sum.bytes})
		}
	}
	slices.SortStableFunc(list, func(a, b deadSegment) int { return cmp.Compare(b.dead, a.dead) })
	return list, max(least, live/cleanShare)
}
