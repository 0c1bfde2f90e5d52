package integration

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// patience is how long a test waits for something that must happen. It only passes in full when a test fails.
const patience = time.Minute

// client is one channel of an amqp091-go connection. Its methods fail the test instead of returning errors; the embedded
// channel is there for calls whose error is the point.
type client struct {
	*amqp.Channel
	t       testing.TB
	url     string
	conn    *amqp.Connection
	returns chan amqp.Return
	closed  chan *amqp.Error
}

// connect opens a connection and a channel on it; both end with the test.
func connect(t testing.TB, url string) *client {
	t.Helper()
	return connectWith(t, url, amqp.Config{Heartbeat: 30 * time.Second, Locale: "en_US"})
}

func connectWith(t testing.TB, url string, cfg amqp.Config) *client {
	t.Helper()
	conn, err := amqp.DialConfig(url, cfg)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return (&client{t: t, url: url, conn: conn}).channel()
}

// open is connect to the broker under test, for tests that need one connection only.
func open(t testing.TB) *client {
	t.Helper()
	return connect(t, brokerURL(t))
}

// channel opens another channel on the client's connection.
func (c *client) channel() *client {
	c.t.Helper()
	ch, err := c.conn.Channel()
	if err != nil {
		c.t.Fatalf("open channel: %v", err)
	}
	return &client{
		Channel: ch, t: c.t, url: c.url, conn: c.conn,
		returns: ch.NotifyReturn(make(chan amqp.Return, 1024)),
		closed:  ch.NotifyClose(make(chan *amqp.Error, 1)),
	}
}

// other opens a second connection to the same broker.
func (c *client) other() *client {
	c.t.Helper()
	return connect(c.t, c.url)
}

// unique returns a name that no other test and no other run uses.
func unique(t testing.TB) string {
	name := strings.Map(func(r rune) rune {
		if r == '/' || r == ' ' || r == '\'' {
			return '-'
		}
		return r
	}, t.Name())
	return fmt.Sprintf("%s.%016x", name[max(0, len(name)-60):], rand.Uint64())
}

// queue declares a server-named exclusive queue.
func (c *client) queue() string {
	c.t.Helper()
	q, err := c.QueueDeclare("", false, false, true, false, nil)
	c.must(err)
	return q.Name
}

// shared declares a durable queue that other connections may use too, and has it deleted at the end of the test.
func (c *client) shared(args amqp.Table) string {
	c.t.Helper()
	name := unique(c.t)
	_, err := c.QueueDeclare(name, true, false, false, false, args)
	c.must(err)
	c.removeQueue(name)
	return name
}

// exchange declares a durable exchange and has it deleted at the end of the test.
func (c *client) exchange(kind string, args amqp.Table) string {
	c.t.Helper()
	name := unique(c.t)
	c.must(c.ExchangeDeclare(name, kind, true, false, false, false, args))
	c.removeExchange(name)
	return name
}

func (c *client) removeQueue(name string) {
	c.atEnd(func(ch *amqp.Channel) { _, _ = ch.QueueDelete(name, false, false, false) })
}

func (c *client) removeExchange(name string) {
	c.atEnd(func(ch *amqp.Channel) { _ = ch.ExchangeDelete(name, false, false) })
}

// atEnd runs f at the end of the test on a connection of its own, since the test may have broken the client's.
func (c *client) atEnd(f func(*amqp.Channel)) {
	c.t.Cleanup(func() {
		conn, err := amqp.Dial(c.url)
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		if ch, err := conn.Channel(); err == nil {
			f(ch)
		}
	})
}

func (c *client) bind(queue, key, exchange string, args amqp.Table) {
	c.t.Helper()
	c.must(c.QueueBind(queue, key, exchange, false, args))
}

// publish sends a transient text message.
func (c *client) publish(exchange, key, body string) {
	c.t.Helper()
	c.send(exchange, key, amqp.Publishing{Body: []byte(body)})
}

func (c *client) send(exchange, key string, msg amqp.Publishing) {
	c.t.Helper()
	c.must(c.PublishWithContext(context.Background(), exchange, key, false, false, msg))
}

// sendMandatory publishes with the mandatory flag.
func (c *client) sendMandatory(exchange, key, body string) {
	c.t.Helper()
	c.must(c.PublishWithContext(context.Background(), exchange, key, true, false, amqp.Publishing{Body: []byte(body)}))
}

