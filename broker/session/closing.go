package session

import (
	"time"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/amqp"
)

// fail closes the channel, or the connection, because of an error. Called with
// work held.
func (ch *channel) fail(err *amqp.Error) {
	if err.Hard() {
		ch.s.fail(err)
		return
	}
	ch.log().Warn("channel error, closing the channel", zap.Error(err))
	ch.s.flushStage()
	ch.end()
	ch.closing = true
	ch.lastWord = &amqp.ChannelClose{
		ReplyCode: err.Code,
		ReplyText: err.ReplyText(),
		ClassID:   err.Method.Class(),
		MethodID:  err.Method.Method(),
	}
	if !unanswered(err.Method) || !ch.s.start(ch.giveTime) {
		ch.tellWhy()
	}
}

// log returns the log for what concerns the channel, which is seldom anything.
func (ch *channel) log() *zap.Logger {
	return ch.s.logger("channel").With(ch.s.whose()...).With(zap.Uint16("channel", ch.id))
}

// unanswered says that clients do not wait for an answer to a method.
func unanswered(id amqp.MethodID) bool {
	switch id {
	case amqp.BasicPublishID, amqp.BasicAckID, amqp.BasicNackID, amqp.BasicRejectID:
		return true
	}
	return false
}

// patience is how long a client is not told that its channel is closed because
// of a method that has no answer. What it calls next would fail in one of two ways,
// depending on who is faster: as the channel was closed before, or as it is closed
// meanwhile, with the reason. Clients of RabbitMQ, which is slow to tell, are used
// to the latter; so the news waits for the next method.
const patience = 10 * time.Millisecond

// giveTime tells the client after a while, if the next method did not come.
func (ch *channel) giveTime() {
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ch.s.closed:
		return
	}
	ch.s.work.Lock()
	if ch.s.state < closing {
		ch.tellWhy()
	}
	ch.s.work.Unlock()
	ch.s.out.flush()
}

// tellWhy sends channel.close, once. Called with work held.
func (ch *channel) tellWhy() {
	if ch.lastWord != nil {
		ch.send(ch.lastWord)
		ch.lastWord = nil
	}
}

// frameWhenClosing waits for the end of a channel that was closed here. What
// the client sent before it knew is dropped.
func (ch *channel) frameWhenClosing(f amqp.Frame) {
	if f.Type != amqp.FrameMethod {
		return
	}
	ch.tellWhy()
	switch id, _, _ := amqp.ParseMethod(f.Payload); id {
	case amqp.ChannelCloseID:
		ch.send(&amqp.ChannelCloseOk{})
	case amqp.ChannelCloseOkID:
		ch.s.forget(ch)
	}
}
