package integration

import (
	"context"
	"errors"
	"fmt"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/broker/vhost"
)

// VHosts come and go while the broker runs; each has exchanges, queues and users of its own.
func TestVHosts(t *testing.T) {
	t.Parallel()
	h := host(t)
	c, closed := h.connection(h.user("u", auth.Everything()))
	here := connect(t, h.URL)
	_, err := here.QueueDeclare("q", false, false, true, false, nil)
	c.must(err)
	if c.exists("q") {
		t.Error("a queue is in two vhosts")
	}
	q, err := c.QueueDeclare("q", true, false, false, false, nil)
	c.must(err)
	c.settled("", q.Name, "kept")
	deliveries, err := c.Consume("q", "", false, false, false, false, nil)
	c.must(err)
	receive(t, deliveries, "a delivery")

	h.must(h.Broker.DeleteVHost("v"))
	if e := receive(t, closed, "the connection's close"); e.Code != 320 || e.Reason != "CONNECTION_FORCED - vhost 'v' is deleted" {
		t.Errorf("closed with %v", e)
	}
	h.refused(h.url("u", "secret", "v"), "NOT_ALLOWED - vhost v not found")
	if !here.exists("q") {
		t.Error("a queue of another vhost has gone")
	}
	if err := h.Broker.DeleteVHost("v"); !errors.Is(err, broker.ErrNoVHost) {
		t.Errorf("deleted twice: %v", err)
	}

	h.must(h.Broker.AddVHost("v", vhost.Settings{}))
	if err := h.Broker.AddVHost("v", vhost.Settings{}); !errors.Is(err, broker.ErrVHostExists) {
		t.Errorf("added twice: %v", err)
	}
	h.refused(h.url("u", "secret", "v"), "NOT_ALLOWED - access to vhost 'v' refused for user 'u'")
	h.must(h.Broker.SetPermission("u", "v", auth.Everything()))
	if c := connect(t, h.url("u", "secret", "v")); c.exists("q") {
		t.Error("the queue of the vhost that was deleted is still there")
	}
	if h.Broker.AddVHost("", vhost.Settings{}) == nil || h.Broker.AddVHost("w", vhost.Settings{DefaultQueueType: "x"}) == nil {
		t.Error("a vhost without a name, or with a queue type that there is not, was added")
	}
}

// Connections whose client does not answer do not keep a vhost alive.
func TestVHostWithASilentClient(t *testing.T) {
	t.Parallel()
	h := host(t)
	h.must(h.Broker.SetPermission("guest", "v", auth.Everything()))
	p := dialPeer(t, h.URL)
	p.login(clientCapabilities)
	p.send(methodFrame(0, connectionTuneOk, p.tune.channelMax, p.tune.frameMax, uint16(0)))
	p.openVhost("v")
	h.must(h.Broker.DeleteVHost("v"))
	p.expectClose(0, 320, "CONNECTION_FORCED - vhost 'v' is deleted", noMethod)
	p.expectEnd()
}

