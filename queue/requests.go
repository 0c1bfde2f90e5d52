package queue

import (
	"fmt"
	"slices"

	"github.com/lepusmq/lepus/queue/fifo"
	"github.com/lepusmq/lepus/store"
)

// Info is what a queue says about itself.
type Info struct {
	Ready, Unacked, Consumers int
	// Delayed is how many returned messages wait until they are ready.
	Delayed int
}

// Info asks for the queue's counts. reply is called by the strand, perhaps
// before Info returns; so are the replies of the methods below.
func (q *Queue) Info(reply func(Info, error)) {
	q.do(func(q *Queue) {
		if q.strand.deleted {
			reply(Info{}, ErrDeleted)
			return
		}
		m := &q.strand.fifo
		reply(Info{Ready: m.Ready(), Unacked: m.Unacked(), Consumers: m.Consumers(), Delayed: m.Delayed()}, nil)
	})
}

// Declared is Info for a client that declares the queue, which uses it.
func (q *Queue) Declared(reply func(Info, error)) {
	q.do(func(q *Queue) {
		if o := q.strand.opt; o != nil && !o.Quorum {
			q.renew()
		}
	})
	q.Info(reply)
}

// Consume adds a consumer; its Holder is a [Sink]. The reply comes before the
// first delivery. Errors: ErrExclusive, ErrDeleted.
func (q *Queue) Consume(c *Consumer, reply func(error)) {
	q.do(func(q *Queue) {
		s := &q.strand
		if s.deleted {
			reply(ErrDeleted)
			return
		}
		err := s.fifo.Consume(c)
		if err == nil {
			s.used = true
		}
		reply(err)
	})
}

// Cancel removes a consumer. The reply comes after the last delivery; what the
// consumer holds stays with its sink.
func (q *Queue) Cancel(c *Consumer, reply func()) {
	q.do(func(q *Queue) {
		went := q.strand.fifo.Cancel(c)
		reply()
		if went {
			q.consumersWent()
		}
	})
}

// Get fetches one message for a sink. ready is how many are left. ok is false
// if there is none. The delivery is valid during the call. Error: ErrDeleted.
func (q *Queue) Get(holder Sink, noAck bool, reply func(d *Delivery, ready int, ok bool, err error)) {
	q.do(func(q *Queue) {
		q.getAgain()
		s := &q.strand
		if s.stalled {
			return
		}
		g := get{holder, noAck, reply}
		if len(s.gets) == 0 && (q.get(&g) || s.stalled) {
			return
		}
		s.gets = append(s.gets, g)
	})
}

// get is what [Queue.Get] asks for.
type get struct {
	holder Sink
	noAck  bool
	reply  func(d *Delivery, ready int, ok bool, err error)
}

// get answers a getter, and reports false if it cannot yet: the message is being
// read, for which the strand stalls, or is on hold. The strand must not stall for
// that: whoever holds it may want something of this queue.
func (q *Queue) get(g *get) bool {
	s := &q.strand
	if s.deleted {
		g.refuse()
		return true
	}
	q.renew()
	if q.stale() {
		s.count().GetEmpty++
		g.reply(&Delivery{}, s.fifo.Ready(), false, nil)
		return true
	}
	d, ok := s.fifo.Get(g.holder, g.noAck)
	switch {
	case ok:
	case s.fifo.Held():
		return false
	case s.fifo.Absent():
		s.stalled = true
		return false
	}
	s.count().got(&d, ok)
	g.reply(&d, s.fifo.Ready(), ok, nil)
	switch {
	case ok && d.Slot == 0:
		q.forget(&d.Item)
	case d.Left:
		s.releaser.Release(&d.Message)
	}
	return true
}

// refuse answers a getter of a queue that is gone.
func (g *get) refuse() { g.reply(nil, 0, false, ErrDeleted) }

// getAgain answers those getters that have waited long enough.
func (q *Queue) getAgain() {
	s := &q.strand
	for len(s.gets) > 0 {
		q.catchUp()
		if s.stalled || !q.get(&s.gets[0]) {
			return
		}
		s.gets = slices.Delete(s.gets, 0, 1)
	}
}

// refuseGets answers those who wait in a queue that ends.
func (q *Queue) refuseGets() {
	for i := range q.strand.gets {
		q.strand.gets[i].refuse()
	}
	q.strand.gets = nil
}

