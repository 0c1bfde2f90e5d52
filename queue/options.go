package queue

import "github.com/lepusmq/lepus/queue/fifo"

// Options say how a queue treats its messages and consumers: what its arguments
// and the policies that match it come to. The zero Options are a queue that
// keeps everything until somebody takes it.
type Options struct {
	// Quorum gives a durable queue the rules of RabbitMQ's quorum queues.
	Quorum bool
	// TTL is how long a message may wait, and Expires how long the queue may go
	// unused, in milliseconds.
	TTL, Expires Bound
	// MaxLength is how many messages may be ready, MaxBytes how many bytes their
	// bodies may have together.
	MaxLength, MaxBytes Bound
	// Overflow is what happens when there would be more.
	Overflow Overflow
	// DeadLetter is where dead messages go; nil if they are dropped.
	DeadLetter *DeadLetter
	// MaxPriority is the highest priority of messages. Only set when the queue is
	// made.
	MaxPriority Bound
	// SingleActive lets one consumer at a time have messages. Only set when the
	// queue is made.
	SingleActive bool
	// DeliveryLimit is how many deliveries of a message may fail before it dies.
	DeliveryLimit Bound
	// Retry makes returned messages wait before they are ready again.
	Retry Retry
	// Deduplicate drops messages of which the queue has one with the same
	// [DeduplicationHeader]. Only set when the queue is made.
	Deduplicate bool
	// ConsumerTimeout is how long a delivery may stay unacked, in milliseconds.
	ConsumerTimeout Bound
}

// Bound is a number that may be absent.
type Bound struct {
	Set bool
	N   int64
}

// Overflow is what a queue does with messages that would make it too long.
type Overflow uint8

// What a queue can do when it is full.
const (
	DropHead         Overflow = iota // the oldest messages make room
	RejectPublish                    // new messages are refused
	RejectPublishDLX                 // they are refused, and die
)

// DeadLetter says where dead messages go.
type DeadLetter struct {
	// Exchange takes them, if it exists when they die.
	Exchange string
	// Key replaces the routing keys that a message had; only if HasKey.
	Key    string
	HasKey bool
	// AtLeastOnce keeps a message until every queue it goes to has it.
	AtLeastOnce bool
}

// How returned messages wait, and why messages die.
type (
	// Retry says which returned messages wait, and for how long.
	Retry = fifo.Retry
	// RetryType is which returned messages wait before they are ready again.
	RetryType = fifo.RetryType
	// Reason is why a message died. Its String is its name in x-death.
	Reason = fifo.Reason
)

// The types of retry, and the reasons, by RabbitMQ's names.
const (
	RetryDisabled = fifo.RetryDisabled
	RetryAll      = fifo.RetryAll
	RetryFailed   = fifo.RetryFailed
	RetryReturned = fifo.RetryReturned

	Rejected      = fifo.Rejected
	Expired       = fifo.Expired
	MaxLen        = fifo.MaxLen
	DeliveryLimit = fifo.DeliveryLimit
)

// Dead is a message that has left a queue to go to its dead letter exchange.
type Dead struct {
	Delivered uint32 // how often its delivery had failed
	Reason    Reason
	Seq       uint64
	Lane      uint8 // where the queue has it: its priority
	// Stored says that the queue's store has the message and must be told, with
	// the group that takes it elsewhere, that it is settled.
	Stored bool
	Message
}

// orNone is the bound; negative if there is none.
func (b Bound) orNone() int64 {
	if b.Set {
		return b.N
	}
	return -1
}

// rules are what the queue's state machine needs of the options.
func (o *Options) rules() *fifo.Rules {
	return &fifo.Rules{
		MaxLength: o.MaxLength.orNone(), MaxBytes: o.MaxBytes.orNone(),
		DeliveryLimit: o.DeliveryLimit.orNone(),
		Tallied:       o.counts(),
		InTurn:        o.Quorum,
		Retry:         o.Retry,
	}
}

// counts says that failed deliveries of a message are counted for good, and
// shown.
func (o *Options) counts() bool {
	return o.Quorum || o.DeliveryLimit.Set || o.Retry.On != RetryDisabled
}
