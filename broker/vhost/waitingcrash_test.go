package vhost

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
	"github.com/lepusmq/lepus/queue/fifo"
	"github.com/lepusmq/lepus/store"
)

// crashAtEveryStep has something done again and again on a disk that crashes at
// the first step, in some ways, at the second, and so on, until it was over before
// that. Then it is checked.
func crashAtEveryStep(t *testing.T, args amqp.Table, do func(s *graves, n int) (over bool), check func(s *graves, n int, over bool)) {
	t.Helper()
	const ways = 2
	for n, last := ways, false; !last; n++ {
		synctest.Test(t, func(t *testing.T) {
			s := newGraves(t, uint64(n), args)
			s.delayed("x", true)
			s.ok(s.bind(me, Binding{Source: "amq.fanout", Destination: "x", ToExchange: true}))
			s.ok(s.bind(me, Binding{Source: "x", Destination: "two", Key: "src"}))
			s.ok(s.unbind(me, Binding{Source: "amq.fanout", Destination: "two"}))
			over := do(s, n/ways)
			s.crash(n)
			check(s, n/ways, over)
			last = over && n%ways == ways-1
		})
		switch {
		case t.Failed():
			return
		case n > 500*ways:
			t.Fatal("there is no end of steps")
		}
	}
}

// fails says whether the disk has crashed, after all there is to do at the moment.
func (s *graves) fails() bool {
	synctest.Wait()
	select {
	case <-s.failed:
		return true
	default:
		return false
	}
}

// asking are the properties of a message that is to wait for a minute.
func asking() amqp.Properties {
	return amqp.Properties{
		Flags: amqp.HasHeaders | amqp.HasDeliveryMode, DeliveryMode: amqp.Persistent,
		Headers: args(amqp.DelayHeader, amqp.Int32(60_000)),
	}
}

// TestDelayedDeadLetterCrash crashes at every step of burials in which each
// letter goes to a queue and to an exchange where it is to wait: it is found either
// where it died or in both.
func TestDelayedDeadLetterCrash(t *testing.T) {
	for name, atLeastOnce := range map[string]bool{"at most once": false, "at least once": true} {
		t.Run(name, func(t *testing.T) {
			crashAtEveryStep(t, nil, func(s *graves, n int) bool {
				s.fillWith(asking())
				dead := s.die("src", graveMessages, queue.Rejected)
				s.fs.CrashAt(n)
				q, _ := s.Queue(me, "src")
				for at := 0; at < graveMessages; at += 3 {
					to := queue.DeadLetter{Exchange: "amq.fanout", AtLeastOnce: atLeastOnce}
					if atLeastOnce {
						s.deliver(q, to, dead[at:at+3], func() {})
					} else {
						s.bury(q, &to, dead[at:at+3], func() {})
					}
					if s.fails() {
						return false
					}
				}
				return true
			}, func(s *graves, n int, over bool) {
				if src := s.once(n, "src", "one", ""); over && len(src) > 0 {
					t.Errorf("step %d: done, and %d are still there", n, len(src))
				}
			})
		})
	}
}

// TestDelayedTransactionCrash crashes at every step of groups that take messages
// from one queue to another and to an exchange where they are to wait: each has come
// to both, or is where it was.
func TestDelayedTransactionCrash(t *testing.T) {
	crashAtEveryStep(t, nil, func(s *graves, n int) bool {
		s.fillWith(asking())
		src, _ := s.Queue(me, "src")
		one, _ := s.Queue(me, "one")
		taken := make(chan queue.Delivery, graveMessages)
		src.Consume(&fifo.Consumer{Holder: taker{to: taken}}, s.ok)
		synctest.Wait()
		at := waitingAt(s.graph.Load().Exchange("x"))
		s.fs.CrashAt(n)
		for range graveMessages {
			d := <-taken
			var g queue.Group
			// Due at once: nothing else holds it back.
			at.Join(&g, Waits(&d.Message), 1+int64(n%2)*60_000)
			g.Publish(one, queue.Publication{Message: d.Message})
			g.Ack(src, queue.Settlement{Slot: d.Slot, Seq: d.Seq})
			g.Commit(s.NewGroup, func() {})
			if s.fails() {
				return false
			}
		}
		time.Sleep(5 * time.Millisecond)
		return !s.fails()
	}, func(s *graves, n int, over bool) {
		all := s.kept()
		all["late"] = append(all["two"], all[""]...)
		if src := s.onceOf(all, n, "src", "one", "late"); over && len(src) > 0 {
			t.Errorf("step %d: done, and %d are still there", n, len(src))
		}
	})
}

