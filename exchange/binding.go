package exchange

import (
	"errors"

	"github.com/lepusmq/lepus/amqp"
)

// Queue is where messages end. Two are the same queue if they are equal with ==.
type Queue interface {
	QueueName() string
}

// Binding leads messages from an exchange to a queue or to another exchange.
// Source, destination, key and arguments tell bindings apart; the order of the
// arguments does not matter. A binding of a graph is immutable.
type Binding struct {
	Source      string
	Destination string
	ToExchange  bool // the destination is an exchange, not a queue
	Key         string
	Arguments   amqp.Table
	// ID is a number for the owner of the graph to know the binding by.
	ID uint64

	seq uint64 // unlike that of any other binding of the graph
	end *end   // the destination, if it is a queue
}

// bindingID tells apart the bindings to one destination.
type bindingID struct {
	source, key string
	args        string // in order of their keys, as on the wire
}

func (b *Binding) id() bindingID {
	id := bindingID{source: b.Source, key: b.Key}
	if len(b.Arguments) > 0 {
		id.args = string(b.Arguments.Sorted().Append(nil))
	}
	return id
}

// Errors of [Graph.Bind].
var (
	ErrNoSource      = errors.New("exchange: the source of the binding does not exist")
	ErrNoDestination = errors.New("exchange: the destination of the binding does not exist")
)

// bag is some of the bindings of an exchange, by their seq.
type bag = dict[uint64, *Binding]
