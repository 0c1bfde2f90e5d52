package vhost

import (
	"slices"
	"sync"
	"time"

	"github.com/lepusmq/lepus/broker/stats"
	"github.com/lepusmq/lepus/exchange"
	"github.com/lepusmq/lepus/queue"
)

// idleAfter is how long a queue must have had nothing to do to be idle.
const idleAfter = time.Second

// nameList is the sorted names of a version of the topology.
type nameList struct {
	version uint64
	list    []string
}

// QueueNames returns the names of all queues, sorted. They must not be changed.
func (v *VHost) QueueNames() []string {
	g := v.graph.Load()
	if known := v.queueNames.Load(); known != nil && known.version == g.Version() {
		return known.list
	}
	n := &nameList{version: g.Version()}
	g.EachQueue(func(q exchange.Queue) bool {
		n.list = append(n.list, q.QueueName())
		return true
	})
	slices.Sort(n.list)
	v.queueNames.Store(n)
	return n.list
}

// sorted returns all queues, by their names.
func (v *VHost) sorted() []*entry {
	names := v.QueueNames()
	all := make([]*entry, 0, len(names))
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, name := range names {
		if e := v.queues[name]; e != nil {
			all = append(all, e)
		}
	}
	return all
}

// lookLen is how many queues are looked at together.
const lookLen = 1024

// look calls f with what queues have to say, in their order. Many are asked before
// any is waited for: those that are busy answer in their next turn.
func look(entries []*entry, f func(*entry, *queue.Counts)) {
	now := time.Now()
	counts := make([]queue.Counts, min(len(entries), lookLen))
	for some := range slices.Chunk(entries, lookLen) {
		var asked sync.WaitGroup
		asked.Add(len(some))
		answered := asked.Done
		for i, e := range some {
			e.queue.Look(now, &counts[i], answered)
		}
		asked.Wait()
		for i, e := range some {
			f(e, &counts[i])
		}
	}
}

// QueueCounts returns the counts of all queues, by their names.
func (v *VHost) QueueCounts() []stats.QueueCounts {
	entries := v.sorted()
	all := make([]stats.QueueCounts, 0, len(entries))
	look(entries, func(e *entry, c *queue.Counts) {
		all = append(all, stats.QueueCounts{})
		e.write(c, &all[len(all)-1])
	})
	return all
}

// write writes what the queue has said as others read it.
func (e *entry) write(c *queue.Counts, to *stats.QueueCounts) {
	t, _ := typeOf(e.args)
	m := counted(c.Flow)
	m.Publish = c.Publish
	*to = stats.QueueCounts{
		Name: e.queue.QueueName(), Type: t.String(),
		Ready: c.Ready, Unacked: c.Unacked, Delayed: c.Delayed,
		ReadyBytes: c.ReadyBytes, UnackedBytes: c.UnackedBytes,
		Persistent: c.Stored, Resident: c.Resident, ResidentBytes: c.ResidentBytes,
		Consumers: c.Consumers, Capacity: c.Capacity, HeadTimestamp: c.HeadTimestamp,
		Messages: *m,
	}
	if n := int64(c.Ready + c.Unacked + c.Delayed); n > 0 {
		// As if all were of the same size, if some are not persistent.
		to.PersistentBytes = int64(float64(c.ReadyBytes+c.UnackedBytes) * float64(c.Stored) / float64(n))
	}
}

// QueueStats returns all that is to be said of a queue, but for what only its
// connections know: who its owner is, and which tags its consumers have. ok is
// false if there is no such queue.
func (v *VHost) QueueStats(name string) (s stats.Queue, owner OwnerID, ok bool) {
	v.mu.Lock()
	e := v.queues[name]
	v.mu.Unlock()
	if e == nil {
		return stats.Queue{}, 0, false
	}
	look([]*entry{e}, func(_ *entry, c *queue.Counts) {
		e.write(c, &s.QueueCounts)
		if !c.Rested.IsZero() && time.Since(c.Rested) >= idleAfter {
			s.IdleSince = c.Rested
		}
		s.Memory = c.Memory
	})
	s.VHost, s.Durable, s.Exclusive, s.AutoDelete, s.Arguments = v.name, e.queue.Durable(), e.owner != 0, e.autoDelete, e.args
	a, _ := v.QueuePolicies(name)
	s.Policy, s.OperatorPolicy, s.Effective = a.Policy, a.OperatorPolicy, a.Definition
	return s, e.owner, true
}

// Seat is a consumer of a queue.
type Seat struct {
	Queue *queue.Queue
	queue.Seat
}

// Seats returns all consumers, by the names of their queues.
func (v *VHost) Seats() []Seat { return seats(v.sorted()) }

// QueueSeats returns the consumers of a queue, the oldest first.
func (v *VHost) QueueSeats(name string) []Seat {
	v.mu.Lock()
	e := v.queues[name]
	v.mu.Unlock()
	if e == nil {
		return nil
	}
	return seats([]*entry{e})
}

func seats(entries []*entry) []Seat {
	found := make([][]queue.Seat, len(entries))
	var asked sync.WaitGroup
	asked.Add(len(entries))
	answered := asked.Done
	for i, e := range entries {
		e.queue.Seats(&found[i], answered)
	}
	asked.Wait()
	var all []Seat
	for i, e := range entries {
		for _, s := range found[i] {
			all = append(all, Seat{e.queue, s})
		}
	}
	return all
}

// Totals returns what the virtual host comes to; connections and channels are not
// its business.
func (v *VHost) Totals() stats.Totals {
	g := v.graph.Load()
	v.mu.Lock()
	t := stats.Totals{Messages: v.gone, Churn: v.churn, Queues: len(v.queues)}
	entries := make([]*entry, 0, len(v.queues))
	for _, e := range v.queues {
		entries = append(entries, e)
	}
	v.mu.Unlock()
	t.Exchanges = g.Exchanges()
	g.EachExchange(func(x *exchange.Exchange) bool {
		t.Messages.Add(flowOf(x).counts())
		return true
	})
	t.Messages.Confirm = v.confirmed.Load()
	look(entries, func(_ *entry, c *queue.Counts) {
		t.Ready += c.Ready
		t.Unacked += c.Unacked
		t.Consumers += c.Consumers
		t.Messages.Add(counted(c.Flow))
	})
	return t
}