// Purge drops the ready messages and replies how many there were. Error:
// ErrDeleted.
func (q *Queue) Purge(reply func(n int, err error)) {
	q.do(func(q *Queue) {
		s := &q.strand
		if s.deleted {
			reply(0, ErrDeleted)
			return
		}
		reply(s.fifo.Purge(func(i *fifo.Item) { s.releaser.Release(&i.Message) }, func(priority uint8, seq uint64) {
			q.settleBelow(priority, seq)
			if s.distinct != nil {
				q.purged(priority, seq)
			}
		}), nil)
		q.recount()
	})
}

// Delete ends the queue and replies how many messages were ready. Consumers are
// told, and messages dropped; what is published to the queue afterwards goes
// nowhere and is confirmed. Errors: ErrInUse with ifUnused, ErrNotEmpty with
// ifEmpty, ErrDeleted.
func (q *Queue) Delete(ifUnused, ifEmpty bool, reply func(n int, err error)) {
	q.do(func(q *Queue) {
		s := &q.strand
		switch {
		case s.deleted:
			reply(0, ErrDeleted)
			return
		case ifUnused && s.fifo.Consumers() > 0:
			reply(0, ErrInUse)
			return
		case ifEmpty && s.fifo.Ready()+s.fifo.OnHold() > 0:
			reply(0, ErrNotEmpty)
			return
		}
		n := s.fifo.Ready()
		q.end()
		reply(n, nil)
	})
}

// end drops all that the queue has.
func (q *Queue) end() {
	s := &q.strand
	s.deleted = true
	q.silence()
	s.fifo.EachConsumer(func(c *Consumer) {
		c.Holder.(Sink).Cancelled(c)
	})
	q.refuseGets()
	s.fifo.Resident(func(i *fifo.Item, _ int64) { s.releaser.Release(&i.Message) })
	q.empty()
	q.settleAll()
	q.closeOverflow()
	s.distinct = nil
}

// empty makes the machine forget all.
func (q *Queue) empty() {
	q.strand.fifo = fifo.Machine{}
	q.ready()
	q.strand.fifo.Lend(&q.strand.blocks)
}

// ready tells a new machine what the queue is like.
func (q *Queue) ready() {
	m := &q.strand.fifo
	m.Prioritize(q.priorities.main)
	if q.single {
		m.Single(q.priorities.quorum)
	}
}

// Recover makes ready what the store kept, also in parts, by their keys. For
// the time before the queue is visible; [Queue.Open] comes later.
func (q *Queue) Recover(parts map[uint64]store.Queue) {
	q.recover(q.priorities.main)
	for key := range parts {
		if use, priority := SplitPartKey(key); use == LanePart {
			q.recover(uint8(priority))
		}
	}
}

// Close is for the end of the broker, when all sinks have been detached: it
// records what had been delivered and waits until the strand has ended. The
// messages' memory is given back.
func (q *Queue) Close() {
	q.do(func(q *Queue) {
		s := &q.strand
		q.silence()
		s.fifo.Resident(func(i *fifo.Item, due int64) {
			if i.Kept == fifo.Store && i.Count > 0 {
				q.lane(i.Lane).store.Delivered(i.Seq, uint32(i.Count), due)
			}
			s.releaser.Release(&i.Message)
		})
		q.empty()
		s.deleted, s.closed = true, true
		q.refuseGets()
	})
	q.await()
	q.reads.Wait()
	q.await()
}

// await waits until the strand has nothing to do.
func (q *Queue) await() {
	q.mu.Lock()
	q.wait(func() bool { return !q.running })
	q.mu.Unlock()
}

// Check returns an error that names a broken invariant. It waits for the
// strand: for tests and fixtures.
func (q *Queue) Check() error {
	result := make(chan error, 1)
	q.do(func(q *Queue) {
		err := q.strand.fifo.Check()
		if n := q.strand.fifo.Kept(fifo.Store); err == nil && n != q.strand.stored && !q.strand.deleted {
			err = fmt.Errorf("%d messages are stored, %d were counted", n, q.strand.stored)
		}
		result <- err
	})
	if err := <-result; err != nil {
		return fmt.Errorf("queue %q: %w", q.name, err)
	}
	return nil
}
