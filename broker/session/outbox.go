package session

import (
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
)

const (
	// sendSize is how many bytes are worth a write while more may come. What a
	// read brings makes fewer, so that whoever delivers them writes them, too:
	// they are still in its cache.
	sendSize = 96 << 10
	// highWater is how many bytes may wait for a slow peer before deliveries
	// to it stop, if few wait for others: see [outgoing].
	highWater = 1 << 20
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
	shared *outgoing

	// full says that there was more than may wait and was not less than a quarter
	// since. It changes with mu held; anybody may look.
	full atomic.Bool

	mu       sync.Mutex
	buf      []byte   // being filled; nil when empty
	spans    []span   // of buf
	packets  []packet // to be sent before buf
	size     int      // bytes that wait, those being written included
	counted  int      // of size, in shared
	attended bool     // the reader is busy and will flush before it waits
	writing  bool     // someone is writing
	sealed   bool     // nothing more may be appended
	shutting bool     // when all is written, the stream ends
	failed   bool     // the socket is broken
	busy     bool     // something was appended since the last beat
	lastTime time.Time
	bytes    uint64 // that were sent, with so many writes
	writes   uint64
	paused   []*consumer   // wait for room, who came first before the others
	resuming bool          // somebody lets them go on
	room     chan struct{} // the reader waits for room; nil if it does not
	idle     *sync.Cond    // finish waits for the writer; nil if it does not
}

// packet is a buffer with the bodies that go between its bytes.
type packet struct {
	buf   []byte
	spans []span
}

// span is a piece of a body that is sent from where it lies, behind the first
// upto bytes of its buffer.
type span struct {
	upto int
	body []byte
	msg  queue.Message // to be released
	last bool          // of its message
}

// outBuffers are the buffers of outboxes that are empty now. There is room for
// what the last message adds to a buffer that was almost full.
var outBuffers = queue.Lender[byte]{Room: sendSize + refSize + 4<<10}

// begin locks the outbox and returns the buffer to append to; commit must
// follow. ok is false, and nothing locked, when nothing may be sent any more.
func (o *outbox) begin() (buf []byte, ok bool) {
	o.mu.Lock()
	if o.sealed {
		o.mu.Unlock()
		return nil, false
	}
	if o.buf == nil {
		o.buf = outBuffers.Borrow()
	}
	return o.buf, true
}

// turn goes on with another buffer when this one has enough. For those who
// append much between begin and commit.
func (o *outbox) turn(buf []byte) []byte {
	if len(buf) < sendSize {
		return buf
	}
	o.size += len(buf) - len(o.buf)
	o.packets = append(o.packets, packet{buf: buf, spans: o.spans})
	o.buf, o.spans = outBuffers.Borrow(), nil
	return o.buf
}

// commit ends begin. It reports whether more waits than a peer may let wait.
func (o *outbox) commit(buf []byte) (full bool) {
	o.size += len(buf) - len(o.buf)
	o.buf, o.busy = buf, true
	if len(buf) >= sendSize || len(o.packets) > 0 {
		o.write()
	}
	o.count()
	if o.size > leastWaiting && o.size > o.shared.mark() {
		full = true
		o.full.Store(true)
	}
	o.mu.Unlock()
	return full
}

// count tells what is shared how much waits, if that is much or was. Called with
// mu held.
func (o *outbox) count() {
	more := o.size - o.counted
	if more >= outgoingStep || -more >= outgoingStep || o.size == 0 && more != 0 {
		o.shared.count(more)
		o.counted = o.size
	}
}

// next takes the packet that is next, of some that wait. Called with mu held.
func (o *outbox) next() packet {
	if len(o.packets) > 0 {
		p := o.packets[0]
		o.packets = slices.Delete(o.packets, 0, 1)
		return p
	}
	p := packet{buf: o.buf, spans: o.spans}
	o.buf, o.spans = nil, nil
	return p
}

func (o *outbox) empty() bool { return len(o.buf) == 0 && len(o.packets) == 0 }

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
	o.sealed = o.failed
	o.mu.Unlock()
	o.last(m)
}

// beat sends a heartbeat if nothing was sent since the last call, and reports
// whether it did.
func (o *outbox) beat() bool {
	buf, ok := o.begin()
	if !ok {
		return false
	}
	idle := !o.busy
	if idle {
		buf = amqp.AppendHeartbeat(buf)
	}
	o.commit(buf)
	o.mu.Lock()
	o.busy = false
	o.mu.Unlock()
	o.kick()
	return idle
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
	if o.attended || o.writing || o.empty() {
		o.mu.Unlock()
		return
	}
	now := time.Now()
	if o.sock.raw == nil || len(o.packets) > 0 || len(o.spans) > 0 || now.Sub(o.lastTime) < spacing {
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
	switch {
	case err != nil:
		o.fail()
	case n < len(buf):
		// The rest goes before what has come meanwhile.
		rest := packet{buf: append(buf[:0], buf[n:]...)}
		o.packets = append([]packet{rest}, o.packets...)
		buf = nil
		o.write()
	case !o.empty() && !o.attended:
		o.write()
	}
	o.sent(n, buf)
}

// kick has what has gathered sent by the writer, unless somebody else is going
// to. For callers that have no time for a system call.
func (o *outbox) kick() {
	o.mu.Lock()
	if !o.attended && !o.empty() {
		o.write()
	}
	o.mu.Unlock()
}

// pause notes a consumer that is to go on when there is room again. It reports
// false when there already is.
func (o *outbox) pause(c *consumer) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.full.Load() {
		return false
	}
	if !c.paused {
		c.paused = true
		o.paused = append(o.paused, c)
	}
	return true
}

// waiting returns how many bytes wait for the peer.
func (o *outbox) waiting() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.size
}

// traffic returns how many bytes wait for the peer, and how many were sent, with
// how many writes.
func (o *outbox) traffic() (pending int, bytes, writes uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.size, o.bytes, o.writes
}

// crowded returns a channel that is closed when there is room again, or nil when
// there is.
func (o *outbox) crowded() <-chan struct{} {
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
	if o.shutting && o.empty() && !o.writing {
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
	for (!o.empty() || o.writing) && !o.failed {
		o.write()
		if !o.writing {
			break
		}
		o.idle.Wait()
	}
	o.fail()
	o.mu.Unlock()
}
