package vhost

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lepusmq/lepus/broker/stats"
	"github.com/lepusmq/lepus/exchange"
	"github.com/lepusmq/lepus/queue"
)

// idleAfter is how long a queue must have had nothing to do to be idle.
const idleAfter = time.Second

// byNames is all queues in the order of their names.
type byNames struct {
	entries []*entry
	names   []string
}

// sorted returns all queues, by their names. The slice must not be changed.
func (v *VHost) sorted() []*entry { return v.inNames().entries }

// inNames returns all queues and their names, which must not be changed: they are
// kept until the topology changes.
func (v *VHost) inNames() *byNames {
	if known := v.queuesByName.Load(); known != nil {
		return known
	}
	v.mu.Lock()
	version := v.graph.Load().Version()
	all := slices.AppendSeq(make([]*entry, 0, len(v.queues)), maps.Values(v.queues))
	v.mu.Unlock()
	slices.SortFunc(all, func(a, b *entry) int { return strings.Compare(a.queue.QueueName(), b.queue.QueueName()) })
	made := &byNames{entries: all, names: make([]string, len(all))}
	for i, e := range all {
		made.names[i] = e.queue.QueueName()
	}
	v.mu.Lock()
	if v.graph.Load().Version() == version {
		v.queuesByName.Store(made)
	}
	v.mu.Unlock()
	return made
}

// atOnce returns all queues, in any order. The caller holds the lock.
func (v *VHost) atOnce() []*entry {
	if known := v.queuesByName.Load(); known != nil {
		return known.entries
	}
	return slices.Collect(maps.Values(v.queues))
}

// QueueNames returns the names of all queues, sorted. The slice must not be changed,
// as that of sorted.
func (v *VHost) QueueNames() []string { return v.inNames().names }

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
	now := time.Now()
	look(entries, func(e *entry, c *queue.Counts) {
		all = append(all, stats.QueueCounts{})
		e.write(now, c, &all[len(all)-1])
	})
	for at := 0; at < len(entries); at += lookLen {
		v.mu.Lock()
		for i := at; i < min(at+lookLen, len(entries)); i++ {
			all[i].Policy, all[i].OperatorPolicy = entries[i].applied.names()
		}
		v.mu.Unlock()
	}
	return all
}

// EachQueue calls f with the counts of all queues, by their names. What it gets is
// good until it returns.
func (v *VHost) EachQueue(f func(*stats.QueueCounts)) {
	var one stats.QueueCounts
	now := time.Now()
	look(v.sorted(), func(e *entry, c *queue.Counts) {
		e.write(now, c, &one)
		f(&one)
	})
}

// write writes what the queue has said as others read it.
func (e *entry) write(now time.Time, c *queue.Counts, to *stats.QueueCounts) {
	t, _ := typeOf(e.args)
	m := counted(c.Flow)
	m.Publish = c.Publish
	*to = stats.QueueCounts{
		Name: e.queue.QueueName(), Type: t.String(),
		Durable: e.queue.Durable(), Exclusive: e.owner != 0, AutoDelete: e.autoDelete, Arguments: e.args,
		Ready: c.Ready, Unacked: c.Unacked, Delayed: c.Delayed,
		ReadyBytes: c.ReadyBytes, UnackedBytes: c.UnackedBytes,
		Persistent: c.Stored, PersistentBytes: storedBytes(c), Resident: c.Resident, ResidentBytes: c.ResidentBytes,
		Consumers: c.Consumers, Capacity: c.Capacity, HeadTimestamp: c.HeadTimestamp, Memory: c.Memory,
		Messages: *m,
	}
	if !c.Rested.IsZero() && now.Sub(c.Rested) >= idleAfter {
		to.IdleSince = c.Rested
	}
}

