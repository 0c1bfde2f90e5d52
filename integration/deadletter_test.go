package integration

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// deadQueue declares a queue whose dead letters go to an exchange, with a key of their own if it is not empty.
func (c *client) deadQueue(exchange, key string, more amqp.Table) string {
	c.t.Helper()
	args := amqp.Table{"x-dead-letter-exchange": exchange}
	if key != "" {
		args["x-dead-letter-routing-key"] = key
	}
	for k, v := range more {
		args[k] = v
	}
	return c.shared(args)
}

// arrival fetches and settles a message as soon as there is one.
func (c *client) arrival(queue string) amqp.Delivery {
	c.t.Helper()
	d := c.await(queue)
	c.must(d.Ack(false))
	return d
}

// death is an entry of x-death, without its time.
type death struct {
	queue, reason, exchange string
	count                   int64
	keys                    []any
	expiration              any
}

// deaths returns the history of a message.
func deaths(t testing.TB, d amqp.Delivery) []death {
	t.Helper()
	var all []death
	list, _ := d.Headers["x-death"].([]any)
	for _, v := range list {
		e, ok := v.(amqp.Table)
		if !ok {
			t.Fatalf("x-death has %v", v)
		}
		when, ok := e["time"].(time.Time)
		if !ok || time.Since(when) > time.Hour || time.Until(when) > time.Hour {
			t.Errorf("time %v", e["time"])
		}
		one := death{count: e["count"].(int64), keys: e["routing-keys"].([]any), expiration: e["original-expiration"]}
		one.queue, _ = e["queue"].(string)
		one.reason, _ = e["reason"].(string)
		one.exchange, _ = e["exchange"].(string)
		if n := len(e); n != 6 && (n != 7 || one.expiration == nil) {
			t.Errorf("an entry of %d fields: %v", n, e)
		}
		all = append(all, one)
	}
	return all
}

func wantDeaths(t testing.TB, d amqp.Delivery, want ...death) {
	t.Helper()
	if got := deaths(t, d); !reflect.DeepEqual(got, want) {
		t.Errorf("x-death\ngot  %+v\nwant %+v", got, want)
	}
	first := want[len(want)-1]
	for k, v := range map[string]string{"reason": first.reason, "queue": first.queue, "exchange": first.exchange} {
		if d.Headers["x-first-death-"+k] != v {
			t.Errorf("x-first-death-%s is %v, want %q", k, d.Headers["x-first-death-"+k], v)
		}
	}
	last, known := d.Headers["x-last-death-queue"]
	if !known {
		return // RabbitMQ before 3.13
	}
	if last != want[0].queue || d.Headers["x-last-death-reason"] != want[0].reason || d.Headers["x-last-death-exchange"] == nil {
		t.Errorf("last death: %v", d.Headers)
	}
}

func keys(keys ...any) []any { return keys }

// A rejected message goes to the dead letter exchange by its own key, with all its properties but expiration.
func TestDeadLetterRejected(t *testing.T) {
	t.Parallel()
	c := open(t)
	dlx := c.exchange("direct", nil)
	q, dead := c.deadQueue(dlx, "", nil), c.shared(nil)
	c.bind(dead, q, dlx, nil)
	reject := map[string]func(amqp.Delivery) error{
		"reject":        func(d amqp.Delivery) error { return d.Reject(false) },
		"nack":          func(d amqp.Delivery) error { return d.Nack(false, false) },
		"nack multiple": func(d amqp.Delivery) error { return d.Nack(true, false) },
	}
	for how, reject := range reject {
		c.send("", q, amqp.Publishing{
			Headers: amqp.Table{"z": "last", "a": "first"}, ContentType: "text/plain", Body: []byte(how), DeliveryMode: amqp.Persistent,
			Expiration: "60000", CorrelationId: "c", Priority: 3,
		})
		c.must(reject(c.get(q)))
		d := c.arrival(dead)
		if string(d.Body) != how || d.Exchange != dlx || d.RoutingKey != q || d.Expiration != "" || d.ContentType != "text/plain" ||
			d.CorrelationId != "c" || d.Priority != 3 || d.DeliveryMode != amqp.Persistent || d.Headers["z"] != "last" || d.Headers["a"] != "first" || d.Redelivered {
			t.Errorf("%s: got %+v", how, d)
		}
		wantDeaths(t, d, death{queue: q, reason: "rejected", count: 1, keys: keys(q), expiration: "60000"})
	}
	c.wantReady(q, 0)
}

