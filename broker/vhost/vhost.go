package vhost

import (
	"fmt"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/broker/event"
	"github.com/lepusmq/lepus/broker/stats"
	"github.com/lepusmq/lepus/exchange"
	"github.com/lepusmq/lepus/queue"
	"github.com/lepusmq/lepus/store"
)

// Config says what a virtual host is.
type Config struct {
	Name string
	// ID is the number of its definition in the store.
	ID    uint64
	Store store.Store
	// Budget bounds what queues have in memory, and Overflow takes what then
	// goes and is not kept; both may be nil.
	Budget   *queue.Budget
	Overflow *store.Volatile
	// Clock is what the times of queues are kept by; nil if nothing happens by
	// itself.
	Clock *queue.Clock
	// DefaultQueueType is the type of queues whose declaration does not say, if
	// the settings do not say either: see [Settings].
	DefaultQueueType string
	Settings         Settings
	// Before4 has dead letters go on with the history that a client publishes, as
	// RabbitMQ did before 4.0.
	Before4 bool
	// Ceiling is that of all virtual hosts; nil is none.
	Ceiling *Ceiling
	// HasEvents gives the virtual host the exchange [EventExchange].
	HasEvents bool
	// Records has the lines of the log, which go to the exchange [LogExchange] then; nil
	// is no such exchange.
	Records *event.Records
	// Events is told of what happens; it may be nil.
	Events *event.Sink
	// Log may be nil.
	Log *zap.Logger
}

// OwnerID is a connection, as the owner of exclusive queues. No two connections
// have the same, and none has 0, which is nobody.
type OwnerID uint64

// VHost is a virtual host. All methods may be called from any goroutine, if not
// said otherwise. Replies may come during the call or later from another
// goroutine; they must not block. Errors that they bring are of *amqp.Error.
type VHost struct {
	// Immutable.
	name     string
	id       uint64
	store    store.Store
	budget   *queue.Budget
	overflow *store.Volatile
	clock    *queue.Clock
	before4  bool
	log      *zap.Logger
	events   *event.Sink
	ceiling  *Ceiling
	// hasEvents says that the event exchange is here.
	hasEvents bool
	records   *event.Records // nil unless the log exchange is here
	// defaultType is the type of queues that nobody has given one.
	defaultType string

	// Changed while holding mu, read by anyone.
	graph    atomic.Pointer[exchange.Graph]
	policies atomic.Pointer[policies]

	// Added to by anyone.
	confirmed                   atomic.Uint64 // publishes
	classicDeaths, quorumDeaths deaths

	// queuesByName is what was sorted last; nil if it may not be right any more. Set
	// while holding mu, read by anyone.
	queuesByName atomic.Pointer[byNames]

	// Replaced as a whole by anyone.
	settings atomic.Pointer[Settings]

	tracing tracing

	// policing is held by whoever changes the policies until they are applied. It
	// is taken before mu.
	policing sync.Mutex

	// Guarded by mu. No method of a queue is called while holding it.
	mu     sync.Mutex
	queues map[string]*entry
	owners map[OwnerID]*owner
	parts  map[uint64]*parts // of exchanges that have any, by their definition
	closed bool
	churn  stats.Churn
	// gone is what queues and exchanges have counted that are not there any more.
	gone stats.Totals
	// histories is how many were made.
	histories uint64

	unsynced unsynced
	replies  replies
	// endings are the goroutines that delete queues with no consumer left, and that
	// end what waits at exchanges that are deleted.
	endings sync.WaitGroup
	// burials are those that strands are at, and traces. Added to while holding mu.
	burials sync.WaitGroup
	// undelivered are the dead letters that must arrive and have not yet.
	undelivered map[*undelivered]struct{} // guarded by mu
}

