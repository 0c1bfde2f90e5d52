package integration

import (
	"strconv"
	"sync"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

const dedupHeader = "x-deduplication-header"

// unlike is a persistent message with a deduplication header.
func unlike(key any, body string) amqp.Publishing {
	return amqp.Publishing{Body: []byte(body), DeliveryMode: amqp.Persistent, Headers: amqp.Table{dedupHeader: key}}
}

// safely publishes on a channel in confirm mode and waits for the confirm.
func (c *client) safely(exchange, key string, m amqp.Publishing) {
	c.t.Helper()
	d, err := c.PublishWithDeferredConfirm(exchange, key, false, false, m)
	c.must(err)
	if !d.Wait() {
		c.t.Fatal("not confirmed")
	}
}

func TestDeduplicationExchange(t *testing.T) {
	t.Parallel()
	needType(t, "x-message-deduplication")
	c := open(t)
	c.must(c.Confirm(false))
	x := c.exchange("x-message-deduplication", amqp.Table{"x-cache-size": int32(3)})
	q, other := c.shared(nil), c.queue()
	c.bind(q, "any", x, nil)
	c.bind(other, "", x, nil)
	for _, m := range []amqp.Publishing{
		unlike("a", "1"), unlike("a", "no"), unlike("b", "2"), unlike("a", "no"), unlike("b", "no"),
		unlike(int32(7), "3"), unlike(int64(7), "no"),
		unlike("7", "4"), // four are one too many: a is forgotten
		unlike("a", "5"), unlike(int16(7), "no"),
	} {
		c.safely(x, "k", m)
	}
	for range 2 { // without the header nothing is compared
		c.safely(x, "k", amqp.Publishing{Body: []byte("plain")})
	}
	want := []string{"1", "2", "3", "4", "5", "plain", "plain"}
	c.wantDrained(q, want...)
	c.wantDrained(other, want...)
	const failed = "PRECONDITION_FAILED - "
	for text, args := range map[string]amqp.Table{
		"Missing or invalid argument, 'x-cache-size' must be an integer greater than 0": nil,
		"Invalid argument, 'x-cache-ttl' must be an integer greater than 0":             {"x-cache-size": int32(1), "x-cache-ttl": int32(0)},
		"Invalid argument, 'x-cache-persistence' must be either 'disk' or 'memory'":     {"x-cache-size": "1", "x-cache-persistence": "paper"},
	} {
		wantError(t, c.channel().ExchangeDeclare(unique(t), "x-message-deduplication", false, true, false, false, args), 406, failed+text)
	}
}

// Of many publishers of the same key one gets through, whoever it is, and all are confirmed.
func TestDeduplicationRace(t *testing.T) {
	t.Parallel()
	needType(t, "x-message-deduplication")
	c := open(t)
	for _, kept := range []string{"memory", "disk"} {
		x, q := c.exchange("x-message-deduplication", amqp.Table{"x-cache-size": int32(1000), "x-cache-persistence": kept}), c.shared(nil)
		c.bind(q, "", x, nil)
		const publishers, keys = 6, 200
		var all sync.WaitGroup
		for range publishers {
			p := c.other()
			p.must(p.Confirm(false))
			all.Go(func() {
				var last *amqp.DeferredConfirmation
				for i := range keys {
					d, err := p.PublishWithDeferredConfirm(x, "", false, false, unlike(int32(i), strconv.Itoa(i)))
					if err != nil {
						t.Error(err)
						return
					}
					last = d
				}
				if !last.Wait() {
					t.Error("not confirmed")
				}
			})
		}
		all.Wait()
		got := map[string]int{}
		for _, body := range c.drain(q) {
			got[body]++
		}
		if len(got) != keys {
			t.Errorf("%s: %d keys came, want %d", kept, len(got), keys)
		}
		for key, n := range got {
			if n != 1 {
				t.Errorf("%s: key %s came %d times", kept, key, n)
			}
		}
	}
}

// A key is only taken when a transaction is committed.
func TestDeduplicationTransaction(t *testing.T) {
	t.Parallel()
	needType(t, "x-message-deduplication")
	c := open(t)
	x, q := c.exchange("x-message-deduplication", amqp.Table{"x-cache-size": int32(10)}), c.shared(nil)
	c.bind(q, "", x, nil)
	p := c.channel()
	p.must(p.Tx())
	p.send(x, "", unlike("a", "rolled back"))
	p.must(p.TxRollback())
	p.send(x, "", unlike("a", "late"))
	p.send(x, "", unlike("b", "1"))
	p.send(x, "", unlike("b", "no"))
	c.settled("", q, "between")
	s := c.channel()
	s.must(s.Confirm(false))
	s.safely(x, "", unlike("a", "first"))
	p.must(p.TxCommit())
	c.wantDrained(q, "between", "first", "1")
}

// A duplicate has nowhere to go: it is returned if it is mandatory, and the alternate exchange gets it.
func TestDeduplicationUnroutable(t *testing.T) {
	t.Parallel()
	needType(t, "x-message-deduplication")
	c := open(t)
	spare, lost := c.exchange("fanout", nil), c.queue()
	c.bind(lost, "", spare, nil)
	x := c.exchange("x-message-deduplication", amqp.Table{"x-cache-size": int32(10)})
	y := c.exchange("x-message-deduplication", amqp.Table{"x-cache-size": int32(10), "alternate-exchange": spare})
	q := c.queue()
	c.bind(q, "", x, nil)
	c.bind(q, "", y, nil)
	c.must(c.Confirm(false))
	for range 2 {
		d, err := c.PublishWithDeferredConfirm(x, "k", true, false, unlike("a", "m"))
		c.must(err)
		if !d.Wait() {
			t.Fatal("not confirmed")
		}
		c.safely(y, "k", unlike("a", "n"))
	}
	c.wantDrained(q, "m", "n")
	c.wantDrained(lost, "n")
	if r := receive(t, c.returns, "the return"); string(r.Body) != "m" || r.ReplyCode != 312 {
		t.Errorf("returned %q, %d", r.Body, r.ReplyCode)
	}
}

func restartDedup(c *client, _ bool) func(*client) {
	q := c.durable("q")
	c.must(c.Confirm(false))
	for _, kept := range []string{"disk", "memory"} {
		c.must(c.ExchangeDeclare(kept, "x-message-deduplication", true, false, false, false,
			amqp.Table{"x-cache-size": int32(50), "x-cache-persistence": kept}))
		c.bind(q, "", kept, nil)
	}
	for i := range 60 {
		c.safely("disk", "", unlike(int32(i), strconv.Itoa(i)))
	}
	c.safely("memory", "", unlike("a", "a"))
	c.again(q)
	for _, kept := range []string{"disk", "memory"} {
		c.bind(q, "", kept, nil)
	}
	c.safely("disk", "", unlike(int32(59), "no"))
	return func(c *client) {
		c.must(c.Confirm(false))
		for i := 59; i >= 9; i-- { // 9 is one of those for which there was no room
			c.safely("disk", "", unlike(int32(i), strconv.Itoa(i)))
		}
		c.safely("memory", "", unlike("a", "a"))
		c.wantDrained(q, "9", "a")
	}
}

// again declares a queue anew, without messages and bindings, which is durable when it returns, as acks are not.
func (c *client) again(name string) {
	c.t.Helper()
	_, err := c.QueueDelete(name, false, false, false)
	c.must(err)
	c.durable(name)
}

func restartHistory(c *client, _ bool) func(*client) {
	c.must(c.ExchangeDeclare("x", "x-recent-history", true, false, false, false, amqp.Table{"x-recent-history-length": int32(3)}))
	c.durable("q")
	c.bind("q", "", "x", nil)
	for i := range 9 {
		c.settled("x", "", strconv.Itoa(i))
	}
	c.again("q")
	return func(c *client) {
		c.wantDrained("q")
		other := c.queue()
		c.bind(other, "", "x", nil)
		c.wantDrained(other, "6", "7", "8")
		c.settled("x", "", "9")
		another := c.queue()
		c.bind(another, "", "x", nil)
		c.wantDrained(another, "7", "8", "9")
	}
}
