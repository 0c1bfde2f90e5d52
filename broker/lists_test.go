package broker_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/broker/stats"
	"github.com/lepusmq/lepus/broker/vhost"
)

// traffic is a client that does one of everything, and the broker that counts it.
type traffic struct {
	*testing.T
	*broker.Broker
	conn *amqp.Connection
	ch   *amqp.Channel
}

func newTraffic(t *testing.T) *traffic {
	f := brokertest.Start(t)
	conn := dial(t, f.URL)
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	return &traffic{t, f.Broker, conn, ch}
}

func (f *traffic) ok(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *traffic) publish(exchange, key string, mandatory bool, body string) {
	f.Helper()
	p := amqp.Publishing{Body: []byte(body), DeliveryMode: amqp.Persistent, Timestamp: time.Unix(1700000000, 0)}
	f.ok(f.ch.PublishWithContext(f.Context(), exchange, key, mandatory, false, p))
}

// settle waits until the broker has done all that the channel was sent.
func (f *traffic) settle() {
	f.Helper()
	_, err := f.ch.QueueDeclarePassive("q", false, false, false, false, nil)
	f.ok(err)
}

func (f *traffic) queue(name string) stats.Queue {
	f.Helper()
	q, err := f.Queue("/", name)
	f.ok(err)
	return q
}

func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\ngot  %+v\nwant %+v", what, got, want)
	}
}

// everything declares q and has one of everything happen.
func (f *traffic) everything() {
	f.Helper()
	_, err := f.ch.QueueDeclare("q", true, false, false, false, amqp.Table{"x-max-length": 100})
	f.ok(err)
	f.ok(f.ch.QueueBind("q", "k", "amq.direct", false, nil))
	f.ok(f.ch.Confirm(false))
	confirms := f.ch.NotifyPublish(make(chan amqp.Confirmation, 16))
	f.publish("", "q", false, "0123456789")
	f.publish("amq.direct", "k", false, "0123456789")
	f.publish("amq.direct", "k", false, "0123456789")
	f.publish("amq.direct", "other", false, "nobody's")
	f.publish("amq.direct", "other", true, "nobody's")
	for range 5 {
		await(f.T, confirms, "confirm")
	}
	d, _, err := f.ch.Get("q", false)
	f.ok(err)
	f.ok(d.Nack(false, true))
	d, _, err = f.ch.Get("q", false)
	f.ok(err)
	f.ok(d.Ack(false))
	_, _, err = f.ch.Get("q", true)
	f.ok(err)
}

func TestMessagesAreCounted(t *testing.T) {
	t.Parallel()
	f := newTraffic(t)
	f.everything()
	f.settle()

	q := f.queue("q")
	same(t, "queue", q.Messages, stats.Messages{
		Publish: 3, Get: 2, GetNoAck: 1, Redeliver: 1, Ack: 1, DiskWrites: 3,
	})
	if q.Ready != 1 || q.ReadyBytes != 10 || q.Unacked != 0 || q.Persistent != 1 || q.PersistentBytes != 10 ||
		q.Resident != 1 || q.ResidentBytes < 10 || q.HeadTimestamp != 1700000000 || q.Type != "classic" {
		t.Errorf("the queue says %+v", q.QueueCounts)
	}
	all := f.totals("")
	same(t, "totals", all.Messages, stats.Messages{
		Publish: 5, PublishIn: 5, PublishOut: 3, Confirm: 5, ReturnUnroutable: 1, DropUnroutable: 1,
		Get: 2, GetNoAck: 1, Redeliver: 1, Ack: 1, DiskWrites: 3,
	})
	same(t, "totals of the virtual host", f.totals("/"), all)
	x, err := f.Exchange("/", "amq.direct")
	f.ok(err)
	same(t, "exchange", x.Messages, stats.Messages{PublishIn: 4, PublishOut: 2, ReturnUnroutable: 1, DropUnroutable: 1})
	channels := f.Channels()
	same(t, "channels", len(channels), 1)
	same(t, "channel", channels[0].Messages, stats.Messages{
		Publish: 5, Confirm: 5, ReturnUnroutable: 1, DropUnroutable: 1, Get: 2, GetNoAck: 1, Redeliver: 1, Ack: 1,
	})

	// What is gone has been counted all the same.
	_, err = f.ch.QueueDelete("q", false, false, false)
	f.ok(err)
	f.ok(f.ch.Close())
	gone := f.totals("")
	same(t, "totals of what is gone", gone.Messages, all.Messages)
	same(t, "churn", gone.Churn, stats.Churn{
		ConnectionsOpened: 1, ChannelsOpened: 1, ChannelsClosed: 1, QueuesDeclared: 1, QueuesCreated: 1, QueuesDeleted: 1,
	})
}

