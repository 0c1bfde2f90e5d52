package vhost

import (
	"strings"
	"testing"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/store"
)

// What comes back after a restart: durable exchanges and queues that are not
// exclusive, and the bindings between them.
func TestRecover(t *testing.T) {
	f := newFixture(t)
	odd := "name\xff\x00\"" // need not be text
	f.ok(f.exchange(ExchangeSpec{Name: odd, Type: "headers", Durable: true, AutoDelete: true, Internal: true,
		Arguments: args("alternate-exchange", amqp.String("amq.direct"))}))
	f.ok(f.exchange(ExchangeSpec{Name: "passing", Type: "fanout"}))
	f.durableQueue("kept")
	f.durableQueue("deleted")
	f.queue("lost")
	spec := QueueSpec{Name: odd, Durable: true, AutoDelete: true, Arguments: amqp.Table{
		{Key: "x-message-ttl", Value: amqp.Int8(5)}, {Key: "x-unknown", Value: amqp.TableValue(args("a", amqp.Void()))}}}
	_, err := f.declare(me, spec)
	f.ok(err)
	_, err = f.declare(me, QueueSpec{Name: "mine", Durable: true, Exclusive: true})
	f.ok(err)
	kept := []Binding{
		{Source: "amq.topic", Destination: "kept", Key: "a.#"},
		{Source: "amq.topic", Destination: odd, Key: "b.\xff", Arguments: args("x", amqp.Int32(1))},
		{Source: "amq.topic", Destination: odd, ToExchange: true, Key: "to.exchange"},
		{Source: odd, Destination: "amq.fanout", ToExchange: true},
		{Source: "amq.fanout", Destination: "kept"},
	}
	lost := []Binding{
		{Source: "amq.topic", Destination: "lost", Key: "a.#"},
		{Source: "amq.topic", Destination: "mine", Key: "a.#"},
		{Source: "amq.topic", Destination: "passing", ToExchange: true, Key: "a.#"},
		{Source: "passing", Destination: "kept"},
		{Source: "amq.topic", Destination: "deleted", Key: "a.#"},
	}
	for _, b := range append(kept, lost...) {
		f.ok(f.bind(me, b))
	}
	_, err = f.delete(me, "deleted", false, false)
	f.ok(err)
	f.store.wantKinds(t, 1, 2, len(kept))

	// Definitions of others are passed over.
	stranger := New(Config{Name: "other", ID: 70, Store: f.store})
	c := make(chan error, 1)
	stranger.DeclareQueue(me, QueueSpec{Name: "strange", Durable: true}, func(_ QueueInfo, err error) { c <- err })
	f.ok(<-c)
	f.Define([]store.Definition{{Kind: store.KindUser, ID: f.store.NewID(), Value: []byte("?")}})

	g := f.restart()
	g.ok(g.exchange(ExchangeSpec{Name: odd, Type: "headers", Durable: true, AutoDelete: true, Internal: true,
		Arguments: args("alternate-exchange", amqp.String("amq.direct"))}))
	_, err = g.declare(other, spec)
	g.ok(err)
	g.ok(g.passive(other, "kept"))
	for _, name := range []string{"lost", "mine", "deleted", "strange"} {
		g.refused(g.passive(me, name), "NOT_FOUND - no queue '"+name+"' in vhost '/'")
	}
	g.refused(g.exchange(ExchangeSpec{Name: "passing", Passive: true}), "NOT_FOUND - no exchange 'passing' in vhost '/'")
	g.routes("amq.topic", "a.b", "kept")
	g.routes("amq.topic", "b.\xff", odd)
	g.routes("amq.topic", "to.exchange", "kept")

	// What came back can be deleted, and stays deleted.
	g.ok(g.unbind(other, kept[1]))
	g.ok(g.deleteExchange(odd, false))
	_, err = g.delete(other, "kept", false, false)
	g.ok(err)
	h := g.restart()
	h.routes("amq.topic", "a.b")
	h.routes("amq.topic", "b.\xff")
	h.routes("", odd, odd)
	h.store.wantKinds(t, 0, 2, 0) // one is the stranger's
}

func (f *fixture) Define(changes []store.Definition) { f.store.Define(changes, func() {}) }

// Bindings follow their queue, not its name.
func TestRecoverNewQueueOfOldName(t *testing.T) {
	f := newFixture(t)
	f.durableQueue("q")
	f.ok(f.bind(me, Binding{Source: "amq.direct", Destination: "q", Key: "old"}))
	_, err := f.delete(me, "q", false, false)
	f.ok(err)
	f.durableQueue("q")
	f.ok(f.bind(me, Binding{Source: "amq.direct", Destination: "q", Key: "new"}))
	g := f.restart()
	g.routes("amq.direct", "old")
	g.routes("amq.direct", "new", "q")
}

