package queue

import (
	"math"
	"time"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue/fifo"
)

// Counts is what a queue says about itself to those who look on.
type Counts struct {
	Ready, Unacked, Consumers int
	// Delayed is how many returned messages wait until they are ready.
	Delayed int
	// ReadyBytes and UnackedBytes are the sizes of their bodies: of what was
	// recovered only as far as it was read, of unacked messages that are not in
	// memory about.
	ReadyBytes, UnackedBytes int64
	// Stored is how many of all messages outlive a restart, and Resident how many
	// are in memory, with ResidentBytes.
	Stored, Resident int
	ResidentBytes    int64
	// Capacity is the share of the last seconds in which a consumer could have
	// taken a message at once; 0 without consumers.
	Capacity float64
	// HeadTimestamp is the timestamp property of the next message; 0 if that has
	// none, or is not in memory.
	HeadTimestamp int64
	// Rested is when the queue last had something to do, or up to a second before;
	// zero if it has now.
	Rested time.Time
	// Memory is about what the queue takes of it, in bytes.
	Memory int64

	Flow
}

// Flow counts what came into a queue and went since it was made, or brought back.
type Flow struct {
	// Publish is what publishers have sent to it, taken or not. What comes from
	// elsewhere (dead letters, copies) does not count: so does RabbitMQ.
	Publish uint64
	// Deliver and DeliverNoAck are deliveries to consumers that ack and that do
	// not, Get and GetNoAck what was fetched; GetEmpty is how often there was
	// nothing to fetch.
	Deliver, DeliverNoAck, Get, GetNoAck, GetEmpty uint64
	// Redeliver is how many of these were not the first of their message.
	Redeliver uint64
	Ack       uint64
	// DiskReads are messages that were read, DiskWrites those that were given to
	// a keeper: one that is acked at once may never be written.
	DiskReads, DiskWrites uint64
	// Dropped is messages that died and that no dead letter exchange was for, by
	// their Reason.
	Dropped [DeliveryLimit + 1]uint64
}

// flow is what a strand counts.
type flow struct {
	Flow
	// capacity is the mean of the time before since, in Unix nanoseconds, since
	// when the strand's able holds.
	capacity float64
	since    int64
}

// count returns what the strand counts in, which most queues of a large broker
// have no need for.
func (s *strand) count() *flow {
	if s.flow == nil {
		s.flow = &flow{}
	}
	return s.flow
}

// got counts a message that was fetched, or that there was none.
func (f *flow) got(d *Delivery, ok bool) {
	switch {
	case !ok:
		f.GetEmpty++
		return
	case d.Slot == 0:
		f.GetNoAck++
	default:
		f.Get++
	}
	if d.Redelivered() {
		f.Redeliver++
	}
}

// nowAble notes that from now on a consumer can take more, or none can.
func (s *strand) nowAble(able bool) {
	f := s.count()
	now := time.Now().UnixNano()
	switch {
	case s.fifo.Consumers() == 0:
		f.since = 0
	case f.since == 0:
		f.capacity, f.since = 1, now // as RabbitMQ begins
	default:
		f.capacity, f.since = f.mean(s.able, now), now
	}
	s.able = able
}

// mean is the capacity up to now: what is a second ago counts half.
func (f *flow) mean(able bool, now int64) float64 {
	before := math.Exp2(-float64(max(0, now-f.since)) / float64(time.Second))
	mean := f.capacity * before
	if able {
		mean += 1 - before
	}
	return mean
}

// recount finds what the store has of the queue after a purge: what is unacked.
func (q *Queue) recount() {
	s := &q.strand
	s.stored = 0
	for priority := range q.eachLane {
		s.stored += len(s.fifo.Unsettled(priority, fifo.Store))
	}
}

// queueCost is about what a queue takes of memory without messages.
const queueCost = 1 << 10

// Look writes the queue's counts to c and then calls done: at once, on the
// caller's stack, if the queue is idle, which costs a lock: as long as that is
// held nobody can begin to run the strand. Else the strand does so in its next
// turn, whatever waits in the mailbox. done must not block and not call the queue.
// Any goroutine may call it, also for a queue that has ended.
func (q *Queue) Look(now time.Time, c *Counts, done func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.running {
		q.soon(func(q *Queue) {
			q.describe(now, c)
			c.Rested = time.Time{}
			done()
		})
		return
	}
	q.describe(now, c)
	done()
}

// Tally is what the queue has counted. Only for those whom the strand calls.
func (q *Queue) Tally() Flow {
	if f := q.strand.flow; f != nil {
		return f.Flow
	}
	return Flow{}
}

// Seat is a consumer at its queue.
type Seat struct {
	*Consumer
	// Active says that it is served, and does not wait until it is the single
	// active one.
	Active bool
}

// Seats appends the queue's consumers to a list, in the order in which they came,
// and then calls done, as [Queue.Look] does.
func (q *Queue) Seats(to *[]Seat, done func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.running {
		q.soon(func(q *Queue) {
			q.seats(to)
			done()
		})
		return
	}
	q.seats(to)
	done()
}

func (q *Queue) seats(to *[]Seat) {
	m := &q.strand.fifo
	m.EachConsumer(func(c *Consumer) { *to = append(*to, Seat{c, m.Active(c)}) })
}

// soon has the strand, which is running, call f before anything else. Called with
// mu held.
func (q *Queue) soon(f func(*Queue)) {
	q.urgent = append(q.urgent, urgent{outcome: asked, do: f})
}

// describe writes what is to be said of the queue.
func (q *Queue) describe(now time.Time, c *Counts) {
	s := &q.strand
	m := &s.fifo
	*c = Counts{
		Ready: m.Ready(), Unacked: m.Unacked(), Consumers: m.Consumers(), Delayed: m.Delayed(),
		ReadyBytes: max(0, m.BodyBytes()), UnackedBytes: m.UnackedBytes(),
		Rested: time.UnixMilli(s.rested), Flow: q.Tally(),
	}
	c.Stored = max(0, min(s.stored, c.Ready+c.Unacked+c.Delayed))
	c.Resident, c.ResidentBytes = m.InMemory()
	c.Memory = queueCost + m.Bytes()
	if c.Consumers > 0 && s.flow != nil {
		c.Capacity = s.flow.mean(s.able, now.UnixNano())
	}
	if i := m.Head(); i != nil {
		c.HeadTimestamp = amqp.TimestampOf(i.Head())
	}
}
