package vhost

import (
	"cmp"
	"slices"
	"time"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/exchange"
	"github.com/lepusmq/lepus/queue"
)

// Some types of exchange remember messages. A message that comes to one is routed
// by what it remembers then, and remembered itself when it is certain that it is
// published: see [VHost.Claim].

// memories is what a message came by on its route.
type memories struct {
	any       bool
	histories []*history
	claims    []claim
	known     []*mark // of keys for which the message went no further
}

// claim is a key that is new to a window.
type claim struct {
	window *window
	key    queue.Digest
	ttl    int64
	mark   *mark // once it is claimed
}

// Headers that exchanges with a memory look at.
const (
	noStoreHeader = "x-recent-history-no-store"
	dedupTTL      = "x-cache-ttl"
)

// Pass implements exchange.Gate.
func (m *memories) Pass(x *exchange.Exchange, r *exchange.Result) bool {
	m.any = true
	switch memory := x.Memory.(type) {
	case *history:
		v, _ := r.Header(noStoreHeader)
		if not, _ := v.Bool(); !not {
			m.histories = append(m.histories, memory)
		}
	case *window:
		return m.look(memory, r)
	}
	return true
}

// look reports whether a message is new to a window.
func (m *memories) look(w *window, r *exchange.Result) bool {
	v, ok := r.Header(queue.DeduplicationHeader)
	if !ok {
		return true
	}
	key, ok := queue.DigestOf(v)
	if !ok {
		return true
	}
	if known := w.find(key, time.Now().UnixMilli()); known != nil {
		m.known = append(m.known, known)
		return false
	}
	c := claim{window: w, key: key, ttl: w.cache.TTL}
	if v, ok := r.Header(dedupTTL); ok {
		if n, isInt := v.Int(); isInt {
			c.ttl = max(n, 1)
		}
	}
	m.claims = append(m.claims, c)
	return true
}

func (m *memories) reset() {
	m.any = false
	clear(m.histories)
	clear(m.claims)
	clear(m.known)
	m.histories, m.claims, m.known = m.histories[:0], m.claims[:0], m.known[:0]
}

// Remembers says that the message came to exchanges that remember it: it must be
// claimed before it is published.
func (r *Route) Remembers() bool { return r.memory.any }

// Deduplicates says that the message, once claimed, is to go with what
// [Route.Join] adds in one group, and that it is only safe when those are that
// [Route.AwaitKnown] tells.
func (r *Route) Deduplicates() bool { return len(r.memory.claims)+len(r.memory.known) > 0 }

// Claim has exchanges remember the message of a route, which is published now;
// its parts are as on the wire. It reports false if the route does not hold any
// more: then the message is to be routed again, and claimed again.
func (v *VHost) Claim(r *Route, route, head, body []byte) bool {
	return v.claim(&r.memory, r.routed, func(h *history) { h.record(route, head, body, r.Blind) })
}

// claim is Claim for a message that was routed by that version of the topology.
func (v *VHost) claim(m *memories, routed uint64, record func(*history)) bool {
	slices.SortFunc(m.histories, func(a, b *history) int { return cmp.Compare(a.id, b.id) })
	for _, h := range m.histories {
		h.mu.Lock()
		defer h.mu.Unlock()
	}
	if len(m.histories) > 0 && v.graph.Load().Version() != routed {
		return false
	}
	for _, known := range m.known {
		if !known.lasts() {
			return false
		}
	}
	now := time.Now().UnixMilli()
	for i := range m.claims {
		c := &m.claims[i]
		if c.mark = c.window.claim(c.key, c.ttl, now); c.mark == nil {
			for _, c := range m.claims[:i] {
				c.mark.release()
			}
			return false
		}
	}
	for _, h := range m.histories {
		record(h)
	}
	return true
}

// Join adds the keys that were claimed to the group that publishes the message.
func (r *Route) Join(to *queue.Group) { r.memory.join(to) }

func (m *memories) join(to *queue.Group) {
	for i := range m.claims {
		m.claims[i].mark.join(to)
	}
}

// AwaitKnown has safe called for each message that this one is a duplicate of,
// when that is safe, or a queue has refused it, and returns how many they are.
func (r *Route) AwaitKnown(safe func(refused bool)) int {
	for _, m := range r.memory.known {
		m.await(safe)
	}
	return len(r.memory.known)
}

// Known is how many messages this one is a duplicate of.
func (r *Route) Known() int { return len(r.memory.known) }

// forward routes a message from an exchange and adds it to the group, with all
// that remembers it. It takes over a reference.
func (v *VHost) forward(r *Route, from string, m *queue.Message, to *queue.Group) {
	var facts amqp.Facts
	_ = amqp.CheckProperties(m.Head(), &facts) // as when the message came
	for {
		r.Queues, r.Durable, r.Waits = r.Queues[:0], 0, r.Waits[:0]
		r.memory.reset()
		r.Head = m.Head()
		g := v.graph.Load()
		if x := g.Exchange(from); x != nil {
			key := keyOf(m)
			r.from(g, x, key, facts.Headers, facts.Headers != nil && r.copied(key, facts.Headers))
			r.forgetKeys()
		}
		if v.Claim(r, m.Route(), m.Head(), m.Body()) {
			break
		}
	}
	for _, w := range r.Waits {
		w.Join(to, Waits(m), r.Delay)
	}
	p := queue.Publication{Message: *m}
	if p.Persistent && r.Durable > 1 {
		p.Fanout = queue.NewFanout(r.Durable)
	}
	p.Retain(len(r.Queues))
	for _, q := range r.Queues {
		to.Publish(q, p)
	}
	r.Join(to)
	p.Release()
}

// newMemory makes what an exchange needs that remembers messages, nil for
// others. The caller holds the lock.
func (v *VHost) newMemory(x *exchange.Exchange) any {
	var p *parts
	if x.ID != 0 {
		p = v.partsOf(x)
	}
	switch x.Routing() {
	case exchange.RecentHistory:
		v.histories++
		return &history{id: v.histories, length: x.HistoryLength(), parts: p}
	case exchange.Deduplication:
		return newWindow(x.Cache(), p)
	}
	return nil
}

// recoverMemories brings back what exchanges remember.
func (v *VHost) recoverMemories() {
	now := time.Now().UnixMilli()
	v.graph.Load().EachExchange(func(x *exchange.Exchange) bool {
		switch memory := x.Memory.(type) {
		case *history:
			memory.recover()
		case *window:
			memory.recover(now)
		}
		return true
	})
}
