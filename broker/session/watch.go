package session

import (
	"time"

	"go.uber.org/zap"
)

// watch is what the session was like when it was looked at last, so that what
// lasts can be told from what comes and goes. Guarded by the session's work.
type watch struct {
	sent    uint64 // bytes to the peer
	unread  bool   // more waited for it than it may let wait
	blocked bool   // it was blocked by an alarm
	warned  [warnings]time.Time
}

// warning is something that an operator is told of a session.
type warning uint8

const (
	doesNotRead warning = iota
	isBlocked
	hasNoPrefetch
	warnings
)

// warnAgain is how long the same is not said again of a connection, and
// manyUnacked how many deliveries are much for consumers without a prefetch limit.
const (
	warnAgain   = 10 * time.Minute
	manyUnacked = 10_000
)

// look warns of what an operator should do something about. Called with work held.
func (s *Session) look(now time.Time) {
	w := &s.watch
	pending, sent, _ := s.out.traffic()
	unread := s.out.full.Load()
	if unread && w.unread && sent == w.sent {
		s.warn(doesNotRead, now, "client does not read what it is sent, its deliveries wait: look whether it is stuck, and close its connection if it is",
			zap.Int("waiting bytes", pending))
	}
	w.unread, w.sent = unread, sent
	_, blocked := s.alarm.standing()
	if blocked && w.blocked {
		s.warn(isBlocked, now, "publisher has been blocked by an alarm for long: free what is short, or have consumers drain queues",
			zap.String("alarm", s.alarm.why()))
	}
	w.blocked = blocked
	for _, ch := range s.channels {
		if n, queue := ch.unlimited(); n >= manyUnacked {
			s.warn(hasNoPrefetch, now, "consumer without a prefetch limit has many unacknowledged deliveries: have it ack, or set a limit by basic.qos",
				zap.Uint16("channel", ch.id), zap.String("queue", queue), zap.Int("unacknowledged", n))
		}
	}
}

func (s *Session) warn(what warning, now time.Time, text string, about ...zap.Field) {
	if at := s.watch.warned[what]; !at.IsZero() && now.Sub(at) < warnAgain {
		return
	}
	s.watch.warned[what] = now
	s.log.Warn(text, append(s.whose(), about...)...)
}

// unlimited returns how many deliveries a channel has not acked that has a
// consumer, of the named queue, without a limit; 0 if it has none.
func (ch *channel) unlimited() (n int, queue string) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	for _, c := range ch.consumers {
		if c.Prefetch == 0 && !c.NoAck {
			return ch.unacked.len, c.queue.QueueName()
		}
	}
	return 0, ""
}

// why returns the reason of the alarm, empty if there is none.
func (a *alarm) why() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.reason
}