func (f *traffic) totals(vhost string) stats.Totals {
	f.Helper()
	t, err := f.Totals(vhost)
	f.ok(err)
	return t
}

// What a virtual host has counted stays when it is deleted.
func TestTotalsOutliveVirtualHosts(t *testing.T) {
	t.Parallel()
	f := newTraffic(t)
	f.everything()
	f.settle()
	before := f.totals("")
	f.ok(f.DeleteVHost("/"))
	after := f.totals("")
	same(t, "messages", after.Messages, before.Messages)
	same(t, "churn", after.Churn, stats.Churn{
		ConnectionsOpened: 1, ConnectionsClosed: 1, ChannelsOpened: 1, ChannelsClosed: 1,
		QueuesDeclared: 1, QueuesCreated: 1, QueuesDeleted: 1,
	})
	if after.Queues != 0 || after.Ready != 0 || after.Connections != 0 {
		t.Errorf("after the deletion there are %+v", after)
	}
}

func TestConsumersAreListed(t *testing.T) {
	t.Parallel()
	f := newTraffic(t)
	_, err := f.ch.QueueDeclare("q", false, false, false, false, amqp.Table{"x-single-active-consumer": true})
	f.ok(err)
	_, err = f.ch.QueueDeclare("mine", false, false, true, false, nil)
	f.ok(err)
	f.ok(f.ch.Qos(7, 0, false))
	first, err := f.ch.Consume("q", "first", false, false, false, false, amqp.Table{"x-priority": 3})
	f.ok(err)
	_, err = f.ch.Consume("q", "second", true, false, false, false, nil)
	f.ok(err)
	_, err = f.ch.Consume("mine", "alone", true, true, false, false, nil)
	f.ok(err)
	f.publish("", "q", false, "one")
	await(t, first, "delivery")
	f.settle()

	all, err := f.Consumers("/")
	f.ok(err)
	same(t, "consumers", len(all), 3)
	alone, one, two := all[0], all[1], all[2]
	if alone.Tag != "alone" || !alone.Exclusive || alone.AckRequired || alone.Status != "up" || alone.Queue != "mine" {
		t.Errorf("the exclusive consumer says %+v", alone)
	}
	if one.Tag != "first" || !one.AckRequired || one.Prefetch != 7 || one.Priority != 3 || !one.Active || one.Status != "single_active" ||
		one.Channel != 1 || one.ConnectionName != f.conn.LocalAddr().String()+" -> "+f.conn.RemoteAddr().String() {
		t.Errorf("the active consumer says %+v", one)
	}
	v, _ := one.Arguments.Get("x-priority")
	if n, ok := v.Int(); !ok || n != 3 {
		t.Errorf("the arguments are %v", one.Arguments)
	}
	if two.Tag != "second" || two.Active || two.Status != "waiting" {
		t.Errorf("the waiting consumer says %+v", two)
	}
	q, mine := f.queue("q"), f.queue("mine")
	if q.SingleActive != "first" || q.Consumers != 2 || q.Unacked != 1 || q.UnackedBytes != 3 || q.Capacity != 1 {
		t.Errorf("the queue says %+v", q)
	}
	if mine.ExclusiveConsumer != "alone" || mine.Owner != one.ConnectionName || !mine.Exclusive {
		t.Errorf("the exclusive queue says %+v", mine)
	}
	same(t, "deliveries", q.Messages.Deliver, 1)
	c := f.Channels()[0]
	if c.Consumers != 3 || c.Prefetch != 7 || c.Unacked != 1 || c.State != "running" || c.Messages.Deliver != 1 || c.Name != one.ConnectionName+" (1)" {
		t.Errorf("the channel says %+v", c)
	}
	if again := f.Channels()[0]; again.IdleSince.IsZero() {
		t.Error("a channel that does nothing is not idle")
	}
}

