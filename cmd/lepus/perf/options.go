package perf

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Options are the load that [Run] makes. What is called as an option of
// RabbitMQ's PerfTest means the same.
type Options struct {
	URI       string // amqp://user:password@host:port/vhost
	Producers int
	Consumers int

	// Queue is the queue to use; empty is one of the run's own, which is
	// deleted at the end. QueuePattern has a %d, which stands for the numbers
	// from QueueFrom to QueueTo: producers and consumers are spread over these
	// queues in turn.
	Queue              string
	QueuePattern       string
	QueueFrom, QueueTo int

	// Exchange, Type and RoutingKey say how messages get there. If none is
	// set it is by the default exchange. RoutingKey is otherwise the queue's
	// name, Type direct, and Exchange the same as the type.
	Exchange   string
	Type       string
	RoutingKey string

	Predeclared bool // declare and bind nothing, all is there
	AutoDelete  bool // what is declared goes when it is no longer used

	Size       int  // octets of a body; below 16 there are no latencies
	Persistent bool // messages, and the queues that are declared
	Mandatory  bool // messages that no queue takes are returned

	Rate     float64       // messages a second of each producer, 0 is as many as go
	Messages int           // of each producer, 0 is no end
	Time     time.Duration // for which messages are sent, 0 is no end
	Confirm  int           // most unconfirmed publishes of a producer, 0 is no confirms

	ConsumerRate float64 // messages a second of each consumer, 0 is as many as go
	AutoAck      bool    // messages are not acked
	Prefetch     int     // most unacked messages of a consumer, 0 is no limit
	AckEvery     int     // ack so many messages at once, 0 is one

	Interval time.Duration // between two lines of progress
}

const (
	maxSize   = 1 << 30
	maxWindow = 1 << 20
)

// check returns what is wrong with the options.
func (o *Options) check() error {
	for _, n := range []struct {
		what     string
		value    float64
		min, max float64
	}{
		{"producers", float64(o.Producers), 0, maxProducers},
		{"consumers", float64(o.Consumers), 0, 1 << 16},
		{"the size", float64(o.Size), 0, maxSize},
		{"the rate", o.Rate, 0, 1e9},
		{"the consumers' rate", o.ConsumerRate, 0, 1e9},
		{"messages", float64(o.Messages), 0, seqMask},
		{"the time", o.Time.Seconds(), 0, maxTime.Seconds()},
		{"unconfirmed publishes", float64(o.Confirm), 0, maxWindow},
		{"the prefetch limit", float64(o.Prefetch), 0, 65535},
		{"messages per ack", float64(o.AckEvery), 0, maxWindow},
		{"the first queue", float64(o.QueueFrom), 0, maxQueues},
		{"the last queue", float64(o.QueueTo), 0, maxQueues},
		{"the interval", o.Interval.Seconds(), minInterval.Seconds(), maxTime.Seconds()},
	} {
		if !(n.value >= n.min && n.value <= n.max) {
			return fmt.Errorf("%s: %v is not between %v and %v", n.what, n.value, n.min, n.max)
		}
	}
	switch {
	case o.Producers+o.Consumers == 0:
		return errors.New("there is nothing to do without producers and consumers")
	case o.QueuePattern != "" && o.Queue != "":
		return errors.New("a queue and a queue pattern exclude each other")
	case o.QueuePattern != "" && strings.Count(o.QueuePattern, "%d") != strings.Count(o.QueuePattern, "%"),
		o.QueuePattern != "" && !strings.Contains(o.QueuePattern, "%d"):
		return fmt.Errorf("queue pattern %q: there must be a %%d, and no other %%", o.QueuePattern)
	case o.QueuePattern != "" && o.QueueTo < o.QueueFrom:
		return fmt.Errorf("the queues end, at %d, before they begin, at %d", o.QueueTo, o.QueueFrom)
	case o.Predeclared && o.Queue == "" && o.QueuePattern == "" && (o.Consumers > 0 || o.RoutingKey == ""):
		return errors.New("which queue is declared already? Name it")
	case !o.AutoAck && o.Prefetch > 0 && o.AckEvery > o.Prefetch:
		return fmt.Errorf("%d messages would be acked at once and %d are let through: nothing would move", o.AckEvery, o.Prefetch)
	}
	return nil
}

const (
	maxTime     = 1000 * time.Hour
	minInterval = 10 * time.Millisecond
	maxQueues   = 1 << 20
)

// queueNames returns the queues to use. One of the run's own has no name yet.
func (o *Options) queueNames() []string {
	if o.QueuePattern == "" {
		return []string{o.Queue}
	}
	var names []string
	for n := o.QueueFrom; n <= o.QueueTo; n++ {
		names = append(names, strings.ReplaceAll(o.QueuePattern, "%d", fmt.Sprint(n)))
	}
	return names
}
