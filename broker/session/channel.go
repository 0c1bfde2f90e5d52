package session

import (
	"sync"
	"sync/atomic"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/vhost"
	"github.com/lepusmq/lepus/queue"
)

// channel is one channel of a connection. It is the queue.Sink of its
// consumers and the queue.Confirmer of its publishes.
type channel struct {
	// Immutable.
	s  *Session
	id uint16

	// Guarded by the session's work.
	content   content
	mode      mode
	published uint64 // publishes since confirm.select
	tx        transaction
	route     vhost.Route
	grants    grants
	prefetch  int                // of consumers to come
	closing   bool               // it ends because of an error: only close and close-ok count
	lastWord  *amqp.ChannelClose // why, as long as the client was not told
	run       run
	sent      sent
	outlets   []*outlet
	seen      sight

	// held says that frames may not be handled as they come: the channel
	// waits for an answer, or frames do that came meanwhile. Set with work and
	// mu held, cleared with mu held.
	held atomic.Bool

	window window

	// Guarded by mu.
	mu        sync.Mutex
	ended     bool
	consumers map[string]*consumer
	requester *requester // the consumer of direct replies; nil if there is none
	lastQueue string     // the last declared
	tag       uint64     // of the last delivery
	unacked   unackedRing
	takenBack int // of unacked: those that only the client still has
	ackMarks  ackMarks
	confirms  confirms
	lone      uint64 // the publish whose confirm the reader will send; 0 if none
	pending   pending
	given     given
	dealings  dealings
}

// mode is what a channel does with publishes.
type mode uint8

const (
	plain mode = iota
	confirming
	transactional
)

// pending is what a channel that waits for an answer has put off.
type pending struct {
	waiting  bool // for an answer
	resuming bool // a goroutine is about to go on
	failure  *amqp.Error
	stopped  *amqp.Frame // a method that was begun and comes before the others; nil if none
	frames   []amqp.Frame
	room     chan struct{} // the reader waits for room; nil if it does not
}

// maxPending is how many bytes of frames may wait on the channels of a
// connection before it is read no further.
const maxPending = 256 << 10

// channelFrame handles a frame of a channel. Called with work held.
func (s *Session) channelFrame(f amqp.Frame) {
	ch := s.latest
	if ch == nil || ch.id != f.Channel {
		ch = s.channels[f.Channel]
		if ch == nil {
			if err := s.openChannel(f); err != nil {
				s.fail(err)
			}
			return
		}
		s.latest = ch
	}
	if s.alarm.on.Load() {
		ch.minds(f)
	}
	if ch.held.Load() && ch.putOff(f) {
		return
	}
	ch.frame(f)
}

// openChannel handles the first frame of a channel.
func (s *Session) openChannel(f amqp.Frame) *amqp.Error {
	if f.Type != amqp.FrameMethod {
		return amqp.ExpectedMethod()
	}
	id, _, err := amqp.ParseMethod(f.Payload)
	if err != nil {
		return asError(err)
	}
	if id != amqp.ChannelOpenID {
		return amqp.ExpectedChannelOpen().For(id)
	}
	if most := int(s.offered.channelMax); most > 0 && len(s.channels) >= most {
		return amqp.ChannelLimit(len(s.channels), most)
	}
	if err := s.cfg.Host.OpenChannel(s); err != nil {
		return err
	}
	ch := &channel{s: s, id: f.Channel, consumers: map[string]*consumer{}}
	s.channels[ch.id] = ch
	ch.opened()
	ch.send(&amqp.ChannelOpenOk{})
	return nil
}

// frame handles one frame. Called with work held.
func (ch *channel) frame(f amqp.Frame) {
	if ch.closing {
		ch.frameWhenClosing(f)
		return
	}
	var err *amqp.Error
	switch f.Type {
	case amqp.FrameMethod:
		err = ch.methodFrame(f.Payload)
	case amqp.FrameHeader:
		err = ch.header(f.Payload)
	default:
		err = ch.body(f.Payload)
	}
	if err != nil {
		ch.fail(err)
	}
}

