package perf

import "sync/atomic"

// meter is what all producers and consumers count into, once for many
// messages. Any goroutine may use it.
type meter struct {
	sent      atomic.Int64
	confirmed atomic.Int64
	nacked    atomic.Int64
	returned  atomic.Int64
	received  atomic.Int64
	own       atomic.Int64 // of received: first deliveries of this run's messages
	lastAt    atomic.Int64 // when a message was last received
	disorder  atomic.Int64
	blocked   atomic.Int64 // producers that are blocked now
	blocks    atomic.Int64 // how often any was

	confirm  *latency
	delivery *latency
}

// counts are the counts of a meter at one time.
type counts struct {
	sent, confirmed, nacked, returned, received int64
}

func (m *meter) counts() counts {
	return counts{
		sent: m.sent.Load(), confirmed: m.confirmed.Load(), nacked: m.nacked.Load(),
		returned: m.returned.Load(), received: m.received.Load(),
	}
}
