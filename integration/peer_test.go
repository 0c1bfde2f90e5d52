package integration

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// peer is a client at the level of single frames: it sends whatever the test says and reads whatever comes back.
type peer struct {
	t    testing.TB
	conn net.Conn
	r    *bufio.Reader
	tune tuning

	version string // of the broker, from its server properties
}

// tuning holds what tune proposes and tune-ok answers.
type tuning struct {
	channelMax uint16
	frameMax   uint32
	heartbeat  uint16
}

// received is a frame that came in.
type received struct {
	kind    byte
	channel uint16
	payload []byte
}

func (f received) method() methodID {
	if f.kind != frameMethod || len(f.payload) < 4 {
		return noMethod
	}
	return methodID(binary.BigEndian.Uint32(f.payload))
}

func (f received) String() string {
	if f.kind == frameMethod {
		return fmt.Sprintf("method %v on channel %d: %q", f.method(), f.channel, f.payload[4:])
	}
	return fmt.Sprintf("frame of type %d on channel %d, %d bytes", f.kind, f.channel, len(f.payload))
}

// dialPeer makes the TCP connection and says nothing. The connection is closed at the end of the test.
func dialPeer(t testing.TB, address string) *peer {
	t.Helper()
	p := visitor(t, address)
	t.Cleanup(func() { _ = p.conn.Close() })
	return p
}

// visitor is a peer whose connection the caller closes.
func visitor(t testing.TB, address string) *peer {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	return &peer{t: t, conn: conn, r: bufio.NewReader(conn)}
}

// newPeer is dialPeer to the broker under test.
func newPeer(t testing.TB) *peer {
	t.Helper()
	return dialPeer(t, brokerURL(t))
}

// openPeer makes a connection to the broker under test with channel 1 open.
func openPeer(t testing.TB) *peer {
	t.Helper()
	return newPeer(t).open()
}

// open goes through the handshake and opens channel 1.
func (p *peer) open() *peer {
	p.t.Helper()
	p.login(table{nested("capabilities", boolean("consumer_cancel_notify", true),
		boolean("authentication_failure_close", true), boolean("connection.blocked", true))})
	p.send(methodFrame(0, connectionTuneOk, p.tune.channelMax, p.tune.frameMax, uint16(0)))
	p.openVhost("/")
	p.openChannel(1)
	return p
}

// start sends the protocol header and reads start.
func (p *peer) start() {
	p.t.Helper()
	p.send([]byte(protocolHeader091))
	args := p.expect(0, connectionStart)
	if _, after, ok := bytes.Cut(args.b, []byte("\x07versionS\x00\x00\x00")); ok {
		p.version = (&arguments{b: after}).str()
	}
}

// login goes through the handshake until tune has come.
func (p *peer) login(client table) {
	p.t.Helper()
	p.start()
	p.send(methodFrame(0, connectionStartOk, client, "PLAIN", long("\x00guest\x00guest"), "en_US"))
	args := p.expect(0, connectionTune)
	p.tune = tuning{args.uint16(), args.uint32(), args.uint16()}
}

func (p *peer) openVhost(name string) {
	p.t.Helper()
	p.send(methodFrame(0, connectionOpen, name, "", bits{false}))
	p.expect(0, connectionOpenOk)
}

func (p *peer) openChannel(n uint16) {
	p.t.Helper()
	p.send(methodFrame(n, channelOpen, ""))
	p.expect(n, channelOpenOk)
}

// queue declares a server-named exclusive queue on channel 1.
func (p *peer) queue() string {
	p.t.Helper()
	p.send(methodFrame(1, queueDeclare, uint16(0), "", bits{false, false, true, false, false}, table{}))
	return p.expect(1, queueDeclareOk).str()
}

// ready asks on channel 1 how many ready messages a queue has.
func (p *peer) ready(queue string) uint32 {
	p.t.Helper()
	args := p.call(queueDeclare, queueDeclareOk, uint16(0), queue, bits{true}, table{})
	args.str()
	return args.uint32()
}

// send writes bytes as they are, several frames in one write.
func (p *peer) send(frames ...[]byte) {
	p.t.Helper()
	if err := p.write(frames...); err != nil {
		p.t.Fatalf("write: %v", err)
	}
}

// write is send for a broker that may have hung up already.
func (p *peer) write(frames ...[]byte) error {
	var all []byte
	for _, f := range frames {
		all = append(all, f...)
	}
	_ = p.conn.SetWriteDeadline(time.Now().Add(patience))
	_, err := p.conn.Write(all)
	return err
}

