package session

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/event"
	"github.com/lepusmq/lepus/broker/stats"
	"github.com/lepusmq/lepus/broker/vhost"
	"github.com/lepusmq/lepus/queue"
)

// Config is what sessions of a broker share. It must not be changed once the first
// session is made; those that come later may have another.
type Config struct {
	Log   *zap.Logger
	Realm *auth.Realm
	Host  Host
	// Mechanisms are the ways to log in, in the order in which they are offered:
	// see [Mechanisms].
	Mechanisms []string
	// Anonymous is the user that those are who log in with ANONYMOUS.
	Anonymous string
	// PeerName returns the user that a peer has proved to be in another way than
	// by a mechanism: by its certificate. It is empty if it has not; nil if nobody
	// can. Called once the peer has sent something.
	PeerName func(net.Conn) string
	// Before4 asks no permission for passive declarations and takes frames of 4 KiB
	// until the connection is tuned, as RabbitMQ did before 4.0.
	Before4 bool
	// Properties returns the server-properties of connection.start.
	Properties func() amqp.Table
	// Events is told of what happens to sessions; it may be nil.
	Events *event.Sink
	// NodeName is the node of traces and events.
	NodeName string
	// ChannelMax and FrameMax are offered in connection.tune; so is
	// Heartbeat, in whole seconds. Zero is no limit, or no heartbeats.
	ChannelMax uint16
	FrameMax   uint32
	Heartbeat  time.Duration
	// HandshakeTimeout bounds the time until the connection is open.
	HandshakeTimeout time.Duration
	// MaxConsumers is how many consumers a channel may have; 0 is any number.
	MaxConsumers int
	// Interceptors write into messages that are published.
	Interceptors Interceptors

	// Limits are those of all sessions of a broker, whatever else changes.
	Limits *Limits
}

// Session is one connection.
type Session struct {
	// Immutable.
	cfg    *Config
	log    *zap.Logger
	name   string
	sock   *socket
	out    *outbox
	owner  vhost.OwnerID
	since  int64         // Unix milliseconds: when the client came
	closed chan struct{} // closed when the session is ending
	// handOver is s.handOverLone, answer s.out.flush.
	handOver func(led bool)
	answer   func()
	// self says that the peer is the broker itself, if it wants to be.
	self bool

	// Set during the handshake by the reader, read by all afterwards.
	vhost     *vhost.VHost
	peerName  string // of Config.PeerName
	user      string
	mechanism string // by which the user has logged in
	trusted   bool   // the user is the broker itself
	identity  *auth.Identity
	access    *auth.Access
	client    capabilities
	// properties are what the client says about itself.
	properties amqp.Table
	frameMax   uint32

	// Guarded by work: what the reader does. It is held while frames are
	// handled, never while waiting for the socket.
	work     sync.Mutex
	state    state
	offered  tuning
	channels map[uint16]*channel
	latest   *channel // that had a frame
	putOff   int      // bytes of frames that wait on channels
	ahead    *channel // whose publishes run ahead of their confirms
	received received
	taken    stats.Received // from publishers
	runs     []*channel     // that have published since the last read
	slab     queue.Slab
	stage    stage
	pressed  []*queue.Queue  // have got more than they can take
	slow     bool            // the store has
	borrowed *content        // points into the read buffer
	replied  []vhost.Replier // they have been given replies since the last flush
	settling []unacked       // scratch
	batch    []queue.Settlement
	publish  amqp.BasicPublish
	acked    amqp.BasicAck

	flood floodWatch // owned by the reader

	// Owned by the reader: the commit of a lone message.
	leader    *channel // whose it is, while it is made
	led       bool     // one was made before this read
	impatient int      // how many lone messages to leave to the committer

	// Guarded by ending.
	ending  sync.Mutex
	over    bool        // nothing may be started any more
	linger  *time.Timer // ends the wait for close-ok
	workers sync.WaitGroup

	pulse pulse
	alarm alarm
	watch watch
	// waiting says that the reader waits for room, not for its peer.
	waiting atomic.Bool
}

// state is how far the connection has come.
type state uint8

const (
	wantHeader state = iota
	wantStartOk
	loggingIn // the realm is asked
	wantTuneOk
	wantOpen
	entering // the realm is asked
	running
	closing // the end has begun: only close and close-ok count
)

// String is RabbitMQ's name for the state.
func (s state) String() string {
	switch s {
	case wantHeader, wantStartOk, loggingIn:
		return "starting"
	case wantTuneOk:
		return "tuning"
	case wantOpen, entering:
		return "opening"
	case running:
		return "running"
	}
	return "closing"
}

// capabilities are what the client says it understands.
type capabilities struct {
	failureClose, cancelNotify, blocked bool
}

// New makes the session of an accepted connection. [Session.Serve] runs it.
func New(conn net.Conn, cfg *Config) *Session {
	s := &Session{
		cfg:      cfg,
		name:     conn.RemoteAddr().String() + " -> " + conn.LocalAddr().String(),
		sock:     newSocket(conn, cfg.Limits.busy),
		since:    time.Now().UnixMilli(),
		owner:    vhost.OwnerID(cfg.Limits.owners.Add(1)),
		closed:   make(chan struct{}),
		channels: map[uint16]*channel{},
		frameMax: handshakeFrameMax,
	}
	if cfg.Before4 {
		s.frameMax = handshakeFrameMax3
	}
	s.log = s.logger("connection")
	s.out = &outbox{sock: s.sock, start: s.start, broken: s.signalEnd, shared: &cfg.Limits.outgoing}
	s.handOver, s.answer = s.handOverLone, s.out.flush
	return s
}

