package integration

import (
	"fmt"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

// rival is one of several consumers of a queue, on a channel of its own.
type rival struct {
	*client
	tag string
	got <-chan amqp.Delivery
}

// rival starts a consumer with a priority and a prefetch.
func (c *client) rival(queue, tag string, priority, prefetch int) rival {
	c.t.Helper()
	ch := c.channel()
	ch.must(ch.Qos(prefetch, 0, false))
	got, err := ch.Consume(queue, tag, false, false, false, false, amqp.Table{"x-priority": int32(priority)})
	c.must(err)
	return rival{ch, tag, got}
}

// wants receives deliveries of these bodies.
func (r rival) wants(bodies ...string) []amqp.Delivery {
	r.t.Helper()
	return wantDeliveries(r.t, r.got, bodies...)
}

// stop cancels the consumer; what it has stays with it.
func (r rival) stop() {
	r.t.Helper()
	r.must(r.Cancel(r.tag, false))
}

// Those of the highest priority take turns, and others get what they have no room for.
func TestConsumerPriority(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"classic", "quorum"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			q := c.shared(amqp.Table{"x-queue-type": kind})
			low := c.rival(q, "low", -3, 1)
			none := c.rival(q, "none", 0, 2)
			high := []rival{c.rival(q, "high 1", 10, 2), c.rival(q, "high 2", 10, 2)}
			c.settled("", q, numbers(0, 4)...)
			first := map[string]amqp.Delivery{}
			for _, h := range high {
				for range 2 {
					d := receive(t, h.got, "a delivery")
					first[string(d.Body)] = d
				}
			}
			if len(first) != 4 {
				t.Fatalf("got %v", first)
			}
			c.settled("", q, numbers(4, 8)...)
			none.wants("4", "5")
			low.wants("6")
			c.wantReady(q, 1)
			c.must(first["2"].Ack(false))
			last := high[0]
			if first["2"].ConsumerTag == "high 2" {
				last = high[1]
			}
			last.wants("7")
			// When those have gone, the next ones are the highest.
			high[0].stop()
			high[1].stop()
			c.must(none.Ack(1, false))
			c.settled("", q, "8")
			none.wants("8")
		})
	}
}

// A consumer that comes later with a higher priority is the first one from then on.
func TestConsumerPriorityOfLatecomer(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(nil)
	first := c.rival(q, "first", 0, 100)
	c.settled("", q, "0")
	first.wants("0")
	late := c.rival(q, "late", 1, 100)
	c.settled("", q, numbers(1, 10)...)
	late.wants(numbers(1, 10)...)
	c.must(late.Close())
	first.wants(numbers(1, 10)...)
}

func TestConsumeArguments(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(nil)
	in := " for queue '" + q + "' in vhost '/'"
	for _, tt := range []struct {
		key   string
		value any
		text  string
	}{
		{"x-priority", "high", "invalid arg 'x-priority'" + in + `: "expected integer, got longstr"`},
		{"x-priority", 1.5, "invalid arg 'x-priority'" + in + `: "expected integer, got double"`},
		{"x-priority", true, "invalid arg 'x-priority'" + in + `: "expected integer, got bool"`},
		{"x-stream-offset", "first", "invalid arg 'x-stream-offset'" + in + " of queue type rabbit_classic_queue"},
	} {
		_, err := c.channel().Consume(q, "", false, false, false, false, amqp.Table{tt.key: tt.value})
		wantError(t, err, 406, "PRECONDITION_FAILED - "+tt.text)
	}
	for _, args := range []amqp.Table{
		{"x-priority": int8(-1)}, {"x-priority": int64(1) << 40}, {"unknown": "anything"}, {"x-cancel-on-ha-failover": true},
	} {
		if _, err := c.channel().Consume(q, "", false, false, false, false, args); err != nil {
			t.Errorf("%v: %v", args, err)
		}
	}
}

// The first consumer is the active one; when it goes, what it had included, the one of the highest priority is next, then the one
// that has waited longest.
func TestSingleActiveConsumer(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(amqp.Table{"x-single-active-consumer": true})
	a := c.rival(q, "a", 0, 2)
	b := c.rival(q, "b", 0, 10)
	other := c.other().rival(q, "other", 5, 10)
	c.settled("", q, numbers(0, 4)...)
	got := a.wants("0", "1")
	c.wantReady(q, 2)
	c.must(got[0].Ack(false))
	a.wants("2")
	b.wantIdle(b.got)
	other.wantIdle(other.got)
	// Anyone may fetch.
	if d := c.get(q); string(d.Body) != "3" {
		t.Errorf("got %q", d.Body)
	}
	a.stop()
	c.settled("", q, "4")
	other.wants("4")
	c.must(other.conn.Close())
	b.wants("4")
	c.must(a.Close())
	b.wants("1", "2")
	c.settled("", q, "5")
	b.wants("5")
}

// Nobody can have a queue with a single active consumer alone.
func TestSingleActiveExclusive(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(amqp.Table{"x-single-active-consumer": true})
	_, err := c.channel().Consume(q, "", false, true, false, false, nil)
	wantError(t, err, 403, "ACCESS_REFUSED - queue '"+q+"' in vhost '/' in exclusive use")
	one := c.rival(q, "one", 0, 1)
	c.settled("", q, "0")
	one.wants("0")
}

// Quorum queues know no exclusive consumers, and with a single active one nobody may fetch.
func TestQuorumConsumers(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(amqp.Table{"x-queue-type": "quorum"})
	for i := range 2 {
		_, err := c.Consume(q, fmt.Sprint(i), true, true, false, false, nil)
		c.must(err)
	}
	single := c.shared(amqp.Table{"x-queue-type": "quorum", "x-single-active-consumer": true})
	_, _, err := c.channel().Get(single, false)
	wantError(t, err, 405, "RESOURCE_LOCKED - cannot obtain access to locked queue '"+single+"' in vhost '/'. "+
		"basic.get operations are not supported by quorum queues with single active consumer")
	a := c.rival(single, "a", 0, 2)
	b := c.rival(single, "b", 0, 2)
	c.settled("", single, "0", "1", "2")
	a.wants("0", "1")
	b.wantIdle(b.got)
	c.must(a.Close())
	got := map[string]bool{}
	for range 2 {
		got[string(receive(t, b.got, "a delivery").Body)] = true
	}
	if !got["0"] || len(got) != 2 {
		t.Errorf("got %v", got)
	}
}

// The active consumer of a quorum queue makes room for one of a higher priority once it has settled what it has; 3.10 does not
// know that.
func TestSingleActiveYields(t *testing.T) {
	t.Parallel()
	c := connect(t, ownBrokerURL(t))
	q := c.shared(amqp.Table{"x-queue-type": "quorum", "x-single-active-consumer": true})
	a := c.rival(q, "a", 0, 10)
	c.settled("", q, "0", "1")
	got := a.wants("0", "1")
	b := c.rival(q, "b", 1, 10)
	c.settled("", q, "2")
	b.wantIdle(b.got)
	c.must(got[1].Ack(true))
	b.wants("2")
	c.settled("", q, "3")
	b.wants("3")
	a.wantIdle(a.got)
}