// storedBytes is about how large the persistent messages of a queue are: as if all
// were of the same size, if some are not persistent.
func storedBytes(c *queue.Counts) int64 {
	all, bytes := c.Ready+c.Unacked+c.Delayed, c.ReadyBytes+c.UnackedBytes
	if c.Stored == all {
		return bytes
	}
	return int64(float64(bytes) * float64(c.Stored) / float64(all))
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
		e.write(time.Now(), c, &s.QueueCounts)
	})
	s.VHost = v.name
	a, _ := v.QueuePolicies(name)
	s.Policy, s.OperatorPolicy, s.Effective = a.Policy, a.OperatorPolicy, a.Definition
	return s, e.owner, true
}

// PassagesTo returns how many messages came to a queue by each exchange.
func (v *VHost) PassagesTo(queue string) []stats.Passage {
	v.mu.Lock()
	e := v.queues[queue]
	v.mu.Unlock()
	if e == nil {
		return nil
	}
	return v.passages(nil, e, func(string) bool { return true })
}

// PassagesFrom returns how many messages came to each queue by an exchange.
func (v *VHost) PassagesFrom(exchange string) (all []stats.Passage) {
	for _, e := range v.sorted() {
		all = v.passages(all, e, func(name string) bool { return name == exchange })
	}
	return all
}

// EachPassage calls f with how many messages came to each queue by each exchange.
func (v *VHost) EachPassage(f func(*stats.Passage)) {
	var some []stats.Passage
	for _, e := range v.sorted() {
		some = v.passages(some[:0], e, func(string) bool { return true })
		for i := range some {
			f(&some[i])
		}
	}
}

// passages appends those to a queue. An exchange that was deleted and declared again
// is one.
func (v *VHost) passages(all []stats.Passage, e *entry, wanted func(exchange string) bool) []stats.Passage {
	from := len(all)
	for _, a := range e.queue.Arrivals() {
		if !wanted(a.Origin.Name) {
			continue
		}
		at := slices.IndexFunc(all[from:], func(p stats.Passage) bool { return p.Exchange == a.Origin.Name })
		if at < 0 {
			at = len(all) - from
			all = append(all, stats.Passage{VHost: v.name, Exchange: a.Origin.Name, Queue: e.queue.QueueName()})
		}
		all[from+at].Publish += a.N
	}
	return all
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
	v.sorted() // and kept, unless that is of no use
	v.mu.Lock()
	g := v.graph.Load()
	t := v.gone
	t.Churn, t.Queues = v.churn, len(v.queues)
	entries := v.atOnce() // a queue that goes now counts once, here or among those gone
	v.mu.Unlock()
	t.Exchanges = g.Exchanges()
	g.EachExchange(func(x *exchange.Exchange) bool {
		t.Messages.Add(flowOf(x).counts())
		return true
	})
	t.Messages.Confirm = v.confirmed.Load()
	classic, quorum := v.classicDeaths.counts(), v.quorumDeaths.counts()
	t.ClassicDead.Add(&classic)
	t.QuorumDead.Add(&quorum)
	look(entries, func(e *entry, c *queue.Counts) {
		t.Ready += c.Ready
		t.Unacked += c.Unacked
		t.Delayed += c.Delayed
		t.ReadyBytes += c.ReadyBytes
		t.UnackedBytes += c.UnackedBytes
		t.Persistent += c.Stored
		t.PersistentBytes += storedBytes(c)
		t.Resident += c.Resident
		t.ResidentBytes += c.ResidentBytes
		t.Memory += c.Memory
		if e.queue.Quorum() {
			t.QuorumMemory += c.Memory
		}
		t.Consumers += c.Consumers
		e.tally(c.Flow, &t)
	})
	return t
}

// EachBacklog calls f for every queue with at least so many messages ready. It asks
// all queues, and makes nothing for those with fewer.
func (v *VHost) EachBacklog(least int, f func(name string, ready, consumers int)) {
	look(v.sorted(), func(e *entry, c *queue.Counts) {
		if c.Ready >= least {
			f(e.queue.QueueName(), c.Ready, c.Consumers)
		}
	})
}
