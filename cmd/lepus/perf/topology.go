package perf

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/lepusmq/lepus/amqp"
)

// topology is where messages go.
type topology struct {
	queues   []string
	own      string // a queue to be deleted at the end, empty if none
	exchange string
	key      string // empty: the name of the queue
	// each says that every queue gets every message.
	each bool
	// exact says that what is sent is what this run's consumers must get.
	exact bool
}

// newTopology declares and binds what the options say.
func newTopology(c *conn, o *Options) (*topology, error) {
	t := &topology{queues: o.queueNames(), key: o.RoutingKey}
	kind := cmp.Or(o.Type, "direct")
	byDefault := o.Exchange == "" && o.Type == "" && (o.RoutingKey == "" || o.Predeclared)
	if !byDefault {
		t.exchange = cmp.Or(o.Exchange, kind)
	}
	if o.Predeclared {
		return t, nil
	}
	t.each = !byDefault && (t.key != "" || kind == "fanout" || kind == "headers")
	t.exact = byDefault || kind == "direct" || kind == "topic" || kind == "fanout" || kind == "headers"
	if !byDefault && !strings.HasPrefix(t.exchange, "amq.") {
		declare := &amqp.ExchangeDeclare{Exchange: t.exchange, Type: kind, AutoDelete: o.AutoDelete}
		if err := c.call(channelID, declare, new(amqp.ExchangeDeclareOk)); err != nil {
			return nil, fmt.Errorf("declare exchange %s: %w", t.exchange, err)
		}
	}
	for i, name := range t.queues {
		declare := &amqp.QueueDeclare{Queue: name, Durable: o.Persistent, AutoDelete: o.AutoDelete}
		var ok amqp.QueueDeclareOk
		if err := c.call(channelID, declare, &ok); err != nil {
			return nil, fmt.Errorf("declare queue %s: %w", name, err)
		}
		if name == "" {
			t.own = ok.Queue
		}
		t.queues[i] = ok.Queue
		// Other consumers take what is then not lost.
		t.exact = t.exact && ok.ConsumerCount == 0
		if byDefault {
			continue
		}
		bind := &amqp.QueueBind{Queue: ok.Queue, Exchange: t.exchange, RoutingKey: t.routingKey(i)}
		if err := c.call(channelID, bind, new(amqp.QueueBindOk)); err != nil {
			return nil, fmt.Errorf("bind queue %s to exchange %s: %w", ok.Queue, t.exchange, err)
		}
	}
	return t, nil
}

// remove deletes the queue that nobody else knows.
func (t *topology) remove(c *conn) error {
	if t.own == "" {
		return nil
	}
	return c.call(channelID, &amqp.QueueDelete{Queue: t.own}, new(amqp.QueueDeleteOk))
}

// queue returns the queue of the i-th producer or consumer.
func (t *topology) queue(i int) string { return t.queues[i%len(t.queues)] }

// routingKey returns what the i-th producer publishes with.
func (t *topology) routingKey(i int) string { return cmp.Or(t.key, t.queue(i)) }

// deliveries returns how often consumers must get a message of the i-th
// producer.
func (t *topology) deliveries(i, consumers int) int {
	read := min(len(t.queues), consumers)
	switch {
	case t.each:
		return read
	case i%len(t.queues) < read:
		return 1
	}
	return 0
}
