package vhost

import (
	"sync"
	"time"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/exchange"
	"github.com/lepusmq/lepus/queue"
	"github.com/lepusmq/lepus/store"
)

// history is the last messages of a recent history exchange. Its methods may be
// called from any goroutine.
//
// A message is recorded, and the graph read by which it is routed, at one time, and
// a binding made, and the history for it read, at another. So a new queue gets
// each message from one side, and none from both.
type history struct {
	// Immutable.
	id     uint64 // its place when several are locked
	length int
	parts  *parts // of the exchange; nil if nothing is kept

	// Guarded by mu.
	mu   sync.Mutex
	last []past // oldest first
	seq  uint64 // of the newest in the part
}

// past is a message of a history. seq is its number in the part.
type past struct {
	queue.Message
	seq uint64
}

func historyKey() uint64 { return queue.PartKey(queue.HistoryPart, 0) }

// historyAt returns the history of an exchange, nil if it has none.
func historyAt(x *exchange.Exchange) *history {
	h, _ := x.Memory.(*history)
	return h
}

// record adds a message, given by its parts on the wire. blind says that its
// headers, if it has any, name keys that are not for receivers. Called with mu
// held.
func (h *history) record(route, head, body []byte, blind bool) {
	if h.length == 0 {
		return
	}
	buf := make([]byte, 0, len(route)+len(head)+len(body))
	buf = append(append(append(buf, route...), head...), body...)
	m := past{Message: queue.Adopt(buf, len(route), len(head))}
	m.Persistent = true
	var facts amqp.Facts
	if err := amqp.CheckProperties(head, &facts); err == nil && facts.Headers != nil && blind {
		m.Note(queue.Blind)
	}
	var part store.Queue
	if h.parts != nil {
		part = h.parts.get(historyKey())
	}
	if part != nil {
		h.seq = max(h.seq+1, part.NextSeq())
		m.seq = h.seq
		part.Append([]store.Enqueue{{Seq: m.seq, Message: m.Message}})
	}
	h.last = append(h.last, m)
	h.trim(part)
}

// trim drops the oldest messages when there are too many.
func (h *history) trim(part store.Queue) {
	for len(h.last) > h.length {
		if part != nil {
			part.Settle([]uint64{h.last[0].seq})
		}
		h.last[0].Release()
		h.last[0] = past{}
		h.last = h.last[1:]
	}
}

// replay returns the messages as they are to be published again, with a reference
// of each for the caller. Called with mu held.
func (h *history) replay() []queue.Publication {
	now := time.Now().UnixMilli()
	all := make([]queue.Publication, len(h.last))
	for i := range h.last {
		m := h.last[i].Message
		m.Retain(1)
		var facts amqp.Facts
		_ = amqp.CheckProperties(m.Head(), &facts) // as when the message came
		m.Persistent, m.Priority = facts.DeliveryMode == amqp.Persistent, facts.Priority
		if ttl, err := amqp.ParseExpiration(facts.Expiration); err == nil {
			m.Expires = now + ttl
		}
		all[i].Message = m
	}
	return all
}

// end forgets the messages: the exchange is deleted, or the broker stops.
func (h *history) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.length = 0
	h.trim(nil)
}

// recover brings back the messages that were kept.
func (h *history) recover() {
	if h.parts == nil {
		return
	}
	part := h.parts.all()[historyKey()]
	if part == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	eachKept(part, func(s *store.Stored) {
		s.Retain(1)
		m := past{Message: s.Message, seq: s.Seq}
		m.Persistent = true
		h.last = append(h.last, m)
		h.trim(part)
	})
}

// replayTo sends the messages of a history to a queue that was bound, or on from
// an exchange.
func (v *VHost) replayTo(b *exchange.Binding, to *queue.Queue, messages []queue.Publication) {
	if len(messages) == 0 {
		return
	}
	if to != nil {
		to.Publish(messages)
		return
	}
	var r Route
	var group queue.Group
	for i := range messages {
		v.forward(&r, b.Destination, &messages[i].Message, &group)
	}
	group.Commit(v.NewGroup, func() {})
}
