package exchange

// Removed is all that went with a change.
type Removed struct {
	Bindings  []*Binding
	Exchanges []*Exchange
}

// AddExchange returns the graph with one more exchange. Errors: ErrUnknownType,
// ErrExists.
func (g *Graph) AddExchange(x Exchange) (*Graph, error) {
	if _, ok := g.exchanges.get(x.Name); ok {
		return nil, ErrExists
	}
	x.table, x.delays = newTable(&x), x.Delays()
	if x.table == nil {
		return nil, ErrUnknownType
	}
	x.divert()
	next := g.changed()
	next.exchanges = g.exchanges.set(x.Name, &x)
	return &next, nil
}

// divert decides where messages go that find no binding.
func (x *Exchange) divert() {
	x.alternate = x.Alternate
	if v, ok := x.Arguments.Get(AlternateExchange); ok {
		x.alternate, _ = v.Str()
	}
}

// SetAlternates returns the graph with other alternate exchanges by policy, by
// the names of the exchanges that have them. It passes over those that are not
// there.
func (g *Graph) SetAlternates(alternates map[string]string) *Graph {
	next := g.changed()
	for name, alternate := range alternates {
		if x, ok := g.exchanges.get(name); ok {
			to := *x
			to.Alternate = alternate
			to.divert()
			next.exchanges = next.exchanges.set(name, &to)
		}
	}
	return &next
}

// AddQueue returns the graph with one more queue, which the default exchange
// leads to. Its name must not be taken.
func (g *Graph) AddQueue(q Queue) *Graph {
	next := g.changed()
	next.queues = g.queues.set(q.QueueName(), &target{end: &end{q}})
	return &next
}

// Bind returns the graph with one more binding, or the same graph if the
// binding is there already. Errors: ErrNoSource, ErrNoDestination, and an
// *amqp.Error if the type of the source cannot have such arguments. The default
// exchange must not be an end of it.
func (g *Graph) Bind(b Binding) (*Graph, error) {
	source := g.Exchange(b.Source)
	if source == nil {
		return nil, ErrNoSource
	}
	to, err := g.destination(&b)
	if err != nil {
		return nil, err
	}
	if err := checkBinding(source.Routing(), &b); err != nil {
		return nil, err
	}
	if g.Find(&b) != nil {
		return g, nil
	}
	next := g.changed()
	next.seq++
	b.seq = next.seq
	b.end = to
	from := *source
	from.table = from.table.add(&b)
	from.outgoing++
	next.exchanges = next.exchanges.set(b.Source, &from)
	next.receive(&b)
	return &next, nil
}

// destination returns the queue that b leads to, nil if it is an exchange.
func (g *Graph) destination(b *Binding) (*end, error) {
	if b.ToExchange {
		if g.Exchange(b.Destination) == nil {
			return nil, ErrNoDestination
		}
		return nil, nil
	}
	if t, ok := g.queues.get(b.Destination); ok {
		return t.end, nil
	}
	return nil, ErrNoDestination
}

// receive notes b with its destination. The graph is not yet shared.
func (g *Graph) receive(b *Binding) {
	if b.ToExchange {
		x, _ := g.exchanges.get(b.Destination)
		to := *x
		to.incoming = to.incoming.set(b.id(), b)
		g.exchanges = g.exchanges.set(to.Name, &to)
		return
	}
	t, _ := g.queues.get(b.Destination)
	to := *t
	to.incoming = to.incoming.set(b.id(), b)
	g.queues = g.queues.set(b.Destination, &to)
}

// Unbind returns the graph without the binding that is the same as b, and all
// that went with it, or the same graph if there is no such binding.
func (g *Graph) Unbind(b Binding) (*Graph, Removed) {
	found := g.Find(&b)
	if found == nil {
		return g, Removed{}
	}
	r := g.removal()
	r.detach(found)
	r.leave(found)
	return r.finish()
}

