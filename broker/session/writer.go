package session

import (
	"net"
	"runtime"
	"time"
)

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
		if o.empty() || o.failed {
			o.writing = false
			o.lastTime = time.Now()
			o.sent(0, nil)
			return
		}
		p := o.next()
		o.mu.Unlock()
		o.writeOne(&p)
	}
}

// writeOne writes a packet and gives back what it held.
func (o *outbox) writeOne(p *packet) {
	err := o.put(p.buf, p.spans)
	size := len(p.buf)
	for i := range p.spans {
		size += len(p.spans[i].body)
	}
	p.release()
	o.mu.Lock()
	if err != nil {
		o.fail()
	}
	o.sent(size, p.buf)
}

// release gives back the bodies.
func (p *packet) release() {
	for i := range p.spans {
		if p.spans[i].last {
			p.spans[i].msg.Release()
		}
	}
	p.spans = nil
}

// put writes a buffer and the bodies between its bytes.
func (o *outbox) put(buf []byte, spans []span) error {
	if len(spans) == 0 {
		return o.sock.write(buf)
	}
	parts := make(net.Buffers, 0, 2*len(spans)+1)
	from := 0
	for i := range spans {
		parts = append(parts, buf[from:spans[i].upto], spans[i].body)
		from = spans[i].upto
	}
	parts = append(parts, buf[from:])
	if o.sock.raw == nil {
		return o.sock.gather(parts)
	}
	_, err := parts.WriteTo(o.sock.conn)
	return err
}

// sent accounts for bytes that have left, keeps their buffer for others, and
// wakes those who waited for room. Called with mu held, which it releases.
func (o *outbox) sent(n int, buf []byte) {
	if cap(buf) >= sendSize && cap(buf) <= 2*sendSize {
		outBuffers.GiveBack(buf)
	}
	o.size = max(o.size-n, 0)
	if n > 0 {
		o.bytes += uint64(n)
		o.writes++
	}
	o.count()
	if o.size <= o.shared.mark()/4 {
		o.full.Store(false)
		if o.room != nil {
			close(o.room)
			o.room = nil
		}
	}
	o.shutIfDone()
	if o.idle != nil && !o.writing {
		o.idle.Broadcast()
	}
	o.resume()
}

// resume lets consumers go on, one after the other, until there is no room
// again: each may bring a whole turn. Called with mu held, which it releases.
func (o *outbox) resume() {
	// What those who go on flush leads here again.
	if !o.resuming {
		o.resuming = true
		for len(o.paused) > 0 && !o.full.Load() {
			c := o.paused[0]
			o.paused[0] = nil
			o.paused = o.paused[1:]
			c.paused = false
			o.mu.Unlock()
			c.queue.Resume(&c.Consumer)
			o.mu.Lock()
		}
		o.resuming = false
	}
	o.mu.Unlock()
}

// fail gives up: nothing more will be written. Called with mu held.
func (o *outbox) fail() {
	if o.failed {
		return
	}
	o.failed, o.sealed = true, true
	for !o.empty() {
		p := o.next()
		p.release()
	}
	o.size = 0
	o.count()
	if o.room != nil {
		close(o.room)
		o.room = nil
	}
	o.sock.interrupt()
	o.broken()
}
