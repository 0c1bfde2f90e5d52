package vhost

import (
	"slices"
	"sync"
	"time"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/exchange"
	"github.com/lepusmq/lepus/queue"
	"github.com/lepusmq/lepus/store"
)

// Waiting is the messages that wait at an exchange until they are due. Its
// methods may be called from any goroutine.
type Waiting struct {
	// Immutable.
	vhost *VHost
	name  string // of the exchange
	parts *parts // of the exchange; nil if it is not durable
	// kept has the persistent messages of a durable exchange, nil if it is not;
	// passing has the others.
	kept, passing *queue.Delay
	spilled       *passingParts
}

// newWaiting makes what an exchange needs at which messages may wait, nil for
// others. The caller holds the lock.
func (v *VHost) newWaiting(x *exchange.Exchange) *Waiting {
	if !x.Delays() {
		return nil
	}
	w := &Waiting{vhost: v, name: x.Name}
	if x.ID != 0 {
		w.parts = v.partsOf(x)
		w.kept = w.newDelay(keptParts{w.parts}, false)
	}
	w.spilled = &passingParts{overflow: v.overflow}
	w.passing = w.newDelay(w.spilled, true)
	return w
}

func (w *Waiting) newDelay(keeper queue.DelayKeeper, passing bool) *queue.Delay {
	r := &dueRouter{Waiting: w}
	return queue.NewDelay(queue.DelayConfig{
		Clock: w.vhost.clock, Keeper: keeper, Passing: passing,
		Release: r.release, NewGroup: w.vhost.store.NewGroup, Throttle: w.vhost.Throttle,
	})
}

// Put has a message wait for so many milliseconds, and then be routed from the
// exchange. It takes over a reference. The message is confirmed once, when it
// is kept.
func (w *Waiting) Put(p *queue.Publication, delay int64) {
	if p.Persistent && w.kept != nil {
		w.kept.Put(p, dueAfter(delay))
		return
	}
	w.passing.Put(p, dueAfter(delay))
}

// Join is Put for a message of a group, which a crash leaves whole or not at all
// with the rest of it. What is not kept waits at once.
func (w *Waiting) Join(to *queue.Group, m queue.Message, delay int64) {
	if m.Persistent && w.kept != nil {
		to.Postpone(w.kept, m, dueAfter(delay))
		return
	}
	w.passing.Put(&queue.Publication{Message: m}, dueAfter(delay))
}

// dueAfter is when a message is due that waits from now on: rather a millisecond
// late than one early.
func dueAfter(delay int64) int64 { return (time.Now().UnixMicro()+999)/1000 + delay }

// Waits makes the copy of a message that is to wait. The delay is told in its
// head, so that it is not asked for again.
func Waits(m *queue.Message) queue.Message {
	route, head := m.Route(), amqp.AppendWaited(nil, m.Head())
	late := queue.Adopt(slices.Concat(route, head, m.Body()), len(route), len(head))
	late.Persistent, late.Priority = m.Persistent, m.Priority
	for _, mark := range [...]store.Mark{queue.Blind, queue.Died} {
		if m.Has(mark) {
			late.Note(mark)
		}
	}
	return late
}

// Pending is how many messages wait.
func (w *Waiting) Pending() int {
	n := w.passing.Pending()
	if w.kept != nil {
		n += w.kept.Pending()
	}
	return n
}

// close ends the delays and waits for them.
func (w *Waiting) close() {
	w.passing.Close()
	if w.kept != nil {
		w.kept.Close()
	}
}

// end drops all that waits: the exchange is deleted, and its parts with it.
func (w *Waiting) end() {
	w.close()
	w.spilled.end()
}

func (w *Waiting) check() error {
	if w.kept != nil {
		if err := w.kept.Check(); err != nil {
			return err
		}
	}
	return w.passing.Check()
}

// recover begins to look after what was kept. Everything that it may go to has
// been brought back.
func (w *Waiting) recover() {
	kept := map[uint64]store.Queue{}
	for key, part := range w.parts.all() {
		if use, bucket := queue.SplitPartKey(key); use == queue.DelayPart {
			kept[bucket] = part
		}
	}
	w.kept.Recover(kept)
}

