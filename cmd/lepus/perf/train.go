package perf

import (
	"bytes"

	"github.com/lepusmq/lepus/amqp"
)

// trainBytes is about how much is written at once.
const trainBytes = 64 << 10

// train is a run of publishes, encoded once: they differ by their stamps only.
type train struct {
	buf     []byte
	message int // octets on the wire of one publish
	body    int // where the body starts in it
	stamped bool
}

// publishSpec is what all publishes of a producer have in common.
type publishSpec struct {
	exchange, key string
	mandatory     bool
	persistent    bool
	size          int
	frameMax      uint32
}

func newTrain(p publishSpec) *train {
	one := amqp.AppendMethod(nil, channelID, &amqp.BasicPublish{
		Exchange: []byte(p.exchange), RoutingKey: []byte(p.key), Mandatory: p.mandatory,
	})
	var properties amqp.Properties
	if p.persistent {
		properties = amqp.Properties{Flags: amqp.HasDeliveryMode, DeliveryMode: amqp.Persistent}
	}
	one = amqp.AppendHeader(one, channelID, amqp.BasicPublishID.Class(), uint64(p.size), properties.Append(nil))
	at := len(one) + amqp.FrameHeaderSize
	one = amqp.AppendBody(one, channelID, bytes.Repeat([]byte{'x'}, p.size), p.frameMax)
	return &train{
		buf:     bytes.Repeat(one, max(1, trainBytes/len(one))),
		message: len(one),
		body:    at,
		stamped: p.size >= stampSize,
	}
}

// len returns how many publishes there are.
func (t *train) len() int { return len(t.buf) / t.message }

// stamp stamps the i-th publish, if its body has room.
func (t *train) stamp(i int, s stamp) {
	if t.stamped {
		s.put(t.buf[i*t.message+t.body:])
	}
}

// take returns the first n publishes as they go on the wire.
func (t *train) take(n int) []byte { return t.buf[:n*t.message] }
