package session

import (
	"cmp"
	"slices"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
)

// deliveryCount is the header that says how many deliveries of a message have
// failed.
const deliveryCount = "x-delivery-count"

// headOf returns the properties with which a message is delivered. It is called
// by the queue's strand.
func headOf(q *queue.Queue, d *queue.Delivery) []byte {
	n := d.Count.Failures()
	if n == 0 || !q.ShowsFailures() {
		return d.Head()
	}
	p, err := amqp.ParseProperties(d.Head())
	if err != nil {
		return d.Head() // it was well formed when it came
	}
	p.Flags |= amqp.HasHeaders
	p.Headers = slices.DeleteFunc(p.Headers, func(f amqp.Field) bool { return f.Key == deliveryCount })
	p.Headers = append(p.Headers, amqp.Field{Key: deliveryCount, Value: amqp.Int64(int64(n))})
	slices.SortStableFunc(p.Headers, func(a, b amqp.Field) int { return cmp.Compare(a.Key, b.Key) })
	return p.Append(nil)
}
