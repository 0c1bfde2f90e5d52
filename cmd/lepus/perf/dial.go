package perf

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/lepusmq/lepus/amqp"
)

const (
	// setupPatience is how long a broker may take to answer while nothing is
	// measured.
	setupPatience = 10 * time.Second
	// frameMax is what is asked for, RabbitMQ's default.
	frameMax = 128 << 10
)

// dial opens a connection and a channel.
func dial(ctx context.Context, to target, c clock) (*conn, error) {
	d := net.Dialer{Timeout: setupPatience}
	sock, err := d.DialContext(ctx, "tcp", to.address)
	if err != nil {
		return nil, err
	}
	conn := &conn{sock: sock, clock: c, frameMax: frameMax}
	interrupted := context.AfterFunc(ctx, conn.hangUp)
	defer interrupted()
	conn.expire(setupPatience)
	if err := conn.handshake(to); err != nil {
		conn.hangUp()
		return nil, fmt.Errorf("log in at %s: %w", to.address, err)
	}
	_ = sock.SetDeadline(time.Time{})
	return conn, nil
}

func (c *conn) handshake(to target) error {
	if _, err := c.sock.Write([]byte(amqp.ProtocolHeader)); err != nil {
		return err
	}
	if err := c.call(0, nil, new(amqp.ConnectionStart)); err != nil {
		return err
	}
	startOk := &amqp.ConnectionStartOk{
		ClientProperties: clientProperties(),
		Mechanism:        "PLAIN",
		Response:         "\x00" + to.user + "\x00" + to.password,
		Locale:           "en_US",
	}
	var tune amqp.ConnectionTune
	if err := c.call(0, startOk, &tune); err != nil {
		return err
	}
	if tune.FrameMax != 0 {
		c.frameMax = min(c.frameMax, tune.FrameMax)
	}
	// No heartbeats: a connection that is under load shows when it is gone.
	tuneOk := &amqp.ConnectionTuneOk{ChannelMax: tune.ChannelMax, FrameMax: c.frameMax}
	if err := c.send(0, tuneOk); err != nil {
		return err
	}
	if err := c.call(0, &amqp.ConnectionOpen{VirtualHost: to.vhost}, new(amqp.ConnectionOpenOk)); err != nil {
		return err
	}
	return c.call(channelID, new(amqp.ChannelOpen), new(amqp.ChannelOpenOk))
}

func clientProperties() amqp.Table {
	var capabilities amqp.Table
	for _, name := range []string{
		"publisher_confirms", "basic.nack", "consumer_cancel_notify", "connection.blocked", "authentication_failure_close",
	} {
		capabilities = append(capabilities, amqp.Field{Key: name, Value: amqp.Bool(true)})
	}
	return amqp.Table{
		{Key: "product", Value: amqp.String("lepus perf")},
		{Key: "capabilities", Value: amqp.TableValue(capabilities)},
	}
}
