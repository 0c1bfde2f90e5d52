package event

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/lepusmq/lepus/amqp"
)

// Event is something that has happened. Its key and its headers are those of
// RabbitMQ's event exchange.
type Event struct {
	Key     string
	At      time.Time
	Headers amqp.Table
	// By is the connection that did it, 0 if it was none or if the headers name the
	// user.
	By uint64
}

// Sink takes events in. All methods may be called from any goroutine, and on nil,
// which wants nothing.
type Sink struct {
	wanted  atomic.Bool
	watched atomic.Int64 // by how many
	pending[Event]
}

// NewSink returns a sink that wants nothing yet.
func NewSink() *Sink { return &Sink{pending: newPending[Event]()} }

// Want says whether anybody wants events from now on.
func (s *Sink) Want(yes bool) {
	if s != nil {
		s.wanted.Store(yes)
	}
}

// Watch has events wanted until the function that it returns is called, whatever
// Want says.
func (s *Sink) Watch() (end func()) {
	s.watched.Add(1)
	return sync.OnceFunc(func() { s.watched.Add(-1) })
}

// Wanted says whether it is worth the while to make an event.
func (s *Sink) Wanted() bool { return s != nil && (s.wanted.Load() || s.watched.Load() > 0) }

// Emit gives an event to the sink, if it is wanted. It does not block.
func (s *Sink) Emit(key string, by uint64, headers ...amqp.Field) {
	if s.Wanted() {
		s.add(Event{Key: key, At: time.Now(), Headers: headers, By: by})
	}
}
