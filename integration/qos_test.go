package integration

import (
	"testing"
)

// A consumer has at most its prefetch of unacknowledged messages, and each ack brings one more.
func TestPrefetch(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queue()
	ch := c.channel()
	c.must(ch.Qos(3, 0, false))
	deliveries := ch.consume(q)
	c.settled("", q, numbers(0, 10)...)
	got := wantDeliveries(t, deliveries, "0", "1", "2")
	c.wantReady(q, 7)
	ch.wantIdle(deliveries)
	c.must(got[1].Ack(false))
	got = append(got, wantDeliveries(t, deliveries, "3")...)
	c.wantReady(q, 6)
	ch.wantIdle(deliveries)
	c.must(got[3].Ack(true))
	wantDeliveries(t, deliveries, "4", "5", "6")
	c.wantReady(q, 3)
	ch.wantIdle(deliveries)
}

// Every way of settling gives the credit back.
func TestPrefetchReturned(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queue()
	c.must(c.Qos(1, 0, false))
	deliveries := c.consume(q)
	c.settled("", q, numbers(0, 6)...)
	c.must(wantDeliveries(t, deliveries, "0")[0].Ack(false))
	c.must(wantDeliveries(t, deliveries, "1")[0].Reject(false))
	c.must(wantDeliveries(t, deliveries, "2")[0].Nack(false, false))
	c.must(wantDeliveries(t, deliveries, "3")[0].Nack(false, true))
	c.must(wantDeliveries(t, deliveries, "3")[0].Reject(true))
	c.must(wantDeliveries(t, deliveries, "3")[0].Ack(true))
	wantDeliveries(t, deliveries, "4")
	c.must(c.Ack(0, true))
	wantDeliveries(t, deliveries, "5")
}

// A prefetch counts for consumers that start after it; earlier ones keep theirs.
func TestPrefetchOfLaterConsumers(t *testing.T) {
	t.Parallel()
	c := open(t)
	q1, q2, q3 := c.queue(), c.queue(), c.queue()
	for _, q := range []string{q1, q2, q3} {
		c.settled("", q, numbers(0, 5)...)
	}
	ch := c.channel()
	c.must(ch.Qos(2, 0, false))
	first := ch.consume(q1)
	c.must(ch.Qos(1, 0, false))
	second := ch.consume(q2)
	c.must(ch.Qos(0, 0, false))
	third := ch.consume(q3)
	wantDeliveries(t, first, "0", "1")
	wantDeliveries(t, second, "0")
	wantDeliveries(t, third, numbers(0, 5)...)
	c.wantReady(q1, 3)
	c.wantReady(q2, 4)
	ch.wantIdle(first)
	ch.wantIdle(second)
}

// A global prefetch is one window for all consumers of the channel, old ones too, and may change at any time.
func TestGlobalPrefetch(t *testing.T) {
	t.Parallel()
	c := open(t)
	q1, q2 := c.queue(), c.queue()
	ch := c.channel()
	first, second := ch.consume(q1), ch.consume(q2)
	c.must(ch.Qos(3, 0, true))
	c.settled("", q1, "a", "b")
	wantDeliveries(t, first, "a", "b")
	c.settled("", q2, numbers(0, 10)...)
	wantDeliveries(t, second, "0")
	c.wantReady(q2, 9)
	ch.wantIdle(second)

	c.must(ch.Qos(5, 0, true))
	wantDeliveries(t, second, "1", "2")
	c.wantReady(q2, 7)

	c.must(ch.Qos(2, 0, true)) // below what is out: nothing more until enough is settled
	c.must(ch.Ack(2, true))
	c.must(ch.Ack(3, false))
	ch.wantIdle(second)
	c.wantReady(q2, 7)
	c.must(ch.Ack(4, false))
	wantDeliveries(t, second, "3")
	c.wantReady(q2, 6)

	c.must(ch.Qos(0, 0, true))
	wantDeliveries(t, second, numbers(4, 10)...)
}

// Both windows may hold at once.
func TestBothPrefetches(t *testing.T) {
	t.Parallel()
	c := open(t)
	q1, q2 := c.queue(), c.queue()
	ch := c.channel()
	c.must(ch.Qos(2, 0, false))
	c.must(ch.Qos(3, 0, true))
	first, second := ch.consume(q1), ch.consume(q2)
	c.settled("", q1, numbers(0, 5)...)
	wantDeliveries(t, first, "0", "1")
	c.wantReady(q1, 3)
	c.settled("", q2, numbers(0, 5)...)
	wantDeliveries(t, second, "0")
	c.wantReady(q2, 4)
	ch.wantIdle(first)
	ch.wantIdle(second)
	c.must(ch.Ack(3, false))
	wantDeliveries(t, second, "1")
}

// basic.get and consumers without acks need no credit.
func TestPrefetchIgnored(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queue()
	ch := c.channel()
	c.must(ch.Qos(1, 0, false))
	c.must(ch.Qos(1, 0, true))
	c.settled("", q, numbers(0, 8)...)
	for range 4 {
		ch.get(q)
	}
	deliveries, err := ch.Consume(q, "", true, false, false, false, nil)
	c.must(err)
	wantDeliveries(t, deliveries, numbers(4, 8)...)
}

// With one message each at a time, many consumers empty a queue together: no wake-up is lost.
func TestPrefetchUnderLoad(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queue()
	const messages, consumers = 3000, 5
	done := make(chan string, messages)
	for range consumers {
		ch := c.channel()
		c.must(ch.Qos(1, 0, false))
		deliveries := ch.consume(q)
		go func() {
			for d := range deliveries {
				if err := d.Ack(false); err != nil {
					return
				}
				done <- string(d.Body)
			}
		}()
	}
	go c.channel().publishAll(q, numbers(0, messages))
	seen := map[string]bool{}
	for range messages {
		seen[receive(t, done, "a delivery")] = true
	}
	if len(seen) != messages {
		t.Errorf("%d different messages, want %d", len(seen), messages)
	}
}
