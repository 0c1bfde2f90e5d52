package broker

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/pires/go-proxyproto"
	"go.uber.org/zap"
)

// arrivals are connections that have yet to show who they are: those whose PROXY
// header or TLS handshake is awaited. All methods may be called from any
// goroutine.
type arrivals struct {
	running sync.WaitGroup

	// guarded by mu
	mu      sync.Mutex
	conns   map[net.Conn]struct{}
	refused bool
}

// run has f deal with a connection on a goroutine of its own. After end the
// connection is closed instead.
func (a *arrivals) run(conn net.Conn, f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.refused {
		_ = conn.Close() // nobody could do anything about an error
		return
	}
	if a.conns == nil {
		a.conns = make(map[net.Conn]struct{})
	}
	a.conns[conn] = struct{}{}
	a.running.Go(func() {
		f()
		a.mu.Lock()
		delete(a.conns, conn)
		a.mu.Unlock()
	})
}

// end closes what has not got through, and returns when nobody is left.
func (a *arrivals) end() {
	a.mu.Lock()
	a.refused = true
	for conn := range a.conns {
		_ = conn.Close() // as above
	}
	a.mu.Unlock()
	a.running.Wait()
}

// errProxyHeader is what is wrong with a connection that must come from a proxy.
var errProxyHeader = errors.New("no PROXY header, which this listener demands (proxy_protocol)")

// greet has a connection do what comes before AMQP: tell whom a proxy speaks
// for, and agree on keys. The error says why it is not to come in.
func (d *door) greet(conn net.Conn) (net.Conn, error) {
	if d.proxy {
		p, err := d.proxied(conn)
		if err != nil {
			return nil, err
		}
		conn = p
	}
	if d.certs == nil {
		return conn, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), d.timeout)
	defer cancel()
	t := tls.Server(conn, d.certs.Config())
	if err := t.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("TLS handshake: %w", err)
	}
	return t, nil
}

// proxied is a connection by way of a proxy, which has said whose it is.
type proxied struct {
	*proxyproto.Conn
	raw *counted
}

// CloseWrite tells the peer that nothing more will come.
func (p *proxied) CloseWrite() error {
	if c, ok := p.raw.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return p.raw.SetReadDeadline(time.Unix(1, 0))
}

// counted knows how many bytes were read.
type counted struct {
	net.Conn
	n int // owned by the reader
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.n += n
	return n, err
}

// proxied reads the PROXY header, in either version.
func (d *door) proxied(conn net.Conn) (*proxied, error) {
	raw := &counted{Conn: conn}
	p := proxyproto.NewConn(raw, proxyproto.WithPolicy(proxyproto.REQUIRE), proxyproto.SetReadHeaderTimeout(d.timeout))
	_, err := p.Read(nil)
	switch {
	case err == nil:
		return &proxied{p, raw}, nil
	case raw.n == 0:
		return nil, io.EOF
	case errors.Is(err, proxyproto.ErrNoProxyProtocol):
		return nil, errProxyHeader
	}
	return nil, fmt.Errorf("PROXY header: %w", err)
}

// complain logs why a connection did not come in. Who connects and says nothing
// is looking whether the port is open, which is nobody's trouble.
func (d *door) complain(log *zap.Logger, conn net.Conn, err error) {
	log = log.With(zap.Stringer("peer", conn.RemoteAddr()), zap.String("listener", d.protocol))
	var plain tls.RecordHeaderError
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed):
		log.Debug("connection closed before it was opened", zap.Error(err))
	case errors.As(err, &plain) && plain.Conn != nil:
		log.Warn("a client without TLS on a port for TLS", zap.String("it sent", fmt.Sprintf("%q", plain.RecordHeader[:])))
	default:
		log.Warn("connection refused", zap.Error(err))
	}
}
