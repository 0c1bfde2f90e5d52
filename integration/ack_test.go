package integration

import (
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

// fetch gets n messages that were published as 0, 1, 2…, unacknowledged.
func (c *client) fetch(queue string, n int) []amqp.Delivery {
	c.t.Helper()
	var got []amqp.Delivery
	for range n {
		got = append(got, c.get(queue))
	}
	return got
}

// Which messages are left when the channel has settled some of five, tags 1 to 5, and closes.
func TestSettle(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		settle func(ch *client) error
		left   []string
	}{
		"nothing":            {func(*client) error { return nil }, []string{"0", "1", "2", "3", "4"}},
		"ack one":            {func(ch *client) error { return ch.Ack(3, false) }, []string{"0", "1", "3", "4"}},
		"ack up to":          {func(ch *client) error { return ch.Ack(3, true) }, []string{"3", "4"}},
		"ack all":            {func(ch *client) error { return ch.Ack(0, true) }, nil},
		"reject":             {func(ch *client) error { return ch.Reject(2, false) }, []string{"0", "2", "3", "4"}},
		"reject and requeue": {func(ch *client) error { return ch.Reject(2, true) }, []string{"0", "1", "2", "3", "4"}},
		"nack one":           {func(ch *client) error { return ch.Nack(5, false, false) }, []string{"0", "1", "2", "3"}},
		"nack up to":         {func(ch *client) error { return ch.Nack(4, true, false) }, []string{"4"}},
		"nack all":           {func(ch *client) error { return ch.Nack(0, true, false) }, nil},
		"nack and requeue":   {func(ch *client) error { return ch.Nack(4, true, true) }, []string{"0", "1", "2", "3", "4"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			q := c.queue()
			c.settled("", q, numbers(0, 5)...)
			ch := c.channel()
			ch.fetch(q, 5)
			c.must(tt.settle(ch))
			c.must(ch.Close())
			c.wantReady(q, len(tt.left))
			c.wantDrained(q, tt.left...)
		})
	}
}

// A tag may be settled once; a multiple one must itself be outstanding, except 0, which means whatever there is.
func TestSettleUnknown(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		settle func(ch *client) error
		text   string // "" for none
	}{
		"twice":                   {func(ch *client) error { _ = ch.Ack(2, false); return ch.Ack(2, false) }, "unknown delivery tag 2"},
		"after a multiple":        {func(ch *client) error { _ = ch.Ack(3, true); return ch.Ack(1, false) }, "unknown delivery tag 1"},
		"multiple on a settled":   {func(ch *client) error { _ = ch.Ack(3, false); return ch.Ack(3, true) }, "unknown delivery tag 3"},
		"not delivered yet":       {func(ch *client) error { return ch.Ack(6, false) }, "unknown delivery tag 6"},
		"multiple beyond":         {func(ch *client) error { return ch.Ack(6, true) }, "unknown delivery tag 6"},
		"nack twice":              {func(ch *client) error { _ = ch.Nack(2, false, true); return ch.Nack(2, false, true) }, "unknown delivery tag 2"},
		"reject twice":            {func(ch *client) error { _ = ch.Reject(2, false); return ch.Reject(2, false) }, "unknown delivery tag 2"},
		"nack 0":                  {func(ch *client) error { return ch.Nack(0, false, false) }, "unknown delivery tag 0"},
		"reject 0":                {func(ch *client) error { return ch.Reject(0, false) }, "unknown delivery tag 0"},
		"all":                     {func(ch *client) error { return ch.Ack(0, true) }, ""},
		"all twice":               {func(ch *client) error { _ = ch.Ack(0, true); return ch.Ack(0, true) }, ""},
		"nack all twice":          {func(ch *client) error { _ = ch.Nack(0, true, false); return ch.Nack(0, true, false) }, ""},
		"multiple with gaps":      {func(ch *client) error { _ = ch.Ack(1, false); _ = ch.Ack(3, false); return ch.Ack(4, true) }, ""},
		"out of order":            {func(ch *client) error { _ = ch.Ack(5, false); _ = ch.Ack(1, false); return ch.Ack(3, false) }, ""},
		"another channel's":       {func(ch *client) error { return ch.channel().Ack(1, false) }, ""},
		"after a requeue of all":  {func(ch *client) error { _ = ch.Nack(0, true, true); return ch.Ack(1, false) }, "unknown delivery tag 1"},
		"after a recover":         {func(ch *client) error { _ = ch.Recover(true); return ch.Ack(1, false) }, "unknown delivery tag 1"},
		"no-ack get has no claim": {func(ch *client) error { _, _, _ = ch.Get("", true); return ch.Ack(6, false) }, "unknown delivery tag 6"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			q := c.queue()
			c.settled("", q, numbers(0, 6)...)
			c.fetch(q, 5)
			c.must(tt.settle(c))
			if tt.text != "" {
				c.wantClosed(406, "PRECONDITION_FAILED - "+tt.text)
				return
			}
			c.get(q)
		})
	}
}

