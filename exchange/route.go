package exchange

import "github.com/lepusmq/lepus/amqp"

// Result is what routing a message found, and the memory for finding it, which
// the next message uses again. It belongs to one goroutine. The zero Result is
// ready.
type Result struct {
	queues    []Queue
	ends      unique[*end]      // these queues
	exchanges unique[*Exchange] // those the message came to, all of which it went through
	matched   bool              // the exchange at hand had a binding for the message
	waits     []*Exchange       // those where the message waits
	delay     int64             // for so long; 0 if that is not known, or not at all

	// The message. The bytes are borrowed for the time of the call.
	key     string
	more    [][]byte // further keys
	raw     []byte
	headers amqp.Table
	decoded bool // headers were looked at
	once    bool // the answer is good for this message only
	// Properties are the properties of the message as on the wire, for exchanges
	// that route by one of them. Whoever routes sets them, or leaves them nil.
	Properties []byte

	// searched is for topic exchanges: with how much of the key the node of a
	// '#' that lies below another was reached.
	searched map[*topicNode]int
}

// Queues returns the queues that were found, each once, in no order. The slice
// is valid until the result is used again.
func (r *Result) Queues() []Queue { return r.queues }

// Once reports whether another message with the same exchange and routing key
// may go elsewhere: headers or properties were looked at, or chance has decided.
func (r *Result) Once() bool { return r.decoded || r.once }

// Route finds the queues for a message that was published to x, an exchange of
// this graph. headers is the table of its headers as on the wire, with its
// length before it, or nil. Nothing is kept of the arguments.
func (g *Graph) Route(r *Result, x *Exchange, key, headers []byte) {
	g.route(r, x, key, nil, headers)
}

// RouteKeys is [Graph.Route] for a message with several routing keys, the one
// it was published with first: it goes where any of them leads.
func (g *Graph) RouteKeys(r *Result, x *Exchange, keys [][]byte, headers []byte) {
	g.route(r, x, keys[0], keys[1:], headers)
}

func (g *Graph) route(r *Result, x *Exchange, key []byte, more [][]byte, headers []byte) {
	clear(r.queues)
	r.queues = r.queues[:0]
	r.more = more
	r.raw, r.headers, r.decoded, r.once = headers, nil, false, false
	clear(r.waits)
	r.waits, r.delay = r.waits[:0], 0
	r.exchanges.add(x)
	for i := 0; i < len(r.exchanges.list); i++ {
		x := r.exchanges.list[i]
		if x.delays && r.wait(x) {
			continue
		}
		r.matched = false
		r.key = borrow(key)
		x.table.route(g, r)
		if len(more) > 0 {
			r.routeMore(g, x)
		}
		if !r.matched && x.alternate != "" {
			r.visit(g, x.alternate)
		}
	}
	r.key, r.more, r.raw, r.headers, r.Properties = "", nil, nil, nil, nil
	r.exchanges.reset()
	r.ends.reset()
}

// keyed is a table that compares routing keys: each key of a message may lead
// somewhere else.
type keyed interface{ keyed() }

func (byName) keyed() {}
func (direct) keyed() {}
func (topic) keyed()  {}

// routeMore routes by the further keys.
func (r *Result) routeMore(g *Graph, x *Exchange) {
	if _, ok := x.table.(keyed); !ok {
		return
	}
	for _, key := range r.more {
		r.key = borrow(key)
		x.table.route(g, r)
	}
}

// visit takes the message to an exchange, unless it has been there.
func (r *Result) visit(g *Graph, name string) {
	if x, ok := g.exchanges.get(name); ok {
		r.exchanges.add(x)
	}
}

// reach takes the message to a queue.
func (r *Result) reach(e *end) {
	if r.ends.add(e) {
		r.queues = append(r.queues, e.queue)
	}
}

// follow takes the message where a binding leads.
func (r *Result) follow(g *Graph, b *Binding) {
	r.matched = true
	if b.end != nil {
		r.reach(b.end)
		return
	}
	r.visit(g, b.Destination)
}

// followAll takes the message where all these bindings lead.
func (r *Result) followAll(g *Graph, all bag) {
	all.each(func(_ uint64, b *Binding) bool {
		r.follow(g, b)
		return true
	})
}

// table returns the headers of the message. Properties are checked before a
// message is routed; headers that cannot be decoded count as none.
func (r *Result) table() amqp.Table {
	if !r.decoded {
		r.decoded = true
		if len(r.raw) > 0 {
			r.headers, _, _ = amqp.ParseTable(r.raw)
		}
	}
	return r.headers
}
