package broker_test

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/brokertest"
)

// watched is a broker that looks at its sessions all the time, with its log.
func watched(t *testing.T) (*brokertest.Fixture, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zap.InfoLevel)
	return brokertest.Start(t, func(c *broker.Config) {
		c.Log, c.ConsumerTimeoutCheck = zap.New(core), 10*time.Millisecond
	}), logs
}

// said returns the lines of a category that begin with a text.
func said(logs *observer.ObservedLogs, category, text string) []observer.LoggedEntry {
	return logs.Filter(func(e observer.LoggedEntry) bool {
		return e.LoggerName == category && strings.HasPrefix(e.Message, text)
	}).All()
}

func awaitSaid(t *testing.T, logs *observer.ObservedLogs, category, text string) observer.LoggedEntry {
	t.Helper()
	until(t, text, func() bool { return len(said(logs, category, text)) > 0 })
	return said(logs, category, text)[0]
}

func TestOperatorsSeeConnectionsComeAndGo(t *testing.T) {
	f, logs := watched(t)
	conn, err := amqp.DialConfig(f.URL, amqp.Config{Properties: amqp.Table{"connection_name": "mine"}})
	if err != nil {
		t.Fatal(err)
	}
	name := conn.LocalAddr().String() + " -> " + f.Broker.Addr().String()
	accepted := awaitSaid(t, logs, "connection", "accepting AMQP connection")
	entered := awaitSaid(t, logs, "connection", "user authenticated and granted access to vhost")
	if accepted.ContextMap()["connection"] != name {
		t.Errorf("accepted: %v", accepted.ContextMap())
	}
	if c := entered.ContextMap(); c["connection"] != name || c["name"] != "mine" || c["user"] != "guest" || c["vhost"] != "/" {
		t.Errorf("entered: %v", c)
	}
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ch.QueueDeclarePassive("none", false, false, false, false, nil); err == nil {
		t.Fatal("there is a queue")
	}
	if c := awaitSaid(t, logs, "channel", "channel error").ContextMap(); c["connection"] != name || c["channel"] != uint64(1) && c["channel"] != uint16(1) {
		t.Errorf("channel: %v", c)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	awaitSaid(t, logs, "connection", "closing AMQP connection")

	var raw net.Conn
	lost, err := amqp.DialConfig(f.URL, amqp.Config{Dial: func(network, addr string) (net.Conn, error) {
		raw, err = net.DialTimeout(network, addr, patience)
		return raw, err
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lost.Close() })
	if err := raw.Close(); err != nil {
		t.Fatal(err)
	}
	awaitSaid(t, logs, "connection", "client unexpectedly closed TCP connection")
}

func TestOperatorsAreToldOfPublishersThatAreBlocked(t *testing.T) {
	f, logs := watched(t)
	f.Broker.SetAlarm(broker.DiskAlarm, true)
	publish(t, dial(t, f.URL))
	if c := awaitSaid(t, logs, "connection", "publisher has been blocked").ContextMap(); c["alarm"] != "low on disk" || c["user"] != "guest" {
		t.Errorf("told of %v", c)
	}
	f.Broker.SetAlarm(broker.DiskAlarm, false)
}

func TestOperatorsAreToldOfConsumersWithoutALimit(t *testing.T) {
	f, logs := watched(t)
	fill(t, f.URL, "q", 10_001)
	ch := channel(t, f.URL)
	got, err := ch.Consume("q", "", false, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 10_001 {
		await(t, got, "delivery")
	}
	if c := awaitSaid(t, logs, "connection", "consumer without a prefetch limit").ContextMap(); c["queue"] != "q" {
		t.Errorf("told of %v", c)
	}
}

// deaf is a connection that is not read any more once it is told so.
type deaf struct {
	net.Conn
	once   sync.Once
	closed chan struct{}
	stop   chan struct{}
}

func (d *deaf) Read(b []byte) (int, error) {
	select {
	case <-d.stop:
		<-d.closed
		return 0, net.ErrClosed
	default:
		return d.Conn.Read(b)
	}
}

func (d *deaf) Close() error {
	d.once.Do(func() { close(d.closed) })
	return d.Conn.Close()
}

func TestOperatorsAreToldOfClientsThatDoNotRead(t *testing.T) {
	f, logs := watched(t)
	d := &deaf{closed: make(chan struct{}), stop: make(chan struct{})}
	conn, err := amqp.DialConfig(f.URL, amqp.Config{Dial: func(network, addr string) (net.Conn, error) {
		raw, err := net.DialTimeout(network, addr, patience)
		d.Conn = raw
		return d, err
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close(); _ = conn.Close() })
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ch.QueueDeclare("q", false, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := ch.Consume("q", "", true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	close(d.stop)
	publisher := channel(t, f.URL)
	for range 40 {
		if err := publisher.PublishWithContext(t.Context(), "", "q", false, false, amqp.Publishing{Body: make([]byte, 1<<20)}); err != nil {
			t.Fatal(err)
		}
	}
	if c := awaitSaid(t, logs, "connection", "client does not read").ContextMap(); c["user"] != "guest" {
		t.Errorf("told of %v", c)
	}
}