// A message goes back to where it was, whichever way and in whatever order it is returned.
func TestRequeuePosition(t *testing.T) {
	t.Parallel()
	for name, requeue := range map[string]func(ch *client) error{
		"nack": func(ch *client) error {
			_ = ch.Nack(2, false, true)
			_ = ch.Nack(1, false, true)
			return ch.Nack(3, false, true)
		},
		"reject":         func(ch *client) error { _ = ch.Reject(3, true); _ = ch.Reject(2, true); return ch.Reject(1, true) },
		"nack multiple":  func(ch *client) error { return ch.Nack(3, true, true) },
		"nack all":       func(ch *client) error { return ch.Nack(0, true, true) },
		"recover":        func(ch *client) error { return ch.Recover(true) },
		"channel closed": func(ch *client) error { return ch.Close() },
		"channel error":  func(ch *client) error { return ch.Ack(99, false) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			q := c.queue()
			c.settled("", q, numbers(0, 6)...)
			ch := c.channel()
			ch.fetch(q, 3)
			c.must(requeue(ch))
			c.wantReady(q, 6)
			for i := range 6 {
				d := c.get(q)
				if want := numbers(0, 6)[i]; string(d.Body) != want || d.Redelivered != (i < 3) {
					t.Errorf("get %d: %q, redelivered %v", i, d.Body, d.Redelivered)
				}
			}
		})
	}
}

// Thousands of messages that a consumer has at once are settled together: each once, in
// order, and what is returned is not settled with the others when it comes again.
func TestSettleThousands(t *testing.T) {
	t.Parallel()
	const n = 5000
	for name, requeue := range map[string]func(ch *client) error{
		"nack multiple": func(ch *client) error { return ch.Nack(n, true, true) },
		"nack all":      func(ch *client) error { return ch.Nack(0, true, true) },
		"recover":       func(ch *client) error { return ch.Recover(true) },
		"rollback": func(ch *client) error {
			if err := ch.Tx(); err != nil {
				return err
			}
			if err := ch.Ack(0, true); err != nil {
				return err
			}
			if err := ch.TxRollback(); err != nil {
				return err
			}
			return ch.Recover(true)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			q := c.queue()
			c.settled("", q, numbers(0, n)...)
			ch := c.channel()
			deliveries := ch.consume(q)
			wantDeliveries(t, deliveries, numbers(0, n)...)
			ch.must(requeue(ch))
			for i, d := range wantDeliveries(t, deliveries, numbers(0, n)...) {
				if !d.Redelivered || d.DeliveryTag != uint64(n+i+1) {
					t.Fatalf("%q came with tag %d, redelivered %v", d.Body, d.DeliveryTag, d.Redelivered)
				}
			}
			ch.must(ch.Ack(2*n-1, true))
			if name == "rollback" {
				ch.must(ch.TxCommit())
			}
			ch.must(ch.Close())
			c.wantDrained(q, "4999")
		})
	}
}

