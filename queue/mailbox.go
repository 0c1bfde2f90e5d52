package queue

import (
	"slices"
	"sync"
	"time"
)

// command is an entry of the inbox: a message, or something to do in its turn.
type command struct {
	Publication
	do func(*Queue) // nil: a message
}

// loadUnit is how many bytes of memory a load of one stands for.
const loadUnit = 256

// load is what a command counts for while it waits: one, and one more for each
// loadUnit of its message, so that large messages do not add up to gigabytes
// where a strand has to wait.
func (c *command) load() int64 { return 1 + int64(c.Size()/loadUnit) }

// Publication is a message on its way into a queue.
type Publication struct {
	Message
	// Fanout is set when more than one queue is to store the message.
	Fanout *Fanout
	// Confirm is told when the message is safe; nil if nobody waits.
	Confirm Confirmer
	// Publish is the number under which Confirm knows it.
	Publish uint64
}

// Settlement names an unacked message that is to be settled, and More others whose
// slots and sequence numbers follow.
type Settlement struct {
	Slot Slot
	More uint32
	Seq  uint64
}

// all calls yield for each message that is named.
func (s Settlement) all(yield func(Slot, uint64) bool) {
	for n := uint32(0); yield(s.Slot+Slot(n), s.Seq+uint64(n)) && n < s.More; n++ {
	}
}

// outcome says what an entry of the urgent lane asks for.
type outcome uint8

const (
	acked    outcome = iota // a message is done with
	rejected                // nobody wants a message: it dies
	returned                // a message is ready again
	failed                  // so it is, and its delivery counts
	resumed                 // a consumer may go on
	detached                // a sink is gone
	asked                   // something else
)

// urgent is an entry of the lane that overtakes the inbox: what frees messages
// and credit.
type urgent struct {
	Settlement
	outcome  outcome
	consumer *Consumer
	sink     Sink
	do       func(*Queue) // of asked; nil if it only takes a turn
}

// The buffers of mailboxes that are idle now.
var (
	inboxes = Lender[command]{Room: 1024}
	urgents = Lender[urgent]{Room: 256}
)

const (
	// catchUp is how long publishers wait at a time for consumers that are behind.
	catchUp = 10 * time.Millisecond
	// smallInbox is the room in a mailbox that an idle queue keeps.
	smallInbox = 8
	// turnLen is how many commands a turn takes: as many small messages as a
	// session gathers.
	turnLen = 640
)

// Publish puts messages into the queue, in order. The queue takes over one
// reference of each.
func (q *Queue) Publish(batch []Publication) {
	q.mu.Lock()
	q.put(batch)
}

// put is Publish with mu held, which it unlocks.
func (q *Queue) put(batch []Publication) {
	q.inbox = roomFor(q.inbox, len(batch), &inboxes)
	// Room behind the end of a mailbox is always zero, see take and stop.
	at := len(q.inbox)
	q.inbox = slices.Grow(q.inbox, len(batch))[:at+len(batch)]
	load := int64(0)
	for i := range batch {
		c := &q.inbox[at+i]
		c.Publication = batch[i]
		load += c.load()
	}
	q.weigh(load)
	q.wake()
}

// weigh counts what was put into the mailbox, or taken from it.
func (q *Queue) weigh(load int64) {
	q.load.Add(load)
	q.budget.wait(load)
}

// overfull says that more waits in the mailbox than may.
func (q *Queue) overfull() bool {
	load := q.load.Load()
	return load >= leastLoad && load >= q.budget.mailbox()
}

// Throttle waits until the queue has caught up with most of what was put into
// it, and a moment for its consumers to catch up with it. It is how a publisher
// is slowed, and only readers of sockets call it.
func (q *Queue) Throttle() {
	if q.overfull() {
		q.mu.Lock()
		q.wait(func() bool { return q.load.Load() < q.budget.mailbox()/2 || !q.running })
		q.mu.Unlock()
	}
	if q.behind.Load() {
		q.waitForConsumers()
	}
}

// waitForConsumers waits until consumers have caught up, if they do so soon.
func (q *Queue) waitForConsumers() {
	q.mu.Lock()
	defer q.mu.Unlock()
	late := false
	patience := time.AfterFunc(catchUp, func() {
		q.mu.Lock()
		late = true
		if q.waiters > 0 {
			q.progress.Broadcast()
		}
		q.mu.Unlock()
	})
	defer patience.Stop()
	q.wait(func() bool { return late || !q.behind.Load() })
}

// do has the strand call f in its turn.
func (q *Queue) do(f func(*Queue)) {
	q.mu.Lock()
	q.inbox = append(q.inbox, command{do: f})
	q.weigh(1)
	q.wake()
}

// later is do for those who may be a strand: none is run on their stack.
func (q *Queue) later(f func(*Queue)) {
	q.mu.Lock()
	q.inbox = append(q.inbox, command{do: f})
	q.weigh(1)
	idle := !q.running
	q.running = true
	q.mu.Unlock()
	if idle {
		go q.drain(-1)
	}
}

