package session

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/vhost"
	"github.com/lepusmq/lepus/queue"
	"github.com/lepusmq/lepus/store"
)

// tcpPair returns both ends of a connection. Our end has a small buffer, so
// that writes are often taken only in part.
func tcpPair(t *testing.T) (ours, theirs *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	dialled, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs = accepted.(*net.TCPConn), dialled.(*net.TCPConn)
	t.Cleanup(func() {
		_ = ours.Close()
		_ = theirs.Close()
	})
	if err := ours.SetWriteBuffer(8 << 10); err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}

func newTestOutbox(conn net.Conn) (*outbox, *sync.WaitGroup) {
	var workers sync.WaitGroup
	start := func(f func()) bool {
		workers.Go(f)
		return true
	}
	return &outbox{sock: newSocket(conn, nil), start: start, broken: func() {}}, &workers
}

// countWriters counts the writers that an outbox starts.
func countWriters(o *outbox) *int {
	writers, start := new(int), o.start
	o.start = func(f func()) bool {
		*writers++
		return start(f)
	}
	return writers
}

// wantAck reads the ack of the first publish on channel 1.
func wantAck(t *testing.T, theirs net.Conn) {
	t.Helper()
	want := appendAck(nil, 1, 1, false)
	got := make([]byte, len(want))
	if err := theirs.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(theirs, got); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the peer got % x, %v; want % x", got, err, want)
	}
}

// TestOutboxKeepsOrder has several goroutines append messages of all sizes,
// flushing in every way there is. The peer gets each whole, and those of one
// goroutine in order.
func TestOutboxKeepsOrder(t *testing.T) {
	const senders, messages = 4, 60
	const frameMax = 4096
	ours, theirs := tcpPair(t)
	o, workers := newTestOutbox(ours)
	for sender := range uint16(senders) {
		workers.Go(func() {
			var slab queue.Slab
			for n := range uint64(messages) {
				m := slab.Add([]byte{0, 0}, []byte{0, 0}, testBody(n))
				ch := &channel{s: &Session{out: o, frameMax: frameMax, vhost: vhost.New(vhost.Config{})}, id: sender + 1}
				buf, ok := o.begin()
				if !ok {
					t.Error("the outbox is sealed")
					return
				}
				o.commit(o.turn(ch.appendContent(buf, &m, m.Head())))
				m.Release()
				switch n % 3 {
				case 0:
					o.flush()
				case 1:
					o.kick()
				}
			}
			o.flush()
		})
	}
	readContents(t, theirs, senders*messages)
	o.finish()
	workers.Wait()
	if o.size != 0 {
		t.Errorf("%d bytes are said to wait", o.size)
	}
}

// testBody has its number and a size of its own, some of them large enough to
// be sent by reference.
func testBody(n uint64) []byte {
	body := make([]byte, 8+(n*n*131)%(3*refSize))
	for i := range body {
		body[i] = byte(n)
	}
	binary.BigEndian.PutUint64(body, n)
	return body
}

// readContents reads header and body frames and checks them against testBody.
func readContents(t *testing.T, r io.Reader, messages int) {
	t.Helper()
	var next [8]uint64
	var bodies [8][]byte
	var sizes [8]uint64
	var buf []byte
	part := make([]byte, 32<<10)
	for messages > 0 {
		n, err := r.Read(part)
		if err != nil {
			t.Fatal(err)
		}
		buf = append(buf, part[:n]...)
		for {
			f, n, err := amqp.ParseFrame(buf, 0)
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				break
			}
			ch := f.Channel
			if f.Type == amqp.FrameHeader {
				h, err := amqp.ParseHeader(f.Payload)
				if err != nil {
					t.Fatal(err)
				}
				sizes[ch], bodies[ch] = h.BodySize, nil
			} else {
				bodies[ch] = append(bodies[ch], f.Payload...)
			}
			buf = buf[n:]
			if f.Type == amqp.FrameBody && uint64(len(bodies[ch])) == sizes[ch] {
				if !bytes.Equal(bodies[ch], testBody(next[ch])) {
					t.Fatalf("channel %d: message %d came changed or out of order", ch, next[ch])
				}
				next[ch]++
				messages--
			}
		}
	}
}

// TestOutboxFullAndRoom has a peer that does not read, and then does.
func TestOutboxFullAndRoom(t *testing.T) {
	ours, theirs := tcpPair(t)
	o, workers := newTestOutbox(ours)
	body := make([]byte, 10<<10)
	full := false
	for !full {
		buf, _ := o.begin()
		full = o.commit(o.turn(amqp.AppendBody(buf, 1, body, 0)))
	}
	room := o.crowded()
	if room == nil {
		t.Fatal("commit says the outbox is full, crowded does not")
	}
	select {
	case <-room:
		t.Fatal("there is room while the peer does not read")
	default:
	}
	go func() { _, _ = io.Copy(io.Discard, theirs) }()
	<-room
	o.finish()
	workers.Wait()
}

