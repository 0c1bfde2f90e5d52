package session

import (
	"net"
	"runtime"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/broker/vhost"
	"github.com/lepusmq/lepus/store"
)

// forEver is so long that a test that waits for its end fails.
const forEver = time.Hour

// startBusyWait looks for so long.
func startBusyWait(t *testing.T, span time.Duration) *busyWait {
	b := new(busyWait)
	b.span.Store(int64(span))
	t.Cleanup(b.close)
	return b
}

// peer is a connection with a reader, and the client at its other end.
type peer struct {
	*socket
	fd     uintptr
	client net.Conn
}

// newPeer returns one whose reader is at work.
func newPeer(t *testing.T, b *busyWait) *peer {
	t.Helper()
	ours, theirs := socketPair(t)
	p := &peer{socket: newSocket(ours, b), client: theirs}
	if err := p.raw.Control(func(fd uintptr) { p.fd = fd }); err != nil {
		t.Fatal(err)
	}
	b.join(p.socket)
	return p
}

// resting returns one whose reader waits.
func resting(t *testing.T, b *busyWait) *peer {
	p := newPeer(t, b)
	b.rest()
	return p
}

func (p *peer) send(t *testing.T) {
	t.Helper()
	if _, err := p.client.Write([]byte("hop")); err != nil {
		t.Fatal(err)
	}
}

