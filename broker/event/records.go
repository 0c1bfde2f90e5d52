package event

import (
	"sync/atomic"
	"time"
)

// Record is a line of the log.
type Record struct {
	// Level is RabbitMQ's name of it: debug, info, warning, error or critical.
	Level string
	At    time.Time
	// Text is the line, of the type ContentType.
	Text        []byte
	ContentType string
}

// Records takes lines of the log in, for those who have bound a queue to
// amq.rabbitmq.log. All methods may be called from any goroutine, and do not block.
type Records struct {
	wanted atomic.Bool
	pending[Record]
}

// NewRecords returns one that wants nothing yet.
func NewRecords() *Records { return &Records{pending: newPending[Record]()} }

// Want says whether anybody wants lines from now on.
func (r *Records) Want(yes bool) { r.wanted.Store(yes) }

// Wanted says whether it is worth the while to make one.
func (r *Records) Wanted() bool { return r.wanted.Load() }

// Add gives a line, if it is wanted.
func (r *Records) Add(one Record) {
	if r.Wanted() {
		r.add(one)
	}
}