// must fails the test on an error of write or read.
func (p *peer) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("the broker has hung up: %v", err)
	}
}

// read returns the next frame, heartbeats included, or the error that ended the connection.
func (p *peer) read() (received, error) {
	_ = p.conn.SetReadDeadline(time.Now().Add(patience))
	var head [7]byte
	if _, err := io.ReadFull(p.r, head[:]); err != nil {
		return received{}, err
	}
	payload := make([]byte, binary.BigEndian.Uint32(head[3:])+1)
	if _, err := io.ReadFull(p.r, payload); err != nil {
		return received{}, err
	}
	if end := payload[len(payload)-1]; end != frameEnd {
		return received{}, fmt.Errorf("frame ends in %#x", end)
	}
	return received{head[0], binary.BigEndian.Uint16(head[1:]), payload[:len(payload)-1]}, nil
}

// next returns the next frame that is no heartbeat.
func (p *peer) next() received {
	p.t.Helper()
	for {
		f, err := p.read()
		if err != nil {
			p.t.Fatalf("read: %v", err)
		}
		if f.kind != frameHeartbeat {
			return f
		}
	}
}

// expect reads the next frame, which must be this method on this channel, and returns its arguments.
func (p *peer) expect(channel uint16, id methodID) *arguments {
	p.t.Helper()
	f := p.next()
	if f.method() != id || f.channel != channel {
		p.t.Fatalf("got %v, want method %v on channel %d", f, id, channel)
	}
	return &arguments{b: f.payload[4:]}
}

// call sends a method on channel 1 and expects the reply.
func (p *peer) call(id methodID, reply methodID, args ...any) *arguments {
	p.t.Helper()
	p.send(methodFrame(1, id, args...))
	return p.expect(1, reply)
}

// content reads a content header and its body, which must be on this channel.
func (p *peer) content(channel uint16) (header []byte, body string) {
	p.t.Helper()
	f := p.next()
	if f.kind != frameHeader || f.channel != channel || len(f.payload) < 14 {
		p.t.Fatalf("got %v, want a content header on channel %d", f, channel)
	}
	header = f.payload
	for size := int(binary.BigEndian.Uint64(header[4:])); len(body) < size; {
		f = p.next()
		if f.kind != frameBody || f.channel != channel {
			p.t.Fatalf("got %v, want a body on channel %d", f, channel)
		}
		body += string(f.payload)
	}
	return header, body
}

// reply is what a close from the broker says. A text that ends in * stands for all that begin so.
type reply struct {
	code   uint16
	text   string
	failed methodID
}

// expectClose reads the next frame, which must be channel.close, or connection.close for channel 0, with this code,
// reply text and failing method, and answers it.
func (p *peer) expectClose(channel uint16, code uint16, text string, failed methodID) {
	p.t.Helper()
	p.expectReply(channel, reply{code, text, failed})
}

func (p *peer) expectReply(channel uint16, want reply) {
	p.t.Helper()
	id, answer := channelClose, channelCloseOk
	if channel == 0 {
		id, answer = connectionClose, connectionCloseOk
	}
	args := p.expect(channel, id)
	got := reply{args.uint16(), args.str(), methodID(args.uint32())}
	if stem, open := strings.CutSuffix(want.text, "*"); open && strings.HasPrefix(got.text, stem) {
		want.text = got.text
	}
	if got != want {
		p.t.Fatalf("got  %d %s (%v)\nwant %d %s (%v)", got.code, got.text, got.failed, want.code, want.text, want.failed)
	}
	_ = p.write(methodFrame(channel, answer))
	if channel == 0 {
		p.expectEnd()
	}
}

// expectEnd waits for the broker to hang up without another frame; heartbeats do not count.
func (p *peer) expectEnd() {
	p.t.Helper()
	for {
		f, err := p.read()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			p.t.Fatal("the broker did not hang up")
		case err != nil:
			return
		case f.kind != frameHeartbeat:
			p.t.Fatalf("got %v, want the end of the connection", f)
		}
	}
}

// legacy says whether the broker is a RabbitMQ of before 4.0.
func (p *peer) legacy() bool { return strings.HasPrefix(p.version, "3.") }

// alive checks that channel 1 still answers and that nothing else was on its way.
func (p *peer) alive() {
	p.t.Helper()
	p.call(basicQos, basicQosOk, uint32(0), uint16(0), bits{false})
}