// With a key of its own, the dead letter goes by that alone, and CC is gone; without, by all keys that the message had.
func TestDeadLetterKeys(t *testing.T) {
	t.Parallel()
	c := open(t)
	dlx := c.exchange("direct", nil)
	own, cc, bcc := c.queue(), c.queue(), c.queue()
	all, one := c.deadQueue(dlx, "", nil), c.deadQueue(dlx, "one", nil)
	c.bind(own, "main", dlx, nil)
	c.bind(own, "one", dlx, nil)
	c.bind(cc, "copy", dlx, nil)
	c.bind(bcc, "blind", dlx, nil)
	x := c.exchange("fanout", nil)
	c.bind(all, "", x, nil)
	c.bind(one, "", x, nil)
	c.send(x, "main", copied(keys("copy"), keys("blind")))
	c.must(c.get(all).Reject(false))
	for _, q := range []string{own, cc, bcc} {
		d := c.arrival(q)
		if d.RoutingKey != "main" || !reflect.DeepEqual(d.Headers["CC"], keys("copy")) || d.Headers["BCC"] != nil {
			t.Errorf("key %q, headers %v", d.RoutingKey, d.Headers)
		}
		wantDeaths(t, d, death{queue: all, reason: "rejected", exchange: x, count: 1, keys: keys("main", "copy")})
	}
	c.must(c.get(one).Reject(false))
	d := c.arrival(own)
	if d.RoutingKey != "one" || d.Headers["CC"] != nil || d.Headers["BCC"] != nil {
		t.Errorf("key %q, headers %v", d.RoutingKey, d.Headers)
	}
	wantDeaths(t, d, death{queue: one, reason: "rejected", exchange: x, count: 1, keys: keys("main", "copy")})
	c.wantReady(cc, 0)
	c.wantReady(bcc, 0)
}

// The usual retry: a work queue rejects to a queue where messages wait, and from there they come back. Counts go on.
func TestDeadLetterRetryLadder(t *testing.T) {
	t.Parallel()
	c := open(t)
	work, wait := unique(t), unique(t)
	_, err := c.QueueDeclare(work, true, false, false, false, amqp.Table{"x-dead-letter-exchange": "", "x-dead-letter-routing-key": wait})
	c.must(err)
	_, err = c.QueueDeclare(wait, true, false, false, false,
		amqp.Table{"x-dead-letter-exchange": "", "x-dead-letter-routing-key": work, "x-message-ttl": int32(20)})
	c.must(err)
	c.removeQueue(work)
	c.removeQueue(wait)
	deliveries, err := c.Consume(work, "", false, false, false, false, nil)
	c.must(err)
	c.send("", work, amqp.Publishing{Body: []byte("job"), DeliveryMode: amqp.Persistent})
	for round := range int64(4) {
		d := receive(t, deliveries, "round "+fmt.Sprint(round))
		if round > 0 {
			wantDeaths(t, d, death{queue: wait, reason: "expired", count: round, keys: keys(wait)},
				death{queue: work, reason: "rejected", count: round, keys: keys(work)})
		}
		if d.RoutingKey != work || string(d.Body) != "job" {
			t.Errorf("got %+v", d)
		}
		if round == 3 {
			c.must(d.Ack(false))
			break
		}
		c.must(d.Reject(false))
	}
	c.wantReady(work, 0)
	c.wantReady(wait, 0)
}

// Expiration of its own: kept in x-death, and gone from the message, which so stays where it goes.
func TestDeadLetterExpired(t *testing.T) {
	t.Parallel()
	c := open(t)
	dead := c.shared(nil)
	q := c.deadQueue("", dead, nil)
	c.send("", q, amqp.Publishing{Body: []byte("m"), Expiration: "10"})
	d := c.arrival(dead)
	if d.Expiration != "" {
		t.Errorf("expiration %q", d.Expiration)
	}
	wantDeaths(t, d, death{queue: q, reason: "expired", count: 1, keys: keys(q), expiration: "10"})
}

func TestDeadLetterMaxLength(t *testing.T) {
	t.Parallel()
	c := open(t)
	dead := c.shared(nil)
	q := c.deadQueue("", dead, amqp.Table{"x-max-length": int32(2)})
	for i := range 5 {
		c.publish("", q, fmt.Sprint(i))
	}
	for i := range 3 {
		d := c.arrival(dead)
		if string(d.Body) != fmt.Sprint(i) {
			t.Errorf("got %q, want %d", d.Body, i)
		}
		wantDeaths(t, d, death{queue: q, reason: "maxlen", count: 1, keys: keys(q)})
	}
	c.wantDrained(q, "3", "4")
}

