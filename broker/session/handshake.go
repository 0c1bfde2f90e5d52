package session

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/vhost"
)

// tuning is what connection.tune offers and tune-ok answers.
type tuning struct {
	channelMax uint16
	frameMax   uint32
	heartbeat  uint16 // seconds
}

// handshakeExpired ends a connection that takes too long to open.
func (s *Session) handshakeExpired() {
	s.start(func() {
		s.work.Lock()
		defer s.work.Unlock()
		if s.state < running {
			s.log.Warn("handshake timed out")
			s.hangUp()
		}
	})
}

// refuseHeader tells a peer of another protocol, which began with some bytes,
// which one is spoken here.
func (s *Session) refuseHeader(began []byte) {
	s.log.Warn("not AMQP 0-9-1", zap.String("but", protocolOf(began)), zap.String("it sent", fmt.Sprintf("%q", began)))
	if buf, ok := s.out.begin(); ok {
		s.out.commit(append(buf, amqp.ProtocolHeader...))
	}
	s.hangUp()
}

// protocolOf says what a peer that begins like this most likely speaks.
func protocolOf(began []byte) string {
	for prefix, name := range map[string]string{
		"\x16\x03": "TLS, for which this port is not", "AMQP": "another version of AMQP", "PROXY": "a PROXY header, which is not configured",
		"\r\n\r\n": "a PROXY header, which is not configured", "GET ": "HTTP", "POST": "HTTP", "PUT ": "HTTP", "HEAD": "HTTP",
	} {
		if bytes.HasPrefix(began, []byte(prefix)) {
			return name
		}
	}
	return "something else"
}

func (s *Session) sayStart() {
	s.state = wantStartOk
	s.out.send(0, &amqp.ConnectionStart{
		VersionMajor:     0,
		VersionMinor:     9,
		ServerProperties: s.cfg.Properties(),
		Mechanisms:       strings.Join(s.mechanisms(), " "),
		Locales:          "en_US",
	})
}

// startOk logs the user in.
func (s *Session) startOk(m *amqp.ConnectionStartOk) *amqp.Error {
	s.properties = m.ClientProperties
	s.client = readCapabilities(m.ClientProperties)
	if name, ok := m.ClientProperties.Get("connection_name"); ok {
		if text, ok := name.Str(); ok {
			s.log = s.log.With(zap.String("name", text))
		}
	}
	l, failed := s.login(m.Mechanism, m.Response)
	if failed != nil {
		return failed
	}
	if l.trusted || !s.cfg.Realm.Asks() {
		id, err := l.check(s.cfg.Realm, s.sock.conn.RemoteAddr())
		return s.loggedIn(&l, m.Mechanism, id, err)
	}
	s.aside(loggingIn, m.ID(), func() func() *amqp.Error {
		id, err := l.check(s.cfg.Realm, s.sock.conn.RemoteAddr())
		return func() *amqp.Error { return s.loggedIn(&l, m.Mechanism, id, err) }
	})
	return nil
}

// aside asks somebody who may take his time what the next step of the handshake
// depends on, and then takes the step. Called with work held, as next is.
func (s *Session) aside(during state, cause amqp.MethodID, ask func() (next func() *amqp.Error)) {
	s.state = during
	s.start(func() {
		next := ask()
		s.work.Lock()
		if s.state == during {
			if err := next(); err != nil {
				s.fail(err.For(cause))
			}
		}
		s.work.Unlock()
		s.out.flush()
	})
}

// loggedIn goes on when it is known whether a log-in is good.
func (s *Session) loggedIn(l *login, mechanism string, id *auth.Identity, err error) *amqp.Error {
	if err != nil {
		s.authenticated(*l, mechanism, err)
		s.log.Warn("login refused", zap.String("user", l.user), zap.String("mechanism", mechanism), zap.Error(err))
		s.refuseLogin(mechanism)
		return nil
	}
	s.user, s.trusted, s.mechanism, s.identity = l.user, l.trusted, mechanism, id
	s.authenticated(*l, mechanism, nil)
	s.state = wantTuneOk
	s.offered = tuning{
		channelMax: s.cfg.ChannelMax,
		frameMax:   s.cfg.FrameMax,
		heartbeat:  uint16(min(s.cfg.Heartbeat/time.Second, 65535)),
	}
	s.out.send(0, &amqp.ConnectionTune{
		ChannelMax: s.offered.channelMax,
		FrameMax:   s.offered.frameMax,
		Heartbeat:  s.offered.heartbeat,
	})
	return nil
}

// refuseLogin tells a client that can be told; others see the connection end.
func (s *Session) refuseLogin(mechanism string) {
	if !s.client.failureClose {
		s.hangUp()
		return
	}
	s.sayClose(amqp.LoginRefused(mechanism))
}

func readCapabilities(properties amqp.Table) capabilities {
	var c capabilities
	v, _ := properties.Get("capabilities")
	table, _ := v.Table()
	is := func(key string) bool {
		v, _ := table.Get(key)
		yes, _ := v.Bool()
		return yes
	}
	c.failureClose = is("authentication_failure_close")
	c.cancelNotify = is("consumer_cancel_notify")
	c.blocked = is("connection.blocked")
	return c
}

// tuneOk takes what the client wants of what was offered.
func (s *Session) tuneOk(m *amqp.ConnectionTuneOk) *amqp.Error {
	if err := negotiated("frame_max", uint32(s.offered.frameMax), m.FrameMax, amqp.FrameMinSize); err != nil {
		return err
	}
	if err := negotiated("channel_max", uint32(s.offered.channelMax), uint32(m.ChannelMax), 1); err != nil {
		return err
	}
	s.frameMax = m.FrameMax
	s.offered.channelMax = m.ChannelMax
	s.state = wantOpen
	s.pulse.begin(s, time.Duration(m.Heartbeat)*time.Second)
	return nil
}

// negotiated checks a limit that the client chose. Zero is no limit.
func negotiated(field string, server, client, least uint32) *amqp.Error {
	if client != 0 && client < least {
		return amqp.TuneTooLow(field, client, least)
	}
	if server != 0 && (client == 0 || client > server) {
		return amqp.TuneTooHigh(field, client, server)
	}
	return nil
}

// open opens the virtual host.
func (s *Session) open(m *amqp.ConnectionOpen) *amqp.Error {
	v, err := s.cfg.Host.Enter(s, s.user, m.VirtualHost)
	if err != nil {
		return err
	}
	switch {
	case s.trusted:
		return s.entered(v, auth.Unrestricted(), nil)
	case !s.KnownElsewhere():
		access, err := s.cfg.Realm.Enter(s.identity, m.VirtualHost)
		return s.entered(v, access, err)
	}
	s.aside(entering, m.ID(), func() func() *amqp.Error {
		access, err := s.cfg.Realm.Enter(s.identity, m.VirtualHost)
		return func() *amqp.Error { return s.entered(v, access, err) }
	})
	return nil
}

// entered goes on when it is known what the user may do in the virtual host.
func (s *Session) entered(v *vhost.VHost, access *auth.Access, err error) *amqp.Error {
	if !s.allowed(err) {
		return amqp.VHostRefused(v.Name(), s.user)
	}
	s.vhost, s.access = v, access
	s.state = running
	s.log.Info("user authenticated and granted access to vhost", s.whose()...)
	s.connectionCreated()
	s.out.send(0, &amqp.ConnectionOpenOk{})
	return nil
}
