package session

import (
	"sync"
	"sync/atomic"

	"github.com/lepusmq/lepus/amqp"
)

// alarm stops a session that publishes while the broker is short of something.
// One that only consumes goes on.
type alarm struct {
	// on says that there is an alarm; a hint for the hot path.
	on atomic.Bool

	mu        sync.Mutex
	reason    string // empty: no alarm
	published bool   // since the alarm was raised
	told      bool   // connection.blocked was sent
	over      chan struct{}
	held      []*channel // wait with a publish until the alarm is over
}

// Block raises the broker's alarm for this session, with the reason that
// clients are told; an empty reason ends it. It may be called from any
// goroutine.
func (s *Session) Block(reason string) {
	a := &s.alarm
	a.mu.Lock()
	a.reason = reason
	a.on.Store(reason != "")
	unblocked := reason == "" && a.told
	var held []*channel
	if reason == "" {
		a.published, a.told = false, false
		held, a.held = a.held, nil
		if a.over != nil {
			close(a.over)
			a.over = nil
		}
	}
	a.mu.Unlock()
	if unblocked {
		s.out.send(0, &amqp.ConnectionUnblocked{})
		s.out.kick()
	}
	for _, ch := range held {
		ch.answer(nil, nil, amqp.BasicPublishID)
	}
}

// standing says whether there is an alarm, and whether the session is held up by
// it.
func (a *alarm) standing() (alarmed, published bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.reason != "", a.reason != "" && a.published
}

// minds has the channel wait with a publish, and with what comes behind it, as
// long as there is an alarm. Called with work held, before the frame is handled.
func (ch *channel) minds(f amqp.Frame) {
	if f.Type != amqp.FrameMethod || ch.closing || ch.isWaiting() {
		return
	}
	if id, _, err := amqp.ParseMethod(f.Payload); err != nil || id != amqp.BasicPublishID {
		return
	}
	a := &ch.s.alarm
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.reason != "" {
		a.published = true
		a.held = append(a.held, ch)
		ch.ask()
	}
}

// noticePublish is called for each message that comes while on is set.
func (a *alarm) noticePublish() {
	a.mu.Lock()
	a.published = a.reason != ""
	a.mu.Unlock()
}

// blocked returns a channel that is closed when the session may publish again,
// or nil when it may.
func (s *Session) blocked() <-chan struct{} {
	a := &s.alarm
	if !a.on.Load() {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.published {
		return nil
	}
	if !a.told && s.client.blocked {
		a.told = true
		s.out.send(0, &amqp.ConnectionBlocked{Reason: a.reason})
	}
	if a.over == nil {
		a.over = make(chan struct{})
	}
	return a.over
}