// Messages held back by several channels go back between each other's.
func TestRequeueInterleaved(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queue()
	c.settled("", q, numbers(0, 20)...)
	a, b := c.channel(), c.channel()
	for range 5 {
		a.get(q)
		b.get(q)
	}
	c.must(b.Close())
	c.wantReady(q, 15)
	c.wantDrained(q, "1", "3", "5", "7", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19")
	c.must(a.Close())
	c.wantReady(q, 5)
	c.wantDrained(q, "0", "2", "4", "6", "8")
}

// A lost connection gives its messages back as a closed channel does.
func TestRequeueOfLostConnection(t *testing.T) {
	t.Parallel()
	url := brokerURL(t)
	c, p := connect(t, url), dialPeer(t, url).open()
	q := c.shared(nil)
	c.settled("", q, numbers(0, 10)...)
	p.call(basicConsume, basicConsumeOk, uint16(0), q, "c", bits{}, table{})
	for range 10 {
		p.expect(1, basicDeliver)
		p.content(1)
	}
	p.send(methodFrame(1, basicAck, uint64(4), bits{true}))
	p.alive()
	if err := p.conn.Close(); err != nil {
		t.Fatal(err)
	}
	deliveries := c.consume(q)
	for _, d := range wantDeliveries(t, deliveries, numbers(4, 10)...) {
		if !d.Redelivered {
			t.Errorf("%q is not marked as redelivered", d.Body)
		}
	}
}

// redelivered says that this message was delivered before, to anybody; waiting behind one that was does not count.
func TestRedelivered(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queue()
	c.settled("", q, "a", "b")
	for i := range 4 {
		d := c.get(q)
		if d.Redelivered != (i > 0) {
			t.Errorf("delivery %d of a: redelivered %v", i, d.Redelivered)
		}
		c.must(d.Nack(false, true))
	}
	ch := c.channel()
	c.must(ch.Qos(1, 0, false))
	deliveries := ch.consume(q)
	if d := wantDeliveries(t, deliveries, "a")[0]; !d.Redelivered {
		t.Error("a is not marked as redelivered")
	}
	c.must(ch.Ack(1, false))
	if d := wantDeliveries(t, deliveries, "b")[0]; d.Redelivered {
		t.Error("b is marked as redelivered")
	}
}

// recover hands a consumer's own messages back to it, or to others.
func TestRecover(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queue()
	deliveries := c.consume(q)
	c.settled("", q, "a", "b", "c")
	wantDeliveries(t, deliveries, "a", "b", "c")
	c.must(c.Ack(2, false))
	c.must(c.Recover(true))
	for _, d := range wantDeliveries(t, deliveries, "a", "c") {
		if !d.Redelivered {
			t.Errorf("%q is not marked as redelivered", d.Body)
		}
	}
	c.must(c.Ack(0, true))
	c.must(c.Recover(true))
	c.wantIdle(deliveries)
}

// recover-async does the same without an answer.
func TestRecoverAsync(t *testing.T) {
	t.Parallel()
	p := openPeer(t)
	q := p.queue()
	p.send(message(1, "", q, "a"))
	p.call(basicGet, basicGetOk, uint16(0), q, bits{})
	p.content(1)
	p.send(methodFrame(1, basicRecoverAsync, bits{true}))
	p.alive()
	args := p.call(basicGet, basicGetOk, uint16(0), q, bits{})
	if tag, redelivered := args.uint64(), args.octet(); tag != 2 || redelivered != 1 {
		t.Errorf("tag %d, redelivered %d", tag, redelivered)
	}
	p.content(1)
}

// Acks that were sent before a connection closed count, every one.
func TestAcksBeforeClose(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(nil)
	const rounds, messages = 10, 100
	for range rounds {
		c.settled("", q, numbers(0, messages)...)
		consumer := c.other()
		for _, d := range wantDeliveries(t, consumer.consume(q), numbers(0, messages)...) {
			c.must(d.Ack(false))
		}
		c.must(consumer.conn.Close())
		c.wantReady(q, 0)
		if n, err := c.QueuePurge(q, false); err != nil || n != 0 {
			t.Fatalf("%d messages came back, %v", n, err)
		}
	}
}
