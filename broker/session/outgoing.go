package session

import "sync/atomic"

const (
	// maxOutgoing is what may wait for all peers, unless outgoingShare of the
	// memory is less.
	maxOutgoing   = 64 << 20
	outgoingShare = 16
	// leastWaiting is what may wait for a peer, however much waits for others.
	leastWaiting = 128 << 10
	// outgoingStep is how much more or less may wait for a peer than is counted.
	outgoingStep = 64 << 10
)

// outgoing shares memory among the outboxes of peers that do not read what they
// are sent: each may have half of what is left. Any goroutine may use it; nil shares
// nothing.
type outgoing struct {
	limit   int64 // immutable
	waiting atomic.Int64
}

// mark is how many bytes may wait for one peer before deliveries to it stop. They
// go on when less than a quarter does.
func (g *outgoing) mark() int {
	if g == nil {
		return highWater
	}
	return int(min(max((g.limit-g.waiting.Load())/2, leastWaiting), highWater))
}

// count counts so many bytes more, or less if it is negative.
func (g *outgoing) count(bytes int) {
	if g != nil {
		g.waiting.Add(int64(bytes))
	}
}
