package integration

import (
	"fmt"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/broker/vhost"
)

// Brokers apply a policy to what exists soon, not before they answer, so that these tests try until they see it.

// wantEnd publishes to a queue until it lets go of everything by itself.
func (c *client) wantEnd(queue string) {
	c.t.Helper()
	n := 0
	eventually(c.t, func() bool {
		c.publish("", queue, "x")
		c.confirmed("amq.direct", "nowhere", amqp.Publishing{}) // x has arrived
		n, _ = c.inspect(queue)
		return n == 0
	}, func() string { return fmt.Sprintf("queue %s keeps %d messages", queue, n) })
}

func TestPolicyAlternateExchange(t *testing.T) {
	t.Parallel()
	c, g := openGoverned(t)
	q, spare := c.queue(), c.exchange("fanout", nil)
	c.bind(q, "", spare, nil)
	x := c.exchange("direct", nil)
	own := c.exchange("direct", amqp.Table{"alternate-exchange": "amq.headers"})
	p := g.set(x, map[string]any{"alternate-exchange": spare})
	g.set(own, map[string]any{"alternate-exchange": spare})
	c.must(c.Confirm(false))
	eventually(t, func() bool {
		c.confirmed(x, "k", amqp.Publishing{Body: []byte("caught")})
		return len(c.drain(q)) > 0
	}, func() string { return "the alternate exchange gets nothing" })
	c.confirmed(own, "k", amqp.Publishing{})
	c.wantDrained(q) // the argument goes first
	g.unset(p)
	eventually(t, func() bool {
		c.confirmed(x, "k", amqp.Publishing{Body: []byte("dropped")})
		return len(c.drain(q)) == 0
	}, func() string { return "the alternate exchange is still in use" })
}

func TestPolicyTTL(t *testing.T) {
	t.Parallel()
	c, g := openGoverned(t)
	c.must(c.Confirm(false))
	lower, higher := c.shared(amqp.Table{"x-message-ttl": int64(3600000)}), c.shared(amqp.Table{"x-message-ttl": int64(1)})
	for _, q := range []string{lower, higher} {
		g.set(q, map[string]any{"message-ttl": map[bool]int{true: 1, false: 3600000}[q == lower]})
		c.wantEnd(q)
	}
}

// An operator's policy is one more, and the lower value counts.
func TestOperatorPolicy(t *testing.T) {
	t.Parallel()
	c, g := openGoverned(t)
	c.must(c.Confirm(false))
	q := c.shared(nil)
	g.set(q, map[string]any{"message-ttl": 3600000, "max-length": 2})
	g.setOperator(q, map[string]any{"message-ttl": 1, "max-length": 5})
	c.wantEnd(q)
}

func TestPolicyMaxLength(t *testing.T) {
	t.Parallel()
	c, g := openGoverned(t)
	q := c.shared(nil)
	c.settled("", q, "1", "2", "3", "4", "5")
	p := g.set(q, map[string]any{"max-length": 2})
	c.wantReady(q, 2)
	c.settled("", q, "6")
	c.wantReady(q, 2)
	c.wantDrained(q, "5", "6")
	g.unset(p)
	eventually(t, func() bool {
		c.settled("", q, "a", "b", "c")
		return len(c.drain(q)) == 3
	}, func() string { return "the queue is still bounded" })
}

func TestPolicyOverflow(t *testing.T) {
	t.Parallel()
	c, g := openGoverned(t)
	q := c.shared(nil)
	g.set(q, map[string]any{"max-length": 1, "overflow": "reject-publish"})
	c.must(c.Confirm(false))
	eventually(t, func() bool {
		d, err := c.PublishWithDeferredConfirm("", q, false, false, amqp.Publishing{})
		c.must(err)
		return !d.Wait()
	}, func() string { return "nothing is refused" })
}

func TestPolicyDeadLetters(t *testing.T) {
	t.Parallel()
	c, g := openGoverned(t)
	q, dead := c.shared(nil), c.queue()
	g.set(q, map[string]any{"dead-letter-exchange": "", "dead-letter-routing-key": dead})
	eventually(t, func() bool {
		c.settled("", q, "x")
		c.must(c.get(q).Reject(false))
		_, ok, err := c.Get(dead, true)
		c.must(err)
		return ok
	}, func() string { return "nothing is dead-lettered" })
}

func TestPolicyExpires(t *testing.T) {
	t.Parallel()
	c, g := openGoverned(t)
	q, other := c.shared(nil), c.shared(nil)
	g.set(q, map[string]any{"expires": 20})
	eventually(t, func() bool { return !c.reaches(q) }, func() string { return "the queue does not expire" }) // to ask for it is to use it
	if !c.exists(other) {
		t.Error("another queue is gone, too")
	}
}

// Policies for exchanges are none for queues.
func TestPolicyApplyTo(t *testing.T) {
	t.Parallel()
	c, g := openGoverned(t)
	q, marker := c.shared(nil), c.shared(nil)
	g.setFor(false, q, "exchanges", map[string]any{"expires": 1})
	g.setFor(false, marker, "queues", map[string]any{"expires": 1})
	c.wantGone(marker)
	if !c.exists(q) {
		t.Error("the queue is gone")
	}
}

// After a restart, what a policy gives is there before anybody can ask for it.
func TestPolicySurvivesRestart(t *testing.T) {
	t.Parallel()
	skipForeign(t)
	dir := t.TempDir()
	onDisk := func(c *broker.Config) { c.DataDir = dir }
	f := brokertest.Start(t, onDisk)
	c := connect(t, f.URL)
	q := c.durable("bounded")
	x := c.exchange("direct", nil)
	if err := f.Broker.SetPolicy("/", vhost.Policy{Name: "p", Definition: map[string]any{"max-length": 1, "alternate-exchange": "amq.fanout"}}); err != nil {
		t.Fatal(err)
	}
	c.settled("", q, "1")
	if err := f.Broker.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	c = connect(t, brokertest.Start(t, onDisk).URL)
	c.bind(q, "", "amq.fanout", nil)
	c.settled(x, "k", "2")
	c.wantDrained(q, "2")
}
