package vhost

import (
	"errors"
	"slices"
	"testing"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
	"github.com/lepusmq/lepus/queue/fifo"
)

const me, other = OwnerID(1), OwnerID(2)

// fixture is a vhost whose calls wait for their replies.
type fixture struct {
	*VHost
	t     testing.TB
	store *slowStore
}

func newFixture(t testing.TB) *fixture {
	s := newSlowStore()
	f := &fixture{New(Config{Name: "/", ID: 7, Store: s}), t, s}
	t.Cleanup(func() {
		if err := f.Check(); err != nil {
			t.Error(err)
		}
		f.Close()
	})
	return f
}

// restart is the vhost after a restart of the broker.
func (f *fixture) restart() *fixture {
	f.t.Helper()
	next := &fixture{New(Config{Name: "/", ID: 7, Store: f.store}), f.t, f.store}
	if err := next.Recover(f.store.defs); err != nil {
		f.t.Fatal(err)
	}
	if err := next.Check(); err != nil {
		f.t.Error(err)
	}
	f.t.Cleanup(next.Close)
	return next
}

// pending is a reply that may not have come.
type pending chan error

func (f *fixture) wait(p pending) error {
	f.t.Helper()
	return <-p
}

// waits fails the test if the reply has come.
func (f *fixture) waits(p pending, what string) {
	f.t.Helper()
	select {
	case err := <-p:
		f.t.Errorf("%s did not wait: %v", what, err)
		p <- err
	default:
	}
}

func (f *fixture) declareLater(user OwnerID, spec QueueSpec) pending {
	p := make(pending, 1)
	f.DeclareQueue(user, spec, func(_ QueueInfo, err error) { p <- err })
	return p
}

func (f *fixture) declare(user OwnerID, spec QueueSpec) (QueueInfo, error) {
	type answer struct {
		info QueueInfo
		err  error
	}
	c := make(chan answer, 1)
	f.DeclareQueue(user, spec, func(info QueueInfo, err error) { c <- answer{info, err} })
	a := <-c
	return a.info, a.err
}

// queue declares a queue that must be.
func (f *fixture) queue(name string) {
	f.t.Helper()
	if _, err := f.declare(me, QueueSpec{Name: name}); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) durableQueue(name string) {
	f.t.Helper()
	if _, err := f.declare(me, QueueSpec{Name: name, Durable: true}); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) passive(user OwnerID, name string) error {
	_, err := f.declare(user, QueueSpec{Name: name, Passive: true})
	return err
}

func (f *fixture) delete(user OwnerID, name string, ifUnused, ifEmpty bool) (int, error) {
	n := 0
	p := make(pending, 1)
	f.DeleteQueue(user, name, ifUnused, ifEmpty, func(m int, err error) { n = m; p <- err })
	return n, f.wait(p)
}

func (f *fixture) exchange(spec ExchangeSpec) error {
	p := make(pending, 1)
	f.DeclareExchange(spec, func(err error) { p <- err })
	return f.wait(p)
}

func (f *fixture) deleteExchange(name string, ifUnused bool) error {
	p := make(pending, 1)
	f.DeleteExchange(name, ifUnused, func(err error) { p <- err })
	return f.wait(p)
}

func (f *fixture) bind(user OwnerID, b Binding) error {
	p := make(pending, 1)
	f.Bind(user, b, func(err error) { p <- err })
	return f.wait(p)
}

func (f *fixture) unbind(user OwnerID, b Binding) error {
	p := make(pending, 1)
	f.Unbind(user, b, func(err error) { p <- err })
	return f.wait(p)
}

func (f *fixture) release(user OwnerID) {
	done := make(chan struct{})
	f.ReleaseOwner(user, func() { close(done) })
	<-done
}

// ok fails the test if there is an error.
func (f *fixture) ok(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// refused fails the test if err is not an error of the text.
func (f *fixture) refused(err error, text string) {
	f.t.Helper()
	var e *amqp.Error
	switch {
	case !errors.As(err, &e):
		f.t.Errorf("got %v, want %s", err, text)
	case e.Error() != text:
		f.t.Errorf("got  %s\nwant %s", e.Error(), text)
	}
}

// routes fails the test if a message does not go to exactly these queues.
func (f *fixture) routes(exchange, key string, want ...string) {
	f.t.Helper()
	var r Route
	f.ok(f.Route(&r, []byte(exchange), []byte(key), nil))
	got := []string{}
	for _, q := range r.Queues {
		got = append(got, q.QueueName())
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		f.t.Errorf("%q with key %q goes to %q, want %q", exchange, key, got, want)
	}
}

// sink takes what is delivered to its consumers, and does nothing with it.
type sink struct{}

func (sink) Deliver(*queue.Queue, []queue.Delivery) bool { return false }
func (sink) Flush()                                      {}
func (sink) Full(*queue.Consumer) bool                   { return false }
func (sink) Cancelled(*queue.Consumer)                   {}

// consume adds a consumer to a queue.
func (f *fixture) consume(name string) *queue.Consumer {
	f.t.Helper()
	q, err := f.Queue(me, name)
	f.ok(err)
	c := &fifo.Consumer{Holder: sink{}}
	p := make(pending, 1)
	q.Consume(c, func(err error) { p <- err })
	f.ok(f.wait(p))
	return c
}

// cancel takes a consumer away.
func (f *fixture) cancel(name string, c *queue.Consumer) {
	f.t.Helper()
	q, err := f.Queue(me, name)
	f.ok(err)
	done := make(chan struct{})
	q.Cancel(c, func() { close(done) })
	<-done
}
