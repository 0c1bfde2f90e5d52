package vhost

import (
	"testing"

	"github.com/lepusmq/lepus/amqp"
)

// TestTracedProperties looks at those that are not just text, in RabbitMQ's
// order: the last first.
func TestTracedProperties(t *testing.T) {
	p := amqp.Properties{
		Flags:     amqp.HasContentType | amqp.HasHeaders | amqp.HasPriority | amqp.HasTimestamp,
		Timestamp: 1 << 33, Priority: 255,
	}
	got := tracedProperties(&p)
	want := amqp.Table{
		{Key: "timestamp", Value: amqp.Int64(1 << 33)}, {Key: "priority", Value: amqp.Int32(255)},
		{Key: "headers", Value: amqp.TableValue(nil)}, {Key: "content_type", Value: amqp.String("")},
	}
	if string(got.Append(nil)) != string(want.Append(nil)) {
		t.Errorf("got %v", got)
	}
	if got := tracedProperties(new(amqp.Properties)); len(got) > 0 {
		t.Errorf("no properties are %v", got)
	}
}