// New makes a virtual host with the exchanges that every one has.
func New(cfg Config) *VHost {
	if cfg.Log == nil {
		cfg.Log = zap.NewNop()
	}
	v := &VHost{
		name:   cfg.Name,
		id:     cfg.ID,
		store:  cfg.Store,
		budget: cfg.Budget, overflow: cfg.Overflow, clock: cfg.Clock, before4: cfg.Before4,
		log:    cfg.Log,
		events: cfg.Events, hasEvents: cfg.HasEvents, records: cfg.Records,
		ceiling:     cfg.Ceiling,
		defaultType: cfg.DefaultQueueType,
		queues:      map[string]*entry{},
		owners:      map[OwnerID]*owner{},
		parts:       map[uint64]*parts{},
		undelivered: map[*undelivered]struct{}{},
	}
	g := newGraph()
	if v.hasEvents {
		g = withOwn(g, EventExchange)
	}
	if v.records != nil {
		g = withOwn(g, LogExchange)
	}
	v.publish(g)
	v.policies.Store(&policies{})
	v.settings.Store(&cfg.Settings)
	v.tracing.on.Store(cfg.Settings.Tracing)
	return v
}

// newGraph is the graph of a new virtual host.
func newGraph() *exchange.Graph {
	g := exchange.NewGraph()
	g.EachExchange(func(x *exchange.Exchange) bool {
		x.Flow = newFlow(x.Name) // nobody else has the graph yet
		return true
	})
	return g
}

// Name is the name of the virtual host.
func (v *VHost) Name() string { return v.name }

// Close ends the queues, after all connections have gone. It waits for them.
func (v *VHost) Close() {
	v.mu.Lock()
	v.closed = true
	v.mu.Unlock()
	v.burials.Wait()
	v.forgetAll()
	v.endings.Wait()
	for _, w := range v.waitings() {
		w.close()
	}
	v.graph.Load().EachExchange(func(x *exchange.Exchange) bool {
		if h := historyAt(x); h != nil {
			h.end()
		}
		return true
	})
	for _, e := range v.entries() {
		e.queue.Close()
	}
}

// entries returns all queues at the moment.
func (v *VHost) entries() []*entry {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := make([]*entry, 0, len(v.queues))
	for _, e := range v.queues {
		all = append(all, e)
	}
	return all
}

// Check returns an error that names a broken invariant. It looks at everything
// and waits for every queue: for tests and fixtures.
func (v *VHost) Check() error {
	if err := v.checkTopology(); err != nil {
		return fmt.Errorf("vhost %q: %w", v.name, err)
	}
	if err := v.checkPolicies(); err != nil {
		return fmt.Errorf("vhost %q: %w", v.name, err)
	}
	for _, e := range v.entries() {
		if err := e.queue.Check(); err != nil {
			return fmt.Errorf("vhost %q: %w", v.name, err)
		}
	}
	for _, w := range v.waitings() {
		if err := w.check(); err != nil {
			return fmt.Errorf("vhost %q: exchange %q: %w", v.name, w.name, err)
		}
	}
	return nil
}

func (v *VHost) checkTopology() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	g := v.graph.Load()
	if err := g.Check(); err != nil {
		return err
	}
	n := 0
	var err error
	g.EachQueue(func(q exchange.Queue) bool {
		n++
		if e := v.queues[q.QueueName()]; e == nil || e.queue != q.(*queue.Queue) {
			err = fmt.Errorf("queue %q is routed to and is not there", q.QueueName())
		}
		return err == nil
	})
	if err == nil && n != len(v.queues) {
		err = fmt.Errorf("%d queues are routed to, %d are there", n, len(v.queues))
	}
	owned := 0
	for id, o := range v.owners {
		owned += len(o.queues)
		for e := range o.queues {
			if e.owner != id || e.gone {
				err = fmt.Errorf("connection %d owns queue %q of %d, gone: %v", id, e.queue.QueueName(), e.owner, e.gone)
			}
		}
	}
	for _, e := range v.queues {
		// Those of a connection that is ending have no owner any more.
		if v.owners[e.owner] != nil {
			owned--
		}
	}
	if err == nil && owned != 0 {
		err = fmt.Errorf("%d queues more in the hands of owners than exclusive queues", owned)
	}
	return err
}
