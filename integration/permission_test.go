package integration

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/broker/vhost"
)

// What an administrator does needs rabbitmqctl elsewhere, so these tests are about a broker in this process. The texts are
// those of RabbitMQ 4; 3.10.8 was asked the same questions by hand, and has no word for the right in them.

// hosted is a broker with a vhost "v".
type hosted struct {
	*brokertest.Fixture
	t *testing.T
}

func host(t *testing.T, change ...func(*broker.Config)) *hosted {
	t.Helper()
	skipForeign(t)
	h := &hosted{Fixture: brokertest.Start(t, change...), t: t}
	h.must(h.Broker.AddVHost("v", vhost.Settings{}))
	return h
}

func (h *hosted) must(err error) {
	if err != nil {
		h.t.Helper()
		h.t.Fatal(err)
	}
}

// user adds a user who may do something in v and returns the URL with which it connects there.
func (h *hosted) user(name string, p auth.Permission) string {
	h.t.Helper()
	h.must(h.Broker.PutUser(auth.User{
		Name: name, PasswordHash: auth.HashPassword("secret"), Permissions: map[string]auth.Permission{"v": p},
	}))
	return h.url(name, "secret", "v")
}

func (h *hosted) url(user, password, vhost string) string {
	u, err := url.Parse(h.URL)
	h.must(err)
	u.User, u.Path, u.RawPath = url.UserPassword(user, password), "/"+vhost, "/"+url.PathEscape(vhost)
	return u.String()
}

// connection is a connection of which the test may ask whether it was closed.
func (h *hosted) connection(url string) (*client, <-chan *amqp.Error) {
	h.t.Helper()
	c := connect(h.t, url)
	return c, c.conn.NotifyClose(make(chan *amqp.Error, 1))
}

