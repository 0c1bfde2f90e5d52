package stats

import "time"

// The states of a shovel, in RabbitMQ's words.
const (
	ShovelStarting   = "starting"
	ShovelRunning    = "running"
	ShovelTerminated = "terminated"
)

// Shovel is what a shovel says about itself.
type Shovel struct {
	VHost, Name string
	// State is one of the above. A shovel that has failed is terminated until it
	// tries again, if it does; one that has finished is not there any more.
	State string
	// Since is when it came to that state, and Reason why it terminated.
	Since  time.Time
	Reason string
	// AckMode is on-confirm, on-publish or no-ack.
	AckMode             string
	Source, Destination ShovelEnd
	// Forwarded is how many messages it has moved since it was set, Pending how many
	// it has taken and not settled.
	Forwarded, Pending uint64
	// Remaining is how many it is to move until it ends; below 0 it does not.
	Remaining int64
}

// ShovelEnd is where a shovel takes messages from, or brings them to. Either
// Queue or Exchange is empty; a destination may have neither.
type ShovelEnd struct {
	// URI has neither user nor password.
	URI, Protocol                string
	Queue, Exchange, ExchangeKey string
}