// A message that would go round without anybody looking at it is dropped.
func TestDeadLetterCycle(t *testing.T) {
	t.Parallel()
	c := open(t)
	end := c.shared(nil)
	x := c.exchange("fanout", nil)
	a := c.deadQueue(x, "", amqp.Table{"x-message-ttl": int32(5)})
	b := c.deadQueue(x, "", amqp.Table{"x-message-ttl": int32(5)})
	for _, q := range []string{a, b, end} {
		c.bind(q, "", x, nil)
	}
	c.publish("", a, "m")
	// a expires to b and end, not to a; b expires to end only.
	for range 2 {
		c.arrival(end)
	}
	c.wantReady(a, 0)
	c.wantReady(b, 0)
	c.wantReady(end, 0)
	// Rejected, it may go where it has been.
	self := unique(t)
	_, err := c.QueueDeclare(self, true, false, false, false, amqp.Table{"x-dead-letter-exchange": "", "x-dead-letter-routing-key": self})
	c.must(err)
	c.removeQueue(self)
	c.publish("", self, "again")
	for range 3 {
		d := c.await(self)
		c.must(d.Reject(false))
	}
	if d := c.arrival(self); deaths(t, d)[0].count != 3 {
		t.Errorf("headers %v", d.Headers)
	}
}

// An exchange that is not there costs the message, and nothing else.
func TestDeadLetterNowhere(t *testing.T) {
	t.Parallel()
	c := open(t)
	x := unique(t)
	q := c.deadQueue(x, "", nil)
	c.settled("", q, "lost", "kept")
	c.must(c.get(q).Reject(false))
	c.must(c.ExchangeDeclare(x, "fanout", true, false, false, false, nil))
	c.removeExchange(x)
	dead := c.shared(nil)
	c.bind(dead, "", x, nil)
	c.must(c.get(q).Reject(false))
	if d := c.arrival(dead); string(d.Body) != "kept" {
		t.Errorf("got %q", d.Body)
	}
	c.wantReady(dead, 0)
}

// An x-death of the publisher is delivered as it came.
func TestDeathOfPublisher(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.queue()
	forged := amqp.Table{"x-death": []any{amqp.Table{"count": int64(7), "queue": q, "reason": "rejected"}}}
	c.send("", q, amqp.Publishing{Headers: forged})
	if d := c.get(q); !reflect.DeepEqual(d.Headers, forged) {
		t.Errorf("got %v", d.Headers)
	}
}

// And it is replaced at the first death, as in RabbitMQ 4.
func TestDeathOfPublisherReplaced(t *testing.T) {
	t.Parallel()
	c := connect(t, ownBrokerURL(t))
	dead := c.shared(nil)
	q := c.deadQueue("", dead, nil)
	for _, forged := range []any{"text", []any{amqp.Table{"count": int64(7), "queue": q, "reason": "rejected"}}} {
		c.send("", q, amqp.Publishing{Headers: amqp.Table{"x-death": forged, "x-first-death-queue": "forged"}})
		c.must(c.get(q).Reject(false))
		wantDeaths(t, c.arrival(dead), death{queue: q, reason: "rejected", count: 1, keys: keys(q)})
	}
}

// Quorum queues can be told that no dead letter may be lost.
func TestDeadLetterAtLeastOnce(t *testing.T) {
	t.Parallel()
	c := open(t)
	x := c.exchange("fanout", nil)
	one, two := c.shared(nil), c.shared(nil)
	c.bind(one, "", x, nil)
	c.bind(two, "", x, nil)
	q := c.deadQueue(x, "key", amqp.Table{
		"x-queue-type": "quorum", "x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish", "x-max-length": int32(100),
	})
	bodies := []string{}
	for i := range 50 {
		bodies = append(bodies, fmt.Sprint(i))
	}
	c.settled("", q, bodies...)
	deliveries, err := c.Consume(q, "", false, false, false, false, nil)
	c.must(err)
	for range bodies {
		c.must(receive(t, deliveries, "a delivery").Reject(false))
	}
	for _, to := range []string{one, two} {
		c.wantReady(to, len(bodies))
		for i, body := range bodies {
			d := c.arrival(to)
			if string(d.Body) != body || d.RoutingKey != "key" {
				t.Fatalf("message %d is %q", i, d.Body)
			}
			wantDeaths(t, d, death{queue: q, reason: "rejected", count: 1, keys: keys(q)})
		}
	}
	c.wantReady(q, 0)
}
