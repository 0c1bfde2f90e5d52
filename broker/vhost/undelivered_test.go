package vhost

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
	"github.com/lepusmq/lepus/queue/fifo"
)

// rejecter is a consumer that wants nothing.
type rejecter struct{ sink }

func (rejecter) Deliver(q *queue.Queue, batch []queue.Delivery) bool {
	for i := range batch {
		q.Reject([]queue.Settlement{{Slot: batch[i].Slot, Seq: batch[i].Seq}})
	}
	return false
}

// answers tells what became of publishes.
type answers struct{ confirmed, refused int }

func (a *answers) Confirm(first, last uint64) { a.confirmed += int(last - first + 1) }
func (a *answers) Refuse(uint64)              { a.refused++ }

// inBubble runs a test of a vhost with a clock.
func inBubble(t *testing.T, test func(*testing.T, *fixture)) {
	synctest.Test(t, func(t *testing.T) {
		clock := queue.NewClock()
		s := newSlowStore()
		f := &fixture{New(Config{Name: "/", ID: 7, Store: s, Clock: clock}), t, s}
		test(t, f)
		synctest.Wait()
		f.ok(f.Check())
		clock.Close()
		f.Close()
	})
}

// careful declares a quorum queue whose dead letters must arrive.
func (f *fixture) careful(name, exchange string, more ...amqp.Field) *queue.Queue {
	f.t.Helper()
	_, err := f.declare(me, QueueSpec{Name: name, Durable: true, Arguments: append(amqp.Table{
		{Key: "x-queue-type", Value: amqp.String("quorum")}, {Key: "x-dead-letter-exchange", Value: amqp.String(exchange)},
		{Key: "x-dead-letter-strategy", Value: amqp.String("at-least-once")}, {Key: "x-overflow", Value: amqp.String("reject-publish")},
	}, more...)})
	f.ok(err)
	q, err := f.Queue(me, name)
	f.ok(err)
	return q
}

func (f *fixture) ready(name string, want int) {
	f.t.Helper()
	synctest.Wait()
	q, err := f.Queue(me, name)
	f.ok(err)
	got := make(chan queue.Info, 1)
	q.Info(func(i queue.Info, _ error) { got <- i })
	if i := <-got; i.Ready != want {
		f.t.Errorf("queue %q has %d messages, want %d", name, i.Ready, want)
	}
}

// waiting fails the test if not so many letters have not arrived.
func (f *fixture) waiting(want int) {
	f.t.Helper()
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := len(f.undelivered); n != want {
		f.t.Errorf("%d wait, not %d", n, want)
	}
}

// later lets time pass.
func later(d time.Duration) { <-time.After(d) }

// A letter that must arrive waits for its exchange, and for a queue behind it.
func TestUndeliveredWaits(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		src := f.careful("src", "later", amqp.Field{Key: "x-max-length", Value: amqp.Int32(2)})
		c := &fifo.Consumer{Holder: rejecter{}}
		src.Consume(c, func(err error) { f.ok(err) })
		var a answers
		send := func() {
			p := testMessage("", "src", letter, "m")
			p.Confirm, p.Publish = &a, 1
			f.publish("src", p)
			synctest.Wait()
		}
		send()
		send()
		if a.refused != 0 {
			t.Error("refused")
		}
		// They count for the length of the queue.
		if send(); a.refused != 1 {
			t.Errorf("%d refused", a.refused)
		}
		later(time.Hour)
		f.ok(f.exchange(ExchangeSpec{Name: "later", Type: "direct", Durable: true}))
		later(time.Hour)
		f.durableQueue("dst")
		f.ok(f.bind(me, Binding{Source: "later", Destination: "dst", Key: "src"}))
		later(time.Minute)
		f.ready("dst", 2)
		if send(); a.refused != 1 {
			t.Error("what has arrived still counts")
		}
		f.ready("dst", 3)
	})
}

// It stays until all queues have it, and none gets it twice.
func TestUndeliveredRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		src := f.careful("src", "amq.fanout")
		for i, args := range []amqp.Table{nil, {
			{Key: "x-max-length", Value: amqp.Int32(1)}, {Key: "x-overflow", Value: amqp.String("reject-publish")},
		}, nil} {
			name := fmt.Sprint("dst", i)
			_, err := f.declare(me, QueueSpec{Name: name, Durable: i != 2, Arguments: args})
			f.ok(err)
			f.ok(f.bind(me, Binding{Source: "amq.fanout", Destination: name}))
		}
		src.Consume(&fifo.Consumer{Holder: rejecter{}}, func(err error) { f.ok(err) })
		f.publish("src", testMessage("", "src", letter, "first"))
		f.publish("src", testMessage("", "src", letter, "second"))
		later(time.Hour)
		f.ready("dst0", 2)
		f.ready("dst1", 1)
		f.ready("dst2", 2)
		f.waiting(1)
		f.get("dst1")
		later(time.Minute)
		if _, _, body, _ := f.get("dst1"); body != "second" {
			t.Errorf("got %q", body)
		}
		f.ready("dst0", 2)
		f.ready("dst2", 2)
		f.waiting(0)
	})
}

// It ends with its queue, or when dead letters go nowhere any more.
func TestUndeliveredEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		for name, end := range map[string]func(){
			"deleted": func() { _, err := f.delete(me, "deleted", false, false); f.ok(err) },
			"configured": func() {
				q, err := f.Queue(me, "configured")
				f.ok(err)
				q.Configure(queue.Options{Quorum: true})
			},
		} {
			src := f.careful(name, "none")
			src.Consume(&fifo.Consumer{Holder: rejecter{}}, func(err error) { f.ok(err) })
			f.publish(name, testMessage("", name, letter, "m"))
			synctest.Wait()
			f.waiting(1)
			end()
			later(time.Hour)
			f.waiting(0)
		}
		// And with the vhost.
		f.careful("src", "none").Consume(&fifo.Consumer{Holder: rejecter{}}, func(err error) { f.ok(err) })
		f.publish("src", testMessage("", "src", letter, "m"))
	})
}
