package session

import (
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/amqp"
)

// failing is a channel whose client counts the bytes that it is sent.
type failing struct {
	*channel
	got   atomic.Int64
	their net.Conn
}

func newFailing() *failing {
	ours, theirs := net.Pipe()
	s := &Session{cfg: &Config{Log: zap.NewNop()}, state: running, channels: map[uint16]*channel{}, frameMax: 128 << 10,
		log: zap.NewNop(), sock: newSocket(ours, nil), closed: make(chan struct{})}
	s.out = &outbox{sock: s.sock, start: s.start, broken: s.signalEnd}
	f := &failing{channel: &channel{s: s, id: 1, consumers: map[string]*consumer{}}, their: theirs}
	s.channels[1] = f.channel
	s.workers.Go(func() {
		for b := make([]byte, 1024); ; {
			n, err := theirs.Read(b)
			if f.got.Add(int64(n)); err != nil {
				return
			}
		}
	})
	return f
}

// do runs f as the reader does.
func (f *failing) do(g func()) {
	f.s.work.Lock()
	g()
	f.s.work.Unlock()
	f.s.out.flush()
	synctest.Wait()
}

func (f *failing) end() {
	f.s.signalEnd()
	f.s.out.finish()
	_ = f.their.Close()
	f.s.sock.close()
	f.s.end()
}

// TestNextMethodLearnsWhy has a client that was not waiting for an answer learn
// with its next method that its channel is closed, or a moment later.
func TestNextMethodLearnsWhy(t *testing.T) {
	qos := amqp.AppendMethod(nil, 1, &amqp.BasicQos{})
	next := amqp.Frame{Type: amqp.FrameMethod, Channel: 1, Payload: qos[7 : len(qos)-1]}
	tests := map[string]struct {
		failed amqp.MethodID
		then   func(f *failing) // before the client is to have been told
		early  bool             // it is told before that
	}{
		"at the next method": {amqp.BasicPublishID, func(f *failing) { f.do(func() { f.frame(next) }) }, false},
		"after a while":      {amqp.BasicAckID, func(*failing) { time.Sleep(patience); synctest.Wait() }, false},
		"as the answer":      {amqp.QueueDeclareID, func(*failing) {}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFailing()
				defer f.end()
				f.do(func() { f.fail(amqp.Errorf(amqp.PreconditionFailed, "no").For(test.failed)) })
				time.Sleep(patience - 1)
				synctest.Wait()
				if told := f.got.Load() > 0; told != test.early {
					t.Errorf("told early: %v", told)
				}
				test.then(f)
				told := f.got.Load()
				if told == 0 {
					t.Error("the client is not told")
				}
				f.do(func() { f.frame(next) })
				time.Sleep(2 * patience)
				synctest.Wait()
				if f.got.Load() != told {
					t.Error("the client is told twice")
				}
			})
		})
	}
}

// TestLastWordsOfALostConnection ends a connection before its client was told.
func TestLastWordsOfALostConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFailing()
		f.do(func() { f.fail(amqp.Errorf(amqp.PreconditionFailed, "no").For(amqp.BasicPublishID)) })
		f.end()
		if f.got.Load() > 0 {
			t.Error("the client was told")
		}
	})
}
