package queue

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/lepusmq/lepus/queue/fifo"
	"github.com/lepusmq/lepus/store"
)

// What a queue answers when it cannot do what it was asked to.
var (
	ErrDeleted   = errors.New("queue: deleted")
	ErrInUse     = errors.New("queue: has consumers")
	ErrNotEmpty  = errors.New("queue: has messages")
	ErrExclusive = fifo.ErrExclusive
)

// Names of the layers below that users of queues need.
type (
	// Message is what a queue keeps and delivers.
	Message = store.Message
	// Slab makes messages.
	Slab = store.Slab
	// Confirmer is told when its publishes have become safe.
	Confirmer = store.Confirmer
	// Fanout ties together the queues that store the same message.
	Fanout = store.Fanout
	// Consumer takes messages from a queue; its Holder is a [Sink].
	Consumer = fifo.Consumer
	// Gate is a window shared by consumers of several queues.
	Gate = fifo.Gate
	// Delivery is a message on its way to a consumer or a getter.
	Delivery = fifo.Delivery
	// Slot names an unacked message inside its queue.
	Slot = fifo.Slot
)

// What the broker notes about the headers of a message, see [store.Mark].
const (
	Blind = store.Blind
	Died  = store.Died
)

// Sink is where deliveries go: a channel. Its methods are called from strands,
// of several queues at once; they must not block.
type Sink interface {
	// Deliver takes deliveries to consumers of this sink, in order. The batch
	// may be reused after the call; what is behind a Slot stays valid until it
	// is settled, anything else only for the call. It reports whether the sink
	// has had enough: these consumers then get nothing until [Queue.Resume].
	Deliver(q *Queue, batch []Delivery) (full bool)
	// Full says that the sink has had enough: c, whose turn it is, then gets
	// nothing until [Queue.Resume].
	Full(c *Consumer) bool
	// Flush sends what was delivered. It comes at the end of a turn.
	Flush()
	// Cancelled says that the queue is gone, and with it this consumer.
	Cancelled(c *Consumer)
}

// NewFanout ties together n queues that store the same message.
func NewFanout(n int) *Fanout { return store.NewFanout(n) }

// Adopt makes a message of bytes that lie in order: route, head, body.
func Adopt(buf []byte, route, head int) Message { return store.Adopt(buf, route, head) }

// Config says what a queue is.
type Config struct {
	ID   uint64
	Name string
	// Store keeps the queue's persistent messages; nil if nothing is kept.
	Store store.Queue
	// Parts returns a part of the store beside Store, see [PartKey]: made when
	// it is first asked for, deleted with the queue. It is called from the strand
	// and waits for nothing. nil if Store is.
	Parts func(key uint64) store.Queue
	// Budget bounds what the queue has in memory; nil is no bound.
	Budget *Budget
	// Overflow is where messages go that Store does not keep when there are too
	// many for the memory; nil if there is no such place.
	Overflow *store.Volatile
	// OnUnused is called when the last consumer has gone, for a queue that is
	// deleted then; nil for others. It is called from the strand: it must not
	// block and not call the queue.
	OnUnused func(*Queue)
	// OnExpired is called, like OnUnused, when the queue has gone unused for as
	// long as its Options let it.
	OnExpired func(*Queue)
	// Options are what the queue begins with, see [Queue.Configure].
	Options Options
	// Clock is what the queue's times are kept by; nil if nothing happens by
	// itself.
	Clock *Clock
	// Bury takes messages that have died in a queue with a DeadLetter, in order.
	// It is called by the strand at the end of a turn, must not block and must not
	// run a strand on its stack. It takes over the slice and one reference of each
	// message, and sees to it that those that are Stored are settled, in the store
	// group that takes them elsewhere if there is one. done is called once, from any
	// goroutine, when they are safe where they went, or went nowhere. If it reports
	// false, because the broker is closing, it has taken none. If Bury is nil the
	// dead are dropped.
	Bury func(q *Queue, dead []Dead, done func()) bool
}

// Queue is a queue. All methods may be called from any goroutine, but not while
// holding a lock that a Sink or a callback takes: they may run the strand.
type Queue struct {
	// Immutable.
	id         uint64
	name       string
	store      store.Queue
	parts      func(uint64) store.Queue
	priorities priorities
	single     bool
	budget     *Budget
	spillTo    *store.Volatile
	onUnused   func(*Queue)
	onExpire   func(*Queue)
	clock      *Clock
	undertake  func(q *Queue, dead []Dead, done func()) bool

	// timed says that there may be something to do by itself from the start. Set
	// before the queue is visible.
	timed bool

	// Guarded by mu: the mailbox, and whether the strand runs.
	mu       sync.Mutex
	urgent   []urgent
	inbox    []command
	running  bool
	progress *sync.Cond // made by the first that waits
	waiters  int
	arrivals arrivals

	// reads are the goroutines that read for the strand.
	reads sync.WaitGroup

	// load is what the commands that wait count for, and behind says that what waits for
	// consumers will soon have no room in memory; readers look at them to slow
	// down. behind is set by the strand.
	load   atomic.Int64
	behind atomic.Bool

	// ackTimeout is the options' ConsumerTimeout and one more; 0 if it is not set.
	ackTimeout atomic.Int64

	// Owned by the strand.
	strand strand
}

// New makes a queue. It has no goroutine and needs no end, but a queue with a
// store wants [Queue.Close] when the broker stops.
func New(cfg Config) *Queue {
	q := &Queue{
		id: cfg.ID, name: cfg.Name, store: cfg.Store, parts: cfg.Parts,
		priorities: cfg.Options.priorities(), single: cfg.Options.SingleActive,
		budget: cfg.Budget, spillTo: cfg.Overflow, onUnused: cfg.OnUnused,
		onExpire: cfg.OnExpired, clock: cfg.Clock, undertake: cfg.Bury,
	}
	q.strand.main.store = cfg.Store
	q.strand.rested = q.clock.About()
	q.ready()
	q.noteAckTimeout(&cfg.Options)
	if cfg.Options.Deduplicate {
		q.strand.distinct = newDistinct()
	}
	q.strand.seq = 1
	if q.store != nil {
		q.strand.seq = q.store.NextSeq()
	}
	if cfg.Options != (Options{}) {
		o := cfg.Options
		q.strand.opt = &o
		q.strand.fifo.Rule(o.rules())
		q.timed = true
	}
	return q
}

// Open starts the queue's times, once it is visible, and so is where its dead
// messages go.
func (q *Queue) Open() {
	if q.timed {
		q.do(func(q *Queue) { q.renew() })
	}
}

// ID is the queue's number in the store; 0 for one that is not kept.
func (q *Queue) ID() uint64 { return q.id }

// QueueName is the queue's name.
func (q *Queue) QueueName() string { return q.name }

// Quorum says whether the queue has the rules of quorum queues.
func (q *Queue) Quorum() bool { return q.priorities.quorum }

// SingleActive says whether one consumer at a time has messages.
func (q *Queue) SingleActive() bool { return q.single }

// Durable says whether the queue keeps persistent messages over a restart.
func (q *Queue) Durable() bool { return q.store != nil }

// Overloaded says that the queue has got more than it, or its consumers, can
// take for now: time to call [Queue.Throttle].
func (q *Queue) Overloaded() bool { return q.overfull() || q.behind.Load() }
