package session

import (
	"bytes"
	"errors"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
)

const (
	// smallRead is the buffer of a connection that is idle, bigRead that of a
	// busy one. A buffer grows beyond only for a larger frame.
	smallRead = 4 << 10
	bigRead   = 64 << 10
	// handshakeFrameMax bounds frames until the client has said what it wants:
	// room for a token as password.
	handshakeFrameMax = 8 << 10
	// handshakeFrameMax3 is that of RabbitMQ before 4.0.
	handshakeFrameMax3 = 4 << 10
)

var bigReads = queue.Lender[byte]{Room: bigRead}

// inbuf is the bytes that were read and not yet handled: buf[from:to].
type inbuf struct {
	buf      []byte
	from, to int
	filled   bool // the last read filled the room there was
	small    []byte
}

// room returns where to read to. What is left of the last read, less than a
// frame, moves to the front. A small buffer grows when a read filled it, any
// buffer for a frame that is larger.
func (b *inbuf) room() []byte {
	if b.buf == nil {
		b.small = make([]byte, smallRead)
		b.buf = b.small
	}
	if b.from > 0 {
		b.to = copy(b.buf, b.buf[b.from:b.to])
		b.from = 0
	}
	if b.filled && len(b.buf) < bigRead || len(b.buf)-b.to < len(b.buf)/4 {
		b.grow()
	}
	return b.buf[b.to:]
}

func (b *inbuf) grow() {
	var next []byte
	if len(b.buf) < bigRead {
		next = bigReads.Borrow()[:bigRead]
	} else {
		next = make([]byte, 2*len(b.buf))
	}
	copy(next, b.buf[:b.to])
	b.lend()
	b.buf = next
}

// lend gives a big buffer to others.
func (b *inbuf) lend() {
	if len(b.buf) == bigRead {
		bigReads.GiveBack(b.buf)
	}
}

// shrink goes back to the small buffer when nothing is left to handle.
func (b *inbuf) shrink() {
	if b.from == b.to && len(b.buf) > smallRead {
		b.lend()
		b.buf, b.from, b.to = b.small, 0, 0
	}
}

// read is the reader: it handles what comes until the session ends.
func (s *Session) read() error {
	var in inbuf
	defer in.lend()
	s.sock.busy.join(s.sock)
	defer s.sock.busy.leave(s.sock)
	idle := s.idle // named in the loop, it would be made for every read
	for {
		room := in.room()
		n, err := s.sock.read(room, idle)
		if n == 0 || err != nil {
			return err
		}
		s.noteLead()
		s.out.attend()
		in.to += n
		in.filled = n == len(room)

		for more := true; more; n = 0 {
			more = s.take(&in, n)
			s.pulse.heard.Store(true) // or would have been, if it took long
			if !in.filled {
				in.shrink()
			}
			more = s.slowDown() && more
		}
		s.watchFlood()
	}
}

// take handles what was read, n bytes of it just now, and reports whether some is
// left to handle when others have caught up.
func (s *Session) take(in *inbuf, n int) (more bool) {
	s.work.Lock()
	if n > 0 {
		s.received.bytes += uint64(n)
		s.received.reads++
	}
	more = s.handle(in)
	s.own()
	s.endRuns()
	s.work.Unlock()
	return more
}

// quiet does what was put off, before the reader waits for others than its peer.
func (s *Session) quiet() {
	if then := s.idle(); then != nil {
		then()
	}
}

// idle is called when there is nothing more to read: what was put off is done
// before the reader waits. If that waited for the disk, the confirm is left to
// the function that is returned.
func (s *Session) idle() (then func()) {
	s.work.Lock()
	s.flushReplies()
	lone := s.lone()
	if !lone {
		s.flushStage()
	}
	s.work.Unlock()
	if !lone {
		s.out.leave()
	} else if s.lead() {
		return s.answer
	}
	return nil
}

// handle parses and handles all whole frames, but no more of them when queues or
// the store have got more than they can take: then it reports that there may be
// more. Called with work held.
func (s *Session) handle(in *inbuf) (more bool) {
	if s.state == wantHeader {
		if !s.header(in) {
			return false
		}
	}
	for !s.pressing() {
		f, n, err := amqp.ParseFrame(in.buf[in.from:in.to], s.frameMax)
		if err != nil {
			in.from = in.to
			s.garbled(err)
			return false
		}
		if n == 0 {
			return false
		}
		in.from += n
		s.received.frames++
		s.frame(f)
	}
	return true
}

// header answers the protocol header, and reports whether to go on.
func (s *Session) header(in *inbuf) bool {
	b := in.buf[in.from:in.to]
	if len(b) < len(amqp.ProtocolHeader) {
		// Enough to see that it is something else?
		if string(b) == amqp.ProtocolHeader[:len(b)] {
			return false
		}
	} else {
		b = b[:len(amqp.ProtocolHeader)]
		if string(b) == amqp.ProtocolHeader || bytes.Equal(b, []byte("AMQP\x01\x01\x00\x09")) {
			in.from += len(b)
			s.log.Info("accepting AMQP connection")
			s.sayStart()
			return true
		}
		s.refuseHeader(b)
		return false
	}
	if len(b) >= 4 && string(b[:4]) == "AMQP" {
		return false
	}
	s.refuseHeader(b)
	return false
}

// garbled ends a connection whose bytes make no sense any more.
func (s *Session) garbled(err error) {
	if s.state == closing {
		return
	}
	s.fail(asError(err))
	if s.state == closing {
		s.lingerFor(lastWords)
	}
}

// frame handles one frame. Called with work held.
func (s *Session) frame(f amqp.Frame) {
	var err *amqp.Error
	switch {
	case f.Type == amqp.FrameHeartbeat:
		if f.Channel != 0 {
			err = amqp.MisplacedFrame(f.Type, f.Payload)
		}
	case f.Channel == 0:
		err = s.connectionFrame(f)
	case s.state == closing:
	case s.state != running:
		err = amqp.MisplacedFrame(f.Type, f.Payload)
	default:
		s.channelFrame(f)
	}
	if err != nil {
		s.fail(err)
	}
}

// slowDown keeps the reader from reading when the peer has sent more than can
// be taken. It is called without work and does not return before there is
// room, or the session ends: then it reports false.
func (s *Session) slowDown() (open bool) {
	for room := s.obstacle(); room != nil; room = s.obstacle() {
		s.stop()
		select {
		case <-room:
			open = true
		case <-s.closed:
			open = false
		}
		s.goOn()
		if !open {
			return false
		}
	}
	s.throttle()
	return true
}

// stop is called before the reader waits for others than its peer, goOn when it has.
func (s *Session) stop() {
	s.waiting.Store(true)
	s.quiet()
	s.sock.busy.rest()
}

func (s *Session) goOn() {
	s.sock.busy.resume()
	s.waiting.Store(false)
	s.out.attend()
}

// obstacle returns what the reader must wait for, nil if nothing: a channel
// that is closed when it is out of the way.
func (s *Session) obstacle() <-chan struct{} {
	s.work.Lock()
	ahead, crowded := s.ahead, s.backlog()
	s.ahead = nil
	s.work.Unlock()
	if crowded != nil {
		return crowded
	}
	if ahead != nil {
		if room := ahead.unconfirmed(); room != nil {
			return room
		}
	}
	if room := s.out.crowded(); room != nil {
		return room
	}
	return s.blocked()
}

// asError makes what clients are told of any error.
func asError(err error) *amqp.Error {
	var e *amqp.Error
	if errors.As(err, &e) {
		return e
	}
	return amqp.Errorf(amqp.InternalError, "")
}
