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
const patience = 20 * time.Second

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
