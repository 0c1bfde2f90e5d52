package session

import (
	"testing"
	"testing/synctest"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/vhost"
	"github.com/lepusmq/lepus/queue"
	"github.com/lepusmq/lepus/store"
)

// stuckSink holds up the strand that delivers to it.
type stuckSink struct {
	gate chan struct{}
	n    int // deliveries, of the strand
}

func (s *stuckSink) Deliver(_ *queue.Queue, batch []queue.Delivery) bool {
	if s.n == 0 {
		<-s.gate
	}
	s.n += len(batch)
	return false
}

func (s *stuckSink) Full(*queue.Consumer) bool { return false }
func (s *stuckSink) Flush()                    {}
func (s *stuckSink) Cancelled(*queue.Consumer) {}

// TestReaderStopsWithinARead has a queue overloaded by what came with one read:
// the reader does not hand on the rest of that before the queue has caught up,
// and its peer does not count as silent meanwhile.
func TestReaderStopsWithinARead(t *testing.T) { synctest.Test(t, stopWithinARead) }

func stopWithinARead(t *testing.T) {
	r := newRoute(t)
	s := r.s
	q := r.declare("stuck")
	sink := &stuckSink{gate: make(chan struct{})}
	q.Consume(&queue.Consumer{Holder: queue.Sink(sink), NoAck: true}, func(err error) {
		if err != nil {
			t.Error(err)
		}
	})
	first := s.slab.Add([]byte("\x00\x05stuck"), []byte{0, 0}, r.body)
	go q.Publish([]queue.Publication{{Message: first}})
	synctest.Wait()

	const messages = 40_000
	r.frames[0].Payload = append([]byte{0, 60, 0, 40, 0, 0}, "\x00\x05stuck\x00"...)
	var in inbuf
	for range messages {
		for _, f := range r.frames {
			b, at := amqp.BeginFrame(in.buf, f.Type, f.Channel)
			in.buf = amqp.EndFrame(append(b, f.Payload...), at)
		}
	}
	in.to = len(in.buf)
	if !s.take(&in, in.to) {
		t.Fatal("all was handed on to a queue that takes nothing")
	}
	if part := in.from * messages / in.to; part > messages/2 {
		t.Errorf("%d messages were handed on", part)
	}
	if s.take(&in, 0); in.from == in.to {
		t.Error("the rest was handed on before the queue had caught up")
	}
	done := false
	go func() {
		for more := true; more; more = s.take(&in, 0) {
			if !s.slowDown() {
				t.Error("the session has ended")
				return
			}
		}
		s.quiet()
		done = true
	}()
	synctest.Wait()
	if done || !s.waiting.Load() {
		t.Errorf("done %v, waiting %v while the queue takes nothing", done, s.waiting.Load())
	}
	close(sink.gate)
	synctest.Wait()
	if !done || s.waiting.Load() || sink.n != messages+1 {
		t.Errorf("done %v, waiting %v, %d messages came", done, s.waiting.Load(), sink.n)
	}
}

// TestWideFanOutIsHandedOnInParts stages messages for so many queues that few
// messages are many copies.
func TestWideFanOutIsHandedOnInParts(t *testing.T) {
	for queues, want := range map[int]int{1: stageLen, 12: stageLen, 128: 64, 2 * stageCopies: 1} {
		s := &Session{vhost: vhost.New(vhost.Config{Store: store.NewMemory()})}
		to := make([]*queue.Queue, queues)
		q := queue.New(queue.Config{Name: "q"})
		for i := range to {
			to[i] = q
		}
		var from vhost.Flow
		most := 0
		for range 2*want + 1 {
			p := s.staged(&from, to)
			s.slab.Put(&p.Message, []byte{0, 0}, []byte{0, 0}, nil)
			most = max(most, len(s.stage.batch))
		}
		s.flushStage()
		if most != want {
			t.Errorf("%d queues: %d messages together, want %d", queues, most, want)
		}
		q.Delete(false, false, func(int, error) {})
		s.slab.Close()
	}
}
