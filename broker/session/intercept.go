package session

import (
	"time"

	"github.com/lepusmq/lepus/amqp"
)

// Interception says whether something is written into messages that are published.
type Interception uint8

// What may be done about it.
const (
	LeaveOut  Interception = iota // nothing
	Add                           // unless the publisher has
	Overwrite                     // in any case
)

// Interceptors are what is written into messages that are published: RabbitMQ's
// message interceptors. Publishers pay for them when there are any.
type Interceptors struct {
	// Timestamp is for the property timestamp and the header timestamp_in_ms.
	Timestamp Interception
	// RoutingNode is for the header x-routed-by, which names the node.
	RoutingNode Interception
}

const (
	timestampHeader = "timestamp_in_ms"
	routedByHeader  = "x-routed-by"
)

// intercept returns properties, which are good, with what interceptors write into
// them.
func (i *Interceptors) intercept(head []byte, node string, now time.Time) []byte {
	p, err := amqp.ParseProperties(head)
	if err != nil {
		return head // they have been checked
	}
	put := func(how Interception, key string, value amqp.Value) {
		if _, there := p.Headers.Get(key); how == Overwrite || how == Add && !there {
			p.Headers = p.Headers.With(key, value)
			p.Flags |= amqp.HasHeaders
		}
	}
	if there := p.Flags&amqp.HasTimestamp != 0; i.Timestamp == Overwrite || i.Timestamp == Add && !there {
		p.Timestamp = now.Unix()
		p.Flags |= amqp.HasTimestamp
	}
	put(i.Timestamp, timestampHeader, amqp.Int64(now.UnixMilli()))
	put(i.RoutingNode, routedByHeader, amqp.String(node))
	return p.Append(make([]byte, 0, len(head)+128))
}