// refused checks that a connection is refused with this text.
func (h *hosted) refused(url, text string) {
	h.t.Helper()
	conn, err := amqp.DialConfig(url, amqp.Config{Heartbeat: 30 * time.Second})
	if err == nil {
		_ = conn.Close()
	}
	wantError(h.t, err, 530, text)
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	h := host(t)
	owner := connect(t, h.user("owner", auth.Everything()))
	for _, x := range []string{"readx", "writex", "confx", "nonex"} {
		owner.must(owner.ExchangeDeclare(x, "direct", true, false, false, false, nil))
	}
	for _, q := range []string{"readq", "writeq", "confq", "noneq"} {
		_, err := owner.QueueDeclare(q, true, false, false, false, nil)
		owner.must(err)
	}
	u := connect(t, h.user("u", auth.Permission{Configure: "^conf|^new", Write: "^write|^new", Read: "^read|^new"}))

	queue := func(name string, right string) string {
		return right + " access to queue '" + name + "' in vhost 'v' refused for user 'u'"
	}
	exchange := func(name string, right string) string {
		return right + " access to exchange '" + name + "' in vhost 'v' refused for user 'u'"
	}
	declareQ := func(name string, args amqp.Table) func(*client) error {
		return func(c *client) error { _, err := c.QueueDeclare(name, true, false, false, false, args); return err }
	}
	declareX := func(name string, args amqp.Table) func(*client) error {
		return func(c *client) error { return c.ExchangeDeclare(name, "direct", true, false, false, false, args) }
	}
	dlx := func(to string) amqp.Table { return amqp.Table{"x-dead-letter-exchange": to} }
	ae := func(to string) amqp.Table { return amqp.Table{"alternate-exchange": to} }
	publish := func(x string) func(*client) error {
		return func(c *client) error {
			c.publish(x, "key", "body")
			err := c.Tx() // answered after the publish
			if errors.Is(err, amqp.ErrClosed) {
				return receive(c.t, c.closed, "the channel's close")
			}
			return err
		}
	}
	for name, tt := range map[string]struct {
		do   func(*client) error
		text string // empty: allowed
	}{
		"declare queue":               {declareQ("confq", nil), ""},
		"declare queue, refused":      {declareQ("writeq", nil), queue("writeq", "configure")},
		"declare new queue, refused":  {declareQ("other", nil), queue("other", "configure")},
		"declare queue, name with CR": {declareQ("oth\r\ner", nil), queue("other", "configure")},
		"declare queue with DLX":      {declareQ("new1", dlx("writex")), ""},
		"and DLX not writable":        {declareQ("new2", dlx("readx")), exchange("readx", "write")},
		"and default DLX":             {declareQ("new2", dlx("")), exchange("amq.default", "write")},
		"and queue not readable":      {declareQ("confq2", dlx("writex")), queue("confq2", "read")},
		"passive queue, readable":     {func(c *client) error { c.inspect("readq"); return nil }, ""},
		"passive queue, writable":     {func(c *client) error { c.inspect("writeq"); return nil }, ""},
		"passive queue, nothing": {func(c *client) error {
			_, err := c.QueueDeclarePassive("noneq", true, false, false, false, nil)
			return err
		}, queue("noneq", "configure")},
		"delete queue, refused":         {func(c *client) error { _, err := c.QueueDelete("readq", false, false, false); return err }, queue("readq", "configure")},
		"delete missing queue, refused": {func(c *client) error { _, err := c.QueueDelete("nosuch", false, false, false); return err }, queue("nosuch", "configure")},
		"delete queue":                  {func(c *client) error { _, err := c.QueueDelete("conf-nosuch", false, false, false); return err }, ""},
		"purge":                         {func(c *client) error { _, err := c.QueuePurge("readq", false); return err }, ""},
		"purge, refused":                {func(c *client) error { _, err := c.QueuePurge("confq", false); return err }, queue("confq", "read")},
		"get":                           {func(c *client) error { _, _, err := c.Get("readq", true); return err }, ""},
		"get, refused":                  {func(c *client) error { _, _, err := c.Get("writeq", true); return err }, queue("writeq", "read")},
		"get missing, refused":          {func(c *client) error { _, _, err := c.Get("nosuch", true); return err }, queue("nosuch", "read")},
		"consume":                       {func(c *client) error { _, err := c.Consume("readq", "", true, false, false, false, nil); return err }, ""},
		"consume, refused":              {func(c *client) error { _, err := c.Consume("confq", "", true, false, false, false, nil); return err }, queue("confq", "read")},
		"direct replies":                {func(c *client) error { c.requests(""); return nil }, ""},

		"declare exchange":          {declareX("confx", nil), ""},
		"declare exchange, refused": {declareX("writex", nil), exchange("writex", "configure")},
		"declare exchange with AE":  {declareX("newx1", ae("writex")), ""},
		"and AE not writable":       {declareX("newx2", ae("readx")), exchange("readx", "write")},
		"and exchange not readable": {declareX("confx2", ae("writex")), exchange("confx2", "read")},
		"declare predeclared": {func(c *client) error {
			return c.ExchangeDeclare("amq.direct", "direct", true, false, false, false, nil)
		}, exchange("amq.direct", "configure")},
		"passive exchange, readable": {func(c *client) error {
			return c.ExchangeDeclarePassive("readx", "direct", true, false, false, false, nil)
		}, ""},
		"passive exchange, nothing": {func(c *client) error {
			return c.ExchangeDeclarePassive("nonex", "direct", true, false, false, false, nil)
		}, exchange("nonex", "configure")},
		"delete exchange, refused":    {func(c *client) error { return c.ExchangeDelete("readx", false, false) }, exchange("readx", "configure")},
		"delete predeclared exchange": {func(c *client) error { return c.ExchangeDelete("amq.direct", false, false) }, "deletion of system exchange 'amq.direct' in vhost 'v' not allowed"},

		"bind":                         {func(c *client) error { return c.QueueBind("writeq", "k", "readx", false, nil) }, ""},
		"bind, queue not writable":     {func(c *client) error { return c.QueueBind("readq", "k", "readx", false, nil) }, queue("readq", "write")},
		"bind, exchange not readable":  {func(c *client) error { return c.QueueBind("writeq", "k", "writex", false, nil) }, exchange("writex", "read")},
		"bind to default exchange":     {func(c *client) error { return c.QueueBind("writeq", "k", "", false, nil) }, "operation not permitted on the default exchange"},
		"unbind, not writable":         {func(c *client) error { return c.QueueUnbind("readq", "k", "readx", nil) }, queue("readq", "write")},
		"unbind, not readable":         {func(c *client) error { return c.QueueUnbind("writeq", "k", "writex", nil) }, exchange("writex", "read")},
		"bind exchanges":               {func(c *client) error { return c.ExchangeBind("writex", "k", "readx", false, nil) }, ""},
		"bind exchanges, not writable": {func(c *client) error { return c.ExchangeBind("readx", "k", "readx", false, nil) }, exchange("readx", "write")},
		"bind exchanges, not readable": {func(c *client) error { return c.ExchangeBind("writex", "k", "writex", false, nil) }, exchange("writex", "read")},
		"unbind exchanges, refused":    {func(c *client) error { return c.ExchangeUnbind("readx", "k", "readx", false, nil) }, exchange("readx", "write")},

		"publish":                     {publish("writex"), ""},
		"publish, refused":            {publish("readx"), exchange("readx", "write")},
		"publish to default, refused": {publish(""), exchange("amq.default", "write")},
		"publish to missing, refused": {publish("nosuch"), exchange("nosuch", "write")},
	} {
		t.Run(name, func(t *testing.T) {
			c := u.channel()
			c.t = t
			err := tt.do(c)
			if tt.text == "" {
				c.must(err)
				c.must(c.Close())
				return
			}
			wantError(t, err, 403, "ACCESS_REFUSED - "+tt.text)
		})
	}
}

