package vhost

import "sync/atomic"

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

// fullOfQueues says that there are as many queues as there may be.
func (c *Ceiling) fullOfQueues() bool {
	if c == nil || c.MaxQueues.Load() == 0 {
		return false
	}
	n, _ := c.Count()
	return n >= int(c.MaxQueues.Load())
}

// fullOfExchanges says that there are as many exchanges as there may be.
func (c *Ceiling) fullOfExchanges() bool {
	if c == nil || c.MaxExchanges.Load() == 0 {
		return false
	}
	_, n := c.Count()
	return n >= int(c.MaxExchanges.Load())
}
