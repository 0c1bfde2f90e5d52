package session

import (
	"encoding/binary"
	"net"
	"runtime"
	"sync"
	"time"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
)

const (
	// sendSize is how many bytes are worth a write while more may come.
	sendSize = 64 << 10
	// highWater is how many bytes may wait for a slow peer before deliveries
	// to it stop; below lowWater they go on.
	highWater = 1 << 20
	lowWater  = highWater / 4
	// refSize is the size from which a body is sent from where it lies.
	refSize = 16 << 10
	// spacing is the time between two writes below which the second is left to
	// the writer goroutine, which gathers more meanwhile.
	spacing = 15 * time.Microsecond
	// lastWords is how long the peer may take to read what was left at the end.
	lastWords = 3 * time.Second
)

// outbox gathers frames for the peer. Frames are appended by anyone, between
// begin and commit; they leave when the reader finds nothing more to read,
// when a strand ends its run, or when much has gathered. What the socket does
// not take at once is written by a goroutine that lives as long as there is
// something to write.
type outbox struct {
	sock   *socket
	start  func(func()) bool // starts the writer
	broken func()            // is called once, with mu held, when the socket is

	mu       sync.Mutex
	buf      []byte
	spans    []span
	size     int  // bytes that wait, those being written included
	attended bool // the reader is busy and will flush before it waits
	writing  bool // someone is writing
	sealed   bool // nothing more may be appended
	shutting bool // when all is written, the stream ends
	failed   bool // the socket is broken
	busy     bool // something was appended since the last beat
	lastTime time.Time
	paused   []*consumer   // wait for room
	room     chan struct{} // the reader waits for room; nil if it does not
	idle     *sync.Cond    // finish waits for the writer; nil if it does not
}

// span is a piece of a body that is sent from where it lies, behind the first
// upto bytes of the buffer.
type span struct {
	upto int
	body []byte
	msg  queue.Message // to be released
	last bool          // of its message
}

// outBuffers are the buffers of outboxes that are empty now.
var outBuffers = sync.Pool{New: func() any {
	b := make([]byte, 0, sendSize+sendSize/4)
	return &b
}}

// begin locks the outbox and returns the buffer to append to; commit must
// follow. ok is false, and nothing locked, when nothing may be sent any more.
func (o *outbox) begin() (buf []byte, ok bool) {
	o.mu.Lock()
	if o.sealed {
		o.mu.Unlock()
		return nil, false
	}
	if o.buf == nil {
		o.buf = (*outBuffers.Get().(*[]byte))[:0]
	}
	return o.buf, true
}

// commit ends begin. It reports whether more waits than a peer may let wait.
func (o *outbox) commit(buf []byte) (full bool) {
	o.size += len(buf) - len(o.buf)
	o.buf, o.busy = buf, true
	if len(buf) >= sendSize {
		o.write()
	}
	full = o.size > highWater
	o.mu.Unlock()
	return full
}

// reference appends a body between begin and commit without copying it, as
// frames of at most frameMax bytes. It takes a reference of the message.
func (o *outbox) reference(buf []byte, channel uint16, m *queue.Message, frameMax uint32) []byte {
	m.Retain(1)
	body := m.Body()
	o.size += len(body)
	for len(body) > 0 {
		part := body[:min(len(body), int(frameMax-amqp.FrameOverhead))]
		body = body[len(part):]
		buf = append(buf, amqp.FrameBody, byte(channel>>8), byte(channel))
		buf = binary.BigEndian.AppendUint32(buf, uint32(len(part)))
		o.spans = append(o.spans, span{upto: len(buf), body: part, msg: *m, last: len(body) == 0})
		buf = append(buf, amqp.FrameEnd)
	}
	return buf
}

// send appends one method frame.
func (o *outbox) send(channel uint16, m amqp.Method) {
	if buf, ok := o.begin(); ok {
		o.commit(amqp.AppendMethod(buf, channel, m))
	}
}

// last appends a method frame to channel 0 and seals the outbox behind it.
func (o *outbox) last(m amqp.Method) {
	if buf, ok := o.begin(); ok {
		o.sealed = true
		o.commit(amqp.AppendMethod(buf, 0, m))
	}
}

// afterLast appends to a sealed outbox: close-ok when both sides closed.
func (o *outbox) afterLast(m amqp.Method) {
	o.mu.Lock()
	o.sealed = false
	o.mu.Unlock()
	o.last(m)
}

// beat sends a heartbeat if nothing was sent since the last call.
func (o *outbox) beat() {
	if buf, ok := o.begin(); ok {
		busy := o.busy
		if !busy {
			buf = amqp.AppendHeartbeat(buf)
		}
		o.commit(buf)
		o.mu.Lock()
		o.busy = false
		o.mu.Unlock()
		o.kick()
	}
}

// attend says that the reader has work and will call leave before it waits.
func (o *outbox) attend() {
	o.mu.Lock()
	o.attended = true
	o.mu.Unlock()
}

// leave ends attend and sends what has gathered.
func (o *outbox) leave() {
	o.mu.Lock()
	o.attended = false
	o.mu.Unlock()
	o.flush()
}