// Ack settles messages: they are done with.
func (q *Queue) Ack(batch []Settlement) { q.settle(batch, acked) }

// Reject settles messages that nobody wants.
func (q *Queue) Reject(batch []Settlement) { q.settle(batch, rejected) }

// Return makes messages ready again, each at its old place, or in this order in a
// quorum queue. Their deliveries do not count as failed.
func (q *Queue) Return(batch []Settlement) { q.settle(batch, returned) }

// Fail is Return for deliveries that have failed, which counts.
func (q *Queue) Fail(batch []Settlement) { q.settle(batch, failed) }

func (q *Queue) settle(batch []Settlement, o outcome) {
	q.mu.Lock()
	q.urgent = roomFor(q.urgent, len(batch), &urgents)
	at := len(q.urgent)
	q.urgent = slices.Grow(q.urgent, len(batch))[:at+len(batch)]
	for i := range batch {
		u := &q.urgent[at+i]
		u.Settlement, u.outcome = batch[i], o
	}
	q.wake()
}

// Resume lets a consumer go on after its sink was full or its gate closed.
func (q *Queue) Resume(c *Consumer) {
	q.mu.Lock()
	q.urgent = append(q.urgent, urgent{outcome: resumed, consumer: c})
	q.wake()
}

// Detach ends a sink: its consumers are cancelled without a word, and what it
// holds becomes ready again.
func (q *Queue) Detach(s Sink) {
	q.mu.Lock()
	q.urgent = append(q.urgent, urgent{outcome: detached, sink: s})
	q.wake()
}

// wake drains the mailbox on the caller's stack if nobody else does. It is
// called with mu held and releases it.
func (q *Queue) wake() {
	if q.running {
		q.mu.Unlock()
		return
	}
	q.running = true
	q.mu.Unlock()
	q.drain(1)
}

// wait blocks until ready, which is called with mu held. It is called and
// returns with mu held.
func (q *Queue) wait(ready func() bool) {
	if q.progress == nil {
		q.progress = sync.NewCond(&q.mu)
	}
	q.waiters++
	for !ready() {
		q.progress.Wait()
	}
	q.waiters--
}

// drain runs the strand until the mailbox is empty, or for so many turns; what
// is left then goes to a goroutine. Whoever waits until the queue is not
// running has waited for that goroutine too.
func (q *Queue) drain(turns int) {
	s := &q.strand
	q.open()
	for {
		q.mu.Lock()
		if q.waiters > 0 {
			q.progress.Broadcast()
		}
		if q.idle() {
			q.mu.Unlock()
			s.close()
			q.mu.Lock()
			if q.idle() {
				q.stop()
				q.mu.Unlock()
				return
			}
			q.open()
		}
		if turns == 0 {
			q.mu.Unlock()
			s.close()
			go q.drain(-1)
			return
		}
		q.take()
		q.mu.Unlock()
		q.turn()
		turns--
	}
}

// idle says that there is nothing to do for now. Called with mu held.
func (q *Queue) idle() bool {
	s := &q.strand
	if len(q.urgent) > 0 || s.more {
		return false
	}
	return s.stalled || len(q.inbox) == 0 && s.at == len(s.inbox)
}

// take moves what is in the mailbox to the strand. Called with mu held.
func (q *Queue) take() {
	s := &q.strand
	clear(s.urgent)
	s.urgent, q.urgent = q.urgent, s.urgent[:0]
	if s.at == len(s.inbox) {
		clear(s.inbox)
		s.inbox, q.inbox = q.inbox, s.inbox[:0]
		s.at = 0
	}
}

// stop ends the strand and gives back the buffers of a burst. Called with mu
// held.
func (q *Queue) stop() {
	s := &q.strand
	clear(s.urgent)
	q.urgent, s.urgent = spare(q.urgent, &urgents), spare(s.urgent, &urgents)
	if s.at == len(s.inbox) && len(q.inbox) == 0 {
		clear(s.inbox)
		q.inbox, s.inbox, s.at = spare(q.inbox, &inboxes), spare(s.inbox, &inboxes), 0
	}
	q.running = false
	s.rested = q.clock.About()
	if q.waiters > 0 {
		q.progress.Broadcast()
	}
}

// roomFor returns a buffer with what is in b, a borrowed one if that and n more
// are a burst.
func roomFor[T any](b []T, n int, others *Lender[T]) []T {
	if cap(b) > smallInbox || len(b)+n <= smallInbox {
		return b
	}
	return append(others.Borrow(), b...)
}

// spare returns what an idle queue keeps of a buffer; one that is larger goes
// to others.
func spare[T any](b []T, others *Lender[T]) []T {
	b = b[:0]
	if cap(b) <= smallInbox {
		return b
	}
	others.GiveBack(b)
	return nil
}