// What was in a vhost stays deleted after a restart.
func TestDeletedVHostStaysDeleted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keep := func(c *broker.Config) { c.DataDir = dir }
	h := host(t, keep)
	fill := func(h *hosted) {
		c := connect(t, h.user("u", auth.Everything()))
		h.must(h.Broker.SetPolicy("v", vhost.Policy{Name: "p", Pattern: ".*", Definition: map[string]any{"max-length": 1000}}))
		c.must(c.ExchangeDeclare("later", "x-delayed-message", true, false, false, false, amqp.Table{"x-delayed-type": "fanout"}))
		c.must(c.Confirm(false))
		c.confirmed("later", "", amqp.Publishing{Headers: amqp.Table{"x-delay": 3600000}, DeliveryMode: amqp.Persistent})
		_, err := c.QueueDeclare("priorities", true, false, false, false, amqp.Table{"x-max-priority": 5})
		c.must(err)
		for i := range uint8(5) {
			c.confirmed("", "priorities", amqp.Publishing{Priority: i, DeliveryMode: amqp.Persistent})
		}
		for i := range 20 {
			name := fmt.Sprint("q", i)
			_, err := c.QueueDeclare(name, true, false, false, false, nil)
			c.must(err)
			c.must(c.ExchangeDeclare(name, "direct", true, false, false, false, nil))
			c.bind(name, "k", name, nil)
			c.must(c.ExchangeBind(name, "k", "amq.fanout", false, nil))
		}
		c.settled("amq.fanout", "k", numbers(0, 100)...)
		if ready, _ := c.inspect("q19"); ready != 100 {
			t.Fatalf("%d messages came", ready)
		}
	}
	fill(h)
	h.must(h.Broker.DeleteVHost("v"))
	h.must(h.Broker.AddVHost("v", vhost.Settings{}))
	h.must(h.Broker.SetPermission("u", "v", auth.Everything()))
	h.must(h.Broker.Shutdown(context.Background()))

	h = &hosted{Fixture: brokertest.Start(t, keep), t: t}
	c := connect(t, h.url("u", "secret", "v"))
	if c.exists("q0") || c.exchangeExists("q0") {
		t.Error("what was deleted is there again")
	}
	if policies, err := h.Broker.Policies("v"); err != nil || len(policies) > 0 {
		t.Errorf("policies are %v, %v", policies, err)
	}
	fill(h)
	h.must(h.Broker.DeleteVHost("v"))
}

// Deleting a user closes its connections and nobody else's.
func TestDeleteUser(t *testing.T) {
	t.Parallel()
	h := host(t)
	_, closed := h.connection(h.user("u", auth.Everything()))
	other := connect(t, h.user("other", auth.Everything()))
	h.must(h.Broker.DeleteUser("u"))
	if e := receive(t, closed, "the connection's close"); e.Code != 320 || e.Reason != "CONNECTION_FORCED - user 'u' is deleted" {
		t.Errorf("closed with %v", e)
	}
	if _, err := amqp.Dial(h.url("u", "secret", "v")); err == nil {
		t.Error("the user can log in")
	}
	other.queue()
	if err := h.Broker.DeleteUser("u"); !errors.Is(err, broker.ErrNoUser) {
		t.Errorf("deleted twice: %v", err)
	}
	if err := h.Broker.SetPermission("u", "v", auth.Everything()); !errors.Is(err, broker.ErrNoUser) {
		t.Errorf("permission for nobody: %v", err)
	}
	if err := h.Broker.SetPermission("other", "nosuch", auth.Everything()); !errors.Is(err, broker.ErrNoVHost) {
		t.Errorf("permission in no vhost: %v", err)
	}
	if h.Broker.SetPermission("other", "v", auth.Permission{Read: "("}) == nil {
		t.Error("a permission without sense was set")
	}
	other.queue()
}

// A change of a user keeps what it does not speak of.
func TestPutUserKeepsPermissions(t *testing.T) {
	t.Parallel()
	h := host(t)
	h.user("u", auth.Everything())
	one := 1
	h.must(h.Broker.SetUserLimits("u", auth.Limits{MaxChannels: &one}))
	h.must(h.Broker.PutUser(auth.User{Name: "u", PasswordHash: auth.HashPassword("new"), Tags: []string{"management"}}))
	if _, err := amqp.Dial(h.url("u", "secret", "v")); err == nil {
		t.Error("the old password counts")
	}
	connect(t, h.url("u", "new", "v"))
	if u := h.Broker.Users()[1]; u.Name != "u" || *u.Limits.MaxChannels != 1 || u.Permissions["v"] != auth.Everything() {
		t.Errorf("the user is %+v", u)
	}
	h.must(h.Broker.PutUser(auth.User{Name: "u"}))
	if _, err := amqp.Dial(h.url("u", "new", "v")); err == nil {
		t.Error("a user without a password can log in")
	}
}

