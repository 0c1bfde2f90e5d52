package vhost

import (
	"sync/atomic"

	"github.com/lepusmq/lepus/amqp"
)

// Ceiling is how many queues and exchanges there may be in all virtual hosts
// together. The limits may change at any time; what there is stays.
type Ceiling struct {
	MaxQueues, MaxExchanges atomic.Int64 // 0: any number
	// Count counts what there is. It is called with the lock of a virtual host held,
	// and so may only ask them for their [VHost.Objects].
	Count func() (queues, exchanges int)
}

// Objects returns how many queues and exchanges there are. It takes no lock.
func (v *VHost) Objects() (queues, exchanges int) {
	g := v.graph.Load()
	return g.Queues(), g.Exchanges()
}

// mayAddQueue returns the error for one queue more than there may be.
func (c *Ceiling) mayAddQueue(name string) *amqp.Error {
	if c == nil || c.MaxQueues.Load() == 0 {
		return nil
	}
	if most := int(c.MaxQueues.Load()); first(c.Count()) >= most {
		return amqp.NodeQueueLimit(name, most)
	}
	return nil
}

// mayAddExchange returns the error for one exchange more than there may be.
func (c *Ceiling) mayAddExchange(vhost, name string) *amqp.Error {
	if c == nil || c.MaxExchanges.Load() == 0 {
		return nil
	}
	if _, n := c.Count(); n >= int(c.MaxExchanges.Load()) {
		return amqp.ExchangeLimit(vhost, name, int(c.MaxExchanges.Load()))
	}
	return nil
}

func first(a, _ int) int { return a }
