package vhost

import (
	"fmt"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
)

// stock is how many messages a queue has.
func (f *fixture) stock(name string) int {
	f.t.Helper()
	q, err := f.Queue(me, name)
	f.ok(err)
	n := make(chan int, 1)
	q.Info(func(i queue.Info, _ error) { n <- i.Ready })
	return <-n
}

// trace traces messages of so many bytes.
func (f *fixture) trace(n, size int) {
	f.t.Helper()
	t := f.NewTrace()
	if t == nil {
		f.t.Fatal("the vhost is closed")
	}
	for range n {
		t.Add("publish.x", args("user", amqp.String("me")), make([]byte, size))
	}
	t.Post()
}

func TestTrace(t *testing.T) {
	f := newFixture(t)
	if f.Tracing() {
		t.Error("traced without having been asked")
	}
	f.ok(f.SetSettings(Settings{Tracing: true}))
	if !f.Tracing() {
		t.Error("not traced")
	}
	f.trace(1, 10) // nobody looks
	for _, name := range []string{"all", "publish", "deliver"} {
		f.durableQueue(name)
	}
	f.ok(f.bind(me, Binding{Source: TraceExchange, Destination: "all", Key: "#"}))
	f.ok(f.bind(me, Binding{Source: TraceExchange, Destination: "publish", Key: "publish.*"}))
	f.ok(f.bind(me, Binding{Source: TraceExchange, Destination: "deliver", Key: "deliver.#"}))
	f.trace(3, 10)
	if all, publish, deliver := f.stock("all"), f.stock("publish"), f.stock("deliver"); all != 3 || publish != 3 || deliver != 0 {
		t.Errorf("the queues have %d, %d, %d", all, publish, deliver)
	}
	f.ok(f.SetSettings(Settings{}))
	if f.Tracing() {
		t.Error("still traced")
	}
	if left := f.tracing.underway.Load(); left != 0 {
		t.Errorf("%d bytes are still on their way", left)
	}
	f.Close()
	if f.NewTrace() != nil {
		t.Error("traced after the end")
	}
}

// TestTracesAreBounded has a queue that takes nothing while more is traced than
// may be on its way. What is not traced is told once.
func TestTracesAreBounded(t *testing.T) {
	f := newFixture(t)
	core, logged := observer.New(zap.WarnLevel)
	f.log = zap.New(core)
	f.queue("q")
	f.ok(f.bind(me, Binding{Source: TraceExchange, Destination: "q", Key: "#"}))
	q, err := f.Queue(me, "q")
	f.ok(err)
	held, hold := make(chan struct{}), make(chan struct{})
	go q.Info(func(queue.Info, error) { close(held); <-hold })
	<-held
	const size = maxTraced / 8
	f.trace(6, size)
	f.trace(6, size) // the last four are too many
	f.trace(1, 1)
	close(hold)
	if n := f.stock("q"); n != 8 {
		t.Errorf("%d copies came", n)
	}
	f.trace(1, 1)
	if n := f.stock("q"); n != 9 {
		t.Errorf("%d copies came in all", n)
	}
	var told []string
	for _, e := range logged.All() {
		told = append(told, fmt.Sprint(e.Message, e.ContextMap()))
	}
	if len(told) != 2 || told[1] != "messages are traced againmap[missed:5]" {
		t.Errorf("the log says %q", told)
	}
}
