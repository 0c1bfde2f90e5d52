package session

import (
	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/vhost"
	"github.com/lepusmq/lepus/queue"
)

// requester is a consumer of direct replies. It is the vhost.Replier of its
// channel.
type requester struct {
	// Immutable.
	ch       *channel
	consumer consumer // of no queue
	address  string   // under which the vhost knows it

	behind bool // guarded by ch.mu: replies are being dropped
}

const (
	// maxReplies is how many bytes may wait for a requester that does not read
	// before its replies are dropped: nothing holds back those who answer it.
	maxReplies = 16 << 20
	// maxReplied is how many requesters are given replies before they are
	// flushed.
	maxReplied = 64
)

// consumeReplies starts the consumer of direct replies.
func (ch *channel) consumeReplies(m *amqp.BasicConsume) *amqp.Error {
	tag := m.ConsumerTag
	if tag == "" {
		tag = generatedTag()
	}
	r := &requester{ch: ch, consumer: consumer{tag: tag, start: deliverStart(tag)}}
	ch.mu.Lock()
	defer ch.mu.Unlock()
	switch {
	case ch.tagTaken(tag):
		return amqp.ReusedConsumerTag(tag)
	case !m.NoAck:
		return amqp.ReplyConsumerAcks()
	case ch.requester != nil:
		return amqp.SecondReplyConsumer()
	}
	r.address = ch.s.vhost.AddReplier(r)
	ch.requester = r
	if !m.NoWait {
		ch.send(&amqp.BasicConsumeOk{ConsumerTag: tag})
	}
	return nil
}

// cancelReplies ends the consumer of direct replies if that is its tag.
func (ch *channel) cancelReplies(tag string) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if ch.requester != nil && ch.requester.consumer.tag == tag {
		ch.endReplies()
	}
}

// endReplies ends the consumer of direct replies, if there is one. Called with
// mu held.
func (ch *channel) endReplies() {
	if ch.requester != nil {
		ch.s.vhost.RemoveReplier(ch.requester.address)
		ch.requester = nil
	}
}

// addressReply puts the address of this channel into a request that wants a
// direct reply.
func (ch *channel) addressReply() *amqp.Error {
	c := &ch.content
	if string(c.facts.ReplyTo) != vhost.ReplyQueue {
		return nil
	}
	ch.mu.Lock()
	r := ch.requester
	ch.mu.Unlock()
	if r == nil {
		return amqp.NoReplyConsumer()
	}
	end := len(c.buf)
	c.buf = amqp.AppendWithReplyTo(c.buf, c.head, r.address)
	c.head, c.changed = c.buf[end:], true
	return nil
}

// reply gives a message to requesters. Called with work held.
func (s *Session) reply(to []vhost.Replier, m *queue.Message) {
	for _, r := range to {
		r.Reply(m)
		s.replied = append(s.replied, r)
	}
	if len(s.replied) >= maxReplied {
		s.flushReplies()
	}
}

// flushReplies sends the replies of this session. Called with work held.
func (s *Session) flushReplies() {
	for _, to := range s.replied {
		to.Flush()
	}
	clear(s.replied)
	s.replied = s.replied[:0]
}

// Reply implements vhost.Replier.
func (r *requester) Reply(m *queue.Message) {
	ch := r.ch
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if ch.requester != r || r.drops() {
		return
	}
	buf, ok := ch.s.out.begin()
	if !ok {
		return
	}
	ch.tag++
	var d queue.Delivery
	d.Message = *m
	ch.s.out.commit(ch.appendDelivery(buf, &r.consumer, &d))
}

// drops says whether a reply must be dropped. Called with the channel's mu held.
func (r *requester) drops() bool {
	s := r.ch.s
	was := r.behind
	r.behind = s.out.waiting() > maxReplies
	if r.behind && !was {
		r.ch.log().Warn("direct replies are dropped: the requester does not read; look whether its client still works")
	}
	return r.behind
}

// Flush implements vhost.Replier.
func (r *requester) Flush() { r.ch.s.out.flush() }