// flush sends what has gathered, unless somebody else is going to. It does not
// wait for the peer.
func (o *outbox) flush() {
	o.mu.Lock()
	if o.attended || o.writing || len(o.buf) == 0 {
		o.mu.Unlock()
		return
	}
	now := time.Now()
	if o.sock.raw == nil || len(o.spans) > 0 || now.Sub(o.lastTime) < spacing {
		o.write()
		o.mu.Unlock()
		return
	}
	o.writing, o.lastTime = true, now
	buf := o.buf
	o.buf = nil
	o.mu.Unlock()

	n, err := o.sock.tryWrite(buf)

	o.mu.Lock()
	o.writing = false
	if err != nil {
		o.fail()
	}
	if n == len(buf) || o.failed {
		if len(o.buf) > 0 && !o.attended {
			o.write()
		}
		o.sent(len(buf), buf)
		return
	}
	// The rest goes before what has come meanwhile.
	rest := append(buf[:0], buf[n:]...)
	for i := range o.spans {
		o.spans[i].upto += len(rest)
	}
	o.buf = append(rest, o.buf...)
	o.write()
	o.sent(n, nil)
}

// kick has what has gathered sent by the writer, unless somebody else is going
// to. For callers that have no time for a system call.
func (o *outbox) kick() {
	o.mu.Lock()
	if !o.attended && len(o.buf) > 0 {
		o.write()
	}
	o.mu.Unlock()
}

// pause notes a consumer that is to go on when there is room again. It reports
// false when there already is.
func (o *outbox) pause(c *consumer) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.size <= lowWater {
		return false
	}
	o.paused = append(o.paused, c)
	return true
}

// write starts the writer. Called with mu held.
func (o *outbox) write() {
	if o.writing || o.failed {
		return
	}
	o.writing = o.start(o.writeAll)
}

// writeAll is the writer goroutine.
func (o *outbox) writeAll() {
	// Others may be about to append more, which then goes with the same call.
	runtime.Gosched()
	for {
		o.mu.Lock()
		if len(o.buf) == 0 || o.failed {
			o.writing = false
			o.lastTime = time.Now()
			o.sent(0, nil)
			return
		}
		buf, spans := o.buf, o.spans
		o.buf, o.spans = nil, nil
		o.mu.Unlock()

		err := o.put(buf, spans)

		size := len(buf)
		for i := range spans {
			size += len(spans[i].body)
			if spans[i].last {
				spans[i].msg.Release()
			}
		}
		o.mu.Lock()
		if err != nil {
			o.fail()
		}
		o.sent(size, buf)
	}
}

// put writes a buffer and the bodies between its bytes.
func (o *outbox) put(buf []byte, spans []span) error {
	if len(spans) == 0 {
		_, err := o.sock.conn.Write(buf)
		return err
	}
	parts := make(net.Buffers, 0, 2*len(spans)+1)
	from := 0
	for i := range spans {
		parts = append(parts, buf[from:spans[i].upto], spans[i].body)
		from = spans[i].upto
	}
	parts = append(parts, buf[from:])
	_, err := parts.WriteTo(o.sock.conn)
	return err
}

// sent accounts for bytes that have left, keeps their buffer for others, and
// wakes those who waited for room. Called with mu held, which it releases.
func (o *outbox) sent(n int, buf []byte) {
	if cap(buf) > 0 && cap(buf) <= 4*sendSize {
		outBuffers.Put(&buf)
	}
	o.size = max(o.size-n, 0)
	var resume []*consumer
	if o.size <= lowWater {
		resume, o.paused = o.paused, nil
		if o.room != nil {
			close(o.room)
			o.room = nil
		}
	}
	o.shutIfDone()
	if o.idle != nil && !o.writing {
		o.idle.Broadcast()
	}
	o.mu.Unlock()
	for _, c := range resume {
		c.queue.Resume(&c.Consumer)
	}
}

// fail gives up: nothing more will be written. Called with mu held.
func (o *outbox) fail() {
	if o.failed {
		return
	}
	o.failed, o.sealed = true, true
	for i := range o.spans {
		if o.spans[i].last {
			o.spans[i].msg.Release()
		}
	}
	o.buf, o.spans, o.size = nil, nil, 0
	if o.room != nil {
		close(o.room)
		o.room = nil
	}
	o.sock.interrupt()
	o.broken()
}

// full returns a channel that is closed when there is room again, or nil when
// there is.
func (o *outbox) full() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.size <= highWater || o.failed {
		return nil
	}
	if o.room == nil {
		o.room = make(chan struct{})
	}
	return o.room
}

// shut ends the stream behind what has gathered.
func (o *outbox) shut() {
	o.mu.Lock()
	o.sealed, o.shutting = true, true
	o.shutIfDone()
	o.mu.Unlock()
	o.kick()
}

func (o *outbox) shutIfDone() {
	if o.shutting && len(o.buf) == 0 && !o.writing {
		o.shutting = false
		o.sock.closeWrite()
	}
}

// finish writes what is left, for a bounded time, and ends the writer.
func (o *outbox) finish() {
	o.sock.boundWrites(lastWords)
	o.mu.Lock()
	o.idle = sync.NewCond(&o.mu)
	o.attended, o.sealed = false, true
	for (len(o.buf) > 0 || o.writing) && !o.failed {
		o.write()
		if !o.writing {
			break
		}
		o.idle.Wait()
	}
	o.fail()
	o.mu.Unlock()
}