func TestRecoverDamaged(t *testing.T) {
	for _, c := range []struct {
		kind  store.Kind
		value string
		text  string // "" if it is passed over
	}{
		{store.KindExchange, `{"vhost":7,"name":7}`, "decode exchange"},
		{store.KindExchange, `{"vhost":7,"name":"eA==","type":"x-future"}`, "unknown type"},
		{store.KindExchange, `{"vhost":7,"name":"eA==","type":"direct","arguments":"AAAA"}`, "arguments"},
		{store.KindQueue, `{"vhost":7,"name":7}`, "decode queue"},
		{store.KindQueue, `{"vhost":7,"name":"eA==","arguments":"AAAA"}`, "arguments"},
		{store.KindBinding, `{"vhost":7,"from":7}`, "decode binding"},
		{store.KindBinding, `{"vhost":7,"from":{"name":"amq.direct"},"queue":99}`, ""},
		{store.KindBinding, `{"vhost":7,"from":{"id":99},"to":{"name":"amq.direct"}}`, ""},
		{store.KindBinding, `{"vhost":7,"from":{"name":"amq.direct"},"to":{"id":99}}`, ""},
	} {
		f := newFixture(t)
		err := f.Recover([]store.Definition{{Kind: c.kind, ID: 1, Value: []byte(c.value)}})
		if c.text == "" && err != nil || c.text != "" && (err == nil || !strings.Contains(err.Error(), c.text)) {
			t.Errorf("%s: %v, want %q", c.value, err, c.text)
		}
	}
}

// Every reply about a durable object waits until it is durable, also the reply
// to those who declare it again meanwhile, and nobody else waits.
func TestRepliesAwaitTheStore(t *testing.T) {
	f := newFixture(t)
	f.durableQueue("there")
	x := ExchangeSpec{Name: "x", Type: "fanout", Durable: true}
	spec := QueueSpec{Name: "q", Durable: true}
	b := Binding{Source: "x", Destination: "q"}
	ask := map[string]func() pending{
		"exchange.declare": func() pending { return f.later(func(r func(error)) { f.DeclareExchange(x, r) }) },
		"passive exchange.declare": func() pending {
			return f.later(func(r func(error)) { f.DeclareExchange(ExchangeSpec{Name: "x", Passive: true}, r) })
		},
		"queue.declare":         func() pending { return f.declareLater(me, spec) },
		"passive queue.declare": func() pending { return f.declareLater(me, QueueSpec{Name: "q", Passive: true}) },
		"queue.bind":            func() pending { return f.later(func(r func(error)) { f.Bind(me, b, r) }) },
	}
	f.store.hold()
	var all []pending
	for _, name := range []string{
		"exchange.declare", "exchange.declare", "passive exchange.declare",
		"queue.declare", "queue.declare", "passive queue.declare", "queue.bind", "queue.bind",
	} {
		p := ask[name]()
		f.waits(p, name)
		all = append(all, p)
	}
	f.routes("x", "", "q") // visible all the same
	f.queue("passing")
	f.ok(f.passive(me, "there"))
	f.ok(f.bind(me, Binding{Source: "x", Destination: "passing"}))
	f.store.release()
	for _, p := range all {
		f.ok(f.wait(p))
	}
	for name, again := range ask {
		if err := f.wait(again()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}

	f.store.hold()
	all = []pending{
		f.later(func(r func(error)) { f.Unbind(me, b, r) }),
		f.later(func(r func(error)) { f.DeleteExchange("x", false, r) }),
		f.later(func(r func(error)) { f.DeleteQueue(me, "q", false, false, func(_ int, err error) { r(err) }) }),
	}
	for _, p := range all {
		f.waits(p, "a deletion")
	}
	f.store.release()
	for _, p := range all {
		f.ok(f.wait(p))
	}
}

func (f *fixture) later(ask func(reply func(error))) pending {
	p := make(pending, 1)
	ask(func(err error) { p <- err })
	return p
}

// One record ends a queue, its bindings, and the exchanges that go with them.
func TestDeletionIsOneRecord(t *testing.T) {
	f := newFixture(t)
	f.durableQueue("q")
	f.ok(f.exchange(ExchangeSpec{Name: "a", Type: "fanout", Durable: true, AutoDelete: true}))
	f.ok(f.exchange(ExchangeSpec{Name: "b", Type: "fanout", Durable: true, AutoDelete: true}))
	f.ok(f.bind(me, Binding{Source: "a", Destination: "b", ToExchange: true}))
	f.ok(f.bind(me, Binding{Source: "b", Destination: "q"}))
	f.ok(f.bind(me, Binding{Source: "amq.direct", Destination: "q", Key: "k"}))
	f.store.wantKinds(t, 2, 1, 3)
	f.store.hold()
	deleted := f.later(func(r func(error)) { f.DeleteQueue(me, "q", false, false, func(_ int, err error) { r(err) }) })
	f.store.mu.Lock()
	if n := len(f.store.done); n != 1 {
		t.Errorf("%d records, want 1", n)
	}
	f.store.mu.Unlock()
	f.store.release()
	f.ok(f.wait(deleted))
	f.store.wantKinds(t, 0, 0, 0)
}

func BenchmarkDeclareBindDelete(b *testing.B) {
	f := newFixture(b)
	for i := range 5000 {
		f.queueNumber(i)
	}
	b.ReportAllocs()
	for b.Loop() {
		f.durableQueue("one more")
		f.ok(f.bind(me, Binding{Source: "amq.direct", Destination: "one more", Key: "one more"}))
		if _, err := f.delete(me, "one more", false, false); err != nil {
			b.Fatal(err)
		}
	}
}

func (f *fixture) queueNumber(i int) {
	name := "queue-" + strings.Repeat("0", i%10) + string(rune('a'+i%26)) + strings.Repeat("1", i/100)
	f.queue(name)
}