// waitingAt returns what waits at an exchange, nil if nothing may.
func waitingAt(x *exchange.Exchange) *Waiting {
	w, _ := x.Delay.(*Waiting)
	return w
}

// waitings returns what waits at all exchanges at the moment.
func (v *VHost) waitings() []*Waiting {
	var all []*Waiting
	v.graph.Load().EachExchange(func(x *exchange.Exchange) bool {
		if w := waitingAt(x); w != nil {
			all = append(all, w)
		}
		return true
	})
	return all
}

// Delayed returns how many messages wait at an exchange. Error: 404.
func (v *VHost) Delayed(name string) (int, error) {
	x := v.graph.Load().Exchange(name)
	if x == nil {
		return 0, amqp.NoExchange(v.name, name)
	}
	if w := waitingAt(x); w != nil {
		return w.Pending(), nil
	}
	return 0, nil
}

// dueRouter routes messages that are due. It belongs to the goroutine of a
// delay.
type dueRouter struct {
	*Waiting
	route Route
}

// release routes messages that have waited. Those that find no queue are
// dropped, as any that are not mandatory.
func (r *dueRouter) release(due []queue.Message, to *queue.Group) {
	now := time.Now().UnixMilli()
	var facts amqp.Facts
	for i := range due {
		m := &due[i]
		if err := amqp.CheckProperties(m.Head(), &facts); err != nil || !r.current() {
			m.Release()
			continue
		}
		m.Persistent, m.Expires = facts.DeliveryMode == amqp.Persistent, 0
		if ttl, err := amqp.ParseExpiration(facts.Expiration); err == nil {
			m.Expires = now + ttl
		}
		r.vhost.forward(&r.route, r.name, m, to)
	}
}

// current reports whether the exchange is still that at which the messages came.
func (r *dueRouter) current() bool {
	x := r.vhost.graph.Load().Exchange(r.name)
	return x != nil && x.Delay == r.Waiting
}

// keyOf is the routing key of a message.
func keyOf(m *queue.Message) []byte {
	route := m.Route()
	return route[2+int(route[0]):]
}

// keptParts keeps messages in parts of a durable exchange.
type keptParts struct{ *parts }

func (k keptParts) Part(key uint64) store.Queue { return k.get(queue.PartKey(queue.DelayPart, key)) }

func (k keptParts) Drop(key uint64) { k.drop(queue.PartKey(queue.DelayPart, key)) }

func (k keptParts) NewGroup(parts int, whole, done func()) *store.Group {
	return k.vhost.store.NewGroup(parts, whole, done)
}

// passingParts keeps messages that need not outlive the process, in the overflow
// or, if there is none, in memory.
type passingParts struct {
	overflow *store.Volatile // immutable

	mu  sync.Mutex
	to  store.Store       // guarded by mu; nil until it is used
	ids map[uint64]uint64 // guarded by mu: of parts, by key
}

// opened returns the store. Called with mu held.
func (k *passingParts) opened() store.Store {
	if k.to != nil {
		return k.to
	}
	if k.overflow != nil {
		if s, err := k.overflow.Open(); err == nil {
			k.to = s
			return s
		}
	}
	k.to = store.NewMemory()
	return k.to
}

func (k *passingParts) Part(key uint64) store.Queue {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.opened()
	id := k.ids[key]
	if id == 0 {
		if k.ids == nil {
			k.ids = map[uint64]uint64{}
		}
		id = s.NewID()
		k.ids[key] = id
		s.Define([]store.Definition{{Kind: store.KindQueue, ID: id}}, nil)
	}
	return s.Queue(id)
}

func (k *passingParts) Drop(key uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if id := k.ids[key]; id != 0 {
		delete(k.ids, key)
		k.to.Define([]store.Definition{{Kind: store.KindQueue, ID: id, Deleted: true}}, nil)
	}
}

// end drops all parts.
func (k *passingParts) end() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, id := range k.ids {
		k.to.Define([]store.Definition{{Kind: store.KindQueue, ID: id, Deleted: true}}, nil)
	}
	k.ids = nil
}

func (k *passingParts) NewGroup(parts int, whole, done func()) *store.Group {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.opened().NewGroup(parts, whole, done)
}
