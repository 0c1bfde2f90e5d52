package integration

import (
	"testing"

	"github.com/lepusmq/lepus/broker"
)

func TestGet(t *testing.T) {
	t.Parallel()
	c := open(t)
	x, q := c.exchange("direct", nil), c.queue()
	if _, ok, err := c.Get(q, false); ok || err != nil {
		t.Fatalf("got something from an empty queue: %v", err)
	}
	c.bind(q, "key", x, nil)
	for _, body := range []string{"one", "two", "three"} {
		c.publish(x, "key", body)
	}
	for i, want := range []string{"one", "two", "three"} {
		d := c.get(q)
		if string(d.Body) != want || d.MessageCount != uint32(2-i) || d.DeliveryTag != uint64(i+1) || d.Redelivered ||
			d.Exchange != x || d.RoutingKey != "key" {
			t.Errorf("get %d: %q, %d left, tag %d, redelivered %v, from %q by %q",
				i, d.Body, d.MessageCount, d.DeliveryTag, d.Redelivered, d.Exchange, d.RoutingKey)
		}
	}
	if _, ok, err := c.Get(q, false); ok || err != nil {
		t.Fatalf("got a message twice: %v", err)
	}
	c.must(c.Ack(2, true))
	c.must(c.Nack(3, false, true))
	if d := c.get(q); string(d.Body) != "three" || !d.Redelivered || d.DeliveryTag != 4 {
		t.Errorf("got %q with tag %d, redelivered %v", d.Body, d.DeliveryTag, d.Redelivered)
	}
}

// A message fetched without acknowledgement is settled at once.
func TestGetNoAck(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(nil)
	getter := c.other()
	c.settled("", q, "one", "two")
	d, ok, err := getter.Get(q, true)
	c.must(err)
	if !ok || string(d.Body) != "one" || d.DeliveryTag != 1 {
		t.Errorf("got %q with tag %d", d.Body, d.DeliveryTag)
	}
	getter.must(getter.conn.Close())
	c.wantDrained(q, "two")
}

// Deliveries and gets of a channel share one sequence of tags.
func TestGetBesideConsumer(t *testing.T) {
	t.Parallel()
	c := open(t)
	q1, q2 := c.queue(), c.queue()
	deliveries := c.consume(q1)
	for i := range 5 {
		c.publish("", q1, "delivered")
		c.publish("", q2, "fetched")
		if d := receive(t, deliveries, "a delivery"); d.DeliveryTag != uint64(2*i+1) {
			t.Errorf("delivery has tag %d, want %d", d.DeliveryTag, 2*i+1)
		}
		if d := c.get(q2); d.DeliveryTag != uint64(2*i+2) {
			t.Errorf("get has tag %d, want %d", d.DeliveryTag, 2*i+2)
		}
	}
	c.must(c.Ack(10, true))
}

// What one channel fetched, another cannot.
func TestGetTakesMessage(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queue()
	c.settled("", q, "one", "two")
	other := c.channel()
	first, second := c.get(q), other.get(q)
	if string(first.Body) != "one" || string(second.Body) != "two" || second.DeliveryTag != 1 {
		t.Errorf("got %q and %q with tag %d", first.Body, second.Body, second.DeliveryTag)
	}
}

// One channel that waits for its queue does not hold up another of its connection.
func TestChannelsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	p := openPeer(t)
	p.openChannel(2)
	q := p.queue()
	var burst []byte
	const gets, declares = 2000, 50
	for range gets {
		burst = append(burst, methodFrame(1, basicGet, uint16(0), q, bits{true})...)
	}
	for range declares {
		burst = append(burst, methodFrame(1, queueDeclare, uint16(0), unique(t), bits{false, true, true}, table{})...)
	}
	p.send(burst, methodFrame(2, basicQos, uint32(0), uint16(1), bits{}))
	answers, other := 0, false
	for answers < gets+declares || !other {
		switch f := p.next(); f.method() {
		case basicGetEmpty, queueDeclareOk:
			answers++
		case basicQosOk:
			other = true
		default:
			t.Fatalf("got %v", f)
		}
	}
	p.alive()
}

// Nor does one whose declares wait for the disk: the other's answer comes in between.
func TestChannelDoesNotWaitForDisk(t *testing.T) {
	t.Parallel()
	p := dialPeer(t, ownBrokerURL(t, func(c *broker.Config) { c.DataDir = t.TempDir() })).open()
	p.openChannel(2)
	q := p.queue()
	const declares = 50
	eventually(t, func() bool { // the disk may be too fast
		var burst []byte
		for range declares {
			burst = append(burst, methodFrame(1, queueDeclare, uint16(0), unique(t), bits{false, true}, table{})...)
		}
		p.send(burst, methodFrame(2, basicGet, uint16(0), q, bits{true}))
		before := 0
		f := p.next()
		for ; f.channel == 1; f = p.next() {
			before++
		}
		if f.method() != basicGetEmpty {
			t.Fatalf("got %v, want get-empty on channel 2", f)
		}
		for range declares - before {
			p.expect(1, queueDeclareOk)
		}
		return before < declares
	}, func() string { return "channel 2 is always answered after everything on channel 1" })
}
