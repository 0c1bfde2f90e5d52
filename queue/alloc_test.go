package queue

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// maxGarbage is how many allocations a message may cost. There is no need for
// any; the rest is what the runtime and pools that were just emptied do.
const maxGarbage = 0.05

// settling is a channel that counts what it is given, and what is acked at
// once.
type settling struct {
	came atomic.Int64

	// guarded by mu
	mu      sync.Mutex
	unacked []Settlement
}

func (s *settling) Deliver(_ *Queue, batch []Delivery) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range batch {
		if batch[i].Slot != 0 {
			s.unacked = append(s.unacked, Settlement{Slot: batch[i].Slot, Seq: batch[i].Seq})
		}
	}
	s.came.Add(int64(len(batch)))
	return false
}

func (*settling) Flush()              {}
func (*settling) Cancelled(*Consumer) {}

// ack acks everything so far.
func (s *settling) Full(*Consumer) bool { return false }

func (s *settling) ack(q *Queue) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.unacked) > 0 {
		q.Ack(s.unacked)
		s.unacked = s.unacked[:0]
	}
}

// TestMessagesAreNoGarbage sends messages through mailbox, state machine and
// sink in the batches that a busy reader makes.
func TestMessagesAreNoGarbage(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates, and has pools forget")
	}
	for name, noAck := range map[string]bool{"no ack": true, "acked": false} {
		q := New(Config{Name: "q"})
		s := new(settling)
		q.Consume(&Consumer{Holder: Sink(s), NoAck: noAck}, func(error) {})
		var slab Slab
		batch := make([]Publication, 256)
		route, head, body := []byte("\x00\x01k"), []byte{0, 0}, make([]byte, 16)
		send := func(batches int) {
			for range batches {
				for i := range batch {
					batch[i] = Publication{Message: slab.Add(route, head, body)}
				}
				q.Publish(batch)
				s.ack(q)
				q.Throttle()
			}
			q.await()
			s.ack(q)
			q.await()
		}
		send(100)

		const batches = 400
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		send(batches)
		runtime.ReadMemStats(&after)
		n := float64(batches * len(batch))
		if per := float64(after.Mallocs-before.Mallocs) / n; per > maxGarbage {
			t.Errorf("%s: %.3f allocations a message, %.0f bytes", name, per, float64(after.TotalAlloc-before.TotalAlloc)/n)
		} else {
			t.Logf("%s: %.5f allocations a message", name, per)
		}
		if came := s.came.Load(); came != int64(len(batch)*(100+batches)) {
			t.Errorf("%s: %d messages came", name, came)
		}
		q.Close()
	}
}
