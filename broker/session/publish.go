package session

import (
	"slices"
	"sync"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/vhost"
	"github.com/lepusmq/lepus/queue"
)

// stage gathers messages that go to the same queues, so that a mailbox is
// opened once for many.
type stage struct {
	from   *vhost.Flow // the exchange by which they came
	queues []*queue.Queue
	batch  []queue.Publication
	lent   *[]queue.Publication // what batch is in; nil when nothing is staged
	room   int                  // how many may be in batch
	bytes  int
}

const (
	// stageLen and stageBytes are how much is gathered at most: what a full
	// read brings. Its deliveries should fit into sendSize.
	stageLen   = 640
	stageBytes = 64 << 10
	// stageCopies bounds what one batch puts into the mailboxes of many queues:
	// each of many publishers may do so before they are slowed.
	stageCopies = 8192
)

// batches are lent to sessions that have something staged.
var batches = sync.Pool{New: func() any {
	b := make([]queue.Publication, 0, stageLen)
	return &b
}}

// complete handles a message that has come whole. The order of the checks is
// RabbitMQ's.
func (ch *channel) complete(body []byte) *amqp.Error {
	c := &ch.content
	s := ch.s
	if c.immediate {
		return amqp.ImmediatePublish()
	}
	if !s.vhost.Repeats(&ch.route, c.exchange(), c.key(), c.facts.Headers) || ch.grants.published != s.access.Version() {
		if err := ch.find(); err != nil {
			return err.For(amqp.BasicPublishID)
		}
	}
	if c.facts.ReplyTo != nil {
		if err := ch.addressReply(); err != nil {
			return err
		}
	}
	if c.facts.Expiration != nil {
		if err := c.checkExpiration(); err != nil {
			return err
		}
	}
	if ch.grants.topics {
		if err := ch.mayPublishTopic(c.exchange(), c.key()); err != nil {
			return err.For(amqp.BasicPublishID)
		}
	}
	if c.facts.UserID != nil {
		if err := ch.mayBe(c.facts.UserID); err != nil {
			return err
		}
	}
	if c.facts.Headers != nil && ch.route.Fault != nil {
		return ch.route.Fault
	}
	if mode := c.facts.DeliveryMode; mode > amqp.Persistent || mode == 0 && c.facts.Flags&amqp.HasDeliveryMode != 0 {
		return amqp.UnknownDeliveryMode(mode)
	}
	if s.alarm.on.Load() {
		s.alarm.noticePublish()
	}

	if ch.route.Remembers() && ch.mode != transactional {
		if err := ch.claim(body); err != nil {
			return err
		}
	}
	if s.vhost.Tracing() {
		ch.tracePublish(body)
	}
	s.taken.Count(len(body))
	ch.passed(len(ch.route.Queues))
	switch queues := ch.route.Queues; {
	case ch.mode == transactional:
		var p queue.Publication
		ch.receive(&p, body)
		ch.tx.publish(&ch.route, p, c.mandatory)
		if len(ch.route.Waits) > 0 && !ch.route.Remembers() {
			ch.tx.postpone(ch.postponed(body))
		}
	case ch.route.Deduplicates():
		ch.deduplicated(body)
	case len(queues) == 0 && len(ch.route.Waits) == 0:
		var p queue.Publication
		ch.receive(&p, body)
		ch.withoutQueue(&p, ch.route.Replies, c.mandatory)
	case len(ch.route.Waits) > 0:
		ch.postpone(queues, body)
	default:
		p := s.staged(ch.route.Flow, queues)
		ch.pack(p, body)
		ch.awaitConfirm(p)
		if p.Persistent && ch.route.Durable > 1 {
			p.Fanout = queue.NewFanout(ch.route.Durable)
		}
		s.stage.bytes += int(p.Size())
		if c.facts.Headers != nil {
			s.reply(ch.route.Replies, &p.Message) // for copies
		}
	}
	c.reset()
	return nil
}

// find looks up where the message goes, and whether it may.
func (ch *channel) find() *amqp.Error {
	nowhere := ch.lookUp()
	// Who may not publish is not told whether there is such an exchange.
	if err := ch.mayPublish(ch.content.exchange()); err != nil {
		return err
	}
	if nowhere != nil {
		return asError(nowhere)
	}
	return nil
}

// lookUp leaves in ch.route where the message goes.
func (ch *channel) lookUp() error {
	c := &ch.content
	ch.route.Head = c.head
	return ch.s.vhost.Route(&ch.route, c.exchange(), c.key(), c.facts.Headers)
}

// receive makes p, which is zero, the message that was received. What came in
// one piece is copied; what was gathered already is kept where it is.
func (ch *channel) receive(p *queue.Publication, body []byte) {
	ch.pack(p, body)
	ch.awaitConfirm(p)
}

// pack is receive, but for the confirm.
func (ch *channel) pack(p *queue.Publication, body []byte) {
	c := &ch.content
	if gathered := !c.borrowed && len(c.buf) >= refSize && !c.changed; gathered {
		p.Message = queue.Adopt(c.buf, len(c.route), len(c.head))
		c.buf = nil
	} else {
		ch.s.slab.Put(&p.Message, c.route, c.head, body)
	}
	ch.mark(&p.Message)
}

