package integration

import (
	"bytes"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

// A dead letter for a queue that refuses what is too much is dropped there, and arrives in the others.
func TestDeadLetterRefused(t *testing.T) {
	t.Parallel()
	c := open(t)
	x := c.exchange("fanout", nil)
	small := c.shared(amqp.Table{"x-max-length": int32(1), "x-overflow": "reject-publish"})
	all := c.shared(nil)
	c.bind(small, "", x, nil)
	c.bind(all, "", x, nil)
	q := c.deadQueue(x, "", nil)
	c.settled("", q, "1", "2", "3")
	for range 3 {
		c.must(c.get(q).Reject(false))
	}
	c.wantReady(all, 3)
	c.wantReady(small, 1)
	c.wantReady(q, 0)
	if d := c.arrival(small); string(d.Body) != "1" {
		t.Errorf("got %q", d.Body)
	}
}

// What a queue rejects because it is full dies, and its publisher is told that it was rejected.
func TestDeadLetterRejectPublish(t *testing.T) {
	t.Parallel()
	c := open(t)
	dead := c.shared(nil)
	q := c.deadQueue("", dead, amqp.Table{"x-max-length": int32(1), "x-overflow": "reject-publish-dlx"})
	c.must(c.Confirm(false))
	for i, want := range []bool{true, false} {
		d, err := c.PublishWithDeferredConfirm("", q, false, false, amqp.Publishing{Body: []byte("m"), DeliveryMode: amqp.Persistent})
		c.must(err)
		if got := receiveConfirm(t, d); got != want {
			t.Errorf("publish %d: ack %v", i, got)
		}
	}
	wantDeaths(t, c.arrival(dead), death{queue: q, reason: "maxlen", count: 1, keys: keys(q)})
	c.wantReady(q, 1)
}

func receiveConfirm(t testing.TB, d *amqp.DeferredConfirmation) bool {
	t.Helper()
	eventually(t, func() bool {
		select {
		case <-d.Done():
			return true
		default:
			return false
		}
	}, func() string { return "no confirm" })
	return d.Acked()
}

// A message that fails too often dies of that.
func TestDeadLetterDeliveryLimit(t *testing.T) {
	t.Parallel()
	c := open(t)
	dead := c.shared(nil)
	q := c.deadQueue("", dead, amqp.Table{"x-queue-type": "quorum", "x-delivery-limit": int32(2)})
	c.settled("", q, "m")
	deliveries, err := c.Consume(q, "", false, false, false, false, nil)
	c.must(err)
	for range 3 {
		c.must(receive(t, deliveries, "a delivery").Reject(true))
	}
	wantDeaths(t, c.arrival(dead), death{queue: q, reason: "delivery_limit", count: 1, keys: keys(q)})
}

// A reject in a transaction has its effect at the commit.
func TestDeadLetterInTx(t *testing.T) {
	t.Parallel()
	c := open(t)
	dead := c.shared(nil)
	q := c.deadQueue("", dead, nil)
	c.settled("", q, "m")
	tx := c.tx()
	tx.must(tx.get(q).Reject(false))
	c.wantReady(dead, 0)
	tx.must(tx.TxCommit())
	wantDeaths(t, c.arrival(dead), death{queue: q, reason: "rejected", count: 1, keys: keys(q)})
}

// Purged and deleted messages do not die.
func TestNoDeadLetterOfPurge(t *testing.T) {
	t.Parallel()
	c := open(t)
	dead := c.shared(nil)
	q := c.deadQueue("", dead, nil)
	c.settled("", q, "purged", "purged")
	_, err := c.QueuePurge(q, false)
	c.must(err)
	c.settled("", q, "deleted", "rejected")
	c.get(q)
	c.must(c.get(q).Reject(false))
	c.wantReady(dead, 1)
	_, err = c.QueueDelete(q, false, false, false)
	c.must(err)
	c.wantDrained(dead, "rejected")
}

// Large bodies, with all their headers, die as small ones do, from queues of any kind to queues of any kind.
func TestDeadLetterLarge(t *testing.T) {
	t.Parallel()
	c := open(t)
	body := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	for _, durable := range []bool{true, false} {
		dead := c.queue()
		if durable {
			dead = c.shared(nil)
		}
		for _, mode := range []uint8{amqp.Transient, amqp.Persistent} {
			q := c.deadQueue("", dead, nil)
			c.send("", q, amqp.Publishing{Body: body, DeliveryMode: mode, Headers: amqp.Table{"big": string(body[:20_000])}})
			c.wantReady(q, 1)
			c.must(c.get(q).Reject(false))
			d := c.arrival(dead)
			if !bytes.Equal(d.Body, body) || d.DeliveryMode != mode || d.Headers["big"] != string(body[:20_000]) {
				t.Errorf("durable %v, mode %d: %d octets, mode %d", durable, mode, len(d.Body), d.DeliveryMode)
			}
		}
	}
}

// The exchange may be of any type and bound to others; what finds no binding there goes to its alternate exchange.
func TestDeadLetterThroughExchanges(t *testing.T) {
	t.Parallel()
	c := open(t)
	lost, found, byHeader := c.shared(nil), c.shared(nil), c.shared(nil)
	alternate, inner, headers := c.exchange("fanout", nil), c.exchange("topic", nil), c.exchange("headers", nil)
	outer := c.exchange("direct", amqp.Table{"alternate-exchange": alternate})
	c.bind(lost, "", alternate, nil)
	c.bind(found, "#.end", inner, nil)
	c.must(c.ExchangeBind(inner, "a.end", outer, false, nil))
	c.must(c.ExchangeBind(headers, "a.end", outer, false, nil))
	c.bind(byHeader, "", headers, amqp.Table{"x-match": "all-with-x", "x-first-death-reason": "rejected"})
	q := c.deadQueue(outer, "", nil)
	x := c.exchange("fanout", nil)
	c.bind(q, "", x, nil)
	for key, to := range map[string][]string{"a.end": {found, byHeader}, "nowhere": {lost}} {
		c.publish(x, key, key)
		c.wantReady(q, 1)
		c.must(c.get(q).Reject(false))
		for _, queue := range to {
			if d := c.arrival(queue); d.Exchange != outer || d.RoutingKey != key {
				t.Errorf("exchange %q, key %q", d.Exchange, d.RoutingKey)
			}
		}
	}
	for _, queue := range []string{lost, found, byHeader} {
		c.wantReady(queue, 0)
	}
}
