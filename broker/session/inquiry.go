package session

import (
	"slices"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/vhost"
)

// inquiry is how a channel finds out what a user may do whose rights are known
// elsewhere. A method that needs a right which is not known yet is stopped before it
// has done anything, and put off like one that comes while the channel waits; when
// the answer is there it is handled from its beginning. So nobody waits but the
// channel itself. Guarded by the session's work.
type inquiry struct {
	// wanted is the right to ask for, if any is; refused are those that the method
	// which is put off has been refused.
	wanted  *grant
	refused []grant
	// name is what the queue is called that it declares, if that had none.
	name string
}

// want asks for a right, unless it was refused or another is asked for already.
func (q *inquiry) want(one grant) {
	if q.wanted == nil && !slices.Contains(q.refused, one) {
		q.wanted = &one
	}
}

// inquires says that a method has been stopped for want of an answer.
func (ch *channel) inquires() bool { return ch.grants.inquiry.wanted != nil }

// inquire asks for the right that the method in payload needs, and puts the method
// off until then. Called with work held.
func (ch *channel) inquire(payload []byte) {
	wanted := *ch.grants.inquiry.wanted
	ch.ask()
	ch.stop(amqp.Frame{Type: amqp.FrameMethod, Channel: ch.id, Payload: slices.Clone(payload)})
	access := ch.s.access
	ch.s.start(func() {
		err := access.Ask(access.Question(wanted.right, wanted.on))
		ch.s.work.Lock()
		q := &ch.grants.inquiry
		q.wanted = nil
		if ch.s.allowed(err) {
			ch.grants.remember(wanted)
		} else {
			q.refused = append(q.refused, wanted)
		}
		ch.s.work.Unlock()
		ch.answer(nil, nil, 0)
	})
}

// mayBegin checks, for a user whose rights are known elsewhere, whether a message
// may be published, before it comes: in its middle nothing can be put off.
func (ch *channel) mayBegin(m *amqp.BasicPublish) *amqp.Error {
	if !ch.s.access.Asks() {
		return nil
	}
	if err := ch.mayPublish(m.Exchange); err != nil {
		return err
	}
	return ch.mayPublishTopic(m.Exchange, m.RoutingKey)
}

// handled forgets what was found out for a method that has been handled.
func (ch *channel) handled() {
	if q := &ch.grants.inquiry; q.wanted == nil {
		q.refused, q.name = nil, ""
	}
}

// generatedName returns the name of a queue that is declared without one: the same
// when its declaration was put off.
func (ch *channel) generatedName() string {
	q := &ch.grants.inquiry
	if q.name == "" {
		q.name = vhost.GenerateName()
	}
	return q.name
}
