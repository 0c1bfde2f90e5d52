package vhost

import (
	"regexp"
	"testing"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
)

const lockedText = "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'q' in vhost '/'. It could be originally " +
	"declared on another connection or the exclusive property value does not match that of the original declaration."

func TestDeclareQueue(t *testing.T) {
	f := newFixture(t)
	f.refused(f.passive(me, "q"), "NOT_FOUND - no queue 'q' in vhost '/'")
	info, err := f.declare(me, QueueSpec{Name: "\nq\r", AutoDelete: true})
	f.ok(err)
	if info != (QueueInfo{Name: "q"}) {
		t.Errorf("got %+v", info)
	}
	q, err := f.Queue(other, "q")
	f.ok(err)
	var slab queue.Slab
	publish(q, slab.Add(nil, nil, []byte("one")), slab.Add(nil, nil, []byte("two")))
	slab.Close()
	f.consume("q") // takes them, and holds them
	publish(q, slab.Add(nil, nil, []byte("three")))
	info, err = f.declare(other, QueueSpec{Name: "q", AutoDelete: true})
	f.ok(err)
	if info != (QueueInfo{Name: "q", Consumers: 1}) {
		t.Errorf("got %+v", info)
	}
	_, err = f.declare(other, QueueSpec{Name: "q", AutoDelete: true, Durable: true})
	f.refused(err, "PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'q' in vhost '/': received 'true' but current is 'false'")
	_, err = f.declare(other, QueueSpec{Name: "q"})
	f.refused(err, "PRECONDITION_FAILED - inequivalent arg 'auto_delete' for queue 'q' in vhost '/': received 'false' but current is 'true'")
	_, err = f.declare(other, QueueSpec{Name: "q", AutoDelete: true, Exclusive: true})
	f.refused(err, lockedText)
	f.ok(f.passive(other, "q"))
	_, err = f.declare(other, QueueSpec{Name: "q", Passive: true, Durable: true, Exclusive: true, Arguments: args("x-expires", amqp.Bool(true))})
	f.ok(err)
	_, err = f.declare(me, QueueSpec{Name: "amq.mine"})
	f.refused(err, "ACCESS_REFUSED - queue name 'amq.mine' contains reserved prefix 'amq.*'")
	f.refused(f.passive(me, "amq.mine"), "NOT_FOUND - no queue 'amq.mine' in vhost '/'")
	_, err = f.Queue(me, "none")
	f.refused(err, "NOT_FOUND - no queue 'none' in vhost '/'")
}

func publish(q *queue.Queue, messages ...queue.Message) {
	var batch []queue.Publication
	for _, m := range messages {
		batch = append(batch, queue.Publication{Message: m})
	}
	q.Publish(batch)
}

func TestServerNamed(t *testing.T) {
	f := newFixture(t)
	one, err := f.declare(me, QueueSpec{Exclusive: true})
	f.ok(err)
	two, err := f.declare(me, QueueSpec{Name: "\n", Exclusive: true})
	f.ok(err)
	form := regexp.MustCompile(`^amq\.gen-[A-Za-z0-9_-]{22}$`)
	if one.Name == two.Name || !form.MatchString(one.Name) || !form.MatchString(two.Name) {
		t.Errorf("names %q and %q", one.Name, two.Name)
	}
	_, err = f.declare(me, QueueSpec{Name: one.Name, Exclusive: true})
	f.ok(err)
	f.refused(f.passive(me, ""), "NOT_FOUND - no queue '' in vhost '/'")
	f.release(me)
	_, err = f.declare(me, QueueSpec{Name: one.Name, Exclusive: true})
	f.refused(err, "ACCESS_REFUSED - queue name '"+one.Name+"' contains reserved prefix 'amq.*'")
}

func TestExclusive(t *testing.T) {
	f := newFixture(t)
	spec := QueueSpec{Name: "q", Exclusive: true, Durable: true}
	_, err := f.declare(me, spec)
	f.ok(err)
	_, err = f.declare(me, spec)
	f.ok(err)
	spec.Durable = false // makes no difference: it is never kept
	_, err = f.declare(me, spec)
	f.ok(err)
	f.ok(f.passive(me, "q"))
	f.ok(f.bind(me, Binding{Source: "amq.direct", Destination: "q", Key: "k"}))
	f.store.wantKinds(t, 0, 0, 0)

	_, err = f.declare(me, QueueSpec{Name: "q"})
	f.refused(err, lockedText)
	_, err = f.declare(other, spec)
	f.refused(err, lockedText)
	f.refused(f.passive(other, "q"), lockedText)
	_, err = f.Queue(other, "q")
	f.refused(err, lockedText)
	_, err = f.delete(other, "q", false, false)
	f.refused(err, lockedText)
	f.refused(f.bind(other, Binding{Source: "amq.direct", Destination: "q", Key: "k"}), lockedText)
	f.refused(f.bind(other, Binding{Source: "amq.direct", Destination: "q", Key: "l"}), lockedText)
	f.refused(f.bind(other, Binding{Source: "none", Destination: "q"}), "NOT_FOUND - no exchange 'none' in vhost '/'")
	f.refused(f.bind(other, Binding{Source: "amq.match", Destination: "q", Arguments: args("x-match", amqp.Int32(1))}),
		"PRECONDITION_FAILED - Invalid x-match field type signedint (value 1); expected longstr")
	f.refused(f.unbind(other, Binding{Source: "amq.direct", Destination: "q", Key: "k"}), lockedText)
	f.ok(f.unbind(other, Binding{Source: "amq.direct", Destination: "q", Key: "l"})) // is not there
	f.routes("amq.direct", "k", "q")                                                 // publishing is for everyone

	_, err = f.declare(other, QueueSpec{Name: "other", Exclusive: true})
	f.ok(err)
	f.queue("shared")
	f.release(me)
	f.routes("amq.direct", "k")
	f.refused(f.passive(me, "q"), "NOT_FOUND - no queue 'q' in vhost '/'")
	f.ok(f.passive(other, "other"))
	f.ok(f.passive(other, "shared"))
	f.release(me)
	f.release(other)
	f.release(99)
}

