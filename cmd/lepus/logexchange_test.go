package main

import (
	"encoding/json"
	"regexp"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// What the server logs can be consumed, by level; a consumer that does not read
// holds up nobody.
func TestServerLogsToTheExchange(t *testing.T) {
	s := startServer(t, "--ephemeral", "--listen", "127.0.0.1:0", "--set", "log.exchange=true", "--set", "log.exchange.formatter=json", "--set", "log.exchange.level=warning")
	address := regexp.MustCompile(`amqp://(\S+)`).FindStringSubmatch(s.ready)[1]
	conn, err := amqp.Dial("amqp://guest:guest@" + address + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	q, err := ch.QueueDeclare("", false, false, true, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := ch.QueueBind(q.Name, "#", "amq.rabbitmq.log", false, nil); err != nil {
		t.Fatal(err)
	}
	got, err := ch.Consume(q.Name, "", true, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := amqp.Dial("amqp://guest:wrong@" + address + "/"); err == nil {
		c.Close()
		t.Fatal("a wrong password is let in")
	}
	select {
	case d := <-got:
		var line struct{ Msg, User string }
		if err := json.Unmarshal(d.Body, &line); err != nil || d.RoutingKey != "warning" || d.ContentType != "application/json" || line.Msg != "login refused" || line.User != "guest" {
			t.Errorf("got %s %s: %s, %v", d.RoutingKey, d.ContentType, d.Body, err)
		}
	case <-time.After(patience):
		t.Fatal("nothing comes")
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}
