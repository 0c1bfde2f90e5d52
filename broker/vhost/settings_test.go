package vhost

import (
	"testing"

	"github.com/lepusmq/lepus/amqp"
)

func TestMaxQueues(t *testing.T) {
	f := newFixture(t)
	limit := func(n int) { f.ok(f.SetSettings(Settings{MaxQueues: &n})) }
	f.queue("a")
	limit(1)
	f.queue("a")
	_, err := f.declare(me, QueueSpec{Name: "b", Exclusive: true})
	f.refused(err, "PRECONDITION_FAILED - cannot declare queue 'b': queue limit in vhost '/' (1) is reached")
	// The limit comes before the arguments, and after the name.
	_, err = f.declare(me, QueueSpec{Name: "b", Arguments: args("x-max-length", amqp.Int32(-1))})
	f.refused(err, "PRECONDITION_FAILED - cannot declare queue 'b': queue limit in vhost '/' (1) is reached")
	_, err = f.declare(me, QueueSpec{Name: "amq.b"})
	f.refused(err, "ACCESS_REFUSED - queue name 'amq.b' contains reserved prefix 'amq.*'")
	f.refused(f.passive(me, "b"), "NOT_FOUND - no queue 'b' in vhost '/'")
	limit(2)
	f.queue("b")
	limit(0)
	_, err = f.declare(me, QueueSpec{Name: "c"})
	f.refused(err, "PRECONDITION_FAILED - cannot declare queue 'c': queue limit in vhost '/' (0) is reached")
	limit(-1)
	f.queue("c")
	f.ok(f.SetSettings(Settings{}))
	f.queue("d")
}

func TestDefaultQueueType(t *testing.T) {
	const unlike = "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue 'q' in vhost '/': received "
	typ := func(s string) amqp.Table { return args("x-queue-type", amqp.String(s)) }
	f := newFixture(t)
	f.ok(f.SetSettings(Settings{DefaultQueueType: "quorum"}))
	f.durableQueue("q")
	f.durableQueue("q") // once more
	_, err := f.declare(me, QueueSpec{Name: "q", Durable: true, Arguments: typ("quorum")})
	f.ok(err)
	_, err = f.declare(me, QueueSpec{Name: "q", Durable: true, Arguments: typ("classic")})
	f.refused(err, unlike+"'classic' but current is 'quorum'")
	for _, spec := range []QueueSpec{
		{Name: "transient"},
		{Name: "exclusive", Durable: true, Exclusive: true},
		{Name: "passing", Durable: true, AutoDelete: true},
		{Name: "asked", Durable: true, Arguments: typ("classic")},
		{Durable: true},
	} {
		info, err := f.declare(me, spec)
		f.ok(err)
		f.mu.Lock()
		e := f.queues[info.Name]
		f.mu.Unlock()
		if e.scope() != classicQueues {
			t.Errorf("%q has the arguments %v", spec.Name, e.args)
		}
	}
	f.ok(f.SetSettings(Settings{}))
	_, err = f.declare(me, QueueSpec{Name: "q", Durable: true})
	f.refused(err, unlike+"none but current is the value 'quorum' of type 'longstr'")
	if err := f.SetSettings(Settings{DefaultQueueType: "stream"}); err == nil {
		t.Error("there are no streams")
	}

	// The broker's default is for vhosts that have none.
	g := New(Config{Name: "/", Store: newSlowStore(), DefaultQueueType: "quorum", Settings: Settings{DefaultQueueType: "classic"}})
	defer g.Close()
	d := declaration{spec: QueueSpec{Durable: true}}
	g.fillType(&d)
	if len(d.spec.Arguments) > 0 {
		t.Errorf("the arguments are %v", d.spec.Arguments)
	}
	f.ok(g.SetSettings(Settings{}))
	g.fillType(&d)
	if t2, _ := typeOf(d.spec.Arguments); t2 != quorum {
		t.Errorf("the arguments are %v", d.spec.Arguments)
	}
}