// take reads what has been sent.
func (p *peer) take(t *testing.T) {
	t.Helper()
	if _, err := syscall.Read(int(p.fd), make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
}

func TestArrivals(t *testing.T) {
	b := startBusyWait(t, forEver)
	p, q := newPeer(t, b), newPeer(t, b)
	want := func(what string, want uintptr) {
		t.Helper()
		if fd, came := b.poll.Load().next(); came != (want != 0) || fd != want {
			t.Errorf("%s: something on %d, %v; want it on %d", what, fd, came, want)
		}
	}
	want("nothing was sent", 0)
	p.send(t)
	want("something was sent", p.fd)
	want("nothing more was sent", 0)
	p.send(t)
	want("something more was sent", p.fd)
	q.send(t)
	q.take(t)
	want("it has been read", 0)
	b.leave(q.socket)
	q.send(t)
	want("the reader has gone", 0)
}

func TestBusyWaitFindsWhatCame(t *testing.T) {
	b := startBusyWait(t, forEver)
	p, q := newPeer(t, b), resting(t, b)
	p.send(t)
	if !b.look(p.fd) {
		t.Error("it was on the reader's own connection")
	}
	p.take(t)
	for range 2 { // the second time it is known
		b.skip = 0
		q.send(t)
		if b.look(p.fd) {
			t.Error("it was on another connection")
		}
		q.take(t)
	}
}

// TestFlowIsNoAnswer has a connection that is known send more without a wait.
func TestFlowIsNoAnswer(t *testing.T) {
	b := startBusyWait(t, forEver)
	p := newPeer(t, b)
	b.known[2] = p.fd
	p.rd.steady = true
	read := make(chan error)
	go func() {
		_, err := p.read(make([]byte, 16), func() func() { return nil })
		read <- err
	}()
	for b.atWork.Load() > 0 {
		runtime.Gosched()
	}
	p.send(t)
	if err := <-read; err != nil || b.known[2] != 0 {
		t.Errorf("%v; known are %v, %d is not to be", err, b.known, p.fd)
	}
}

// TestBusyWaitIsForIdleCores checks that a reader does not look, or no longer, when
// another is at work.
func TestBusyWaitIsForIdleCores(t *testing.T) {
	b := startBusyWait(t, forEver)
	p := newPeer(t, b)
	b.resume()
	if b.look(p.fd) {
		t.Error("something has come")
	}
	b.rest()
	looked := make(chan bool)
	go func() { looked <- b.look(p.fd) }()
	for !b.looking.Load() {
		runtime.Gosched()
	}
	if b.look(p.fd) {
		t.Error("two at a time")
	}
	b.resume()
	if <-looked {
		t.Error("something has come")
	}
}

// TestBusyWaitPays counts the waits without a look after looks for nothing.
func TestBusyWaitPays(t *testing.T) {
	b := startBusyWait(t, 1)
	p := newPeer(t, b)
	for _, want := range []int{1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 1023} {
		b.look(p.fd)
		for left := want; left > 0; left-- {
			if b.skip != left {
				t.Fatalf("%d waits without a look, want %d of %d", b.skip, left, want)
			}
			b.look(p.fd)
		}
	}
	// The first of its kind proves nothing, the second does.
	for _, want := range []int{maxReluctance, 0} {
		p.send(t)
		if !b.look(p.fd) {
			t.Fatal("nothing has come")
		}
		p.take(t)
		if b.skip != want {
			t.Errorf("%d waits without a look, want %d", b.skip, want)
		}
		b.skip = 0
	}
	if b.look(p.fd); b.skip != 1 {
		t.Errorf("%d waits without a look after it has paid, want 1", b.skip)
	}
}

// TestBusyWaitIsForFew has as many connections take turns as a round trip may go
// over, and one more.
func TestBusyWaitIsForFew(t *testing.T) {
	for n, pays := range map[int]bool{acquaintances: true, acquaintances + 1: false} {
		b := startBusyWait(t, forEver)
		looks := newPeer(t, b)
		var peers []*peer
		for range n {
			peers = append(peers, resting(t, b))
		}
		for round := range 3 {
			for _, p := range peers {
				b.skip = 0
				p.send(t)
				b.look(looks.fd)
				p.take(t)
				if round > 0 && (b.skip == 0) != pays {
					t.Fatalf("%d connections: %d waits without a look", n, b.skip)
				}
			}
		}
	}
}

func TestBusyWaitBounds(t *testing.T) {
	l := NewLimits(0)
	defer l.Close()
	for d, want := range map[time.Duration]time.Duration{-1: 0, 0: 0, 1: 1, time.Hour: MaxBusyWait} {
		l.SetBusyWait(d)
		if got := time.Duration(l.busy.span.Load()); got != want {
			t.Errorf("%v is %v, want %v", d, got, want)
		}
	}
}

func TestBusyWaitNever(t *testing.T) {
	for name, b := range map[string]*busyWait{"off": startBusyWait(t, 0), "none": nil} {
		p := newPeer(t, b)
		b.rest()
		p.send(t)
		b.resume()
		if b.look(p.fd) {
			t.Errorf("%s: it has looked", name)
		}
		if b != nil && b.poll.Load() != nil {
			t.Errorf("%s: it is watched", name)
		}
		b.leave(p.socket)
	}
	(*busyWait)(nil).close()
}

// TestReadLooks has the peer answer while the reader looks, and not send anything
// before: the peer has waited.
func TestReadLooks(t *testing.T) {
	b := startBusyWait(t, forEver)
	p := newPeer(t, b)
	go func() {
		for !b.looking.Load() {
			runtime.Gosched()
		}
		p.send(t)
	}()
	n, err := p.read(make([]byte, 16), func() func() { return nil })
	if n != 3 || err != nil || !p.rd.waited {
		t.Errorf("read %d bytes, %v; the peer has waited: %v", n, err, p.rd.waited)
	}
	if b.reluctance != 1 || b.atWork.Load() != 1 {
		t.Errorf("%+v", b)
	}
}

// TestReadersAtWork checks that the count is right again whatever becomes of a
// reader.
func TestReadersAtWork(t *testing.T) {
	b := startBusyWait(t, 0)
	want := func(what string, n int64) {
		t.Helper()
		if got := b.atWork.Load(); got != n {
			t.Errorf("%s: %d readers are at work, want %d", what, got, n)
		}
	}
	waits := func(p *socket, n int64, then func()) {
		t.Helper()
		read := make(chan error)
		go func() {
			_, err := p.read(make([]byte, 16), func() func() { return nil })
			read <- err
		}()
		for b.atWork.Load() != n {
			runtime.Gosched()
		}
		then()
		<-read
	}
	p := newPeer(t, b)
	waits(p.socket, 0, func() { p.send(t) })
	want("something has come", 1)
	waits(p.socket, 0, p.interrupt)
	want("interrupted", 1)
	b.leave(p.socket)
	want("gone", 0)

	ours, theirs := net.Pipe() // cannot be read without waiting
	pipe := newSocket(ours, b)
	b.join(pipe)
	waits(pipe, 0, func() { _ = theirs.Close() })
	want("hung up", 1)
	b.leave(pipe)

	ours, theirs = socketPair(t)
	cfg := &Config{Log: zap.NewNop(), Limits: &Limits{busy: b}}
	s := New(ours, cfg)
	if _, err := theirs.Write([]byte("GET / HTTP/1.1\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	_ = theirs.Close()
	s.Serve()
	want("a session has ended", 0)

	s = New(ours, cfg)
	b.join(s.sock)
	s.slow = true
	s.vhost = vhost.New(vhost.Config{Store: store.NewMemory()})
	s.throttle()
	want("the store has caught up", 1)
	s.out.size = highWater + 1 // more than it may be
	s.signalEnd()
	if s.slowDown() || b.atWork.Load() != 1 {
		t.Errorf("the session has ended: %d readers are at work, want 1", b.atWork.Load())
	}
}