// methodFrame handles a method. Those that come by the million have their own
// way.
func (ch *channel) methodFrame(payload []byte) *amqp.Error {
	id, args, err := amqp.ParseMethod(payload)
	if err != nil {
		return asError(err)
	}
	if ch.content.step != wantMethod {
		if ch.content.step == wantHead {
			return amqp.ExpectedHeader(amqp.BasicPublishID)
		}
		return amqp.ExpectedBody(amqp.BasicPublishID)
	}
	var failed *amqp.Error
	switch id {
	case amqp.BasicPublishID:
		failed = ch.beginContent(args)
	case amqp.BasicAckID:
		failed = ch.ack(args)
	default:
		m, err := amqp.DecodeMethod(id, args)
		if err != nil {
			return asError(err)
		}
		ch.s.flushStage()
		failed = ch.method(m)
		ch.handled()
	}
	switch {
	case failed == nil:
		return nil
	case ch.inquires():
		ch.inquire(payload)
		return nil
	}
	return failed.For(id)
}

// method handles a method of the channel. The files beside this one have one
// group of methods each.
func (ch *channel) method(m amqp.Method) *amqp.Error {
	switch m := m.(type) {
	case *amqp.ChannelOpen:
		return amqp.SecondChannelOpen()
	case *amqp.ChannelClose:
		ch.end()
		ch.s.forget(ch)
		ch.send(&amqp.ChannelCloseOk{})
	case *amqp.ChannelFlow:
		if !m.Active {
			return amqp.FlowInactive()
		}
		ch.send(&amqp.ChannelFlowOk{Active: true})
	case *amqp.BasicCancelOk:
		// The answer to a cancel of ours, which wants none.
	case *amqp.AccessRequest:
		ch.send(&amqp.AccessRequestOk{Ticket: 1})
	case *amqp.ExchangeDeclare:
		return ch.exchangeDeclare(m)
	case *amqp.ExchangeDelete:
		return ch.exchangeDelete(m)
	case *amqp.ExchangeBind:
		return ch.exchangeBind(m)
	case *amqp.ExchangeUnbind:
		return ch.exchangeUnbind(m)
	case *amqp.QueueDeclare:
		return ch.queueDeclare(m)
	case *amqp.QueueBind:
		return ch.queueBind(m)
	case *amqp.QueueUnbind:
		return ch.queueUnbind(m)
	case *amqp.QueuePurge:
		return ch.queuePurge(m)
	case *amqp.QueueDelete:
		return ch.queueDelete(m)
	case *amqp.BasicQos:
		return ch.basicQos(m)
	case *amqp.BasicConsume:
		return ch.basicConsume(m)
	case *amqp.BasicCancel:
		ch.basicCancel(m)
	case *amqp.BasicGet:
		return ch.basicGet(m)
	case *amqp.BasicNack:
		return ch.nack(m)
	case *amqp.BasicReject:
		return ch.reject(m)
	case *amqp.BasicRecover:
		return ch.recover(m.Requeue, true)
	case *amqp.BasicRecoverAsync:
		return ch.recover(m.Requeue, false)
	case *amqp.ConfirmSelect:
		return ch.confirmSelect(m)
	case *amqp.TxSelect:
		return ch.txSelect()
	case *amqp.TxCommit:
		return ch.txCommit()
	case *amqp.TxRollback:
		return ch.txRollback()
	default:
		return amqp.UnimplementedMethod()
	}
	return nil
}

func (ch *channel) send(m amqp.Method) { ch.s.out.send(ch.id, m) }

// forget frees the number of a channel.
func (s *Session) forget(ch *channel) {
	if s.channels[ch.id] == ch {
		delete(s.channels, ch.id)
		s.cfg.Host.CloseChannels(s, 1)
	}
	if s.latest == ch {
		s.latest = nil
	}
}

// end gives back what the channel holds: its consumers end and its unacked
// messages are ready again. What it put off is still to be looked at, for the
// client may have closed the channel, too. Called with work held, more than
// once.
func (ch *channel) end() {
	ch.content.reset()
	ch.endRun()
	held := ch.tx.end()

	ch.mu.Lock()
	again := ch.ended
	ch.ended = true
	queues := map[*queue.Queue]struct{}{}
	for _, u := range held {
		queues[u.from.queue] = struct{}{}
	}
	ch.unacked.queues(func(q *queue.Queue) { queues[q] = struct{}{} })
	ch.unacked, ch.takenBack = unackedRing{}, 0
	for _, c := range ch.consumers {
		queues[c.queue] = struct{}{}
		ch.consumerDeleted(c)
	}
	clear(ch.consumers)
	ch.endReplies()
	ch.confirms.makeRoom()
	ch.mu.Unlock()
	if !again {
		ch.closed()
	}

	for q := range queues {
		q.Detach(ch)
	}
}