// taker is a consumer that keeps what it gets.
type taker struct {
	sink
	to chan queue.Delivery
}

func (k taker) Deliver(_ *queue.Queue, batch []queue.Delivery) bool {
	for i := range batch {
		batch[i].Retain(1)
		k.to <- batch[i]
	}
	return false
}

// TestDueCrash crashes at every step of what happens when messages are due: each
// still waits, or has come to all queues that it goes to.
func TestDueCrash(t *testing.T) {
	crashAtEveryStep(t, nil, func(s *graves, n int) bool {
		s.ok(s.bind(me, Binding{Source: "x", Destination: "one", Key: "src"}))
		at := waitingAt(s.graph.Load().Exchange("x"))
		c := &confirmed{all: make(chan struct{})}
		c.left.Store(graveMessages)
		for i := range graveMessages {
			p := testMessage("x", "src", asking(), fmt.Sprint("message ", i))
			at.Put(&queue.Publication{Message: Waits(&p.Message), Confirm: c, Publish: 1}, 1000+int64(i/3)*10)
			p.Release()
		}
		<-c.all
		s.fs.CrashAt(n)
		time.Sleep(2 * time.Second)
		return !s.fails()
	}, func(s *graves, n int, over bool) {
		if late := s.once(n, "", "one", "two"); over && len(late) > 0 {
			t.Errorf("step %d: done, and %d still wait", n, len(late))
		}
	})
}

// TestRetryCrash crashes at every step of retries, which end with the burial of what
// has failed too often: each message is where it fails, or where it is buried.
func TestRetryCrash(t *testing.T) {
	rules := amqp.Table{
		{Key: "x-dead-letter-exchange", Value: amqp.String("amq.fanout")}, {Key: "x-delivery-limit", Value: amqp.Int32(2)},
		{Key: "x-delayed-retry-type", Value: amqp.String("all")}, {Key: "x-delayed-retry-min", Value: amqp.Int32(1000)},
		{Key: "x-delayed-retry-max", Value: amqp.Int32(5000)},
	}
	crashAtEveryStep(t, rules, func(s *graves, n int) bool {
		s.fillWith(asking())
		s.fs.CrashAt(n)
		src, _ := s.Queue(me, "src")
		src.Consume(&fifo.Consumer{Holder: failer{}}, s.ok)
		for range 5 {
			if s.fails() {
				return false
			}
			time.Sleep(time.Second)
		}
		return !s.fails()
	}, func(s *graves, n int, over bool) {
		if src := s.once(n, "src", "one", ""); over && len(src) > 0 {
			t.Errorf("step %d: done, and %d are still there", n, len(src))
		}
	})
}

// failer is a consumer that fails.
type failer struct{ sink }

func (failer) Deliver(q *queue.Queue, batch []queue.Delivery) bool {
	for i := range batch {
		q.Fail([]queue.Settlement{{Slot: batch[i].Slot, Seq: batch[i].Seq}})
	}
	return false
}

// A message that is due is not released before the group that has brought it is on
// its way to the disk: what says that it has gone would precede what says that it
// has come.
func TestDelayedHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openDisk(t, t.TempDir())
		d.delayed("x", true, "q")
		a := d.arrive("q")
		at := waitingAt(d.graph.Load().Exchange("x"))
		m := testMessage("x", "q", asking(), "held")
		var g queue.Group
		at.Join(&g, Waits(&m.Message), 10)
		m.Release()
		var whole *store.Group
		g.Join(func(to *store.Group) { whole = to })
		durable := false
		g.Commit(d.NewGroup, func() { durable = true })
		d.postpone("x", "q", "later", 20*time.Millisecond, amqp.Persistent, nil)
		time.Sleep(5 * time.Minute) // its bucket is long over
		synctest.Wait()
		if got := a.bodies(); len(got) != 1 || got[0] != "later" || durable {
			t.Errorf("%q came before the group was whole, durable: %v", got, durable)
		}
		d.wantDelayed("x", 1)
		d.ok(d.Check())
		whole.Waive()
		synctest.Wait()
		if got := a.bodies(); len(got) != 2 || !durable {
			t.Errorf("%q came, durable: %v", got, durable)
		}
		d.wantDelayed("x", 0)
	})
}