// RemoveQueue returns the graph without a queue, and what went with it, or the
// same graph if there is no such queue.
func (g *Graph) RemoveQueue(name string) (*Graph, Removed) {
	t, ok := g.queues.get(name)
	if !ok {
		return g, Removed{}
	}
	r := g.removal()
	r.queues[name] = nil
	t.incoming.each(func(_ bindingID, b *Binding) bool {
		r.detach(b)
		return true
	})
	return r.finish()
}

// RemoveExchange returns the graph without an exchange. The exchange itself is
// among what went, or the graph is the same if there is no such exchange.
func (g *Graph) RemoveExchange(name string) (*Graph, Removed) {
	if _, ok := g.exchanges.get(name); !ok {
		return g, Removed{}
	}
	r := g.removal()
	r.doomed = append(r.doomed, name)
	return r.finish()
}

// removal is a graph from which something is being removed. What it changes it
// copies once and then changes in place, so that a queue with thousands of
// bindings goes quickly.
type removal struct {
	graph     *Graph
	exchanges map[string]*Exchange // the copies; nil is removed
	queues    map[string]*target
	doomed    []string // exchanges that are still to be removed
	removed   Removed
}

func (g *Graph) removal() *removal {
	return &removal{graph: g, exchanges: map[string]*Exchange{}, queues: map[string]*target{}}
}

// exchange returns the copy of an exchange, nil if it has been removed.
func (r *removal) exchange(name string) *Exchange {
	x, ok := r.exchanges[name]
	if !ok {
		was, _ := r.graph.exchanges.get(name)
		copied := *was
		x = &copied
		r.exchanges[name] = x
	}
	return x
}

// queue returns the copy of a queue, nil if it has been removed.
func (r *removal) queue(name string) *target {
	t, ok := r.queues[name]
	if !ok {
		was, _ := r.graph.queues.get(name)
		copied := *was
		t = &copied
		r.queues[name] = t
	}
	return t
}

// detach takes a binding from its source, which may have to go then.
func (r *removal) detach(b *Binding) {
	x := r.exchange(b.Source)
	if x == nil {
		return
	}
	r.removed.Bindings = append(r.removed.Bindings, b)
	x.table = x.table.remove(b)
	x.outgoing--
	if x.outgoing == 0 && x.AutoDelete {
		r.doomed = append(r.doomed, x.Name)
	}
}

// leave takes a binding from its destination.
func (r *removal) leave(b *Binding) {
	if b.ToExchange {
		if x := r.exchange(b.Destination); x != nil {
			x.incoming = x.incoming.del(b.id())
		}
		return
	}
	if t := r.queue(b.Destination); t != nil {
		t.incoming = t.incoming.del(b.id())
	}
}

// finish removes the doomed exchanges, and those that are doomed by that, and
// returns the graph that is left.
func (r *removal) finish() (*Graph, Removed) {
	for len(r.doomed) > 0 {
		last := len(r.doomed) - 1
		name := r.doomed[last]
		r.doomed = r.doomed[:last]
		if x := r.exchange(name); x != nil {
			r.drop(x)
		}
	}
	next := r.graph.changed()
	for name, x := range r.exchanges {
		if x == nil {
			next.exchanges = next.exchanges.del(name)
		} else {
			next.exchanges = next.exchanges.set(name, x)
		}
	}
	for name, t := range r.queues {
		if t == nil {
			next.queues = next.queues.del(name)
		} else {
			next.queues = next.queues.set(name, t)
		}
	}
	return &next, r.removed
}

// drop removes an exchange with the bindings from it and to it.
func (r *removal) drop(x *Exchange) {
	r.exchanges[x.Name] = nil
	r.removed.Exchanges = append(r.removed.Exchanges, x)
	x.table.each(func(b *Binding) bool {
		r.removed.Bindings = append(r.removed.Bindings, b)
		r.leave(b)
		return true
	})
	x.incoming.each(func(_ bindingID, b *Binding) bool {
		r.detach(b) // unless it came from x itself, which is gone
		return true
	})
}
