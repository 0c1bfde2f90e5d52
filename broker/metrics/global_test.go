package metrics_test

import (
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker/metrics"
)

// publish publishes a body of some size and waits until the broker has it.
func (s *scraped) publish(key string, size int) {
	s.Helper()
	if err := s.ch.PublishWithContext(s.Context(), "", key, false, false, amqp.Publishing{Body: make([]byte, size)}); err != nil {
		s.Fatal(err)
	}
	s.sync()
}

// sync waits until the broker has done what it was told on the channel.
func (s *scraped) sync() {
	s.Helper()
	if err := s.ch.ExchangeDeclarePassive("amq.direct", "direct", true, false, false, false, nil); err != nil {
		s.Fatal(err)
	}
}

func TestSizesOfMessages(t *testing.T) {
	t.Parallel()
	s := start(t, metrics.Options{})
	for _, size := range []int{0, 100, 101, 1_000_000, 1_000_001} {
		s.publish("nobody", size)
	}
	check := func() {
		t.Helper()
		text := s.text("/metrics")
		// As RabbitMQ's dashboards ask for the bounds, which compares texts.
		for _, want := range []string{
			`_bucket{protocol="amqp091",le="100.0"} 2`, `_bucket{protocol="amqp091",le="1000.0"} 3`, `_bucket{protocol="amqp091",le="10000.0"} 3`,
			`_bucket{protocol="amqp091",le="100000.0"} 3`, `_bucket{protocol="amqp091",le="1e+06"} 4`, `_bucket{protocol="amqp091",le="1e+07"} 5`,
			`_bucket{protocol="amqp091",le="5e+07"} 5`, `_bucket{protocol="amqp091",le="1e+08"} 5`, `_bucket{protocol="amqp091",le="+Inf"} 5`,
			`_sum{protocol="amqp091"} 2000202`, `_count{protocol="amqp091"} 5`,
		} {
			if !strings.Contains(text, "\nrabbitmq_message_size_bytes"+want+"\n") {
				t.Errorf("there is no %s", want)
			}
		}
	}
	check()
	s.hangUp()
	check()
}

// hangUp closes the connection, and waits until the broker has forgotten it.
func (s *scraped) hangUp() {
	s.Helper()
	if err := s.conn.Close(); err != nil {
		s.Fatal(err)
	}
	for len(s.Broker.Connections()) > 0 {
		if s.Context().Err() != nil {
			s.Fatal("the connection does not end")
		}
	}
}

func TestWhatIsToBeConfirmed(t *testing.T) {
	t.Parallel()
	s := start(t, metrics.Options{})
	s.publish("nobody", 1)
	if err := s.ch.Confirm(false); err != nil {
		t.Fatal(err)
	}
	s.publish("nobody", 1)
	s.publish("nobody", 1)
	want := map[string]float64{
		`rabbitmq_global_messages_received_total{protocol="amqp091"}`:         3,
		`rabbitmq_global_messages_received_confirm_total{protocol="amqp091"}`: 2,
		`rabbitmq_global_messages_confirmed_total{protocol="amqp091"}`:        2,
	}
	s.want(s.get("/metrics"), want)
	s.hangUp()
	s.want(s.get("/metrics"), want)
}

// dead is the sample of dead letters of a kind.
func dead(why, queue, strategy string) string {
	return `rabbitmq_global_messages_dead_lettered_` + why + `_total{dead_letter_strategy="` + strategy + `",queue_type="rabbit_` + queue + `_queue"}`
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	s := start(t, metrics.Options{})
	const there, gone = "amq.fanout", "not there"
	quorum := amqp.Table{"x-queue-type": "quorum"}
	with := func(tables ...amqp.Table) amqp.Table {
		all := amqp.Table{}
		for _, t := range tables {
			for k, v := range t {
				all[k] = v
			}
		}
		return all
	}
	to := func(exchange string) amqp.Table { return amqp.Table{"x-dead-letter-exchange": exchange} }
	sure := amqp.Table{"x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish"}
	if _, err := s.ch.QueueDeclare("dead", true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.ch.QueueBind("dead", "", there, false, nil); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string]amqp.Table{
		"rejected":        to(there),
		"rejected to":     to(gone),
		"rejected by":     nil,
		"rejected quorum": with(quorum, to(there)),
		"rejected none":   quorum,
		"rejected surely": with(quorum, sure, to(there)),
	} {
		if _, err := s.ch.QueueDeclare(name, true, false, false, false, args); err != nil {
			t.Fatal(err)
		}
		s.publish(name, 1)
		d, ok, err := s.ch.Get(name, false)
		if err != nil || !ok {
			t.Fatal(name, ok, err)
		}
		if err := d.Reject(false); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.ch.QueueDeclare("short", true, false, false, false, with(to(there), amqp.Table{"x-max-length": 1})); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ch.QueueDeclare("late", true, false, false, false, amqp.Table{"x-message-ttl": 0}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		s.publish("short", 1)
		s.publish("late", 1)
	}
	want := map[string]float64{
		dead("rejected", "classic", "at_most_once"):       1,
		dead("rejected", "classic", "disabled"):           2,
		dead("rejected", "quorum", "at_most_once"):        1,
		dead("rejected", "quorum", "disabled"):            1,
		dead("rejected", "quorum", "at_least_once"):       1,
		dead("confirmed", "quorum", "at_least_once"):      1,
		dead("maxlen", "classic", "at_most_once"):         2,
		dead("expired", "classic", "disabled"):            3,
		dead("expired", "classic", "at_most_once"):        0,
		dead("delivery_limit", "quorum", "at_least_once"): 0,
	}
	// Dead letters arrive when they do.
	for got := s.get("/metrics"); got[dead("confirmed", "quorum", "at_least_once")] < 1 && t.Context().Err() == nil; got = s.get("/metrics") {
	}
	for _, name := range []string{"short", "late", "rejected by"} {
		if _, err := s.ch.QueueDelete(name, false, false, false); err != nil {
			t.Fatal(err)
		}
	}
	got := s.get("/metrics")
	s.want(got, want)
	for name := range got {
		if strings.Contains(name, "dead_lettered_confirmed") && !strings.Contains(name, "at_least_once") {
			t.Errorf("%s cannot be", name)
		}
	}
}
