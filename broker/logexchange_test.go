package broker_test

import (
	"testing"
	"time"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/broker/event"
)

// Lines of the log go to those who have bound a queue, by their level, as RabbitMQ
// has it; nobody else makes any work.
func TestLogExchange(t *testing.T) {
	records := event.NewRecords()
	f := brokertest.Start(t, func(c *broker.Config) { c.LogRecords, c.NodeName = records, "rabbit@here" })
	if records.Wanted() {
		t.Error("lines are wanted though nobody has bound a queue")
	}
	ch := channel(t, f.URL)
	if err := ch.ExchangeDeclarePassive("amq.rabbitmq.log", "topic", true, false, true, false, nil); err != nil {
		t.Fatal(err)
	}
	q, err := ch.QueueDeclare("", false, false, true, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"error", "warning"} {
		if err := ch.QueueBind(q.Name, key, "amq.rabbitmq.log", false, nil); err != nil {
			t.Fatal(err)
		}
	}
	got, err := ch.Consume(q.Name, "", true, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1_700_000_000, 0)
	for _, level := range []string{"info", "warning", "debug", "error"} {
		records.Add(event.Record{Level: level, At: at, Text: []byte("a " + level), ContentType: "text/plain"})
	}
	for _, level := range []string{"warning", "error"} {
		d := await(t, got, "a line")
		if d.RoutingKey != level || string(d.Body) != "a "+level || d.ContentType != "text/plain" || !d.Timestamp.Equal(at) || d.Headers["node"] != "rabbit@here" {
			t.Errorf("got %+v", d)
		}
	}
	if _, err := ch.QueueDelete(q.Name, false, false, false); err != nil {
		t.Fatal(err)
	}
	if records.Wanted() {
		t.Error("lines are wanted when the queue is gone")
	}
}