// settled publishes with confirms on a channel of its own and returns when all are confirmed.
func (c *client) settled(exchange, key string, bodies ...string) {
	c.t.Helper()
	p := c.channel()
	p.must(p.Confirm(false))
	var last *amqp.DeferredConfirmation
	for _, body := range bodies {
		d, err := p.PublishWithDeferredConfirm(exchange, key, false, false,
			amqp.Publishing{Body: []byte(body), DeliveryMode: amqp.Persistent})
		c.must(err)
		last = d
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if ok, err := last.WaitContext(ctx); err != nil || !ok {
		c.t.Fatalf("publish not confirmed: ack %v, %v", ok, err)
	}
	c.must(p.Close())
}

// get fetches one message, which must be there, without acknowledging it.
func (c *client) get(queue string) amqp.Delivery {
	c.t.Helper()
	d, ok, err := c.Get(queue, false)
	c.must(err)
	if !ok {
		c.t.Fatalf("get from %s: empty", queue)
	}
	return d
}

// drain fetches and settles everything that is ready and returns the bodies.
func (c *client) drain(queue string) []string {
	c.t.Helper()
	bodies := []string{}
	for {
		d, ok, err := c.Get(queue, true)
		c.must(err)
		if !ok {
			return bodies
		}
		bodies = append(bodies, string(d.Body))
	}
}

func (c *client) wantDrained(queue string, want ...string) {
	c.t.Helper()
	if got := c.drain(queue); !slices.Equal(got, want) {
		c.t.Fatalf("queue %s held %q, want %q", queue, got, want)
	}
}

// inspect returns the queue's ready messages and consumers.
func (c *client) inspect(queue string) (ready, consumers int) {
	c.t.Helper()
	q, err := c.QueueDeclarePassive(queue, false, false, false, false, nil)
	c.must(err)
	return q.Messages, q.Consumers
}

// wantReady waits until the queue has n ready messages.
func (c *client) wantReady(queue string, n int) {
	c.t.Helper()
	got := -1
	eventually(c.t, func() bool { got, _ = c.inspect(queue); return got == n },
		func() string { return fmt.Sprintf("queue %s has %d ready messages, want %d", queue, got, n) })
}

// exists says whether the queue is there, its own or another connection's.
func (c *client) exists(queue string) bool {
	c.t.Helper()
	ch := c.channel()
	defer func() { _ = ch.Close() }()
	_, err := ch.QueueDeclarePassive(queue, false, false, false, false, nil)
	var closed *amqp.Error
	if errors.As(err, &closed) && closed.Code == amqp.ResourceLocked {
		return true
	}
	return c.found(err)
}

func (c *client) exchangeExists(name string) bool {
	c.t.Helper()
	ch := c.channel()
	defer func() { _ = ch.Close() }()
	return c.found(ch.ExchangeDeclarePassive(name, "direct", false, false, false, false, nil))
}

func (c *client) found(err error) bool {
	c.t.Helper()
	var closed *amqp.Error
	if errors.As(err, &closed) && closed.Code == amqp.NotFound {
		return false
	}
	c.must(err)
	return true
}

func (c *client) wantGone(queue string) {
	c.t.Helper()
	eventually(c.t, func() bool { return !c.exists(queue) },
		func() string { return fmt.Sprintf("queue %s is still there", queue) })
}

// must fails the test on an error.
func (c *client) must(err error) {
	if err != nil {
		c.t.Helper()
		c.t.Fatal(err)
	}
}

// wantClosed waits for the channel to be closed by the broker with this code and text.
func (c *client) wantClosed(code int, text string) {
	c.t.Helper()
	wantError(c.t, receive(c.t, c.closed, "the channel's close"), code, text)
}

// wantError checks that err is the broker's error of this code and whole reply text.
func wantError(t testing.TB, err error, code int, text string) {
	t.Helper()
	var got *amqp.Error
	if !errors.As(err, &got) {
		t.Fatalf("got error %v, want %d %s", err, code, text)
	}
	if got.Code != code || got.Reason != text {
		t.Fatalf("got  %d %s\nwant %d %s", got.Code, got.Reason, code, text)
	}
}

// receive waits for the next value of a Go channel.
func receive[T any](t testing.TB, from <-chan T, what string) T {
	t.Helper()
	select {
	case v, ok := <-from:
		if !ok {
			t.Fatalf("waiting for %s: the Go channel was closed", what)
		}
		return v
	case <-time.After(patience):
		t.Fatalf("waited in vain for %s", what)
	}
	panic("unreachable")
}

// eventually asks again and again until the answer is yes; complaint says what was wrong when it never was.
func eventually(t testing.TB, ok func() bool, complaint func() string) {
	t.Helper()
	deadline := time.After(patience)
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for !ok() {
		select {
		case <-again.C:
		case <-deadline:
			t.Fatal(complaint())
		}
	}
}
