package session

import (
	"crypto/rand"
	"encoding/base64"
	"errors"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/vhost"
	"github.com/lepusmq/lepus/queue"
)

// consumer is a consumer of a channel.
type consumer struct {
	queue.Consumer
	tag   string
	queue *queue.Queue
	from  *dealing // of the channel with the queue
	args  amqp.Table
	// start is how each of its deliveries begins: class, method, tag.
	start []byte
	// timeout is how long its deliveries may wait for their acks, in milliseconds, if
	// the client has said so.
	timeout queue.Bound
	turn    uint64 // guarded by window.mu: when the window last let it through
	paused  bool   // guarded by outbox.mu: waits for room
}

// basicConsume starts a consumer.
func (ch *channel) basicConsume(m *amqp.BasicConsume) *amqp.Error {
	if m.Queue == vhost.ReplyQueue {
		return ch.consumeReplies(m)
	}
	q, failed := ch.readableQueue(m.Queue)
	if failed != nil {
		return failed
	}
	if err := ch.checkConsumeArguments(q, m.Arguments); err != nil {
		return err
	}
	tag := m.ConsumerTag
	if tag == "" {
		tag = generatedTag()
	}
	c := &consumer{tag: tag, queue: q, args: m.Arguments, start: deliverStart(tag), timeout: consumerTimeout(m.Arguments)}
	c.Consumer = queue.Consumer{
		Holder:    queue.Sink(ch),
		Label:     c,
		NoAck:     m.NoAck,
		Exclusive: m.Exclusive && !q.Quorum(),
		Priority:  consumerPriority(m.Arguments),
		Prefetch:  ch.prefetch,
		Gate:      &ch.window,
	}
	if err := ch.addConsumer(c); err != nil {
		return err
	}
	ch.ask()
	q.Consume(&c.Consumer, func(err error) { ch.consuming(c, m.NoWait, err) })
	return nil
}

// deliverStart is how basic.deliver begins: class, method, consumer tag.
func deliverStart(tag string) []byte {
	return append([]byte{0, 60, 0, 60, byte(len(tag))}, tag...)
}

// consuming is called by the strand before the first delivery.
func (ch *channel) consuming(c *consumer, noWait bool, err error) {
	ch.mu.Lock()
	ended := ch.ended
	if err != nil && !ended {
		delete(ch.consumers, c.tag)
	}
	ch.mu.Unlock()
	if err == nil && !ended {
		ch.consumerCreated(c)
	}
	if ended {
		// The channel was faster in ending than the consumer in starting.
		c.queue.Detach(ch)
	}
	switch {
	case errors.Is(err, queue.ErrExclusive):
		err = amqp.ExclusiveUse(ch.s.vhost.Name(), c.queue.QueueName())
	case errors.Is(err, queue.ErrDeleted):
		err = amqp.NoQueue(ch.s.vhost.Name(), c.queue.QueueName())
	}
	var reply amqp.Method
	if !noWait {
		reply = &amqp.BasicConsumeOk{ConsumerTag: c.tag}
	}
	ch.answer(reply, err, amqp.BasicConsumeID)
}

// consumerPriority is the priority that checked arguments ask for.
func consumerPriority(args amqp.Table) int64 {
	v, _ := args.Get("x-priority")
	n, _ := v.Int()
	return n
}

// consumerTimeout is how long checked arguments let deliveries wait, if they say.
func consumerTimeout(args amqp.Table) queue.Bound {
	v, ok := args.Get("x-consumer-timeout")
	n, _ := v.Int()
	return queue.Bound{Set: ok, N: n}
}

// checkConsumeArguments checks the arguments that are known, and refuses those
// of streams. Others are left alone.
func (ch *channel) checkConsumeArguments(q *queue.Queue, args amqp.Table) *amqp.Error {
	host, name := ch.s.vhost.Name(), q.QueueName()
	for _, f := range args {
		switch f.Key {
		case "x-priority":
			if _, ok := f.Value.Int(); !ok {
				return amqp.InvalidQueueArg(host, name, f.Key, amqp.NotInteger(f.Value))
			}
		case "x-consumer-timeout":
			n, ok := f.Value.Int()
			switch {
			case !ok:
				return amqp.InvalidQueueArg(host, name, f.Key, amqp.NotInteger(f.Value))
			case n < 0:
				return amqp.InvalidQueueArg(host, name, f.Key, amqp.NegativeValue(n))
			}
		case "x-cancel-on-ha-failover":
			if _, ok := f.Value.Bool(); !ok {
				return amqp.InvalidQueueArg(host, name, f.Key, amqp.WrongType(f.Value))
			}
		case "x-stream-offset", "x-stream-filter", "x-stream-match-unfiltered":
			kind := "classic"
			if q.Quorum() {
				kind = "quorum"
			}
			return amqp.UnsupportedQueueArg(host, name, f.Key, kind)
		}
	}
	return nil
}

// addConsumer adds a consumer. Errors: 530 for a tag that is taken, and for one too
// many.
func (ch *channel) addConsumer(c *consumer) *amqp.Error {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	most := ch.s.cfg.MaxConsumers
	switch {
	case ch.tagTaken(c.tag):
		return amqp.ReusedConsumerTag(c.tag)
	case most > 0 && len(ch.consumers) >= most:
		return amqp.ConsumerLimit(most)
	}
	ch.consumers[c.tag] = c
	c.from = ch.dealings.with(c.queue)
	return nil
}

// tagTaken says whether the channel has a consumer of that tag. Called with mu
// held.
func (ch *channel) tagTaken(tag string) bool {
	_, taken := ch.consumers[tag]
	return taken || ch.requester != nil && ch.requester.consumer.tag == tag
}

// basicCancel ends a consumer. What it was given stays to be settled.
func (ch *channel) basicCancel(m *amqp.BasicCancel) {
	ch.mu.Lock()
	c := ch.consumers[m.ConsumerTag]
	delete(ch.consumers, m.ConsumerTag)
	ch.mu.Unlock()
	var reply amqp.Method
	if !m.NoWait {
		reply = &amqp.BasicCancelOk{ConsumerTag: m.ConsumerTag}
	}
	if c == nil {
		ch.cancelReplies(m.ConsumerTag)
		if reply != nil {
			ch.send(reply)
		}
		return
	}
	ch.consumerDeleted(c)
	ch.ask()
	c.queue.Cancel(&c.Consumer, func() { ch.answer(reply, nil, amqp.BasicCancelID) })
}

// Cancelled implements queue.Sink: the consumer's queue is gone.
func (ch *channel) Cancelled(qc *queue.Consumer) {
	c := qc.Label.(*consumer)
	ch.mu.Lock()
	if ch.consumers[c.tag] == c {
		delete(ch.consumers, c.tag)
		ch.consumerDeleted(c)
		if ch.s.client.cancelNotify {
			ch.send(&amqp.BasicCancel{ConsumerTag: c.tag, NoWait: true})
		}
	}
	ch.mu.Unlock()
	ch.s.out.kick()
}

func generatedTag() string {
	var id [16]byte
	rand.Read(id[:]) // never fails
	return "amq.ctag-" + base64.RawURLEncoding.EncodeToString(id[:])
}
