package session

import (
	"net"
	"syscall"
	"time"
)

// socket is a connection that can also be used without waiting for it, where
// the platform and the kind of connection allow.
type socket struct {
	conn net.Conn
	raw  syscall.RawConn // nil: only the blocking way
	busy *busyWait       // shared by all sockets; may be nil

	// Owned by the reader.
	rd struct {
		p      []byte
		n      int
		err    error
		idle   func() (then func())
		then   func() // what idle left to do after a look
		short  bool   // the last read emptied the socket: it did not fill its buffer
		tried  bool
		rests  bool // the reader waits, for all that busyWait knows
		waited bool // there was nothing to read for a while
		steady bool // lately there was more to read without a wait
		fn     func(fd uintptr) bool
	}
	// Owned by whoever holds the outbox's writing flag.
	wr struct {
		p   []byte
		n   int
		err error
		fn  func(fd uintptr) bool
		all func(fd uintptr) bool
	}
}

// newSocket returns the socket of a connection; busy may be nil.
func newSocket(conn net.Conn, busy *busyWait) *socket {
	s := &socket{conn: conn, busy: busy}
	if c, ok := conn.(syscall.Conn); ok && canTry {
		if raw, err := c.SyscallConn(); err == nil {
			s.raw = raw
		}
	}
	s.rd.fn, s.wr.fn, s.wr.all = s.readOnce, s.writeOnce, s.writeMore
	return s
}

// read waits for bytes. Before it waits it calls idle, once: the moment to do
// what was put off while there was more to read. If that took as long as a disk
// takes, idle leaves the answer to a function, which is called when read has looked
// again: what has come by then was not sent because of the answer. Neither may
// close the socket.
func (s *socket) read(p []byte, idle func() (then func())) (int, error) {
	if s.raw == nil {
		s.rd.waited = true // nobody can tell
		if then := idle(); then != nil {
			then()
		}
		s.busy.rest()
		defer s.busy.resume()
		return s.conn.Read(p)
	}
	s.rd.p, s.rd.idle, s.rd.tried, s.rd.waited = p, idle, false, false
	err := s.raw.Read(s.rd.fn)
	s.resume() // it may have been interrupted
	if err != nil {
		return 0, err
	}
	return s.rd.n, s.rd.err
}

// readOnce is one attempt; false asks to be called again when there is
// something to read.
func (s *socket) readOnce(fd uintptr) (done bool) {
	s.resume()
	if done = s.attempt(fd); !done {
		s.rd.rests = true
		s.busy.rest()
	}
	return done
}

// resume ends what readOnce has begun when it asked to be called again.
func (s *socket) resume() {
	if s.rd.rests {
		s.rd.rests = false
		s.busy.resume()
	}
}

func (s *socket) attempt(fd uintptr) bool {
	if s.rd.short && !s.rd.steady && !s.rd.tried {
		// Nothing will be found: whoever waits for us need not wait for the look.
		s.rd.tried = true
		s.rd.then = s.rd.idle()
	}
	for {
		n, err := tryRead(fd, s.rd.p)
		if then := s.rd.then; then != nil {
			s.rd.then = nil
			then()
		}
		if err != errWouldBlock {
			s.rd.n, s.rd.err = n, err
			s.rd.short = n < len(s.rd.p)
			s.rd.steady = s.rd.steady || !s.rd.waited
			return true
		}
		if !s.rd.tried {
			s.rd.tried = true
			// What idle does may take long enough for more to come. But a peer that
			// waits for an answer sends nothing, and to look would be for nothing.
			if s.rd.then = s.rd.idle(); s.rd.then != nil || s.rd.steady {
				continue
			}
		}
		flow := s.rd.steady
		s.rd.waited, s.rd.steady = true, false
		if flow {
			s.busy.forget(fd)
		} else if s.busy.look(fd) {
			continue
		}
		return false
	}
}

// tryWrite writes what the socket takes without waiting.
func (s *socket) tryWrite(p []byte) (int, error) {
	s.wr.p = p
	if err := s.raw.Write(s.wr.fn); err != nil {
		return 0, err
	}
	return s.wr.n, s.wr.err
}

func (s *socket) writeOnce(fd uintptr) bool {
	s.wr.n, s.wr.err = tryWrite(fd, s.wr.p)
	if s.wr.err == errWouldBlock {
		s.wr.n, s.wr.err = 0, nil
	}
	return true
}

// write writes all of p, and waits for the peer where it must.
func (s *socket) write(p []byte) error {
	if s.raw == nil {
		_, err := s.conn.Write(p)
		return err
	}
	s.wr.p, s.wr.err = p, nil
	if err := s.raw.Write(s.wr.all); err != nil {
		return err
	}
	return s.wr.err
}

// writeMore writes what the socket takes; false asks to be called again when it
// takes more.
func (s *socket) writeMore(fd uintptr) bool {
	for len(s.wr.p) > 0 {
		n, err := tryWrite(fd, s.wr.p)
		switch err {
		case nil:
			s.wr.p = s.wr.p[n:]
		case errWouldBlock:
			return false
		default:
			s.wr.err = err
			return true
		}
	}
	return true
}

// gather writes parts that the connection would else be given one by one: with
// TLS each would be a record of its own, encrypted and sent by itself. Called by
// whoever holds the outbox's writing flag.
func (s *socket) gather(parts net.Buffers) error {
	buf := outBuffers.Borrow()
	defer outBuffers.GiveBack(buf)
	for _, part := range parts {
		for len(part) > 0 {
			n := min(len(part), cap(buf)-len(buf))
			buf, part = append(buf, part[:n]...), part[n:]
			if len(buf) < cap(buf) {
				continue
			}
			if _, err := s.conn.Write(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
	}
	_, err := s.conn.Write(buf)
	return err
}

// interrupt makes the reader's wait, and any later one, fail.
func (s *socket) interrupt() {
	// The only error is that the socket is closed, which serves as well.
	_ = s.conn.SetReadDeadline(time.Unix(1, 0))
}

// boundWrites makes writes fail after d.
func (s *socket) boundWrites(d time.Duration) {
	_ = s.conn.SetWriteDeadline(time.Now().Add(d))
}

// closeWrite tells the peer that nothing more will come.
func (s *socket) closeWrite() {
	if c, ok := s.conn.(interface{ CloseWrite() error }); ok {
		// The peer may be gone already.
		_ = c.CloseWrite()
		return
	}
	s.interrupt()
}

func (s *socket) close() {
	// Nobody could do anything about an error here.
	_ = s.conn.Close()
}
