package stats

import (
	"time"

	"github.com/lepusmq/lepus/amqp"
)

// QueueCounts is what changes about a queue all the time. It is cheap: a view may
// ask for those of 100,000 queues.
type QueueCounts struct {
	Name string
	Type string // classic or quorum

	Durable, Exclusive, AutoDelete bool
	Arguments                      amqp.Table
	// Policy and OperatorPolicy are the names of those that apply.
	Policy, OperatorPolicy string
	// IdleSince is when the queue was last used; zero while it is in use.
	IdleSince time.Time

	Ready, Unacked int
	// Delayed is how many returned messages wait for their next try.
	Delayed int
	// ReadyBytes and UnackedBytes are the sizes of their bodies.
	ReadyBytes, UnackedBytes int64
	// Persistent is how many of all messages outlive a restart, and PersistentBytes
	// the size of their bodies.
	Persistent      int
	PersistentBytes int64
	// Resident is how many of all messages are in memory, and ResidentBytes the size
	// of their bodies.
	Resident      int
	ResidentBytes int64

	Consumers int
	// Capacity is the share of the time, from 0 to 1, in which a consumer could have
	// taken a message at once. It is 0 without consumers.
	Capacity float64
	// HeadTimestamp is the timestamp property of the message that is next, in
	// seconds since 1970; 0 if it has none or there is no message.
	HeadTimestamp int64
	// Memory is about how many bytes of memory the queue takes, with the messages
	// that it has in memory.
	Memory int64

	Messages Messages
}

// Queue is all there is to say of a queue.
type Queue struct {
	QueueCounts
	VHost string
	// Owner is the name of the connection that an exclusive queue belongs to, see
	// [Connection].
	Owner string
	// Effective is what its policies come to. Values are as in a policy's definition.
	Effective map[string]any
	// ExclusiveConsumer and SingleActive are the tags of the consumers that have the
	// queue for themselves; empty if none has.
	ExclusiveConsumer, SingleActive string
}

// Exchange is all there is to say of an exchange.
type Exchange struct {
	Name, VHost, Type             string
	Durable, AutoDelete, Internal bool
	Arguments                     amqp.Table
	// User is who has declared it; empty is the broker itself.
	User                   string
	Policy, OperatorPolicy string
	Effective              map[string]any
	// Delayed is how many messages wait at an exchange that delays them.
	Delayed  int
	Messages Messages
}

// Passage is how many messages came to a queue by an exchange.
type Passage struct {
	VHost, Exchange, Queue string
	Publish                uint64
}

// Binding leads from an exchange to a queue or to another exchange. The one that
// every queue has with the default exchange is among them, with an empty source.
type Binding struct {
	Source, VHost, Destination string
	ToExchange                 bool // the destination is an exchange, not a queue
	RoutingKey                 string
	Arguments                  amqp.Table
}
