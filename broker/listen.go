package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/broker/session"
)

// How long an accept loop waits after an error: longer each time, so that a
// process without free file descriptors does not spin until it gets one.
const (
	acceptDelay    = 5 * time.Millisecond
	acceptDelayMax = time.Second
)

// listen opens all listeners or none.
func listen(addresses []string) ([]net.Listener, error) {
	var (
		lc  net.ListenConfig
		all []net.Listener
	)
	for _, a := range addresses {
		l, err := lc.Listen(context.Background(), "tcp", a)
		if err != nil {
			closeAll(all)
			return nil, fmt.Errorf("cannot accept connections: %w", err)
		}
		all = append(all, l)
	}
	return all, nil
}

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		// What a closed listener has to say is of no use to anybody.
		_ = l.Close()
	}
}

// accept gives every connection to serve until the listener is closed. It
// lives through errors: running out of file descriptors ends, too.
func accept(l net.Listener, log *zap.Logger, stop <-chan struct{}, serve func(net.Conn)) {
	delay := acceptDelay
	for {
		conn, err := l.Accept()
		if err == nil {
			delay = acceptDelay
			serve(conn)
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
		log.Warn("cannot accept a connection", zap.Error(err), zap.Duration("retry in", delay))
		select {
		case <-stop:
			return
		case <-time.After(delay):
		}
		delay = min(2*delay, acceptDelayMax)
	}
}

// serve starts the session of a connection and returns.
func (b *Broker) serve(conn net.Conn) { b.serveSession(session.New(conn, &b.session), conn) }

func (b *Broker) serveSession(s *session.Session, conn net.Conn) {
	if !b.sessions.add(s, conn) {
		_ = conn.Close()
		return
	}
	b.block(s)
	go func() {
		defer b.sessions.remove(s)
		s.Serve()
		b.residents.leave(s)
	}()
}

// block tells a new session of the alarms that are on. The session has been
// added before, so that it misses no change.
func (b *Broker) block(s *session.Session) {
	b.alarms.mu.Lock()
	defer b.alarms.mu.Unlock()
	if b.alarms.on != 0 {
		s.Block(b.alarms.on.String())
	}
}