// A name of the broker's making is checked like one of the client's.
func TestPermissionForGeneratedNames(t *testing.T) {
	t.Parallel()
	h := host(t)
	c := connect(t, h.user("u", auth.Permission{Configure: `^amq\.gen-`}))
	_, err := c.QueueDeclare("", false, false, true, false, nil)
	c.must(err)
	h.must(h.Broker.SetPermission("u", "v", auth.Permission{Configure: "^mine"}))
	_, err = c.QueueDeclare("", false, false, true, false, nil)
	if e, ok := err.(*amqp.Error); !ok || e.Code != 403 {
		t.Errorf("got %v", err)
	}
}

// What was allowed is refused as soon as the administrator's call has returned, also on a channel that has published there
// before, and the other way round.
func TestPermissionsChangeAtOnce(t *testing.T) {
	t.Parallel()
	h := host(t)
	c, _ := h.connection(h.user("u", auth.Everything()))
	q := c.queue()
	c.must(c.Confirm(false))
	for range 3 {
		c.accepted("", q)
	}
	h.must(h.Broker.SetPermission("u", "v", auth.Permission{Configure: ".*", Read: ".*"}))
	c.publish("", q, "refused")
	c.wantClosed(403, "ACCESS_REFUSED - write access to exchange 'amq.default' in vhost 'v' refused for user 'u'")
	c = c.channel()
	if ready, _ := c.inspect(q); ready != 3 {
		t.Errorf("%d messages came, want 3", ready)
	}
	h.must(h.Broker.ClearPermission("u", "v"))
	_, _, err := c.Get(q, true)
	wantError(t, err, 403, "ACCESS_REFUSED - read access to queue '"+q+"' in vhost 'v' refused for user 'u'")
	h.must(h.Broker.SetPermission("u", "v", auth.Everything()))
	c = c.channel()
	c.must(c.Confirm(false))
	c.accepted("", q)
}

// accepted publishes something and waits for the confirm.
func (c *client) accepted(exchange, key string) {
	c.t.Helper()
	c.confirmed(exchange, key, amqp.Publishing{})
}

func TestTopicPermissions(t *testing.T) {
	t.Parallel()
	h := host(t)
	c := connect(t, h.user("u", auth.Everything()))
	for x, kind := range map[string]string{"topic": "topic", "free": "topic", "direct": "direct"} {
		c.must(c.ExchangeDeclare(x, kind, false, false, false, false, nil))
	}
	for _, x := range []string{"topic", "direct", "nosuch"} {
		h.must(h.Broker.SetTopicPermission("u", "v", x, auth.TopicPermission{Write: `^{username}\.w`, Read: `^{vhost}\.r`}))
	}
	q := c.queue()
	refused := func(right, key string) string {
		return "ACCESS_REFUSED - " + right + " access to topic '" + key + "' in exchange topic 'topic' in vhost 'v' refused for user 'u'"
	}
	c.bind(q, "v.r.#", "topic", nil)
	c.bind(q, "any", "free", nil)
	c.bind(q, "any", "direct", nil)
	wantError(t, c.channel().QueueBind(q, "u.w", "topic", false, nil), 403, refused("read", "u.w"))
	wantError(t, c.channel().QueueUnbind(q, "u.w", "topic", nil), 403, refused("read", "u.w"))
	wantError(t, c.channel().ExchangeBind("free", "u.w", "topic", false, nil), 403, refused("read", "u.w"))

	c.must(c.Confirm(false))
	for range 2 {
		c.accepted("topic", "u.w.1")
		c.accepted("topic", "u.w.2")
		c.accepted("free", "any")
		c.accepted("direct", "any")
	}
	c.publish("topic", "other", "refused")
	c.wantClosed(403, refused("write", "other"))
	c = c.channel()
	c.wantReady(q, 4)
	// Topic before user-id.
	c.send("topic", "other", amqp.Publishing{UserId: "guest"})
	c.wantClosed(403, refused("write", "other"))

	h.must(h.Broker.ClearTopicPermission("u", "v", "topic"))
	c = c.channel()
	c.must(c.Confirm(false))
	c.accepted("topic", "other")
	// It counts at once on a channel that needed no check before.
	h.must(h.Broker.SetTopicPermission("u", "v", "topic", auth.TopicPermission{}))
	c.publish("topic", "other", "refused")
	c.wantClosed(403, refused("write", "other"))
}

