package integration

import (
	"encoding/binary"
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker"
)

// hostile is what clients may do to harm a broker: each is sent by many connections, which then say no more.
var hostile = map[string]struct {
	opened bool // after the handshake
	send   []byte
}{
	"silence at once":                  {false, nil},
	"half a header":                    {false, []byte("AMQP")},
	"silence in handshake":             {false, []byte(protocolHeader091)},
	"frame never finished":             {true, binary.BigEndian.AppendUint32([]byte{frameBody, 0, 1}, defaultFrameMax)},
	"body never sent":                  {true, content(headerFrame(1, 16<<20, properties(0)))},
	"body declared beyond all measure": {true, content(headerFrame(1, 512<<20, properties(0)))},
	"body never finished": {true, content(headerFrame(1, 16<<20, properties(0)),
		frame(frameBody, 1, make([]byte, 1000)))},
	"method cut off":        {true, methodFrame(1, queueDeclare, uint16(0), "q", bits{}, table{})[:15]},
	"table of declared GiB": {true, methodFrame(1, queueDeclare, uint16(0), "", exclusive, raw("\x40\x00\x00\x00"))},
	"deeply nested table":   {true, methodFrame(1, queueDeclare, uint16(0), "", exclusive, nest(15_000))},
}

func nest(depth int) raw {
	b := []byte{0, 0, 0, 0}
	for range depth {
		inner := append([]byte{1, 'n', 'F'}, b...)
		b = append(binary.BigEndian.AppendUint32(nil, uint32(len(inner))), inner...)
	}
	return b
}

// Whatever others do, a client is served, and the broker holds no memory for what was only declared.
//
// It measures the heap, and so runs alone.
func TestHostilePeers(t *testing.T) {
	for name, tt := range hostile {
		t.Run(name, func(t *testing.T) {
			url := brokerURL(t)
			bystander := dialPeer(t, url).open()
			before := heap()
			var many []*peer
			for range 40 {
				p := dialPeer(t, url)
				if tt.opened {
					p.open()
				}
				_ = p.write(tt.send)
				many = append(many, p)
			}
			q := bystander.queue()
			for range 20 {
				bystander.send(message(1, "", q, "served"))
				bystander.call(basicGet, basicGetOk, uint16(0), q, bits{true})
				bystander.content(1)
			}
			if grown := int64(heap()) - int64(before); grown > 64<<20 {
				t.Errorf("%d MiB of heap for messages that never came", grown>>20)
			}
			for _, p := range many {
				_ = p.conn.Close()
			}
			bystander.alive()
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A consumer that reads nothing slows nobody but itself, and its queue can still be deleted.
func TestConsumerThatDoesNotRead(t *testing.T) {
	t.Parallel()
	url := brokerURL(t)
	c, lazy := connect(t, url), dialPeer(t, url).open()
	q := c.shared(nil)
	lazy.call(basicConsume, basicConsumeOk, uint16(0), q, "lazy", bits{false, true}, table{})
	body := string(make([]byte, 256<<10))
	for range 100 {
		c.publish("", q, body)
	}
	own := c.queue()
	for range 50 {
		c.settled("", own, "served")
		c.wantDrained(own, "served")
	}
	_, err := c.QueueDelete(q, false, false, false)
	c.must(err)
}

// A client that asks and asks and never reads an answer is slowed down, not served at the expense of others.
func TestClientThatDoesNotReadAnswers(t *testing.T) {
	t.Parallel()
	url := brokerURL(t)
	c, greedy := connect(t, url), dialPeer(t, url).open()
	q := greedy.queue()
	var burst []byte
	for range 1000 {
		burst = append(burst, methodFrame(1, queueDeclare, uint16(0), q, passive, table{})...)
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for range 500 {
			if greedy.write(burst) != nil {
				return
			}
		}
	}()
	own := c.queue()
	for range 50 {
		c.settled("", own, "served")
		c.wantDrained(own, "served")
	}
	_ = greedy.conn.Close()
	wantEnd(t, sent)
	c.wantGone(q)
}

// wantEnd waits for a Go channel to be closed.
func wantEnd(t testing.TB, closed <-chan struct{}) {
	t.Helper()
	select {
	case <-closed:
	case <-time.After(patience):
		t.Fatal("waited in vain")
	}
}

// A body of more than 512 MiB is refused as soon as it is announced.
func TestBodyBeyondProtocolLimit(t *testing.T) {
	t.Parallel()
	p := openPeer(t)
	if p.legacy() {
		t.Skip("RabbitMQ before 4.0 waits for the body")
	}
	p.send(content(headerFrame(1, 512<<20+1, properties(0))))
	p.expectClose(0, 501, "FRAME_ERROR - content body size 536870913 exceeds maximum allowed size 536870912", basicPublish)
}

// The largest message is 16 MiB; one byte more costs the channel, not the connection.
func TestMessageSizeLimit(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queue()
	c.publish("", q, string(make([]byte, 16<<20)))
	if d := c.get(q); len(d.Body) != 16<<20 {
		t.Errorf("got %d bytes", len(d.Body))
	}
	if c.conn.Properties["version"].(string)[0] == '3' {
		t.Skip("RabbitMQ before 4.0 takes 128 MiB")
	}
	ch := c.channel()
	ch.publish("", q, string(make([]byte, 16<<20+1)))
	ch.wantClosed(406, "PRECONDITION_FAILED - message size 16777217 is larger than configured max size 16777216")
	c.wantDrained(q)
}

// Who does not get through the handshake in time is hung up on without a word; who has got through is left alone.
func TestHandshakeTimeout(t *testing.T) {
	t.Parallel()
	inTime(t, 200, func(ms int) bool {
		url := ownBrokerURL(t, func(c *broker.Config) { c.HandshakeTimeout = time.Duration(ms) * time.Millisecond })
		begun := time.Now()
		established, err := amqp.DialConfig(url, amqp.Config{Heartbeat: 30 * time.Second})
		if err != nil && late(begun, ms) {
			return false
		}
		if err != nil {
			t.Fatal(err)
		}
		defer established.Close()
		login := methodFrame(0, connectionStartOk, clientCapabilities, "PLAIN", long("\x00guest\x00guest"), "en_US")
		for name, frames := range map[string][]byte{"nothing sent": nil, "header": []byte(protocolHeader091), "login": append([]byte(protocolHeader091), login...)} {
			begun := time.Now()
			p := dialPeer(t, url)
			_ = p.write(frames) // the end may be there first
			f, err := p.read()
			for ; err == nil; f, err = p.read() {
				if id := f.method(); id != connectionStart && id != connectionTune {
					t.Errorf("%s: got %v", name, f)
				}
			}
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("%s: the broker does not hang up", name)
			}
			if !late(begun, ms) {
				t.Errorf("%s: hung up after %v, want %d ms", name, time.Since(begun), ms)
			}
		}
		if _, err := established.Channel(); err != nil {
			t.Errorf("a client that has got through: %v", err)
		}
		return true
	})
}
