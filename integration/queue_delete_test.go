package integration

import "testing"

func TestQueueDelete(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(nil)
	c.settled("", q, "a", "b", "c")
	c.get(q)
	n, err := c.QueueDelete(q, false, false, false)
	c.must(err)
	if n != 3 && n != 2 {
		t.Errorf("deleted %d messages, want 2 (or 3 with the unacknowledged one)", n)
	}
	n, err = c.QueueDelete(q, false, false, false)
	c.must(err)
	if n != 0 {
		t.Errorf("deleted %d messages with a queue that was not there", n)
	}
}

func TestQueueDeleteIfUnused(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(nil)
	consumer := c.channel()
	_, err := consumer.Consume(q, "tag", false, false, false, false, nil)
	c.must(err)
	_, err = c.channel().QueueDelete(q, true, false, false)
	wantError(t, err, 406, "PRECONDITION_FAILED - queue '"+q+"' in vhost '/' in use")
	c.must(consumer.Cancel("tag", false))
	_, err = c.QueueDelete(q, true, false, false)
	c.must(err)
}

func TestQueueDeleteIfEmpty(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(nil)
	c.settled("", q, "one")
	_, err := c.channel().QueueDelete(q, false, true, false)
	wantError(t, err, 406, "PRECONDITION_FAILED - queue '"+q+"' in vhost '/' not empty")
	c.wantDrained(q, "one")
	_, err = c.QueueDelete(q, true, true, false)
	c.must(err)
}

// Purge takes the ready messages and leaves the unacknowledged ones, and the queue goes on as before.
func TestQueuePurge(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(nil)
	c.settled("", q, "held", "a", "b", "c")
	held := c.get(q)
	n, err := c.QueuePurge(q, false)
	c.must(err)
	if n != 3 {
		t.Errorf("purged %d messages, want 3", n)
	}
	n, err = c.QueuePurge(q, false)
	c.must(err)
	if n != 0 {
		t.Errorf("purged %d messages of none", n)
	}
	c.publish("", q, "after")
	c.must(held.Nack(false, true))
	c.wantDrained(q, "held", "after")
}

// A queue deleted with unacknowledged messages leaves tags behind that may still be settled.
func TestAckAfterQueueDelete(t *testing.T) {
	t.Parallel()
	c := open(t)
	for _, settle := range []func(tag uint64) error{
		func(tag uint64) error { return c.Ack(tag, false) },
		func(tag uint64) error { return c.Nack(tag, false, true) },
		func(tag uint64) error { return c.Reject(tag, false) },
	} {
		q := c.queue()
		c.publish("", q, "x")
		d := c.get(q)
		_, err := c.QueueDelete(q, false, false, false)
		c.must(err)
		c.must(settle(d.DeliveryTag))
	}
	c.queue()
}

// A new queue of a deleted one's name has nothing of the old one.
func TestQueueNameReused(t *testing.T) {
	t.Parallel()
	c := open(t)
	name := unique(t)
	c.removeQueue(name)
	for range 20 {
		_, err := c.QueueDeclare(name, true, false, false, false, nil)
		c.must(err)
		c.publish("", name, "a")
		c.publish("", name, "b")
		d := c.get(name)
		_, err = c.QueueDelete(name, false, false, false)
		c.must(err)
		_, err = c.QueueDeclare(name, true, false, false, false, nil)
		c.must(err)
		c.must(d.Nack(false, true))
		c.wantDrained(name)
		_, err = c.QueueDelete(name, true, true, false)
		c.must(err)
	}
}
