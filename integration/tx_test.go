package integration

import (
	"slices"
	"testing"
	"time"
)

// tx opens another channel in transaction mode.
func (c *client) tx() *client {
	c.t.Helper()
	ch := c.channel()
	c.must(ch.Tx())
	return ch
}

func TestTxPublish(t *testing.T) {
	t.Parallel()
	c := open(t)
	q, other := c.queue(), c.queue()
	tx := c.tx()
	for _, body := range []string{"a", "b", "c"} {
		tx.publish("", q, body)
	}
	tx.publish("", other, "d")
	tx.wantDrained(q)
	c.must(tx.TxCommit())
	c.wantDrained(q, "a", "b", "c")
	c.wantDrained(other, "d")
	c.must(tx.TxCommit())
	c.wantDrained(q)
}

func TestTxRollback(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queue()
	tx := c.tx()
	tx.publish("", q, "rolled back")
	c.must(tx.TxRollback())
	tx.publish("", q, "kept")
	c.must(tx.TxCommit())
	c.wantDrained(q, "kept")
	tx.publish("", q, "lost with the channel")
	c.must(tx.Close())
	c.wantDrained(q)
}

// A publish is part of the transaction that runs when it is sent; select is idempotent and does not end it.
func TestTxSelectTwice(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queue()
	ch := c.channel()
	ch.publish("", q, "before")
	c.must(ch.Tx())
	ch.publish("", q, "within")
	c.must(ch.Tx())
	ch.wantDrained(q, "before")
	c.must(ch.TxCommit())
	ch.wantDrained(q, "within")
}

// Acks count at commit; a rollback leaves the messages with the channel, their tags still good.
func TestTxAck(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queue()
	c.settled("", q, numbers(0, 6)...)
	tx := c.tx()
	tx.fetch(q, 6)
	c.must(tx.Ack(1, false))
	c.must(tx.Reject(2, false))
	c.must(tx.Nack(3, false, false))
	c.must(tx.TxRollback())
	c.wantReady(q, 0)
	c.must(tx.Ack(3, true))
	c.must(tx.Ack(4, false))
	c.must(tx.TxCommit())
	c.must(tx.Ack(5, false))
	c.must(tx.Close()) // with the last ack not committed
	c.wantReady(q, 2)
	c.wantDrained(q, "4", "5")
}

// What is acked together makes room for as many when it is committed.
func TestTxAckMakesRoom(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queue()
	c.settled("", q, numbers(0, 10)...)
	tx := c.tx()
	c.must(tx.Qos(5, 0, true))
	deliveries := tx.consume(q)
	wantDeliveries(t, deliveries, numbers(0, 5)...)
	c.must(tx.Ack(5, true))
	c.wantReady(q, 5)
	c.must(tx.TxCommit())
	wantDeliveries(t, deliveries, numbers(5, 10)...)
}

// A requeue waits for the commit too.
func TestTxRequeue(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queue()
	c.settled("", q, "a", "b")
	tx := c.tx()
	tx.fetch(q, 2)
	c.must(tx.Nack(1, false, true))
	c.must(tx.Reject(2, true))
	if ready, _ := tx.inspect(q); ready != 0 {
		t.Errorf("%d messages back before the commit", ready)
	}
	c.must(tx.TxCommit())
	c.wantReady(q, 2)
	if d := c.get(q); string(d.Body) != "a" || !d.Redelivered {
		t.Errorf("got %q, redelivered %v", d.Body, d.Redelivered)
	}
}

// Publishes and acks of one transaction happen together, over several queues.
func TestTxMove(t *testing.T) {
	t.Parallel()
	c := open(t)
	from, to := c.shared(nil), c.shared(nil)
	c.settled("", from, numbers(0, 10)...)
	mover := c.other()
	tx := mover.tx()
	for i, d := range tx.fetch(from, 10) {
		tx.publish("", to, string(d.Body))
		c.must(d.Ack(false))
		if i == 4 {
			c.must(tx.TxCommit())
		}
	}
	c.must(mover.conn.Close())
	c.wantReady(from, 5)
	c.wantDrained(from, numbers(5, 10)...)
	c.wantDrained(to, numbers(0, 5)...)
}