// mark notes with a message what its properties say.
func (ch *channel) mark(m *queue.Message) {
	m.Persistent = ch.content.facts.DeliveryMode == amqp.Persistent
	m.Priority = ch.content.facts.Priority
	m.Expires = ch.content.expires
	if ch.content.facts.Headers != nil && ch.route.Blind {
		m.Note(queue.Blind)
	}
}

// awaitConfirm gives a message the next number, if publishes are confirmed.
func (ch *channel) awaitConfirm(p *queue.Publication) {
	if ch.mode == confirming {
		ch.published++
		ch.s.taken.ToConfirm++
		p.Confirm, p.Publish = ch, ch.published
	}
}

// staged stages a message that came by an exchange for its queues and returns it, to
// be filled in. Called with work held.
func (s *Session) staged(from *vhost.Flow, queues []*queue.Queue) *queue.Publication {
	st := &s.stage
	if len(st.batch) > 0 && (len(st.batch) == st.room || st.bytes >= stageBytes || st.from != from || !slices.Equal(st.queues, queues)) {
		s.flushStage()
	}
	if len(st.batch) == 0 {
		st.from, st.queues = from, append(st.queues[:0], queues...)
		st.room = min(stageLen, max(1, stageCopies/len(queues)))
		st.lent = batches.Get().(*[]queue.Publication)
		st.batch = *st.lent
	}
	st.batch = append(st.batch, queue.Publication{})
	return &st.batch[len(st.batch)-1]
}

// flushStage hands what was staged to its queues. Called with work held.
func (s *Session) flushStage() {
	st := &s.stage
	if len(st.batch) == 0 {
		return
	}
	s.noteConfirms(st.batch, len(st.queues))
	if n := len(st.queues) - 1; n > 0 {
		for i := range st.batch {
			st.batch[i].Retain(n)
		}
	}
	for _, q := range st.queues {
		q.PublishBy(&st.from.Origin, st.batch)
	}
	s.notePressure(st.queues)
	clear(st.batch)
	batches.Put(st.lent)
	st.batch, st.lent, st.bytes = nil, nil, 0
}

// notePressure is called when queues were given messages: it notes which of them,
// and whether the store, have got more than they can take. Called with work held.
func (s *Session) notePressure(queues []*queue.Queue) {
	for _, q := range queues {
		if q.Overloaded() {
			s.pressed = append(s.pressed, q)
		}
	}
	s.slow = s.slow || s.vhost.Overloaded()
}

// pressing says that the reader is to wait before it hands on more. Called with
// work held.
func (s *Session) pressing() bool { return s.slow || len(s.pressed) > 0 }

// noteConfirms tells the channels of a batch for what they are to wait, before
// any queue can answer.
func (s *Session) noteConfirms(batch []queue.Publication, queues int) {
	var ch *channel
	for i := range batch {
		p := &batch[i]
		if p.Confirm == nil {
			continue
		}
		if next := p.Confirm.(*channel); next != ch {
			if ch != nil {
				ch.mu.Unlock()
			}
			ch = next
			ch.mu.Lock()
		}
		if ch.confirms.add(p.Publish, queues); ch.confirms.next-ch.confirms.low >= maxOvertaken {
			s.ahead = ch
		}
	}
	if ch != nil {
		ch.mu.Unlock()
	}
}

// drop forgets what was staged: the messages were never handed on.
func (st *stage) drop() {
	for i := range st.batch {
		st.batch[i].Release()
	}
	*st = stage{}
}

// withoutQueue gives a message that no queue takes to the requesters that it
// answers, or returns or drops it if there are none. It counts as confirmed,
// after what was staged has been noted.
func (ch *channel) withoutQueue(p *queue.Publication, to []vhost.Replier, mandatory bool) {
	if len(to) == 0 || p.Confirm != nil {
		ch.s.flushStage()
	}
	switch {
	case len(to) > 0:
		ch.s.reply(to, &p.Message)
	case mandatory:
		ch.run.Returned++
		ch.giveBack(&p.Message)
	default:
		ch.run.Dropped++
	}
	p.Release()
	if p.Confirm == nil {
		return
	}
	ch.mu.Lock()
	ch.confirms.add(p.Publish, 1)
	ch.mu.Unlock()
	ch.Confirm(p.Publish, p.Publish)
}

// giveBack sends basic.return.
func (ch *channel) giveBack(m *queue.Message) {
	buf, ok := ch.s.out.begin()
	if !ok {
		return
	}
	buf, at := amqp.BeginFrame(buf, amqp.FrameMethod, ch.id)
	buf = append(buf, 0, 60, 0, 50, byte(amqp.NoRoute>>8), byte(amqp.NoRoute&0xff))
	text := amqp.CodeName(amqp.NoRoute)
	buf = append(buf, byte(len(text)))
	buf = append(buf, text...)
	buf = append(buf, m.Route()...)
	buf = amqp.EndFrame(buf, at)
	ch.s.out.commit(ch.appendContent(buf, m, m.Head()))
}

// throttle waits for queues, and for a store, that have got more than they can
// take. Called by the reader, without work.
func (s *Session) throttle() {
	s.work.Lock()
	if !s.pressing() {
		s.work.Unlock()
		return
	}
	pressed, slow := s.pressed, s.slow
	s.pressed, s.slow = nil, false
	s.work.Unlock()
	s.stop()
	for _, q := range pressed {
		q.Throttle()
	}
	if slow {
		s.vhost.Throttle()
	}
	s.goOn()
}