// NewOwn makes the session of a connection that the broker has opened to itself,
// and to which nobody else can have come. Whoever logs in on it with EXTERNAL is
// no user, but the broker, and may everything.
func NewOwn(conn net.Conn, cfg *Config) *Session {
	s := New(conn, cfg)
	s.self, s.name = true, s.pid(0)
	s.log = s.logger("connection")
	return s
}

// Own says that the broker has opened the connection to itself, see [NewOwn].
func (s *Session) Own() bool { return s.self }

// Trusted says that it is the broker itself that has logged in. It may be asked
// once the session wants to enter a virtual host.
func (s *Session) Trusted() bool { return s.trusted }

// KnownElsewhere says that the user's rights are not known to the broker itself. It
// may be asked once the session wants to enter a virtual host.
func (s *Session) KnownElsewhere() bool { return s.identity != nil && !s.cfg.Realm.Own(s.identity) }

// Serve reads from the connection until it ends. When it returns, all that the
// session held has been given back and its goroutines have ended.
func (s *Session) Serve() {
	var handshake *time.Timer
	if s.cfg.HandshakeTimeout > 0 {
		handshake = time.AfterFunc(s.cfg.HandshakeTimeout, s.handshakeExpired)
	}
	err := s.read()
	if handshake != nil {
		handshake.Stop()
	}
	s.signalEnd()
	s.work.Lock()
	s.release()
	s.work.Unlock()
	s.releaseExclusive()
	s.pulse.stop()
	s.out.finish()
	s.sock.close()
	s.end()
	s.connectionClosed()
	s.farewell(err)
}

// farewell logs how the connection ended.
func (s *Session) farewell(err error) {
	switch {
	case s.state == wantHeader:
		s.log.Debug("connection closed before it was opened", zap.Error(err))
	case s.state == closing:
		s.log.Info("closing AMQP connection", s.whose()...)
	default:
		s.log.Warn("client unexpectedly closed TCP connection", append(s.whose(), zap.Error(err))...)
	}
}

// logger returns a log of a category, in RabbitMQ's words, about this connection.
func (s *Session) logger(category string) *zap.Logger {
	return s.cfg.Log.Named(category).With(zap.String("connection", s.name))
}

// whose says in the log whose connection it is, as far as that is known.
func (s *Session) whose() []zap.Field {
	if s.vhost == nil {
		return []zap.Field{zap.String("user", s.user)}
	}
	return []zap.Field{zap.String("user", s.user), zap.String("vhost", s.vhost.Name())}
}

// start runs f on a goroutine that Serve waits for. It reports false, and does
// nothing, when the session is over.
func (s *Session) start(f func()) bool {
	s.ending.Lock()
	defer s.ending.Unlock()
	if s.over {
		return false
	}
	s.workers.Go(f)
	return true
}

// end waits for the session's goroutines.
func (s *Session) end() {
	s.ending.Lock()
	s.over = true
	if s.linger != nil {
		s.linger.Stop()
	}
	s.ending.Unlock()
	s.workers.Wait()
}

// Close ends the connection with a reason that the client is told, such as
// 320 at shutdown, unless it is not through the handshake. It returns at once
// and may be called from any goroutine.
func (s *Session) Close(reason *amqp.Error) {
	s.start(func() {
		s.work.Lock()
		if s.state < wantOpen {
			s.state = closing
			s.signalEnd()
			s.sock.interrupt()
		}
		s.fail(reason)
		s.work.Unlock()
		s.out.flush()
	})
}

// fail ends the connection because of an error. Called with work held.
func (s *Session) fail(reason *amqp.Error) {
	if s.state >= closing {
		return
	}
	if s.state < wantTuneOk || s.state == wantTuneOk && reason.Code != amqp.NotAllowed {
		// Whoever is not through the handshake is told nothing but what the
		// limits are.
		s.log.Warn("error on AMQP connection during the handshake", zap.Stringer("state", s.state), zap.Error(reason))
		s.hangUp()
		return
	}
	s.log.Warn("error on AMQP connection", append(s.whose(), zap.Stringer("state", s.state), zap.Error(reason))...)
	s.sayClose(reason)
}

// sayClose sends connection.close and waits for the answer.
func (s *Session) sayClose(reason *amqp.Error) {
	s.state = closing
	s.signalEnd()
	s.release()
	s.out.last(&amqp.ConnectionClose{
		ReplyCode: reason.Code,
		ReplyText: reason.ReplyText(),
		ClassID:   reason.Method.Class(),
		MethodID:  reason.Method.Method(),
	})
	s.lingerFor(s.graceTime())
}

// hangUp ends the session. What is in the outbox is still sent, and the end of
// the stream after it. What the peer sends is dropped until it hangs up, too:
// closing a socket with something unread would destroy what was just sent.
// Called with work held.
func (s *Session) hangUp() {
	s.state = closing
	s.signalEnd()
	s.out.shut()
	s.lingerFor(lastWords)
}

// graceTime is how long a client may take to answer connection.close.
func (s *Session) graceTime() time.Duration {
	const most = 30 * time.Second
	if h := s.pulse.every(); h > 0 {
		return min(h, most)
	}
	return most
}

// lingerFor ends the reader after d, if nothing else does.
func (s *Session) lingerFor(d time.Duration) {
	s.ending.Lock()
	defer s.ending.Unlock()
	if s.linger != nil {
		s.linger.Stop()
	}
	if !s.over {
		s.linger = time.AfterFunc(d, s.sock.interrupt)
	}
}

// signalEnd wakes a reader that waits for something else than its socket.
func (s *Session) signalEnd() {
	s.ending.Lock()
	defer s.ending.Unlock()
	select {
	case <-s.closed:
	default:
		close(s.closed)
	}
}
