package integration

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker/brokertest"
)

// TestManagement asks a management API what tools ask, and holds it to the codes, the texts and the keys that RabbitMQ
// answers with. It asks RabbitMQ itself if that is named, with the address of its AMQP listener:
//
//	AMQP_URL=amqp://guest:guest@localhost:5673/ MANAGEMENT_URL=http://guest:guest@localhost:15673 go test -run TestManagement ./integration
func TestManagement(t *testing.T) {
	t.Parallel()
	for name, questions := range managementQuestions() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newManagement(t)
			for _, q := range questions {
				api.ask(q)
			}
		})
	}
}

// management is an API, and a virtual host and a user there for one test.
type management struct {
	t           *testing.T
	url, amqp   string
	vhost, user string
}

func newManagement(t *testing.T) *management {
	t.Helper()
	m := &management{t: t, url: os.Getenv("MANAGEMENT_URL"), amqp: os.Getenv("AMQP_URL")}
	switch {
	case m.url == "" && m.amqp == "":
		f := brokertest.Start(t, brokertest.WithManagement)
		m.url, m.amqp = strings.Replace(f.ManagementURL, "http://", "http://guest:guest@", 1), f.URL
	case m.url == "":
		t.Skip("MANAGEMENT_URL does not say where the management API of AMQP_URL is")
	}
	m.vhost, m.user = unique(t)+".v", unique(t)+".u"
	m.ask(wish{method: "PUT", path: "/vhosts/{v}", status: 201})
	m.ask(wish{method: "PUT", path: "/users/{u}", body: `{"password":"secret","tags":"management"}`, status: 201})
	t.Cleanup(func() {
		m.ask(wish{method: "DELETE", path: "/vhosts/{v}", status: 204})
		m.ask(wish{method: "DELETE", path: "/users/{u}", status: 204})
	})
	return m
}

// wish is a request and what must come back. In paths, bodies and texts {v} and {u} are the virtual host and the user.
type wish struct {
	as           string // the user; empty is the administrator
	method, path string // the method is GET if it is empty
	body         string
	status       int    // 200 if it is 0
	text         string // the whole answer
	has          string // keys of the answer, or of the first of a list
	location     string
}

func (m *management) fill(s string) string {
	return strings.NewReplacer("{v}", m.vhost, "{u}", m.user).Replace(s)
}

func (m *management) ask(q wish) []byte {
	m.t.Helper()
	if q.method == "" {
		q.method = "GET"
	}
	if q.status == 0 {
		q.status = 200
	}
	u, err := url.Parse(m.url + "/api" + m.fill(q.path))
	if err != nil {
		m.t.Fatal(err)
	}
	if q.as != "" {
		u.User = url.UserPassword(m.fill(q.as), "secret")
	}
	req, err := http.NewRequest(q.method, u.String(), strings.NewReader(m.fill(q.body)))
	if err != nil {
		m.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		m.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		m.t.Fatal(err)
	}
	m.check(&q, answer, text)
	return text
}

func (m *management) check(q *wish, answer *http.Response, text []byte) {
	m.t.Helper()
	what := fmt.Sprintf("%s %s %s", q.method, m.fill(q.path), m.fill(q.body))
	if answer.StatusCode != q.status {
		m.t.Errorf("%s: %d, want %d: %s", what, answer.StatusCode, q.status, text)
	}
	if want := m.fill(q.text); want != "" && !sameJSON(m.t, text, want) {
		m.t.Errorf("%s:\n got %s\nwant %s", what, text, want)
	}
	if want := m.fill(q.location); want != "" && answer.Header.Get("Location") != want {
		m.t.Errorf("%s: Location %q, want %q", what, answer.Header.Get("Location"), want)
	}
	if q.has == "" {
		return
	}
	keys := keysOf(text)
	for key := range strings.FieldsSeq(q.has) {
		if !slices.Contains(keys, key) {
			m.t.Errorf("%s: %q is missing in %s", what, key, text)
		}
	}
}

func sameJSON(t *testing.T, got []byte, want string) bool {
	t.Helper()
	var g, w any
	if json.Unmarshal(got, &g) != nil {
		return false
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(g) == fmt.Sprint(w)
}

// keysOf returns the keys of an object, or of the first object of a list.
func keysOf(text []byte) (keys []string) {
	var list []map[string]any
	var one map[string]any
	if json.Unmarshal(text, &list) == nil && len(list) > 0 {
		one = list[0]
	} else if json.Unmarshal(text, &one) != nil {
		return nil
	}
	for key := range one {
		keys = append(keys, key)
	}
	return keys
}

// What clients do is seen at the API, with rates once there are two samples.
func TestManagementShowsClients(t *testing.T) {
	t.Parallel()
	m := newManagement(t)
	u, err := url.Parse(m.amqp)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + m.vhost
	conn, err := amqp.DialConfig(u.String(), amqp.Config{Properties: amqp.Table{"connection_name": m.vhost}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ch.QueueDeclare("q", false, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	if err := ch.Qos(5, 0, false); err != nil {
		t.Fatal(err)
	}
	deliveries, err := ch.Consume("q", "tag", false, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := ch.Publish("", "q", false, false, amqp.Publishing{Body: []byte("x")}); err != nil {
			t.Fatal(err)
		}
		<-deliveries
	}
	m.until("/vhosts/{v}/connections", `"channels":1`)
	m.ask(wish{path: "/vhosts/{v}/connections", has: `name node type protocol user vhost state host port peer_host peer_port auth_mechanism channels
		channel_max frame_max timeout client_properties connected_at send_pend user_provided_name ssl ssl_protocol recv_oct recv_oct_details send_oct
		recv_cnt send_cnt`})
	m.until("/vhosts/{v}/channels", `"messages_unacknowledged":3`)
	m.ask(wish{path: "/vhosts/{v}/channels", has: `name number node user vhost state connection_details consumer_count prefetch_count
		global_prefetch_count confirm transactional messages_unacknowledged messages_unconfirmed messages_uncommitted acks_uncommitted message_stats`})
	m.until("/consumers/{v}", `"consumer_tag":"tag"`)
	m.ask(wish{path: "/consumers/{v}", has: "consumer_tag queue ack_required exclusive prefetch_count active activity_status arguments channel_details"})
	m.until("/queues/{v}/q", `"messages_unacknowledged":3`)
	m.until("/queues/{v}/q", `"deliver":3`)
	m.ask(wish{path: "/queues/{v}/q", has: `name state messages messages_details messages_ready messages_unacknowledged consumers consumer_utilisation
		message_bytes message_bytes_ready message_bytes_unacknowledged message_bytes_ram message_bytes_persistent memory head_message_timestamp
		message_stats policy operator_policy effective_policy_definition exclusive_consumer_tag single_active_consumer_tag`})
	m.until("/queues/{v}/q?msg_rates_age=60&msg_rates_incr=5&columns=message_stats", `"samples":[`)
}

// until asks until an answer has a part, as long as RabbitMQ may take for its statistics.
func (m *management) until(path, part string) {
	m.t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		text := m.ask(wish{path: path})
		if strings.Contains(string(text), part) {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			m.t.Fatalf("%s never has %s: %s", m.fill(path), part, text)
		}
	}
}
