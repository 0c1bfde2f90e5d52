package stats

import (
	"net"
	"time"

	"github.com/lepusmq/lepus/amqp"
)

// Connection is all there is to say of a connection.
type Connection struct {
	// ID is a number that no other connection of the broker has had.
	ID uint64
	// Name is "client:port -> broker:port", which RabbitMQ's tools know connections
	// by.
	Name string
	// Own says that the broker has opened it to itself, for a shovel.
	Own bool
	// Peer is the client's address, and Local the one that it came to.
	Peer, Local net.Addr
	// User and VHost are empty until the client has logged in, or opened one.
	User, VHost string
	// Mechanism is how the client logged in: PLAIN, EXTERNAL, ….
	Mechanism string
	// State is RabbitMQ's word for how far the connection has come, or what holds it
	// up: starting, tuning, opening, running, flow, blocking, blocked, closing.
	State string
	// Client is what the client says about itself: its client-properties.
	Client amqp.Table
	// TLS is what was agreed with the client; nil without.
	TLS *TLS
	// Channels is how many are open, of at most ChannelMax; 0 is any number.
	Channels, ChannelMax int
	FrameMax             uint32
	Heartbeat            time.Duration
	ConnectedAt          time.Time
	Traffic              Traffic
}

// TLS is what a client and the broker have agreed on.
type TLS struct {
	Version, Cipher string
	// Subject, Issuer and NotAfter are of the client's certificate; empty if it has
	// shown none.
	Subject, Issuer string
	NotAfter        time.Time
}

// Traffic is what went over a connection, in bytes and in reads and writes of the
// socket. Pending is how many bytes are to be sent.
type Traffic struct {
	ReceivedBytes, ReceivedPackets uint64
	SentBytes, SentPackets         uint64
	Pending                        int
}

// Add adds the traffic of another.
func (t *Traffic) Add(o *Traffic) {
	t.ReceivedBytes += o.ReceivedBytes
	t.ReceivedPackets += o.ReceivedPackets
	t.SentBytes += o.SentBytes
	t.SentPackets += o.SentPackets
	t.Pending += o.Pending
}

// Channel is all there is to say of a channel.
type Channel struct {
	Connection uint64 // its ID
	// Name is that of the connection with the number, as "connection (1)".
	Name        string
	Number      uint16
	User, VHost string
	// State is running, starting, flow or closing.
	State     string
	Consumers int
	// Prefetch is of consumers to come, GlobalPrefetch of all together; 0 is any
	// number.
	Prefetch, GlobalPrefetch int
	Confirming, Transacting  bool
	// Unacked is deliveries, Unconfirmed publishes, and Uncommitted and
	// AcksUncommitted what the transaction holds so far.
	Unacked, Unconfirmed, Uncommitted, AcksUncommitted int
	IdleSince                                          time.Time // zero while in use
	Messages                                           Messages
}

// Part is what a channel has counted for one exchange, or for one queue.
type Part struct {
	Connection     uint64 // its ID
	ConnectionName string
	Channel        string // its name
	Number         uint16
	User, VHost    string
	// Exchange is what was published to, unless OfQueue says that Queue is where
	// deliveries came from.
	Exchange, Queue string
	OfQueue         bool
	Messages        Messages
}

// Consumer is all there is to say of a consumer.
type Consumer struct {
	Connection     uint64 // its ID
	ConnectionName string
	Channel        uint16
	User, VHost    string
	Queue, Tag     string
	AckRequired    bool
	Exclusive      bool
	Prefetch       int
	Priority       int
	Arguments      amqp.Table
	// Active says that the consumer is served; it is not while it waits for its turn
	// at a queue with a single active consumer.
	Active bool
	// Status is up, single_active or waiting.
	Status string
	// AckTimeout is how long a delivery may stay unacked; 0 is for ever.
	AckTimeout time.Duration
}
