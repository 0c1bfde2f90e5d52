package broker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"time"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/broker/certs"
	"github.com/lepusmq/lepus/broker/session"
	"github.com/lepusmq/lepus/broker/socket"
	"github.com/lepusmq/lepus/broker/stats"
)

// How long an accept loop waits after an error: longer each time, so that a
// process without free file descriptors does not spin until it gets one.
const (
	acceptDelay    = 5 * time.Millisecond
	acceptDelayMax = time.Second
)

// What comes in by a listener, by RabbitMQ's names.
const (
	protoAMQP        = "amqp"
	protoAMQPS       = "amqp/ssl"
	protoHTTP        = "http"
	protoHTTPS       = "https"
	protoPrometheus  = "http/prometheus"
	protoPrometheusS = "https/prometheus"
)

// TCP says how sockets are set up. The zero TCP is what the Go library does.
type TCP struct {
	// Delay lets the system gather small writes (Nagle).
	Delay bool
	// NoKeepAlive has the system not look whether silent peers are still there.
	NoKeepAlive bool
	// SendBuffer and ReceiveBuffer are the system's buffers, in bytes; 0 is its
	// own choice.
	SendBuffer, ReceiveBuffer int
}

// door is a listener with what those who come in by it must do first.
type door struct {
	*gate
	protocol string
	network  string // tcp or unix
	tcp      TCP
	certs    *certs.Store  // nil: no TLS
	proxy    bool          // a PROXY header comes before all
	timeout  time.Duration // of the TLS handshake, and of the PROXY header
}

// openDoors listens wherever the configuration says, or nowhere.
func (b *Broker) openDoors() error {
	c := &b.cfg
	for _, in := range []struct {
		addresses []string
		door      door
		to        *[]*door
	}{
		{c.Listen, door{protocol: protoAMQP, proxy: c.ProxyProtocol}, &b.doors},
		{c.ListenTLS, door{protocol: protoAMQPS, proxy: c.ProxyProtocol, certs: b.certs.amqp}, &b.doors},
		{c.ListenUnix, door{protocol: protoAMQP, network: "unix"}, &b.doors},
		{c.Management.Listen, door{protocol: protoHTTP}, &b.management.doors},
		{c.Management.ListenTLS, door{protocol: protoHTTPS, certs: b.certs.management}, &b.management.doors},
		{c.Prometheus.Listen, door{protocol: protoPrometheus}, &b.prometheus.doors},
		{c.Prometheus.ListenTLS, door{protocol: protoPrometheusS, certs: b.certs.prometheus}, &b.prometheus.doors},
	} {
		for _, address := range in.addresses {
			d := in.door
			d.tcp, d.timeout = c.TCP, c.TLSHandshakeTimeout
			if err := d.listen(address, c.UnixMode); err != nil {
				closeAll(b.allDoors())
				b.doors, b.management.doors, b.prometheus.doors = nil, nil, nil
				return err
			}
			*in.to = append(*in.to, &d)
		}
	}
	return nil
}

func (d *door) listen(address string, mode fs.FileMode) (err error) {
	again := d.tcp.at(address)
	if d.network == "unix" {
		again = onSocket(address, mode)
	}
	if d.gate, err = openGate(again); err != nil {
		return fmt.Errorf("cannot accept %s connections: %w", d.protocol, err)
	}
	return nil
}

// at returns what listens at an address, always on the same port, also if any was
// good enough at first.
func (t TCP) at(address string) func() (net.Listener, error) {
	lc := net.ListenConfig{}
	if t.NoKeepAlive {
		lc.KeepAlive = -1
	}
	return func() (net.Listener, error) {
		l, err := lc.Listen(context.Background(), "tcp", address)
		if err == nil {
			address = l.Addr().String()
		}
		return l, err
	}
}

// onSocket returns what listens on a Unix socket. Its connections are numbered
// through.
func onSocket(path string, mode fs.FileMode) func() (net.Listener, error) {
	var before *socket.Listener
	return func() (net.Listener, error) {
		l, err := socket.Listen(path, mode)
		if err != nil {
			return nil, err
		}
		if before != nil {
			l.Continue(before)
		}
		before = l
		return l, nil
	}
}

// allDoors returns the doors of clients, then those of the views.
func (b *Broker) allDoors() []*door {
	var all []*door
	all = append(all, b.doors...)
	all = append(all, b.management.doors...)
	return append(all, b.prometheus.doors...)
}

// Listeners returns where the broker can be reached, in the order in which they
// are configured: AMQP, management, Prometheus, each without TLS first. Those that
// are suspended are not among them.
func (b *Broker) Listeners() []stats.Listener {
	var all []stats.Listener
	for _, d := range b.allDoors() {
		if d.isShut() {
			continue
		}
		l := stats.Listener{Protocol: d.protocol}
		if a, ok := d.Addr().(*net.TCPAddr); ok {
			l.Address, l.Port = a.IP.String(), a.Port
		} else {
			l.Address = d.Addr().String()
		}
		all = append(all, l)
	}
	return all
}

func closeAll(doors []*door) {
	for _, d := range doors {
		// What a closed listener has to say is of no use to anybody.
		_ = d.Close()
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

// enter takes in a connection of a client and returns.
func (b *Broker) enter(d *door, conn net.Conn) {
	d.tcp.apply(conn)
	if d.certs == nil && !d.proxy {
		b.serve(conn, conn)
		return
	}
	// What comes first takes as long as the peer does, and others are waiting.
	b.arrivals.run(conn, func() {
		ready, err := d.greet(conn)
		if err != nil {
			d.complain(b.log, conn, err)
			_ = conn.Close()
			return
		}
		b.serve(ready, conn)
	})
}

// apply sets up a socket. Where the system refuses, its own choice is good
// enough.
func (t TCP) apply(conn net.Conn) {
	c, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	if t.Delay {
		_ = c.SetNoDelay(false)
	}
	if t.SendBuffer > 0 {
		_ = c.SetWriteBuffer(t.SendBuffer)
	}
	if t.ReceiveBuffer > 0 {
		_ = c.SetReadBuffer(t.ReceiveBuffer)
	}
}

// serve starts the session of a connection, whose socket is raw, and returns.
func (b *Broker) serve(conn, raw net.Conn) { b.serveSession(session.New(conn, b.session.Load()), raw) }

func (b *Broker) serveSession(s *session.Session, raw net.Conn) {
	if !b.sessions.add(s, raw) {
		_ = raw.Close()
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
