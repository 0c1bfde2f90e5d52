package broker_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/auth/authhttp"
	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/broker/vhost"
)

// authServer is a web server that lets ann in, and answers what she may do by what
// is in may: "kind name permission", and the routing key of topics behind it.
type authServer struct {
	url string

	// guarded by mu
	mu    sync.Mutex
	may   map[string]bool
	asked map[string]int
	tags  string
	hang  chan struct{} // questions wait until it is closed; nil if they do not
}

func newAuthServer(t *testing.T, may ...string) *authServer {
	t.Helper()
	s := &authServer{may: map[string]bool{"vhost / ": true}, asked: map[string]int{}}
	for _, m := range may {
		s.may[m] = true
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *authServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm() // now, so that a client that goes is noticed
	q := r.Form.Get
	what := strings.TrimPrefix(r.URL.Path, "/")
	switch what {
	case "vhost":
		what += " " + q("vhost") + " "
	case "resource":
		what = q("resource") + " " + q("name") + " " + q("permission")
	case "topic":
		what += " " + q("name") + " " + q("permission") + " " + q("routing_key")
	}
	s.mu.Lock()
	s.asked[what]++
	allowed, tags, hang := s.may[what], s.tags, s.hang
	s.mu.Unlock()
	if hang != nil {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	}
	answer := "deny"
	switch {
	case what == "user" && q("username") == "ann" && q("password") == "a":
		answer = "allow " + tags
	case allowed:
		answer = "allow"
	}
	_, _ = w.Write([]byte(answer))
}

// set changes what is allowed, or whether the server answers at all.
func (s *authServer) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *authServer) count(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[what]
}

// config has a broker ask the server, and then its own users.
func (s *authServer) config(c *broker.Config) {
	c.Auth = broker.Auth{
		Rules: []broker.AuthRule{{Authn: "http", Authz: "http"}, {Authn: "internal", Authz: "internal"}},
		HTTP: authhttp.Config{
			User: s.url + "/user", VHost: s.url + "/vhost", Resource: s.url + "/resource", Topic: s.url + "/topic", Post: true,
			RequestTimeout: time.Hour,
		},
	}
}

func asAnn(f *brokertest.Fixture) string { return url(f, "ann", "a", "") }

// refusedWith returns the reply code with which a channel ends after something.
func refusedWith(t *testing.T, conn *amqp.Connection, do func(*amqp.Channel) error) int {
	t.Helper()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	closed := ch.NotifyClose(make(chan *amqp.Error, 1))
	if err := do(ch); err != nil && !strings.Contains(err.Error(), "ACCESS_REFUSED") {
		t.Fatal(err)
	}
	return await(t, closed, "the channel's end").Code
}

