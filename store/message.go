package store

// Message is the bytes of one message and the facts that routing, queues and
// recovery need without reading them. It is a small value, a reference into a
// [Chunk]: copying it is cheap and copies no bytes. The bytes never change.
//
// Whoever keeps a Message keeps a reference of its chunk, taken with
// [Message.Retain] and given back with [Message.Release]; a batch of messages
// is given back with a [Releaser]. The zero Message has no bytes.
type Message struct {
	chunk *Chunk
	off   uint32
	body  uint32
	head  uint32
	// route is the length of the route and, above that, the message's marks.
	route uint16

	// Persistent asks durable queues to keep the message over a restart.
	Persistent bool
	// Priority is the publisher's, not yet clipped to what a queue has.
	Priority uint8
	// Expires is when the message dies, in Unix milliseconds; 0 is never.
	Expires int64
}

// Route returns where the message was published to: the exchange and the
// routing key, each as an AMQP short string (a length octet, then the bytes).
func (m *Message) Route() []byte {
	return m.bytes(m.off, m.routeLen())
}

// Head returns the properties as they came on the wire: the property flags
// and the property list of the content header.
func (m *Message) Head() []byte {
	return m.bytes(m.off+m.routeLen(), m.head)
}

// Body returns the body.
func (m *Message) Body() []byte {
	return m.bytes(m.off+m.routeLen()+m.head, m.body)
}

// Bytes returns route, head and body, which lie one behind the other.
func (m *Message) Bytes() []byte {
	return m.bytes(m.off, m.Size())
}

// Size is the length of [Message.Bytes].
func (m *Message) Size() uint32 { return m.routeLen() + m.head + m.body }

// Lengths returns the lengths of the three parts of [Message.Bytes].
func (m *Message) Lengths() (route uint16, head, body uint32) {
	return m.route & maxRoute, m.head, m.body
}

// Mark is something that the broker has noted about the headers of a message:
// clients can neither see nor make one, and the store keeps it.
type Mark uint16

// The marks. They lie above the length of the route.
const (
	// Blind says that there are headers which are not for receivers.
	Blind Mark = 1 << (routeBits + iota)
	// Died says that the broker wrote the message's history of deaths.
	Died

	routeBits = 10 // for two AMQP short strings
	maxRoute  = 1<<routeBits - 1
)

// Has reports whether the message has a mark.
func (m *Message) Has(k Mark) bool { return m.route&uint16(k) != 0 }

// Note gives the message a mark.
func (m *Message) Note(k Mark) { m.route |= uint16(k) }

// routeLen is the length of the route.
func (m *Message) routeLen() uint32 { return uint32(m.route & maxRoute) }

// Retain takes n more references of the message's chunk.
func (m *Message) Retain(n int) {
	if m.chunk != nil {
		m.chunk.retain(int64(n))
	}
}

// Release gives one reference back. The bytes must not be used afterwards.
func (m *Message) Release() {
	if m.chunk != nil {
		m.chunk.release(1)
	}
}

func (m *Message) bytes(off, n uint32) []byte {
	if n == 0 {
		return nil
	}
	return m.chunk.buf[off : off+n : off+n]
}

// Releaser gives back the references of many messages with one atomic
// operation per run of messages from the same chunk. Not for several
// goroutines; the zero Releaser is ready. Call Flush at the end.
type Releaser struct {
	chunk *Chunk
	n     int64
}

// Release gives back one reference of m.
func (r *Releaser) Release(m *Message) {
	if m.chunk != r.chunk {
		r.Flush()
		r.chunk = m.chunk
	}
	r.n++
}

// Flush gives back what has gathered.
func (r *Releaser) Flush() {
	if r.chunk != nil && r.n > 0 {
		r.chunk.release(r.n)
	}
	r.chunk, r.n = nil, 0
}