func TestDeleteQueue(t *testing.T) {
	f := newFixture(t)
	n, err := f.delete(me, "none", true, true)
	f.ok(err)
	if n != 0 {
		t.Errorf("%d messages in no queue", n)
	}
	f.queue("q")
	q, err := f.Queue(me, "q")
	f.ok(err)
	c := f.consume("q")
	_, err = f.delete(other, "q", true, false)
	f.refused(err, "PRECONDITION_FAILED - queue 'q' in vhost '/' in use")
	f.cancel("q", c)
	var slab queue.Slab
	publish(q, slab.Add(nil, nil, []byte("one")), slab.Add(nil, nil, []byte("two")))
	slab.Close()
	_, err = f.delete(me, "q", false, true)
	f.refused(err, "PRECONDITION_FAILED - queue 'q' in vhost '/' not empty")
	f.routes("", "q", "q")
	n, err = f.delete(me, "q\n", true, false)
	f.ok(err)
	if n != 2 {
		t.Errorf("%d messages went with the queue, want 2", n)
	}
	f.routes("", "q")
}

// An auto-delete queue goes with its last consumer, and whoever declares it
// right after that finds none.
func TestAutoDeleteQueue(t *testing.T) {
	f := newFixture(t)
	spec := QueueSpec{Name: "q", AutoDelete: true, Durable: true}
	for range 100 {
		_, err := f.declare(me, spec)
		f.ok(err)
		f.ok(f.exchange(ExchangeSpec{Name: "x", Type: "fanout", AutoDelete: true, Durable: true}))
		f.ok(f.bind(me, Binding{Source: "x", Destination: "q"}))
		one, two := f.consume("q"), f.consume("q")
		f.cancel("q", one)
		f.ok(f.passive(me, "q"))
		f.store.wantKinds(t, 1, 1, 1)
		f.cancel("q", two)
		f.refused(f.passive(me, "q"), "NOT_FOUND - no queue 'q' in vhost '/'")
		f.refused(f.exchange(ExchangeSpec{Name: "x", Passive: true}), "NOT_FOUND - no exchange 'x' in vhost '/'")
		f.store.wantKinds(t, 0, 0, 0)
	}
}

// A queue being deleted is no obstacle to declaring one of its name.
func TestDeclareWhileDeleting(t *testing.T) {
	f := newFixture(t)
	for range 300 {
		f.durableQueue("q")
		deleted := make(pending, 2)
		for range 2 {
			go f.DeleteQueue(other, "q", false, false, func(_ int, err error) { deleted <- err })
		}
		declared := make(pending, 2)
		for range 2 {
			go f.DeclareQueue(me, QueueSpec{Name: "q", Durable: true}, func(_ QueueInfo, err error) { declared <- err })
		}
		for range 2 {
			f.ok(f.wait(declared))
			f.ok(f.wait(deleted))
		}
		_, err := f.delete(me, "q", false, false)
		f.ok(err)
		f.store.wantKinds(t, 0, 0, 0)
	}
}

// The exclusive queue of a connection that ended while it waited for a queue of
// that name to go is not made.
func TestDeclareOutlivesConnection(t *testing.T) {
	f := newFixture(t)
	f.queue("q")
	f.mu.Lock()
	e := f.queues["q"]
	e.ending++
	f.mu.Unlock()
	declared := f.declareLater(me, QueueSpec{Name: "q", Exclusive: true})
	f.waits(declared, "the declaration")
	f.release(me)
	e.queue.Delete(false, false, func(n int, err error) { f.ended(e, n, err, func(int, error) {}) })
	f.refused(f.wait(declared), "CONNECTION_FORCED - the connection is closed")
	f.refused(f.passive(other, "q"), "NOT_FOUND - no queue 'q' in vhost '/'")
}

// A declaration that waited for a deletion finds the queue if that failed.
func TestDeleteFails(t *testing.T) {
	f := newFixture(t)
	f.queue("q")
	f.consume("q")
	f.mu.Lock()
	e := f.queues["q"]
	e.ending++
	f.mu.Unlock()
	declared := f.declareLater(me, QueueSpec{Name: "q"})
	f.waits(declared, "the declaration")
	e.queue.Delete(true, false, func(n int, err error) { f.ended(e, n, err, func(int, error) {}) })
	f.ok(f.wait(declared))
	f.routes("", "q", "q")
}
