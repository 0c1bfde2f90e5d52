package session

import (
	"testing"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/vhost"
	"github.com/lepusmq/lepus/queue"
	"github.com/lepusmq/lepus/store"
)

// maxGarbage is how many allocations a message may cost. There is no need for
// any; the rest is what pools do that were just emptied.
const maxGarbage = 0.05

// route is a channel that publishes to a queue from which it consumes.
type route struct {
	*channel
	t      *testing.T
	frames []amqp.Frame // of one message
	body   []byte
}

func newRoute(t *testing.T) *route {
	v := vhost.New(vhost.Config{Name: "/", ID: 1, Store: store.NewMemory()})
	users := auth.NewUsers()
	if err := users.Put(auth.User{Name: "u", Permissions: map[string]auth.Permission{"/": auth.Everything()}}); err != nil {
		t.Fatal(err)
	}
	access, _ := users.Access("u", "/")
	ours, _ := tcpPair(t)
	s := &Session{
		cfg: &Config{Limits: new(Limits)}, vhost: v, user: "u", access: access, state: running, channels: map[uint16]*channel{},
		frameMax: 128 << 10, sock: newSocket(ours, nil), out: &outbox{attended: true},
	}
	r := &route{channel: &channel{s: s, id: 1, consumers: map[string]*consumer{}}, t: t, body: make([]byte, 16)}
	s.channels[1] = r.channel
	t.Cleanup(func() {
		r.end()
		s.slab.Close()
		v.Close()
	})

	c := &consumer{tag: "c", queue: r.declare("q"), start: deliverStart("c")}
	c.Consumer = queue.Consumer{Holder: queue.Sink(r.channel), Label: c, NoAck: true, Gate: &r.window}
	r.addConsumer(c)
	c.queue.Consume(&c.Consumer, func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	})
	publish := append([]byte{0, 60, 0, 40, 0, 0}, "\x00\x01q\x00"...)
	r.frames = []amqp.Frame{
		{Type: amqp.FrameMethod, Channel: 1, Payload: publish},
		{Type: amqp.FrameHeader, Channel: 1, Payload: []byte{0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, byte(len(r.body)), 0, 0}},
		{Type: amqp.FrameBody, Channel: 1, Payload: r.body},
	}
	return r
}

func (r *route) declare(name string) *queue.Queue {
	r.t.Helper()
	r.s.vhost.DeclareQueue(0, vhost.QueueSpec{Name: name}, func(_ vhost.QueueInfo, err error) {
		if err != nil {
			r.t.Fatal(err)
		}
	})
	q, err := r.s.vhost.Queue(0, name)
	if err != nil {
		r.t.Fatal(err)
	}
	return q
}

// send publishes so many messages, as a read brings them, and forgets what was
// delivered.
func (r *route) send(n int) {
	for range n {
		for _, f := range r.frames {
			r.s.channelFrame(f)
		}
	}
	r.s.flushStage()
	out := r.s.out
	out.mu.Lock()
	out.buf, out.size = out.buf[:0], 0
	out.mu.Unlock()
}

// TestMessagesAreNoGarbage sends messages from frames to frames, while nobody
// traces them.
func TestMessagesAreNoGarbage(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates, and has pools forget")
	}
	r := newRoute(t)
	const batch = 256
	send := func() { r.send(batch) }
	send()
	before := r.tag
	if per := testing.AllocsPerRun(400, send) / batch; per > maxGarbage {
		t.Errorf("%.3f allocations a message", per)
	}
	if came := r.tag - before; came != 401*batch {
		t.Errorf("%d messages came", came)
	}
}