func TestUserIDOfAnImpersonator(t *testing.T) {
	t.Parallel()
	h := host(t)
	c := connect(t, h.user("u", auth.Everything()))
	q := c.queue()
	c.send("", q, amqp.Publishing{UserId: "u"})
	c.send("", q, amqp.Publishing{UserId: "guest"})
	c.wantClosed(406, "PRECONDITION_FAILED - user_id property set to 'guest' but authenticated user was 'u'")
	h.must(h.Broker.PutUser(auth.User{
		Name: "u", PasswordHash: auth.HashPassword("secret"), Tags: []string{auth.Impersonator},
	}))
	c = c.channel()
	c.send("", q, amqp.Publishing{UserId: "guest"})
	c.wantReady(q, 2)
}

// A direct reply's address means nothing in another vhost.
func TestDirectReplyStaysInItsVHost(t *testing.T) {
	t.Parallel()
	h := host(t)
	c := connect(t, h.user("u", auth.Everything()))
	replies := c.requests("")
	to := c.address()
	stranger := connect(t, h.URL)
	_, err := stranger.channel().QueueDeclarePassive(to, false, false, false, false, nil)
	wantError(t, err, 404, "NOT_FOUND - no queue '"+to+"' in vhost '/'")
	stranger.must(stranger.Confirm(false))
	stranger.accepted("", to)
	c.publish("", to, "mine")
	if d := receive(t, replies, "a reply"); string(d.Body) != "mine" {
		t.Errorf("got %q", d.Body)
	}
}

// What users may do survives the broker.
func TestUsersSurviveARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keep := func(c *broker.Config) { c.DataDir = dir }
	h := host(t, keep)
	h.user("u", auth.Permission{Configure: "^c", Write: ".*", Read: ".*"})
	h.user("gone", auth.Everything())
	one, two := 1, 2
	h.must(h.Broker.SetTopicPermission("u", "v", "x", auth.TopicPermission{Write: "w"}))
	h.must(h.Broker.SetUserLimits("u", auth.Limits{MaxConnections: &one}))
	h.must(h.Broker.DeleteUser("gone"))
	h.must(h.Broker.AddVHost("other", vhost.Settings{Description: "text", Tags: []string{"a"}, DefaultQueueType: "quorum"}))
	h.must(h.Broker.SetVHostLimits("other", &two, nil))
	h.must(h.Broker.AddVHost("gone", vhost.Settings{}))
	h.must(h.Broker.SetPermission("u", "gone", auth.Everything()))
	h.must(h.Broker.DeleteVHost("gone"))
	before := fmt.Sprintf("%+v", h.Broker.Users()[1])
	h.must(h.Broker.Shutdown(context.Background()))

	again := &hosted{Fixture: brokertest.Start(t, keep), t: t}
	users := again.Broker.Users()
	if len(users) != 2 || users[1].Name != "u" || users[1].TopicPermissions["v"]["x"].Write != "w" ||
		len(users[1].Permissions) != 1 || users[1].Permissions["v"].Configure != "^c" || *users[1].Limits.MaxConnections != 1 {
		t.Errorf("users are %+v, was %s", users, before)
	}
	if names := fmt.Sprint(again.Broker.VHosts()); names != "[/ other v]" {
		t.Errorf("vhosts are %s", names)
	}
	s, err := again.Broker.VHostSettings("other")
	again.must(err)
	if s.Description != "text" || fmt.Sprint(s.Tags) != "[a]" || s.DefaultQueueType != "quorum" || *s.MaxConnections != 2 {
		t.Errorf("settings are %+v", s)
	}
	connect(t, again.url("u", "secret", "v"))
	again.refused(again.url("u", "secret", "v"), "NOT_ALLOWED - connection refused for user 'u': user connection limit (1) is reached")
}