func TestConnectionLimits(t *testing.T) {
	t.Parallel()
	h := host(t, func(c *broker.Config) { c.MaxConnections = 4 })
	url := h.user("u", auth.Everything())
	zero, one, two, none := 0, 1, 2, -1

	h.must(h.Broker.SetVHostLimits("v", &zero, nil))
	h.refused(url, "NOT_ALLOWED - access to vhost 'v' refused for user 'u': connection limit (0) is reached")
	h.must(h.Broker.SetVHostLimits("v", &two, nil))
	c := connect(t, url)
	connect(t, url)
	h.refused(url, "NOT_ALLOWED - access to vhost 'v' refused for user 'u': connection limit (2) is reached")
	c.must(c.conn.Close())
	// The counts fall when a connection has ended on the broker's side.
	connectSoon := func(url string) *amqp.Connection {
		var conn *amqp.Connection
		eventually(t, func() (ok bool) {
			var err error
			conn, err = amqp.Dial(url)
			return err == nil
		}, func() string { return "a place that became free stays taken" })
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	c.must(connectSoon(url).Close())
	h.must(h.Broker.SetVHostLimits("v", &none, nil))

	h.must(h.Broker.SetUserLimits("u", auth.Limits{MaxConnections: &one}))
	h.refused(url, "NOT_ALLOWED - connection refused for user 'u': user connection limit (1) is reached")
	h.must(h.Broker.SetUserLimits("u", auth.Limits{}))
	for range 3 {
		connectSoon(h.URL)
	}
	h.refused(url, "NOT_ALLOWED - connection refused: node connection limit (4) is reached")
}

func TestChannelLimits(t *testing.T) {
	t.Parallel()
	h := host(t, func(c *broker.Config) { c.MaxChannels = 3 })
	url := h.user("u", auth.Everything())
	two := 2
	h.must(h.Broker.SetUserLimits("u", auth.Limits{MaxChannels: &two}))
	first, _ := h.connection(url)
	second := first.channel()
	second.must(second.Close())
	first.channel()
	closed := first.conn.NotifyClose(make(chan *amqp.Error, 1))
	_, err := first.conn.Channel()
	const text = "NOT_ALLOWED - number of channels opened for user 'u' has reached the maximum allowed user limit of (2)"
	wantError(t, err, 530, text)
	wantError(t, receive(t, closed, "the connection's close"), 530, text)

	// They count over all connections of the user, and no longer than these.
	a, b := connect(t, url), connect(t, url)
	_, err = b.conn.Channel()
	wantError(t, err, 530, text)
	other, _ := h.connection(h.URL)
	other.channel()
	_, err = other.conn.Channel()
	wantError(t, err, 530, "NOT_ALLOWED - number of channels opened on this node has reached the maximum allowed limit of (3)")
	a.queue()
}

// Connections come while their vhost is deleted and added: none gets into one that has gone.
func TestVHostChurn(t *testing.T) {
	t.Parallel()
	h := host(t)
	h.must(h.Broker.SetPermission("guest", "v", auth.Everything()))
	url := h.url("guest", "guest", "v")
	stop, done := make(chan struct{}), make(chan struct{}, 4)
	for range 4 {
		go func() {
			defer func() { done <- struct{}{} }()
			for {
				select {
				case <-stop:
					return
				default:
				}
				conn, err := amqp.Dial(url)
				if err != nil {
					continue
				}
				if ch, err := conn.Channel(); err == nil {
					if q, err := ch.QueueDeclare("", true, false, false, false, nil); err == nil {
						_ = ch.PublishWithContext(t.Context(), "", q.Name, false, false, amqp.Publishing{DeliveryMode: amqp.Persistent})
					}
				}
				_ = conn.Close()
			}
		}()
	}
	for range 20 {
		h.must(h.Broker.DeleteVHost("v"))
		h.must(h.Broker.AddVHost("v", vhost.Settings{}))
		h.must(h.Broker.SetPermission("guest", "v", auth.Everything()))
		connect(t, url).queue()
	}
	close(stop)
	for range 4 {
		receive(t, done, "a client's end")
	}
}
