package shovel

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const (
	// dialTimeout bounds the way to an open connection.
	dialTimeout = 20 * time.Second
	// closeGrace is how long a broker may take to say goodbye.
	closeGrace = time.Second
)

// link is a connection to one end, with one channel in use.
type link struct {
	conn *amqp.Connection
	raw  net.Conn
	ch   *amqp.Channel
	// closed brings why the channel in use, or the connection, was closed.
	closed chan *amqp.Error
	// release ends the watch over the context; nil before it begins.
	release func() bool
}

// connect tries one address after the other. When ctx ends the connection is cut
// after a moment, whoever waits for it.
func connect(ctx context.Context, host Host, name string, addresses []address) (*link, address, error) {
	var failed []error
	for _, a := range addresses {
		l, err := dial(ctx, host, name, a)
		if err == nil {
			return l, a, nil
		}
		failed = append(failed, fmt.Errorf("connect to %s: %w", a, err))
	}
	return nil, address{}, errors.Join(failed...)
}

func dial(ctx context.Context, host Host, name string, a address) (*link, error) {
	l := &link{}
	cfg := amqp.Config{Properties: amqp.NewConnectionProperties(), Heartbeat: 10 * time.Second, Locale: "en_US"}
	cfg.Properties.SetClientConnectionName("Shovel " + name)
	var err error
	if a.local {
		l.conn, err = l.dialLocal(ctx, host, a, cfg)
	} else {
		l.conn, err = l.dialNetwork(ctx, a, cfg)
	}
	if err != nil {
		l.cut()
		l.unwatch()
		return nil, err
	}
	if err := l.open(); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// dialLocal connects to this broker without a network.
func (l *link) dialLocal(ctx context.Context, host Host, a address, cfg amqp.Config) (*amqp.Connection, error) {
	raw, err := host.Connect()
	if err != nil {
		return nil, err
	}
	if err := l.watch(ctx, raw); err != nil {
		return nil, err
	}
	cfg.Vhost = a.vhost
	cfg.SASL = []amqp.Authentication{&amqp.PlainAuth{Username: a.user, Password: a.password}}
	if a.own {
		cfg.SASL = []amqp.Authentication{&amqp.ExternalAuth{}}
	}
	return amqp.Open(l.raw, cfg)
}

func (l *link) dialNetwork(ctx context.Context, a address, cfg amqp.Config) (*amqp.Connection, error) {
	cfg.Dial = func(network, addr string) (net.Conn, error) {
		dialer := net.Dialer{Timeout: dialTimeout}
		raw, err := dialer.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return raw, l.watch(ctx, raw)
	}
	if a.unverified {
		var err error
		if cfg.TLSClientConfig, err = unverified(a); err != nil {
			return nil, err
		}
	}
	return amqp.DialConfig(a.uri, cfg)
}

// unverified is for brokers whose certificate is not to be looked at.
func unverified(a address) (*tls.Config, error) {
	cfg := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}
	u, err := amqp.ParseURI(a.uri)
	if err != nil || u.CertFile == "" || u.KeyFile == "" {
		return cfg, nil // it was parsed before
	}
	own, err := tls.LoadX509KeyPair(u.CertFile, u.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("load client certificate: %w", err)
	}
	cfg.Certificates = []tls.Certificate{own}
	return cfg, nil
}

// watch takes a socket: it is cut if the handshake takes too long, and a moment
// after the context has ended. The client clears the deadline when it is open.
func (l *link) watch(ctx context.Context, raw net.Conn) error {
	l.raw = raw
	l.release = context.AfterFunc(ctx, func() { time.AfterFunc(closeGrace, l.cut) })
	return raw.SetDeadline(time.Now().Add(dialTimeout))
}

func (l *link) unwatch() {
	if l.release != nil {
		l.release()
	}
}

// open gives the link a new channel.
func (l *link) open() error {
	ch, err := l.conn.Channel()
	if err != nil {
		return err
	}
	l.ch, l.closed = ch, ch.NotifyClose(make(chan *amqp.Error, 1))
	return nil
}

// ensure makes a queue unless it is there, or only looks for it. It returns how
// many messages are in it.
func (l *link) ensure(queue string, predeclared bool, args amqp.Table) (int, error) {
	q, err := l.ch.QueueDeclarePassive(queue, true, false, false, false, args)
	var no *amqp.Error
	if err == nil || predeclared || !errors.As(err, &no) || no.Code != amqp.NotFound {
		return q.Messages, err
	}
	if err := l.open(); err != nil { // the look has closed the last one
		return 0, err
	}
	q, err = l.ch.QueueDeclare(queue, true, false, false, false, args)
	return q.Messages, err
}

// failure returns why the link has failed, after something on it did.
func (l *link) failure(otherwise error) error {
	select {
	case err := <-l.closed:
		if err != nil {
			return err
		}
	default:
	}
	return otherwise
}

// close ends the link in order, or cuts it if that takes too long. The error
// says that what was sent last may not have arrived.
func (l *link) close() error {
	late := time.AfterFunc(closeGrace, l.cut)
	defer late.Stop()
	err := l.conn.Close()
	l.cut()
	l.unwatch()
	return err
}

// cut closes the socket. Who uses the link sees it fail.
func (l *link) cut() {
	if l.raw != nil {
		_ = l.raw.Close() // there is nobody to tell
	}
}
