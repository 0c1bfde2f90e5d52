package integration

import (
	"fmt"
	"regexp"
	"slices"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

// consume starts a consumer that acknowledges by hand.
func (c *client) consume(queue string) <-chan amqp.Delivery {
	c.t.Helper()
	deliveries, err := c.Consume(queue, "", false, false, false, false, nil)
	c.must(err)
	return deliveries
}

// wantDeliveries reads deliveries with these bodies, in this order, and returns them.
func wantDeliveries(t testing.TB, from <-chan amqp.Delivery, bodies ...string) []amqp.Delivery {
	t.Helper()
	got := make([]amqp.Delivery, len(bodies))
	for i, want := range bodies {
		got[i] = receive(t, from, "delivery of "+want)
		if string(got[i].Body) != want {
			t.Fatalf("delivery %d is %q, want %q", i, got[i].Body, want)
		}
	}
	return got
}

// wantIdle checks that nothing more was delivered by the time the broker has answered on the consumer's channel.
func (c *client) wantIdle(from <-chan amqp.Delivery) {
	c.t.Helper()
	c.must(c.Cancel("no such consumer", false))
	select {
	case d := <-from:
		c.t.Fatalf("delivered %q, want nothing", d.Body)
	default:
	}
}

func numbers(from, to int) []string {
	var s []string
	for i := from; i < to; i++ {
		s = append(s, fmt.Sprint(i))
	}
	return s
}

func TestDeliveryFields(t *testing.T) {
	t.Parallel()
	c := open(t)
	x, q := c.exchange("topic", nil), c.queue()
	c.bind(q, "a.*", x, nil)
	deliveries, err := c.Consume(q, "my tag", false, false, false, false, nil)
	c.must(err)
	c.publish(x, "a.b", "one")
	c.publish("", q, "two")
	got := wantDeliveries(t, deliveries, "one", "two")
	if d := got[0]; d.ConsumerTag != "my tag" || d.Exchange != x || d.RoutingKey != "a.b" || d.DeliveryTag != 1 || d.Redelivered {
		t.Errorf("first delivery: %+v", d)
	}
	if d := got[1]; d.ConsumerTag != "my tag" || d.Exchange != "" || d.RoutingKey != q || d.DeliveryTag != 2 || d.Redelivered {
		t.Errorf("second delivery: %+v", d)
	}
}

// A consumer without a tag gets one from the broker.
func TestServerNamedConsumer(t *testing.T) {
	t.Parallel()
	p := openPeer(t)
	q := p.queue()
	seen := map[string]bool{}
	for range 3 {
		tag := p.call(basicConsume, basicConsumeOk, uint16(0), q, "", bits{}, table{}).str()
		if !regexp.MustCompile(`^amq\.ctag-[A-Za-z0-9_-]{22}$`).MatchString(tag) || seen[tag] {
			t.Fatalf("tag %q", tag)
		}
		seen[tag] = true
		if ok := p.call(basicCancel, basicCancelOk, tag, bits{}).str(); ok != tag {
			t.Errorf("cancel-ok for %q, want %q", ok, tag)
		}
	}
}

// A cancelled consumer's tag is free again, and its unacknowledged messages stay with the channel.
func TestCancelKeepsUnacked(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(nil)
	deliveries, err := c.Consume(q, "tag", false, false, false, false, nil)
	c.must(err)
	c.settled("", q, "one", "two")
	got := wantDeliveries(t, deliveries, "one", "two")
	c.must(c.Cancel("tag", false))
	if ready, consumers := c.inspect(q); ready != 0 || consumers != 0 {
		t.Errorf("%d ready messages and %d consumers after the cancel", ready, consumers)
	}
	c.must(got[0].Ack(false))
	again, err := c.Consume(q, "tag", false, false, false, false, nil)
	c.must(err)
	c.wantIdle(again)
	c.must(got[1].Nack(false, true))
	if d := wantDeliveries(t, again, "two")[0]; !d.Redelivered || d.DeliveryTag != 3 {
		t.Errorf("tag %d, redelivered %v", d.DeliveryTag, d.Redelivered)
	}
}

// Consumers of a queue take turns.
func TestRoundRobin(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queue()
	var consumers []<-chan amqp.Delivery
	for range 3 {
		deliveries, err := c.channel().Consume(q, "", true, false, false, false, nil)
		c.must(err)
		consumers = append(consumers, deliveries)
	}
	c.settled("", q, numbers(0, 30)...)
	seen := map[string]bool{}
	for i, deliveries := range consumers {
		last := -1
		for range 10 {
			d := receive(t, deliveries, fmt.Sprintf("consumer %d", i))
			var n int
			_, err := fmt.Sscan(string(d.Body), &n)
			c.must(err)
			if last >= 0 && n != last+3 {
				t.Errorf("consumer %d got %d after %d", i, n, last)
			}
			last, seen[string(d.Body)] = n, true
		}
	}
	if len(seen) != 30 {
		t.Errorf("%d different messages, want 30", len(seen))
	}
}

// Two consumers on one channel share its sequence of delivery tags.
func TestConsumersOnOneChannel(t *testing.T) {
	t.Parallel()
	c := open(t)
	q1, q2 := c.queue(), c.queue()
	d1, d2 := c.consume(q1), c.consume(q2)
	c.publish("", q1, "a")
	first := wantDeliveries(t, d1, "a")[0]
	c.publish("", q2, "b")
	second := wantDeliveries(t, d2, "b")[0]
	if first.DeliveryTag != 1 || second.DeliveryTag != 2 {
		t.Errorf("tags %d and %d, want 1 and 2", first.DeliveryTag, second.DeliveryTag)
	}
	c.must(second.Ack(true))
	c.must(c.Close())
	again := c.channel()
	again.wantDrained(q1)
	again.wantDrained(q2)
}

func TestExclusiveConsumer(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(nil)
	_, err := c.Consume(q, "only", true, true, false, false, nil)
	c.must(err)
	inUse := "ACCESS_REFUSED - queue '" + q + "' in vhost '/' in exclusive use"
	_, err = c.other().Consume(q, "", true, false, false, false, nil)
	wantError(t, err, 403, inUse)
	_, err = c.other().Consume(q, "", true, true, false, false, nil)
	wantError(t, err, 403, inUse)
	c.must(c.Cancel("only", false))
	other := c.other()
	_, err = other.Consume(q, "", true, true, false, false, nil)
	c.must(err)
	c.must(other.conn.Close())
	eventually(t, func() bool { _, consumers := c.inspect(q); return consumers == 0 }, func() string { return "the consumer is still there" })
	_, err = c.Consume(q, "", true, true, false, false, nil)
	c.must(err)
}

// Deleting a queue cancels its consumers, on every channel, and leaves the channels open.
func TestCancelledByQueueDelete(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(nil)
	var cancelled []chan string
	for i := range 3 {
		ch := c.channel()
		cancelled = append(cancelled, ch.NotifyCancel(make(chan string, 1)))
		_, err := ch.Consume(q, fmt.Sprint("tag", i), false, false, false, false, nil)
		c.must(err)
		c.settled("", q, "x")
	}
	_, err := c.QueueDelete(q, false, false, false)
	c.must(err)
	for i, from := range cancelled {
		if tag := receive(t, from, "a cancel"); tag != fmt.Sprint("tag", i) {
			t.Errorf("cancelled %q on channel %d", tag, i)
		}
	}
	c.queue()
}

// The broker's cancel asks for no answer, accepts one, and is sent only to clients that understand it.
func TestServerSentCancel(t *testing.T) {
	t.Parallel()
	for _, capable := range []bool{true, false} {
		t.Run(fmt.Sprint("capable ", capable), func(t *testing.T) {
			t.Parallel()
			p := newPeer(t)
			p.login(table{nested("capabilities", boolean("consumer_cancel_notify", capable))})
			p.send(methodFrame(0, connectionTuneOk, p.tune.channelMax, p.tune.frameMax, uint16(0)))
			p.openVhost("/")
			p.openChannel(1)
			q := p.queue()
			p.call(basicConsume, basicConsumeOk, uint16(0), q, "tag", bits{}, table{})
			p.send(methodFrame(1, queueDelete, uint16(0), q, bits{}))
			want := map[methodID]bool{queueDeleteOk: true, basicCancel: capable}
			for want[queueDeleteOk] || want[basicCancel] {
				f := p.next()
				if !want[f.method()] {
					t.Fatalf("got %v, want %v", f, want)
				}
				want[f.method()] = false
				if args := (&arguments{b: f.payload[4:]}); f.method() == basicCancel {
					if tag, nowait := args.str(), args.octet(); tag != "tag" || nowait != 1 {
						t.Errorf("cancel of %q with no-wait %d", tag, nowait)
					}
				}
			}
			if !p.legacy() { // before 4.0 an answer to the cancel was not understood
				p.send(methodFrame(1, basicCancelOk, "tag"))
			}
			p.alive()
			// The tag is free again.
			p.call(basicConsume, basicConsumeOk, uint16(0), p.queue(), "tag", bits{}, table{})
		})
	}
}

// no-local has no effect: a connection's own messages come to its consumers.
func TestNoLocalIgnored(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queue()
	deliveries, err := c.Consume(q, "", true, false, true, false, nil)
	c.must(err)
	c.publish("", q, "own")
	wantDeliveries(t, deliveries, "own")
}

// Without acknowledgements a message is settled by its delivery.
func TestNoAck(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(nil)
	consumer := c.other()
	consumer.must(consumer.Qos(1, 0, false))
	deliveries, err := consumer.Consume(q, "", true, false, false, false, nil)
	c.must(err)
	c.settled("", q, numbers(0, 10)...)
	wantDeliveries(t, deliveries, numbers(0, 10)...)
	consumer.must(consumer.conn.Close())
	c.wantReady(q, 0)
	c.wantDrained(q)
}

// A backlog reaches a consumer in order, and so does what is published meanwhile.
func TestOrderOfBacklog(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queue()
	const half = 2000
	c.settled("", q, numbers(0, half)...)
	consumer := c.channel()
	consumer.must(consumer.Qos(100, 0, false))
	deliveries := consumer.consume(q)
	go c.channel().publishAll(q, numbers(half, 2*half))
	var got []string
	for range 2 * half {
		d := receive(t, deliveries, "a delivery")
		got = append(got, string(d.Body))
		c.must(d.Ack(false))
	}
	if !slices.Equal(got, numbers(0, 2*half)) {
		t.Errorf("deliveries out of order: %v", got)
	}
}

// publishAll publishes without failing the test, for use in a goroutine of its own.
func (c *client) publishAll(queue string, bodies []string) {
	for _, body := range bodies {
		if err := c.Publish("", queue, false, false, amqp.Publishing{Body: []byte(body)}); err != nil {
			c.t.Error(err)
			return
		}
	}
}
