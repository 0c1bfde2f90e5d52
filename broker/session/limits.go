package session

import (
	"sync/atomic"
	"time"
)

// Limits are those of all sessions together, and what may change while they run; it
// counts for what comes after the change. All methods may be called from any
// goroutine.
type Limits struct {
	outgoing outgoing
	busy     *busyWait // nil never looks
	floods   floods

	maxMessage atomic.Uint64
	ackTimeout atomic.Int64
	cancels    atomic.Bool

	owners atomic.Uint64 // that there have been
}

// NewLimits returns the limits in a process that may use so many bytes of memory, 0
// if that is not known.
func NewLimits(memory int64) *Limits {
	l := new(Limits)
	l.busy = new(busyWait)
	l.outgoing.limit = maxOutgoing
	if memory > 0 {
		l.outgoing.limit = min(maxOutgoing, memory/outgoingShare)
	}
	return l
}

// Close releases what the limits hold when all sessions have ended.
func (l *Limits) Close() {
	l.busy.close()
	l.floods.close()
}

// TellFloods says who is told of floods. It is called before there are sessions.
func (l *Limits) TellFloods(tell FloodNews) { l.floods.tell = tell }

// SetBusyWait says how long a core that has nothing more to do is kept awake for a
// peer that answers at once; 0 or less is not at all, and [MaxBusyWait] is the most.
// Only on Linux, and not for TLS.
func (l *Limits) SetBusyWait(d time.Duration) {
	l.busy.span.Store(int64(min(max(d, 0), MaxBusyWait)))
}

// SetMaxMessageSize bounds the body of a message, in bytes; 0 is no bound.
func (l *Limits) SetMaxMessageSize(bytes uint64) { l.maxMessage.Store(bytes) }

// SetAckTimeout says how long a delivery may wait for its ack, for queues that do
// not say themselves; 0 is for ever. See [Session.CheckAcks]. With cancel what was
// not acked in time is taken back, and the consumer ends if its client can be told
// so; otherwise the channel does.
func (l *Limits) SetAckTimeout(d time.Duration, cancel bool) {
	l.ackTimeout.Store(int64(d))
	l.cancels.Store(cancel)
}