// Mandatory messages without a queue come back at the commit, before commit-ok.
func TestTxReturn(t *testing.T) {
	t.Parallel()
	p := openPeer(t)
	p.call(txSelect, txSelectOk)
	p.send(publishFrame(1, "", unique(t), true), headerFrame(1, 0, properties(0)))
	p.alive()
	p.send(methodFrame(1, txCommit))
	p.expect(1, basicReturn)
	p.content(1)
	p.expect(1, txCommitOk)
	p.send(publishFrame(1, "", unique(t), true), headerFrame(1, 0, properties(0)))
	p.call(txRollback, txRollbackOk)
	p.call(txCommit, txCommitOk)
}

// A publish to an exchange that does not exist fails at once, not at the commit, and takes the transaction along.
func TestTxPublishError(t *testing.T) {
	t.Parallel()
	c := open(t)
	q, nowhere := c.queue(), unique(t)
	tx := c.tx()
	tx.publish("", q, "lost")
	tx.publish(nowhere, "", "broken")
	tx.wantClosed(404, "NOT_FOUND - no exchange '"+nowhere+"' in vhost '/'")
	c.wantDrained(q)
}

// Routing is decided when the message is sent: a queue bound later gets nothing of it.
func TestTxRoutesAtPublish(t *testing.T) {
	t.Parallel()
	c := open(t)
	x, early, late := c.exchange("fanout", nil), c.queue(), c.queue()
	c.bind(early, "", x, nil)
	tx := c.tx()
	tx.publish(x, "", "sent")
	if _, ok, err := tx.Get(early, true); ok || err != nil {
		t.Fatalf("there before the commit, %v", err)
	}
	c.bind(late, "", x, nil)
	c.must(tx.TxCommit())
	c.wantDrained(early, "sent")
	c.wantDrained(late)
}

// A consumer sees a transaction's messages in order, and those of two transactions not mixed.
func TestTxOrder(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queue()
	deliveries := c.consume(q)
	a, b := c.tx(), c.tx()
	for i := range 100 {
		a.publish("", q, numbers(0, 100)[i])
		b.publish("", q, numbers(100, 200)[i])
	}
	c.must(b.TxCommit())
	c.must(a.TxCommit())
	wantDeliveries(t, deliveries, numbers(100, 200)...)
	wantDeliveries(t, deliveries, numbers(0, 100)...)
}

// A message of a transaction lives from the commit on.
func TestTxExpiration(t *testing.T) {
	t.Parallel()
	c := open(t)
	tx := c.tx()
	inTime(t, 200, func(ms int) bool {
		q := c.queue()
		tx.expiring(q, "lives on", ms)
		c.pass(ms + 50)
		committed := time.Now()
		c.must(tx.TxCommit())
		got := c.drain(q)
		if late(committed, ms) {
			return false
		}
		if !slices.Equal(got, []string{"lives on"}) {
			t.Errorf("got %q", got)
		}
		return true
	})
}

// What was routed when it was published is returned if its queue is gone when it is committed.
func TestTxReturnsWhatLostItsQueue(t *testing.T) {
	t.Parallel()
	p := openPeer(t)
	q := p.queue()
	p.call(txSelect, txSelectOk)
	p.send(publishFrame(1, "", q, true), headerFrame(1, 4, properties(0)), frame(frameBody, 1, []byte("lost")))
	p.call(queueDelete, queueDeleteOk, uint16(0), q, bits{false, false, false})
	p.send(methodFrame(1, txCommit))
	p.expect(1, basicReturn)
	if _, body := p.content(1); body != "lost" {
		t.Errorf("got %q back", body)
	}
	p.expect(1, txCommitOk)
}
