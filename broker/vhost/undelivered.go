package vhost

import (
	"sync/atomic"
	"time"

	"github.com/lepusmq/lepus/queue"
)

// undelivered is a dead letter of which no queue may go without: it stays in the
// queue where it died until all that it goes to have taken it, and at least one.
// Until then it is tried again, later and later.
type undelivered struct {
	// Immutable.
	vhost *VHost
	queue *queue.Queue
	done  func()
	timer queue.Timer

	// Owned by whoever is at it: the queue's strand, or the group that is under
	// way.
	dead  queue.Dead
	tries int
	// only are the queues that refused it the last time; nil if it has not been
	// tried.
	only []*queue.Queue
}

// How long it takes until a letter is tried again: twice as long each time.
const (
	firstRetry   = time.Second
	longestRetry = time.Minute
)

// deliver is bury for a queue whose dead letters must arrive. It is called by the
// queue's strand.
func (v *VHost) deliver(q *queue.Queue, to queue.DeadLetter, dead []queue.Dead, done func()) bool {
	if !v.beginBurial() {
		return false
	}
	defer v.burials.Done()
	left := new(atomic.Int32)
	left.Store(int32(len(dead)))
	for i := range dead {
		u := &undelivered{vhost: v, queue: q, dead: dead[i], done: func() {
			if left.Add(-1) == 0 {
				done()
			}
		}}
		u.timer.Fire = func() { q.Soon(u.again) }
		v.mu.Lock()
		v.undelivered[u] = struct{}{}
		v.mu.Unlock()
		u.try(&to)
	}
	return true
}

// try gives the letter to the queues that it goes to now, as far as they have
// not got it. Called by the queue's strand.
func (u *undelivered) try(to *queue.DeadLetter) {
	b := u.vhost.newBurial(u.queue, to)
	b.only = u.only
	defer b.end()
	if n := b.one(&u.dead); n == 0 && u.only == nil {
		b.complain(undeliverable, to.Exchange)
		u.wait()
		return
	}
	if u.dead.Stored {
		b.group.Bury(u.queue, &u.dead)
	}
	b.group.PostTaken(u.queue, u.vhost.NewGroup, func() {
		if u.only = b.group.Refusing(); u.only != nil {
			u.wait()
			return
		}
		u.vhost.deaths(u.queue).confirmed.Add(1)
		u.end()
	})
}

// again tries the letter again, or ends it if its queue has ended or does not
// want that any more. Called by the queue's strand.
func (u *undelivered) again(ended bool) {
	v := u.vhost
	if !v.beginBurial() {
		return
	}
	defer v.burials.Done()
	to, ok := u.queue.DeadLetter()
	switch {
	case ended:
		u.end()
	case !ok:
		var g queue.Group
		if u.dead.Stored {
			g.Bury(u.queue, &u.dead)
		}
		g.Post(v.NewGroup, u.end)
	case to.AtLeastOnce:
		u.try(&to)
	default:
		if v.forget(u) {
			v.bury(u.queue, &to, []queue.Dead{u.dead}, u.done)
		}
	}
}

// wait has the letter tried again later.
func (u *undelivered) wait() {
	v := u.vhost
	after := min(firstRetry<<min(u.tries, 10), longestRetry)
	u.tries++
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, ok := v.undelivered[u]; ok {
		v.clock.At(time.Now().Add(after).UnixMilli(), &u.timer)
	}
}

// end ends a letter that has arrived, or cannot any more.
func (u *undelivered) end() {
	if u.vhost.forget(u) {
		u.dead.Release()
	}
	u.done()
}

// forget takes a letter from those that wait, and reports whether it was there.
func (v *VHost) forget(u *undelivered) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	_, ok := v.undelivered[u]
	delete(v.undelivered, u)
	return ok
}

// forgetAll gives back the memory of the letters that wait: their queues' stores
// have them.
func (v *VHost) forgetAll() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for u := range v.undelivered {
		v.clock.Stop(&u.timer)
		u.dead.Release()
	}
	clear(v.undelivered)
}
