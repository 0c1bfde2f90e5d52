package amqp_test

import (
	"testing"

	"github.com/lepusmq/lepus/amqp"
)

func TestTimestampOf(t *testing.T) {
	t.Parallel()
	all := amqp.Properties{
		Flags:       amqp.HasContentType | amqp.HasHeaders | amqp.HasDeliveryMode | amqp.HasPriority | amqp.HasReplyTo | amqp.HasMessageID | amqp.HasTimestamp | amqp.HasType,
		ContentType: "text/plain", Headers: amqp.Table{{Key: "k", Value: amqp.String("v")}}, DeliveryMode: amqp.Persistent, Priority: 3,
		ReplyTo: "me", MessageID: "1", Timestamp: 1700000000, Type: "t",
	}
	none := all
	none.Flags &^= amqp.HasTimestamp
	only := amqp.Properties{Flags: amqp.HasTimestamp, Timestamp: 5}
	for _, c := range []struct {
		p    amqp.Properties
		want int64
	}{{all, 1700000000}, {none, 0}, {only, 5}, {amqp.Properties{}, 0}} {
		if got := amqp.TimestampOf(c.p.Append(nil)); got != c.want {
			t.Errorf("the timestamp of %+v is %d", c.p, got)
		}
	}
}
