package integration

import (
	"os"
	"slices"
	"strconv"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

func TestRecentHistory(t *testing.T) {
	t.Parallel()
	needType(t, "x-recent-history")
	c := open(t)
	x := c.exchange("x-recent-history", amqp.Table{"x-recent-history-length": int32(3)})
	first := c.queue()
	c.bind(first, "", x, nil)
	for i := range 5 {
		c.settled(x, "k", strconv.Itoa(i))
	}
	c.send(x, "k", amqp.Publishing{Body: []byte("secret"), Headers: amqp.Table{"x-recent-history-no-store": true}})
	c.send(x, "k", amqp.Publishing{Body: []byte("public"), Headers: amqp.Table{"x-recent-history-no-store": false}, MessageId: "7"})
	c.wantDrained(first, "0", "1", "2", "3", "4", "secret", "public")

	second := c.queue()
	c.bind(second, "other", x, nil)
	c.bind(second, "other", x, nil) // the same binding again
	for _, want := range []string{"3", "4", "public"} {
		d := c.get(second)
		if string(d.Body) != want || d.RoutingKey != "k" || d.Exchange != x || d.Redelivered || want == "public" && d.MessageId != "7" {
			t.Errorf("got %q %+v, want %q", d.Body, d, want)
		}
	}
	c.settled(x, "k", "live")
	c.wantDrained(second, "live")
	c.wantDrained(first, "live")

	// Another binding of the same queue is a new one.
	c.bind(first, "another", x, nil)
	c.wantDrained(first, "4", "public", "live")

	// An exchange that is bound passes the history on.
	between, third := c.exchange("topic", nil), c.queue()
	c.bind(third, "k", between, nil)
	c.bindExchange(between, "k", x)
	got := c.drain(third)
	slices.Sort(got) // RabbitMQ passes on the newest first
	if want := []string{"4", "live", "public"}; !slices.Equal(got, want) {
		t.Errorf("passed on %q, want %q", got, want)
	}
}

func TestRecentHistoryDefault(t *testing.T) {
	t.Parallel()
	needType(t, "x-recent-history")
	c := open(t)
	x := c.exchange("x-recent-history", nil)
	var want []string
	for i := range 25 {
		c.settled(x, "", strconv.Itoa(i))
		if i >= 5 {
			want = append(want, strconv.Itoa(i))
		}
	}
	q := c.queue()
	c.bind(q, "", x, nil)
	c.wantDrained(q, want...)
	for _, bad := range []any{int32(-1), "5", true} {
		if err := c.channel().ExchangeDeclare(unique(t), "x-recent-history", false, true, false, false, amqp.Table{"x-recent-history-length": bad}); err == nil {
			t.Errorf("declared with length %v", bad)
		}
	}
	wantError(t, c.channel().ExchangeDeclare(unique(t), "x-recent-history", false, true, false, false, amqp.Table{"x-recent-history-length": int32(-1)}), 406,
		"PRECONDITION_FAILED - Invalid argument -1, 'x-recent-history-length' must be a positive integer")
}

// In a transaction a message is remembered when it is committed.
func TestRecentHistoryTransaction(t *testing.T) {
	t.Parallel()
	needType(t, "x-recent-history")
	if os.Getenv("AMQP_URL") != "" {
		t.Skip("RabbitMQ remembers what is not committed yet")
	}
	c := open(t)
	x, before, after := c.exchange("x-recent-history", nil), c.queue(), c.queue()
	p := c.channel()
	p.must(p.Tx())
	p.publish(x, "", "rolled back")
	p.must(p.TxRollback())
	p.publish(x, "", "m")
	c.bind(before, "", x, nil)
	c.wantDrained(before)
	p.must(p.TxCommit())
	c.wantDrained(before, "m")
	c.bind(after, "", x, nil)
	c.wantDrained(after, "m")
}