// TestPausedGoOnByTurns has many queues deliver to a peer that does not read at
// first: what waits is one turn more than may wait, not one of each queue. That
// holds also when the peer reads and they go on.
func TestPausedGoOnByTurns(t *testing.T) {
	const queues, messages, size = 12, 300, 4 << 10
	const most = highWater + 2*messages*(size+100)
	ours, theirs := tcpPair(t)
	if err := ours.SetWriteBuffer(256 << 10); err != nil {
		t.Fatal(err)
	}
	o, workers := newTestOutbox(ours)
	ch := &channel{s: &Session{out: o, frameMax: 128 << 10, vhost: vhost.New(vhost.Config{})}, id: 1}
	top := 0
	look := func() {
		o.mu.Lock()
		top = max(top, o.size)
		o.mu.Unlock()
	}
	var slab queue.Slab
	for range queues {
		q := queue.New(queue.Config{Name: "q"})
		batch := make([]queue.Publication, messages)
		for i := range batch {
			batch[i].Message = slab.Add([]byte("\x00\x01k"), []byte{0, 0}, make([]byte, size))
		}
		q.Publish(batch)
		c := &consumer{queue: q, from: &dealing{queue: q}, start: []byte{0, 60, 0, 60, 0}}
		c.Consumer = queue.Consumer{Holder: queue.Sink(ch), Label: c, NoAck: true}
		q.Consume(&c.Consumer, func(error) {})
		look()
	}
	buf := make([]byte, 64<<10)
	for got := 0; got < queues*messages*size; {
		n, err := theirs.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		got += n
		look()
	}
	if top > most {
		t.Errorf("%d KiB waited", top>>10)
	}
	go func() { _, _ = io.Copy(io.Discard, theirs) }()
	o.finish()
	workers.Wait()
}

// TestOutboxEndsWithABrokenPeer has a peer that hangs up in the middle.
func TestOutboxEndsWithABrokenPeer(t *testing.T) {
	ours, theirs := tcpPair(t)
	o, workers := newTestOutbox(ours)
	var slab queue.Slab
	ch := &channel{s: &Session{out: o, frameMax: 4096, vhost: vhost.New(vhost.Config{})}, id: 1}
	m := slab.Add([]byte{0, 0}, []byte{0, 0}, make([]byte, 2*refSize))
	if err := theirs.SetLinger(0); err != nil {
		t.Fatal(err)
	}
	_ = theirs.Close()
	for {
		buf, ok := o.begin()
		if !ok {
			break
		}
		o.commit(o.turn(ch.appendContent(buf, &m, m.Head())))
	}
	workers.Wait()
	if o.size != 0 {
		t.Errorf("%d bytes are said to wait", o.size)
	}
	m.Release() // panics if the outbox gave back more than it took
}

// TestOutboxBeats sends a heartbeat only when nothing else was sent.
func TestOutboxBeats(t *testing.T) {
	ours, theirs := tcpPair(t)
	o, workers := newTestOutbox(ours)
	o.send(0, &amqp.ConnectionUnblocked{})
	o.beat()
	o.beat()
	o.beat()
	o.shut()
	if err := theirs.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(theirs)
	if err != nil {
		t.Fatal(err)
	}
	want := amqp.AppendMethod(nil, 0, &amqp.ConnectionUnblocked{})
	want = amqp.AppendHeartbeat(amqp.AppendHeartbeat(want))
	if !bytes.Equal(got, want) {
		t.Errorf("got % x, want % x", got, want)
	}
	o.finish()
	workers.Wait()
}

// TestConfirmNow checks who sends a confirm: who confirms, if asked to, else the
// writer.
func TestConfirmNow(t *testing.T) {
	for name, now := range map[string]bool{"now": true, "later": false} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := tcpPair(t)
			out, workers := newTestOutbox(ours)
			writers := countWriters(out)
			s := &Session{out: out, vhost: vhost.New(vhost.Config{Store: store.NewMemory()})}
			ch := &channel{s: s, id: 1, mode: confirming}
			ch.confirms.low, ch.confirms.next = 1, 1
			ch.confirms.add(1, 1)
			if now {
				ch.ConfirmNow(1, 1)
			} else {
				ch.Confirm(1, 1)
			}
			wantAck(t, theirs)
			workers.Wait()
			if (*writers == 0) != now {
				t.Errorf("%d writers", *writers)
			}
		})
	}
}
