package broker_test

import (
	"context"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/brokertest"
)

// patience is how long a test waits for what must happen.
const patience = time.Minute

// await returns the next value of c.
func await[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("no %s came", what)
		panic("unreachable")
	}
}

func dial(t *testing.T, url string) *amqp.Connection {
	t.Helper()
	conn, err := amqp.Dial(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func publish(t *testing.T, conn *amqp.Connection) {
	t.Helper()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if err := ch.PublishWithContext(t.Context(), "amq.fanout", "", false, false, amqp.Publishing{}); err != nil {
		t.Fatal(err)
	}
}

func TestClientsAreToldOfTheShutdown(t *testing.T) {
	f := brokertest.Start(t)
	closed := dial(t, f.URL).NotifyClose(make(chan *amqp.Error, 1))
	if err := f.Broker.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	got := await(t, closed, "connection.close")
	const want = "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'"
	if got == nil || got.Code != 320 || got.Reason != want {
		t.Errorf("got %v", got)
	}
}

func TestPublishersAreBlockedDuringAnAlarm(t *testing.T) {
	f := brokertest.Start(t)
	tests := map[string]func() *amqp.Connection{
		"connected before": func() *amqp.Connection {
			conn := dial(t, f.URL)
			f.Broker.SetAlarm(broker.DiskAlarm, true)
			return conn
		},
		"connected during the alarm": func() *amqp.Connection {
			f.Broker.SetAlarm(broker.DiskAlarm, true)
			return dial(t, f.URL)
		},
	}
	for name, connect := range tests {
		t.Run(name, func(t *testing.T) {
			conn := connect()
			blocked := conn.NotifyBlocked(make(chan amqp.Blocking, 2))
			publish(t, conn)
			if got := await(t, blocked, "connection.blocked"); !got.Active || got.Reason != "low on disk" {
				t.Errorf("got %+v", got)
			}
			f.Broker.SetAlarm(broker.DiskAlarm, false)
			if got := await(t, blocked, "connection.unblocked"); got.Active {
				t.Errorf("got %+v", got)
			}
			publish(t, conn)
		})
	}
}

// A message that comes during an alarm waits for its end, and with it what its channel sends behind it, in order.
func TestPublishesWaitForTheEndOfAnAlarm(t *testing.T) {
	f := brokertest.Start(t)
	publisher, other := dial(t, f.URL), dial(t, f.URL)
	blocked := publisher.NotifyBlocked(make(chan amqp.Blocking, 2))
	ch, err := publisher.Channel()
	if err != nil {
		t.Fatal(err)
	}
	look, err := other.Channel()
	if err != nil {
		t.Fatal(err)
	}
	q, err := look.QueueDeclare("waits", false, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.Broker.SetAlarm(broker.MemoryAlarm, true)
	for _, body := range []string{"a", "b", "c"} {
		if err := ch.PublishWithContext(t.Context(), "", q.Name, false, false, amqp.Publishing{Body: []byte(body)}); err != nil {
			t.Fatal(err)
		}
	}
	await(t, blocked, "connection.blocked")
	if q, err = look.QueueDeclarePassive("waits", false, false, false, false, nil); err != nil || q.Messages != 0 {
		t.Errorf("%d messages came through, %v", q.Messages, err)
	}
	f.Broker.SetAlarm(broker.MemoryAlarm, false)
	await(t, blocked, "connection.unblocked")
	deliveries, err := look.Consume(q.Name, "", true, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a", "b", "c"} {
		if d := await(t, deliveries, "a message"); string(d.Body) != want {
			t.Errorf("got %q, want %q", d.Body, want)
		}
	}
}
