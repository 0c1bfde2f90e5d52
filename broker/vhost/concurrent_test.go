package vhost

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/lepusmq/lepus/exchange"
	"github.com/lepusmq/lepus/queue"
)

// Several connections change everything at once, while others publish. What is
// left is consistent, and what of it is durable is what a restart finds.
func TestChangesAtOnce(t *testing.T) {
	f := newFixture(t)
	var connections, publishers sync.WaitGroup
	stop := make(chan struct{})
	for range 2 {
		publishers.Go(func() {
			var r Route
			var slab queue.Slab
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if f.Route(&r, []byte("amq.fanout"), []byte("k"), nil) != nil {
					t.Error("amq.fanout is not there")
				}
				for _, q := range r.Queues {
					publish(q, slab.Add(nil, nil, []byte("m")))
				}
				slab.Close()
			}
		})
	}
	for user := OwnerID(1); user <= 4; user++ {
		connections.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(user), 5))
			for range 400 {
				<-f.random(rng, user)
			}
			f.release(user)
		})
	}
	connections.Wait()
	close(stop)
	publishers.Wait()
	if err := f.Check(); err != nil {
		t.Fatal(err)
	}
	if got, want := f.restart().durables(), f.durables(); !maps.Equal(got, want) {
		t.Errorf("after the restart:\n%v\nbefore it:\n%v", got, want)
	}
}

// random does something, which may be refused, and returns when it is answered.
func (f *fixture) random(rng *rand.Rand, user OwnerID) <-chan struct{} {
	done := make(chan struct{})
	reply := func(error) { close(done) }
	exchangeName := func() string {
		return []string{"amq.fanout", "amq.topic", "x1", "x2", "x3"}[rng.IntN(5)]
	}
	queueName := func() string { return fmt.Sprintf("q%d", rng.IntN(8)) }
	b := Binding{Source: exchangeName(), Destination: queueName(), Key: []string{"a", "b"}[rng.IntN(2)]}
	if rng.IntN(3) == 0 {
		b.ToExchange, b.Destination = true, exchangeName()
	}
	durable, autoDelete := rng.IntN(2) == 0, rng.IntN(2) == 0
	switch rng.IntN(10) {
	case 0, 1, 2:
		f.DeclareQueue(user, QueueSpec{Name: queueName(), Durable: durable, AutoDelete: autoDelete, Exclusive: rng.IntN(4) == 0},
			func(QueueInfo, error) { close(done) })
	case 3:
		f.DeleteQueue(user, queueName(), durable, autoDelete, func(int, error) { close(done) })
	case 4:
		f.DeclareExchange(ExchangeSpec{Name: exchangeName(), Type: "fanout", Durable: durable, AutoDelete: autoDelete}, reply)
	case 5:
		f.DeleteExchange(exchangeName(), autoDelete, reply)
	case 6:
		f.Unbind(user, b, reply)
	case 7:
		f.comeAndGo(queueName(), user, done)
	default:
		f.Bind(user, b, reply)
	}
	return done
}

// comeAndGo is a consumer that leaves at once.
func (f *fixture) comeAndGo(name string, user OwnerID, done chan struct{}) {
	q, err := f.Queue(user, name)
	if err != nil {
		close(done)
		return
	}
	c := &queue.Consumer{Holder: sink{}, NoAck: true}
	q.Consume(c, func(error) {})
	q.Cancel(c, func() { close(done) })
}

// durables describes what should survive a restart.
func (f *fixture) durables() map[string]bool {
	all := map[string]bool{}
	g := f.graph.Load()
	g.EachQueue(func(q exchange.Queue) bool {
		if q.(*queue.Queue).Durable() {
			all[fmt.Sprintf("queue %s auto-delete=%v", q.QueueName(), f.queues[q.QueueName()].autoDelete)] = true
		}
		return true
	})
	g.EachExchange(func(x *exchange.Exchange) bool {
		if x.Durable {
			all[fmt.Sprintf("exchange %s auto-delete=%v", x.Name, x.AutoDelete)] = true
		}
		x.EachBinding(func(b *exchange.Binding) bool {
			if f.durable(g, b) {
				all[fmt.Sprintf("binding %s to %s (%v) by %s", b.Source, b.Destination, b.ToExchange, b.Key)] = true
			}
			return true
		})
		return true
	})
	return all
}

// Two connections end at once; nothing of theirs is left when they are told so.
func TestReleaseOwner(t *testing.T) {
	f := newFixture(t)
	for user := me; user <= other; user++ {
		for i := range 50 {
			name := fmt.Sprintf("q%d of %d", i, user)
			_, err := f.declare(user, QueueSpec{Name: name, Exclusive: true, AutoDelete: i%2 == 0})
			f.ok(err)
			f.ok(f.bind(user, Binding{Source: "amq.fanout", Destination: name}))
		}
	}
	var both sync.WaitGroup
	for user := me; user <= other; user++ {
		both.Go(func() {
			f.release(user)
			var r Route
			if err := f.Route(&r, []byte("amq.fanout"), nil, nil); err != nil {
				t.Error(err)
			}
			suffix := fmt.Sprintf("of %d", user)
			if slices.ContainsFunc(r.Queues, func(q *queue.Queue) bool {
				return q.QueueName()[len(q.QueueName())-len(suffix):] == suffix
			}) {
				t.Errorf("queues of connection %d are still there", user)
			}
		})
	}
	both.Wait()
	f.routes("amq.fanout", "")
	if len(f.queues) != 0 || len(f.owners) != 0 {
		t.Errorf("%d queues and %d owners are left", len(f.queues), len(f.owners))
	}
}
