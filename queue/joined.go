package queue

import "github.com/lepusmq/lepus/store"

// joined is what a group brings to a queue's keepers, lane by lane.
type joined struct{ lanes []joinedLane }

type joinedLane struct {
	priority uint8
	entries  []store.Enqueue
	settled  []uint64
}

func (j *joined) lane(priority uint8) *joinedLane {
	for i := range j.lanes {
		if j.lanes[i].priority == priority {
			return &j.lanes[i]
		}
	}
	j.lanes = append(j.lanes, joinedLane{priority: priority})
	return &j.lanes[len(j.lanes)-1]
}

// keep adds a message to be kept.
func (j *joined) keep(priority uint8, e store.Enqueue) {
	l := j.lane(priority)
	l.entries = append(l.entries, e)
}

// settle adds a message to be forgotten.
func (j *joined) settle(priority uint8, seq uint64) {
	l := j.lane(priority)
	l.settled = append(l.settled, seq)
}

// settleAll adds the messages that another is to have forgotten.
func (j *joined) settleAll(other *joined) {
	for i := range other.lanes {
		l := &other.lanes[i]
		for _, seq := range l.settled {
			j.settle(l.priority, seq)
		}
	}
}

// join hands it to the store. The group waits for one part of the queue: if
// there are more it is told, before that one comes.
func (j *joined) join(q *Queue, g *store.Group) {
	if len(j.lanes) == 0 {
		q.store.Join(g, nil, nil)
		return
	}
	g.Expect(len(j.lanes) - 1)
	for i := range j.lanes {
		l := &j.lanes[i]
		q.lane(l.priority).store.Join(g, l.entries, l.settled)
	}
}

// forget has the store forget the messages, of which no group needs to know.
func (j *joined) forget(q *Queue) {
	for i := range j.lanes {
		if l := &j.lanes[i]; len(l.settled) > 0 {
			q.lane(l.priority).store.Settle(l.settled)
		}
	}
}
