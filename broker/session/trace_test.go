package session

import (
	"testing"

	"github.com/lepusmq/lepus/broker/vhost"
	"github.com/lepusmq/lepus/queue"
)

// counted is a sink that counts what it is given.
type counted struct{ messages chan string }

func (c counted) Deliver(_ *queue.Queue, batch []queue.Delivery) bool {
	for i := range batch {
		c.messages <- string(batch[i].Route())
	}
	return false
}
func (counted) Flush()                    {}
func (counted) Full(*queue.Consumer) bool { return false }
func (counted) Cancelled(*queue.Consumer) {}

// TestTracesOfBatches checks that each message of a batch is traced, before and
// behind the queue, and that nothing is when nobody wants it.
func TestTracesOfBatches(t *testing.T) {
	r := newRoute(t)
	to := counted{make(chan string, 1000)}
	traces := r.declare("traces")
	r.s.vhost.Bind(0, vhost.Binding{Source: vhost.TraceExchange, Destination: "traces", Key: "#"}, func(err error) {
		if err != nil {
			t.Error(err)
		}
	})
	c := &queue.Consumer{Holder: queue.Sink(to), NoAck: true, Gate: new(window)}
	c.Label = &consumer{queue: traces}
	traces.Consume(c, func(error) {})
	defer traces.Detach(to)

	const n = 100
	for _, on := range []bool{false, true, false} {
		if err := r.s.vhost.SetSettings(vhost.Settings{Tracing: on}); err != nil {
			t.Fatal(err)
		}
		before := r.tag
		r.send(n)
		if came := r.tag - before; came != n {
			t.Errorf("%d messages came", came)
		}
	}
	counts := map[string]int{}
	for range 2 * n {
		counts[<-to.messages]++
	}
	if err := r.s.vhost.Check(); err != nil { // waits for all queues
		t.Error(err)
	}
	const exchange = "\x12" + vhost.TraceExchange
	if counts[exchange+"\x08publish."] != n || counts[exchange+"\x09deliver.q"] != n || len(to.messages) > 0 {
		t.Errorf("got %v, and %d more", counts, len(to.messages))
	}
}
