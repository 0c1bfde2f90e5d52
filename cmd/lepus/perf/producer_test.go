package perf

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lepusmq/lepus/amqp"
)

// newTestProducer returns a producer of ten messages and the broker's end of
// its connection.
func newTestProducer(t *testing.T) (*producer, net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	c := &conn{sock: socket{near}, clock: newClock(), frameMax: frameMax}
	m := &meter{confirm: newLatency(), delivery: newLatency()}
	o := &Options{Size: 16, Messages: 10}
	p, err := newProducer(c, 0, o, &topology{queues: []string{"q"}}, 1, m)
	if err != nil {
		t.Fatal(err)
	}
	return p, far
}

// socket is a pipe that, once closed, says so as a socket does.
type socket struct{ net.Conn }

func (s socket) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	if errors.Is(err, io.ErrClosedPipe) {
		err = net.ErrClosed
	}
	return n, err
}

func TestProducerThatIsStuckIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, broker := newTestProducer(t)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- p.run(ctx) }()
		// The write is under way, for nobody reads it.
		synctest.Wait()
		if _, err := broker.Write(amqp.AppendMethod(nil, 0, &amqp.ConnectionBlocked{Reason: "low on disk"})); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		start := time.Now()
		cancel()
		if err := <-ended; err != nil || !p.stranded || time.Since(start) > 0 {
			t.Errorf("it ended after %v with %v, stranded %v", time.Since(start), err, p.stranded)
		}
		if n := p.meter.sent.Load(); n != 0 {
			t.Errorf("%d messages count as sent", n)
		}
	})
}

func TestProducerDoesNotWaitForConfirmsForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, broker := newTestProducer(t)
		p.confirms = newConfirms(20)
		go func() { _, _ = io.Copy(io.Discard, broker) }()
		start := time.Now()
		err := p.run(t.Context())
		if err == nil || !strings.Contains(err.Error(), "10 publishes were not confirmed") || time.Since(start) != confirmPatience {
			t.Errorf("it ended after %v with %v", time.Since(start), err)
		}
		_ = broker.Close()
	})
}

// The writer finds the connection gone; what the broker said before is why.
func TestProducerTellsTheBrokersReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, broker := newTestProducer(t)
		go func() {
			_, _ = broker.Write(amqp.AppendMethod(nil, 0, &amqp.ConnectionClose{ReplyCode: 320, ReplyText: "forced"}))
			_ = broker.Close()
		}()
		if err := p.run(t.Context()); err == nil || !strings.Contains(err.Error(), "320 forced") {
			t.Errorf("it ended with %v", err)
		}
	})
}

func TestProducerCountsRefusals(t *testing.T) {
	p, _ := newTestProducer(t)
	p.confirms = newConfirms(20)
	for range 10 {
		p.confirms.add(1)
	}
	for _, m := range []amqp.Method{
		&amqp.BasicReturn{ReplyCode: 312},
		&amqp.BasicAck{DeliveryTag: 4, Multiple: true},
		&amqp.BasicNack{DeliveryTag: 6, Multiple: true},
		&amqp.BasicAck{DeliveryTag: 8},
	} {
		if err := p.frame(amqp.Frame{Type: amqp.FrameMethod, Payload: m.Append(nil)}); err != nil {
			t.Fatal(err)
		}
	}
	p.report()
	if p.refused != 3 || p.meter.returned.Load() != 1 || p.meter.nacked.Load() != 2 || p.meter.confirmed.Load() != 5 {
		t.Errorf("refused %d, returned %d, nacked %d, confirmed %d",
			p.refused, p.meter.returned.Load(), p.meter.nacked.Load(), p.meter.confirmed.Load())
	}
}
