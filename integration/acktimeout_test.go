package integration

import (
	"errors"
	"fmt"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/vhost"
)

const ackTimedOut = "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: 100 ms. " +
	"This timeout value can be configured, see consumers doc guide to learn more"

// impatient makes a broker look often for what is not acked in time.
func impatient(timeout time.Duration) func(*broker.Config) {
	return func(c *broker.Config) { c.ConsumerTimeout, c.ConsumerTimeoutCheck = timeout, 10*time.Millisecond }
}

// A channel that does not ack in time is closed, and its messages go to others.
func TestConsumerTimeout(t *testing.T) {
	t.Parallel()
	url := ownBrokerURL(t, impatient(100*time.Millisecond))
	for name, take := range map[string]func(*client, string){
		"consume": func(c *client, q string) { c.consume(q) },
		"get":     func(c *client, q string) { c.get(q) },
	} {
		t.Run(name, func(t *testing.T) {
			c := connect(t, url)
			q := c.shared(nil)
			c.settled("", q, "slow")
			take(c, q)
			c.wantClosed(406, ackTimedOut)
			other := c.channel()
			other.wantReady(q, 1)
			if d := other.get(q); !d.Redelivered || string(d.Body) != "slow" {
				t.Errorf("got %q, redelivered %v", d.Body, d.Redelivered)
			}
		})
	}
}

// A consumer may say itself how long it needs. RabbitMQ has that since 4.3.
func TestConsumerTimeoutOfAConsumer(t *testing.T) {
	t.Parallel()
	url := ownBrokerURL(t, impatient(time.Hour))
	c := connect(t, url)
	q := c.shared(nil)
	c.settled("", q, "slow")
	_, err := c.Consume(q, "", false, false, false, false, amqp.Table{"x-consumer-timeout": int64(100)})
	c.must(err)
	c.wantClosed(406, ackTimedOut)
	for name, value := range map[string]any{
		`"expected integer, got longstr"`: "soon", "{value_negative,-1}": int32(-1),
	} {
		c := connect(t, url)
		_, err := c.Consume(q, "", false, false, false, false, amqp.Table{"x-consumer-timeout": value})
		wantError(t, err, 406, "PRECONDITION_FAILED - invalid arg 'x-consumer-timeout' for queue '"+q+"' in vhost '/': "+name)
	}
}

// Who acks is left alone, however long it consumes; so is who need not ack.
func TestConsumerTimeoutSparesThoseWhoAck(t *testing.T) {
	t.Parallel()
	inTime(t, 500, func(ms int) bool {
		c := connect(t, ownBrokerURL(t, impatient(time.Duration(ms)*time.Millisecond)))
		q, free := c.queue(), c.queue()
		slow := c.channel()
		slow.publish("", q, "slow")
		c.wantReady(q, 1)
		slow.get(q)
		deliveries := c.consume(q)
		unacked, err := c.Consume(free, "", true, false, false, false, nil)
		c.must(err)
		c.publish("", free, "free")
		receive(t, unacked, "a delivery")
		for before := time.Now(); len(slow.closed) == 0; {
			now := time.Now()
			if err := c.ackOne(q, deliveries); err != nil && late(before, ms) {
				return false
			} else if err != nil {
				t.Fatalf("who acks: %v", err)
			}
			before = now // what came earlier has been acked
		}
		wantError(t, <-slow.closed, 406, fmt.Sprintf("PRECONDITION_FAILED - delivery acknowledgement on channel 2 timed out. "+
			"Timeout value used: %d ms. This timeout value can be configured, see consumers doc guide to learn more", ms))
		c.channel().queue()
		return true
	})
}

// ackOne publishes a message, waits for its delivery and acks that.
func (c *client) ackOne(queue string, deliveries <-chan amqp.Delivery) error {
	if err := c.Publish("", queue, false, false, amqp.Publishing{}); err != nil {
		return err
	}
	select {
	case d := <-deliveries:
		return d.Ack(false) // an error if there is none
	case <-time.After(patience):
		return errors.New("no delivery")
	}
}

// A queue's own timeout counts for it, also where there is none otherwise.
func TestConsumerTimeoutOfAQueue(t *testing.T) {
	t.Parallel()
	c := connect(t, ownBrokerURL(t, impatient(-1)))
	q := c.shared(amqp.Table{"x-consumer-timeout": 100})
	other := c.queue()
	c.settled("", other, "other")
	c.settled("", q, "slow")
	c.get(other)
	c.get(q)
	c.wantClosed(406, ackTimedOut)
}

// As configured, the messages are taken back and the consumer is cancelled; the channel goes on, and late acks are no error.
func TestConsumerTimeoutCancels(t *testing.T) {
	t.Parallel()
	c := connect(t, ownBrokerURL(t, impatient(-1), func(c *broker.Config) { c.ConsumerTimeoutCancels = true }))
	q := c.shared(amqp.Table{"x-consumer-timeout": 100})
	cancelled := c.NotifyCancel(make(chan string, 1))
	c.must(c.Qos(2, 0, true))
	c.settled("", q, "one", "two", "three")
	deliveries, err := c.Consume(q, "slow", false, false, false, false, nil)
	c.must(err)
	one, two := receive(t, deliveries, "a delivery"), receive(t, deliveries, "a delivery")
	if tag := receive(t, cancelled, "basic.cancel"); tag != "slow" {
		t.Errorf("cancelled %q", tag)
	}
	other := c.other()
	other.wantReady(q, 3)
	d, _, err := other.Get(q, true)
	c.must(err)
	if string(d.Body) != "one" || !d.Redelivered {
		t.Errorf("got %q, redelivered %v", d.Body, d.Redelivered)
	}
	c.must(one.Ack(false))
	c.must(two.Nack(false, true))
	other.wantReady(q, 2)
	// The window has room again, and what was taken back does not fill it.
	c.must(c.Qos(2, 0, true))
	again := c.queue()
	more, err := c.Consume(again, "again", false, false, false, false, nil)
	c.must(err)
	c.publish("", again, "four")
	c.publish("", again, "five")
	receive(t, more, "a delivery")
	c.must(receive(t, more, "a delivery").Ack(true))
	other.wantReady(q, 2)
}

// A policy gives a timeout to queues that there are.
func TestConsumerTimeoutByPolicy(t *testing.T) {
	t.Parallel()
	h := host(t, impatient(-1))
	c := connect(t, h.URL)
	q := c.shared(nil)
	c.settled("", q, "slow")
	c.get(q)
	h.must(h.Broker.SetPolicy("/", vhost.Policy{
		Name: "p", Pattern: "^TestConsumerTimeoutByPolicy", Definition: map[string]any{"consumer-timeout": 100},
	}))
	c.wantClosed(406, ackTimedOut)
}
