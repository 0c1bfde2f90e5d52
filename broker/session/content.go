package session

import (
	"time"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/amqp"
)

// content is the message that is being received on a channel: the publish
// method, then the header, then the body.
type content struct {
	step      step
	mandatory bool
	// borrowed says that route and head point into the read buffer, which
	// will not last. All else that is kept lies in buf.
	borrowed  bool
	immediate bool   // not beside mandatory: two octets just set would be read as one
	route     []byte // exchange and routing key, as they came
	head      []byte // properties, as they came
	changed   bool   // head is not what came, and lies at the end of buf
	facts     amqp.Facts
	expires   int64  // Unix milliseconds; 0 is never
	size      uint64 // of the body
	buf       []byte // route, head and the body so far
}

// step says which frame comes next.
type step uint8

const (
	wantMethod step = iota
	wantHead
	wantBody
)

// maxBodySize is the largest body that RabbitMQ takes notice of.
const maxBodySize = 512 << 20

// begin starts a message. args are those of basic.publish.
func (c *content) begin(m *amqp.BasicPublish, args []byte) {
	const ticket, bits = 2, 1
	c.step, c.borrowed = wantHead, true
	c.mandatory, c.immediate = m.Mandatory, m.Immediate
	c.route = args[ticket : len(args)-bits]
	c.head = nil
}

// own copies what is borrowed.
func (c *content) own() {
	if !c.borrowed {
		return
	}
	c.borrowed = false
	n := len(c.route)
	c.buf = append(append(c.buf[:0], c.route...), c.head...)
	c.route, c.head = c.buf[:n:n], c.buf[n:len(c.buf):len(c.buf)]
	if c.step == wantBody {
		// The facts point into the head.
		_ = amqp.CheckProperties(c.head, &c.facts)
	}
}

// exchange and key are the two halves of route.
func (c *content) exchange() []byte { return c.route[1 : 1+int(c.route[0])] }
func (c *content) key() []byte      { return c.route[2+int(c.route[0]):] }

// own makes the message that was begun independent of the read buffer. Called
// with work held before more is read.
func (s *Session) own() {
	if s.borrowed != nil {
		s.borrowed.own()
		s.borrowed = nil
	}
}

// beginContent handles basic.publish.
func (ch *channel) beginContent(args []byte) *amqp.Error {
	m := &ch.s.publish
	if err := m.Decode(args); err != nil {
		return asError(err)
	}
	if err := ch.mayBegin(m); err != nil {
		return err
	}
	ch.s.own()
	ch.content.begin(m, args)
	ch.s.borrowed = &ch.content
	return nil
}

// header handles a content header frame.
func (ch *channel) header(payload []byte) *amqp.Error {
	c := &ch.content
	if c.step == wantMethod {
		return amqp.ExpectedMethod()
	}
	if c.step == wantBody {
		return amqp.ExpectedBody(amqp.BasicPublishID)
	}
	var h amqp.ContentHeader
	if err := h.Decode(payload); err != nil {
		return asError(err)
	}
	switch {
	case h.Class != amqp.BasicPublishID.Class():
		return amqp.WrongHeaderClass(amqp.BasicPublishID, h.Class)
	case h.Weight != 0:
		return amqp.ExpectedHeader(amqp.BasicPublishID)
	case h.BodySize > maxBodySize:
		return amqp.BodySizeTooLarge(amqp.BasicPublishID, h.BodySize, maxBodySize)
	}
	if err := amqp.CheckProperties(h.Properties, &c.facts); err != nil {
		ch.log().Warn("malformed message properties", zap.Error(err))
		return amqp.Internal()
	}
	if most := ch.s.cfg.Limits.maxMessage.Load(); most > 0 && h.BodySize > most {
		return amqp.MessageTooLarge(h.BodySize, most)
	}
	if i := &ch.s.cfg.Interceptors; *i != (Interceptors{}) {
		h.Properties = i.intercept(h.Properties, ch.s.cfg.NodeName, time.Now())
		_ = amqp.CheckProperties(h.Properties, &c.facts) // they are good
	}
	c.head, c.size, c.step = h.Properties, h.BodySize, wantBody
	if !c.borrowed {
		// Route was copied before the header came; the head joins it.
		c.borrowed = true
		ch.s.own()
		ch.s.borrowed = c
	}
	if c.size == 0 {
		return ch.complete(nil)
	}
	return nil
}

// body handles a body frame.
func (ch *channel) body(payload []byte) *amqp.Error {
	c := &ch.content
	switch c.step {
	case wantMethod:
		return amqp.ExpectedMethod()
	case wantHead:
		return amqp.ExpectedHeader(amqp.BasicPublishID)
	}
	if c.borrowed && uint64(len(payload)) == c.size {
		return ch.complete(payload)
	}
	if c.borrowed {
		ch.s.own()
		c.own()
	}
	got := uint64(len(c.buf) - len(c.route) - len(c.head))
	if got+uint64(len(payload)) > c.size {
		return amqp.BodyTooLong(amqp.BasicPublishID)
	}
	c.buf = append(c.buf, payload...)
	if got+uint64(len(payload)) < c.size {
		return nil
	}
	return ch.complete(c.buf[len(c.route)+len(c.head):])
}

// reset forgets the message.
func (c *content) reset() {
	const keep = 4 << 10
	buf := c.buf[:0]
	if cap(buf) > keep {
		buf = nil
	}
	*c = content{buf: buf}
}
