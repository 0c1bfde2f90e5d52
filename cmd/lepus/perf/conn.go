package perf

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/lepusmq/lepus/amqp"
)

// channelID is the one channel of each connection.
const channelID = 1

const (
	// readRoom is the buffer of a new connection; it grows while reads fill
	// it, and as a frame needs it.
	readRoom = 4 << 10
	// manyRead is the size up to which it grows for reads.
	manyRead = 256 << 10
)

// conn is a connection with one open channel. One goroutine may read and one
// may write at a time.
type conn struct {
	// immutable after dial
	sock     net.Conn
	clock    clock
	frameMax uint32

	// owned by the reader
	buf    []byte
	at     int   // where the next frame starts
	end    int   // where what was read ends
	readAt int64 // when the last read returned
	full   bool  // the last read filled the buffer
}

// buffered returns the next frame that is there; ok is false if there is no
// whole one. It is valid until the next call of fill.
func (c *conn) buffered() (f amqp.Frame, ok bool, err error) {
	f, n, err := amqp.ParseFrame(c.buf[c.at:c.end], c.frameMax)
	c.at += n
	return f, n > 0, err
}

// each calls f with every frame that is there, until one fails.
func (c *conn) each(f func(amqp.Frame) error) error {
	for {
		frame, ok, err := c.buffered()
		if err != nil || !ok {
			return err
		}
		if err := f(frame); err != nil {
			return err
		}
	}
}

// fill reads what there is, at least one octet.
func (c *conn) fill() error {
	copy(c.buf, c.buf[c.at:c.end])
	c.at, c.end = 0, c.end-c.at
	if c.end == len(c.buf) || c.full && len(c.buf) < manyRead {
		buf := make([]byte, max(readRoom, 2*len(c.buf)))
		copy(buf, c.buf[:c.end])
		c.buf = buf
	}
	n, err := c.sock.Read(c.buf[c.end:])
	c.readAt = c.clock.now()
	c.end += n
	c.full = c.end == len(c.buf)
	if n > 0 {
		return nil
	}
	if errors.Is(err, io.EOF) {
		return errors.New("the broker hung up")
	}
	return err
}

// next returns the next frame, and waits for it.
func (c *conn) next() (amqp.Frame, error) {
	for {
		if f, ok, err := c.buffered(); ok || err != nil {
			return f, err
		}
		if err := c.fill(); err != nil {
			return amqp.Frame{}, err
		}
	}
}

func (c *conn) send(channel uint16, m amqp.Method) error {
	_, err := c.sock.Write(amqp.AppendMethod(nil, channel, m))
	return err
}

// call sends a method, unless it is nil, and decodes the answer into reply. It
// passes over everything else but the end.
func (c *conn) call(channel uint16, m, reply amqp.Method) error {
	if m != nil {
		if err := c.send(channel, m); err != nil {
			return err
		}
	}
	for {
		f, err := c.next()
		if err != nil {
			return err
		}
		if f.Type != amqp.FrameMethod {
			continue
		}
		id, args, err := amqp.ParseMethod(f.Payload)
		if err != nil {
			return err
		}
		if id == reply.ID() {
			return reply.Decode(args)
		}
		if err := closed(id, args); err != nil {
			return err
		}
	}
}

// closed returns why the broker ends the channel or the connection, nil if the
// method does neither.
func closed(id amqp.MethodID, args []byte) error {
	switch id {
	case amqp.ConnectionCloseID:
		var m amqp.ConnectionClose
		if err := m.Decode(args); err != nil {
			return err
		}
		return fmt.Errorf("the broker closed the connection: %d %s", m.ReplyCode, m.ReplyText)
	case amqp.ChannelCloseID:
		var m amqp.ChannelClose
		if err := m.Decode(args); err != nil {
			return err
		}
		return fmt.Errorf("the broker closed the channel: %d %s", m.ReplyCode, m.ReplyText)
	}
	return nil
}

// expire makes reads and writes fail that are not done after d.
func (c *conn) expire(d time.Duration) { _ = c.sock.SetDeadline(time.Now().Add(d)) }

// hangUp ends the connection without a word.
func (c *conn) hangUp() { _ = c.sock.Close() }

// close ends the connection in order. What the broker was sent before it has
// seen when close returns without an error.
func (c *conn) close() error {
	defer c.hangUp()
	c.expire(setupPatience)
	bye := &amqp.ConnectionClose{ReplyCode: amqp.ReplySuccess, ReplyText: "done"}
	return c.call(0, bye, new(amqp.ConnectionCloseOk))
}
