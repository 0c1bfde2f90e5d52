package session

import (
	"github.com/lepusmq/lepus/amqp"
)

// connectionFrame handles a frame on channel 0. Called with work held.
func (s *Session) connectionFrame(f amqp.Frame) *amqp.Error {
	if f.Type != amqp.FrameMethod {
		if s.state == closing {
			return nil
		}
		return amqp.MisplacedFrame(f.Type, f.Payload)
	}
	id, args, err := amqp.ParseMethod(f.Payload)
	if err != nil {
		return s.whenOpen(asError(err))
	}
	if s.state == closing && id != amqp.ConnectionCloseID && id != amqp.ConnectionCloseOkID {
		return nil
	}
	m, err := amqp.DecodeMethod(id, args)
	if err != nil {
		return s.whenOpen(asError(err))
	}
	if e := s.connectionMethod(m); e != nil {
		return e.For(id)
	}
	return nil
}

// whenOpen drops errors of a connection that is closing already.
func (s *Session) whenOpen(err *amqp.Error) *amqp.Error {
	if s.state == closing {
		return nil
	}
	return err
}

func (s *Session) connectionMethod(m amqp.Method) *amqp.Error {
	switch m := m.(type) {
	case *amqp.ConnectionClose:
		return s.closeByPeer()
	case *amqp.ConnectionCloseOk:
		if s.state == closing {
			// The peer has read all that it was sent, and sends nothing more.
			s.sock.interrupt()
			return nil
		}
	case *amqp.ConnectionStartOk:
		if s.state == wantStartOk {
			return s.startOk(m)
		}
	case *amqp.ConnectionTuneOk:
		if s.state == wantTuneOk {
			return s.tuneOk(m)
		}
	case *amqp.ConnectionOpen:
		if s.state == wantOpen {
			return s.open(m)
		}
	case *amqp.ConnectionUpdateSecret:
		if s.state == running {
			// Passwords do not run out as tokens do: there is nothing to renew,
			// and RabbitMQ does not look at the secret of such users either.
			s.out.send(0, &amqp.ConnectionUpdateSecretOk{})
			return nil
		}
	}
	return amqp.WrongState(s.state.String())
}

// closeByPeer answers connection.close once all that the connection held is
// gone.
func (s *Session) closeByPeer() *amqp.Error {
	if s.state == closing {
		s.out.afterLast(&amqp.ConnectionCloseOk{})
		return nil
	}
	opened := s.state == running
	s.state = closing
	s.flushStage()
	s.release()
	finish := func() {
		s.out.last(&amqp.ConnectionCloseOk{})
		s.start(func() {
			s.work.Lock()
			s.hangUp()
			s.work.Unlock()
		})
	}
	if !opened {
		finish()
		return nil
	}
	s.vhost.ReleaseOwner(s.owner, finish)
	return nil
}

// releaseExclusive deletes the queues that only this connection could use.
func (s *Session) releaseExclusive() {
	if s.vhost == nil {
		return
	}
	gone := make(chan struct{})
	s.vhost.ReleaseOwner(s.owner, func() { close(gone) })
	<-gone
}

// release gives back what the session holds: its channels end, and their
// messages are ready again. Exclusive queues go when the session ends. Called
// with work held, more than once.
func (s *Session) release() {
	for _, ch := range s.channels {
		ch.end()
		ch.dropPending()
	}
	if n := len(s.channels); n > 0 {
		s.cfg.Host.CloseChannels(s, n)
	}
	clear(s.channels)
	s.flushReplies()
	s.stage.drop()
	s.slab.Close()
}