func TestListsOfAVirtualHost(t *testing.T) {
	t.Parallel()
	f := newTraffic(t)
	f.everything()
	f.ok(f.ch.ExchangeDeclare("x", "fanout", true, false, false, false, nil))
	f.ok(f.ch.ExchangeBind("x", "to x", "amq.direct", false, nil))

	names, err := f.QueueNames("/")
	f.ok(err)
	if len(names) != 1 || names[0] != "q" {
		t.Errorf("the queues are %q", names)
	}
	counts, err := f.QueueCounts("/")
	f.ok(err)
	if len(counts) != 1 || counts[0].Name != "q" || counts[0].Ready != 1 {
		t.Errorf("the counts are %+v", counts)
	}
	if names, err = f.ExchangeNames("/"); err != nil || len(names) != 9 || names[0] != "" || names[8] != "x" {
		t.Errorf("the exchanges are %q, %v", names, err)
	}
	bindings := func(all []stats.Binding, err error) []string {
		t.Helper()
		f.ok(err)
		var s []string
		for _, b := range all {
			s = append(s, b.Source+">"+b.Destination+" "+b.RoutingKey+" "+strconv.FormatBool(b.ToExchange))
		}
		return s
	}
	for what, list := range map[string]struct{ got, want []string }{
		"all":        {bindings(f.Bindings("/")), []string{">q q false", "amq.direct>q k false", "amq.direct>x to x true"}},
		"of q":       {bindings(f.QueueBindings("/", "q")), []string{">q q false", "amq.direct>q k false"}},
		"from":       {bindings(f.ExchangeBindings("/", "amq.direct", true)), []string{"amq.direct>q k false", "amq.direct>x to x true"}},
		"to":         {bindings(f.ExchangeBindings("/", "x", false)), []string{"amq.direct>x to x true"}},
		"of default": {bindings(f.ExchangeBindings("/", "", true)), []string{">q q false"}},
	} {
		if !slices.Equal(list.got, list.want) {
			t.Errorf("the bindings %s are %q", what, list.got)
		}
	}
}

func TestListsOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	f := newTraffic(t)
	_, noHost := f.QueueCounts("nowhere")
	_, noQueue := f.Queue("/", "nothing")
	_, noExchange := f.Exchange("/", "nothing")
	_, noConsumers := f.Consumers("nowhere")
	_, noBindings := f.QueueBindings("/", "nothing")
	_, noTotals := f.Totals("nowhere")
	for _, c := range []struct{ got, want error }{
		{noHost, broker.ErrNoVHost}, {noQueue, broker.ErrNoQueue}, {noExchange, broker.ErrNoExchange},
		{noConsumers, broker.ErrNoVHost}, {noBindings, broker.ErrNoQueue}, {noTotals, broker.ErrNoVHost},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("got %v, want %v", c.got, c.want)
		}
	}
}

func TestNode(t *testing.T) {
	t.Parallel()
	f := newTraffic(t)
	if _, err := amqp.Dial("amqp://guest:wrong@" + f.Addr().String()); err == nil {
		t.Fatal("logged in with a wrong password")
	}
	f.SetAlarm(broker.DiskAlarm, true)
	n := f.Node()
	if n.Logins != (stats.Logins{Succeeded: 1, Failed: 1}) || !n.DiskAlarm || n.MemoryAlarm {
		t.Errorf("the node says %+v", n)
	}
	if n.Goroutines == 0 || n.Processors == 0 || n.MemoryUsed <= 0 || n.PID == 0 || n.Started.IsZero() || n.FDUsed == 0 || n.FDTotal == 0 ||
		len(n.Listeners) != 1 || n.Listeners[0].Protocol != "amqp" || n.Listeners[0].Port == 0 || n.Sockets == 0 {
		t.Errorf("the node says %+v", n)
	}
	same(t, "disk", n.DiskFree, -1) // in memory
}