func TestUsersKnownToAWebServer(t *testing.T) {
	server := newAuthServer(t, "exchange amq.topic write", "exchange amq.default write", "topic amq.topic write k", "queue q configure", "queue q read", "queue q write",
		"exchange amq.topic read", "topic amq.topic read #")
	f := brokertest.Start(t, server.config)
	for user, want := range map[[2]string]bool{{"ann", "a"}: true, {"ann", "b"}: false, {"guest", "guest"}: true, {"guest", "x"}: false} {
		if err := login(f, user[0], user[1], ""); (err == nil) != want {
			t.Errorf("%s: %v", user, err)
		}
	}
	if err := f.Broker.AddVHost("other", vhost.Settings{}); err != nil {
		t.Fatal(err)
	}
	if err := login(f, "ann", "a", "other"); err == nil || !strings.Contains(err.Error(), "access to vhost 'other' refused") {
		t.Errorf("another virtual host: %v", err)
	}
	conn := dial(t, asAnn(f))
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ch.QueueDeclare("q", false, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := ch.QueueDeclarePassive("q", false, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	if err := ch.QueueBind("q", "#", "amq.topic", false, nil); err != nil {
		t.Fatal(err)
	}
	if err := ch.Confirm(false); err != nil {
		t.Fatal(err)
	}
	confirms := ch.NotifyPublish(make(chan amqp.Confirmation, 200))
	for i := range 100 {
		to, key := "amq.topic", "k"
		if i%3 == 0 {
			to, key = "", "q"
		}
		if err := ch.PublishWithContext(t.Context(), to, key, false, false, amqp.Publishing{Body: []byte{byte(i)}}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 100 {
		if c := await(t, confirms, "a confirm"); !c.Ack || c.DeliveryTag != uint64(i+1) {
			t.Fatalf("confirm %d is %+v", i+1, c)
		}
	}
	got, err := ch.Consume("q", "", true, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if d := await(t, got, "a message"); d.Body[0] != byte(i) {
			t.Fatalf("message %d is %d", i, d.Body[0])
		}
	}
	for _, what := range []string{"exchange amq.topic write", "topic amq.topic write k", "queue q configure"} {
		if n := server.count(what); n != 1 {
			t.Errorf("%q was asked %d times on one channel", what, n)
		}
	}
	for what, do := range map[string]func(*amqp.Channel) error{
		"another queue": func(ch *amqp.Channel) error {
			_, err := ch.QueueDeclare("r", false, false, false, false, nil)
			return err
		},
		"a queue to look": func(ch *amqp.Channel) error {
			_, err := ch.QueueDeclarePassive("r", false, false, false, false, nil)
			return err
		},
		"a name of its": func(ch *amqp.Channel) error {
			_, err := ch.QueueDeclare("", false, false, true, false, nil)
			return err
		},
		"another exchange": func(ch *amqp.Channel) error {
			return ch.PublishWithContext(t.Context(), "amq.direct", "k", false, false, amqp.Publishing{Body: []byte("x")})
		},
		"another key": func(ch *amqp.Channel) error {
			return ch.PublishWithContext(t.Context(), "amq.topic", "other", false, false, amqp.Publishing{Body: []byte("x")})
		},
		"dead letters": func(ch *amqp.Channel) error {
			_, err := ch.QueueDeclare("q2", false, false, false, false, amqp.Table{"x-dead-letter-exchange": "amq.fanout"})
			return err
		},
	} {
		if what == "dead letters" {
			server.set(func() { server.may["queue q2 configure"], server.may["queue q2 read"] = true, true })
		}
		if code := refusedWith(t, conn, do); code != amqp.AccessRefused {
			t.Errorf("%s: %d", what, code)
		}
	}
	server.set(func() { server.may["exchange amq.fanout write"] = true })
	if _, err := channel(t, asAnn(f)).QueueDeclare("q2", false, false, false, false, amqp.Table{"x-dead-letter-exchange": "amq.fanout"}); err != nil {
		t.Error(err)
	}
}

// A web server that does not answer holds up who asks, and nobody else: not the
// other channels of a connection, not a view, not the end of the broker.
func TestAWebServerThatHangs(t *testing.T) {
	server := newAuthServer(t, "queue q configure", "queue r configure")
	f := brokertest.Start(t, server.config)
	conn := dial(t, asAnn(f))
	first, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	second, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.QueueDeclare("r", false, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	hang := make(chan struct{})
	server.set(func() { server.hang = hang })
	declared := make(chan error, 1)
	go func() {
		_, err := first.QueueDeclare("q", false, false, false, false, nil)
		declared <- err
	}()
	until(t, "the question is asked", func() bool { return server.count("queue q configure") == 1 })
	if _, err := second.QueueDeclare("r", false, false, false, false, nil); err != nil {
		t.Error(err)
	}
	if all := f.Broker.Connections(); len(all) != 1 || all[0].User != "ann" {
		t.Errorf("connections are %+v", all)
	}
	close(hang)
	if err := await(t, declared, "the declaration"); err != nil {
		t.Error(err)
	}

	server.set(func() { server.hang = make(chan struct{}) })
	users := server.count("user")
	go func() { declared <- login(f, "ann", "a", "") }()
	go func() {
		_, err := second.QueueDeclare("s", false, false, false, false, nil)
		declared <- err
	}()
	until(t, "the questions are asked", func() bool { return server.count("user") > users && server.count("queue s configure") == 1 })
	began := time.Now()
	if err := f.Broker.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > patience {
		t.Errorf("the broker took %v to end", took)
	}
	for range 2 {
		if await(t, declared, "an end") == nil {
			t.Error("what nobody has allowed is done")
		}
	}
}

// Who is known elsewhere has in the views the tags and virtual hosts that are said
// there; a name that one of the broker's own users has, too, stands for what both may.
func TestVisitorsOfViews(t *testing.T) {
	server := newAuthServer(t, "queue q read", "vhost other ")
	f := brokertest.Start(t, server.config)
	b := f.Broker
	for _, host := range []string{"other", "third"} {
		if err := b.AddVHost(host, vhost.Settings{}); err != nil {
			t.Fatal(err)
		}
	}
	here := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}
	server.set(func() { server.tags = "management other" })
	u, kept, err := b.Login("ann", "a", here)
	_, one := u.Permissions["/"]
	_, two := u.Permissions["other"]
	if err != nil || kept || !slices.Equal(u.Tags, []string{"management", "other"}) || len(u.Permissions) != 2 || !one || !two {
		t.Errorf("ann is %+v, %v, %v", u, kept, err)
	}
	if u, kept, err := b.Login("guest", "guest", here); err != nil || !kept || !slices.Equal(u.Tags, []string{auth.Administrator}) {
		t.Errorf("guest is %+v, %v, %v", u, kept, err)
	}
	get := func() error {
		_, err := b.Fetch("ann", "/", vhost.Fetch{Queue: "q"})
		return err
	}
	if err := get(); err == nil || strings.Contains(err.Error(), "refused") {
		t.Errorf("what she may: %v", err) // there is no such queue
	}
	if _, err := b.Fetch("ann", "third", vhost.Fetch{Queue: "q"}); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("where she may not: %v", err)
	}
	if err := b.PutUser(auth.User{Name: "ann", Tags: []string{"management"}}); err != nil {
		t.Fatal(err)
	}
	if u, _, err := b.Login("ann", "a", here); err != nil || !slices.Equal(u.Tags, []string{"management"}) || len(u.Permissions) != 0 {
		t.Errorf("with a user of her name she is %+v, %v", u, err)
	}
	if err := get(); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("what only one of the two may: %v", err)
	}
}

func TestBadAuthorities(t *testing.T) {
	for want, a := range map[string]broker.Auth{
		"user_path is no URL":                      {Rules: []broker.AuthRule{{Authn: "http", Authz: "http"}}},
		"the backend ldap is not supported":        {Rules: []broker.AuthRule{{Authn: "ldap", Authz: "internal"}}},
		`there is no backend "magic"`:              {Rules: []broker.AuthRule{{Authn: "internal", Authz: "magic"}}},
		"the backend cache needs another":          {Rules: []broker.AuthRule{{Authn: "cache", Authz: "cache"}}, Cached: broker.AuthRule{Authn: "cache", Authz: "cache"}},
		"auth_cache.cached_backend: the backend o": {Rules: []broker.AuthRule{{Authn: "cache", Authz: "cache"}}, Cached: broker.AuthRule{Authn: "oauth2", Authz: "oauth2"}},
	} {
		if err := broker.New(broker.Config{Auth: a}).Start(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
