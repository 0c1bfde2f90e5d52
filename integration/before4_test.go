package integration

import (
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker"
)

// A broker that is told to be a RabbitMQ before 4.0 goes on with the history of a dead letter that a client publishes again; later ones
// begin a new one.
func TestDeadLetterPublishedAgain(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]int64{"3.13.7": 2, "4.1.4": 1} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			c := connect(t, ownBrokerURL(t, func(c *broker.Config) { c.Version = version }))
			grave := c.queue()
			work := c.queueWith(amqp.Table{"x-dead-letter-exchange": "", "x-dead-letter-routing-key": grave})
			c.publish("", work, "again")
			for range 2 {
				c.must(c.get(work).Reject(false))
				c.wantReady(grave, 1)
				d := c.get(grave)
				c.must(d.Ack(false))
				c.send("", work, amqp.Publishing{Headers: d.Headers, Body: d.Body})
			}
			d := c.get(work)
			deaths, _ := d.Headers["x-death"].([]any)
			if len(deaths) != 1 {
				t.Fatalf("died %d times in different ways: %v", len(deaths), d.Headers)
			}
			if death, _ := deaths[0].(amqp.Table); death["count"] != want {
				t.Errorf("died %v times, want %d", death["count"], want)
			}
		})
	}
}