// TestViewsOfABusyBroker has everything be looked at while clients publish and
// consume, and counts in the end what they have done.
func TestViewsOfABusyBroker(t *testing.T) {
	t.Parallel()
	f := newTraffic(t)
	const clients, each = 4, 500
	var working sync.WaitGroup
	var left atomic.Int64
	left.Store(clients * each)
	all := make(chan struct{}) // closed when all was consumed
	for n := range clients {
		conn := dial(t, "amqp://guest:guest@"+f.Addr().String())
		ch, err := conn.Channel()
		f.ok(err)
		name := "q" + strconv.Itoa(n%2)
		_, err = ch.QueueDeclare(name, false, false, false, false, nil)
		f.ok(err)
		f.ok(ch.Qos(50, 0, false))
		got, err := ch.Consume(name, "", false, false, false, false, nil)
		f.ok(err)
		working.Go(func() {
			for range each {
				if err := ch.PublishWithContext(t.Context(), "", name, false, false, amqp.Publishing{Body: []byte("body")}); err != nil {
					t.Error(err)
					return
				}
			}
		})
		working.Go(func() {
			for consuming := true; consuming; {
				select {
				case d := <-got:
					if err := d.Ack(false); err != nil {
						t.Error(err)
					}
					if left.Add(-1) == 0 {
						close(all)
					}
				case <-all:
					consuming = false
				}
			}
			// The answer comes after the acks.
			if _, err := ch.QueueDeclarePassive(name, false, false, false, false, nil); err != nil {
				t.Error(err)
			}
		})
	}
	done := make(chan struct{})
	go func() { working.Wait(); close(done) }()
	for last := uint64(0); ; {
		now := f.totals("").Messages.Publish
		if now < last {
			t.Fatalf("%d publishes became %d", last, now)
		}
		last = now
		f.Connections()
		f.Channels()
		f.Node()
		f.queue("q0")
		if _, err := f.Consumers(""); err != nil {
			t.Fatal(err)
		}
		if _, err := f.QueueCounts("/"); err != nil {
			t.Fatal(err)
		}
		select {
		case <-done:
		default:
			continue
		}
		break
	}
	const n = clients * each
	same(t, "totals", f.totals("").Messages, stats.Messages{Publish: n, PublishIn: n, PublishOut: n, Deliver: n, Ack: n})
	var channels stats.Messages
	for _, c := range f.Channels() {
		channels.Add(&c.Messages)
	}
	same(t, "channels", channels, stats.Messages{Publish: n, Deliver: n, Ack: n})
}

// TestTotalsDoNotFall has queues come and go while totals are asked for.
func TestTotalsDoNotFall(t *testing.T) {
	t.Parallel()
	f := newTraffic(t)
	const rounds = 100
	done := make(chan error, 1)
	go func() {
		done <- func() error {
			for n := range rounds {
				name := "q" + strconv.Itoa(n)
				if _, err := f.ch.QueueDeclare(name, false, false, false, false, nil); err != nil {
					return err
				}
				if err := f.ch.PublishWithContext(t.Context(), "", name, false, false, amqp.Publishing{}); err != nil {
					return err
				}
				if _, ok, err := f.ch.Get(name, true); err != nil || !ok {
					return fmt.Errorf("a message in %s: %v, %v", name, ok, err)
				}
				if _, err := f.ch.QueueDelete(name, false, false, false); err != nil {
					return err
				}
			}
			return nil
		}()
	}()
	for last := uint64(0); ; {
		now := f.totals("").Messages.GetNoAck
		if now < last {
			t.Fatalf("%d messages fetched became %d", last, now)
		}
		last = now
		select {
		case err := <-done:
			f.ok(err)
			same(t, "totals", f.totals("").Messages, stats.Messages{
				Publish: rounds, PublishIn: rounds, PublishOut: rounds, GetNoAck: rounds,
			})
			return
		default:
		}
	}
}

// TestPostsAreCounted publishes as the management API does.
func TestPostsAreCounted(t *testing.T) {
	t.Parallel()
	f := newTraffic(t)
	_, err := f.ch.QueueDeclare("q", true, false, false, false, nil)
	f.ok(err)
	for _, key := range []string{"q", "nobody"} {
		_, err := f.Publish("guest", "/", vhost.Post{Key: key, Body: []byte("body")})
		f.ok(err)
	}
	same(t, "totals", f.totals("/").Messages, stats.Messages{
		Publish: 2, PublishIn: 2, PublishOut: 1, ReturnUnroutable: 1, Confirm: 1,
	})
}
