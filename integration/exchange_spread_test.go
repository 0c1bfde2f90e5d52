package integration

import (
	"os"
	"strconv"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

// needType skips a test that needs a type of exchange that another broker does not have, or only with a plugin.
func needType(t *testing.T, kind string) {
	t.Helper()
	url := os.Getenv("AMQP_URL")
	if url == "" {
		return
	}
	c := connect(t, url)
	name := unique(t)
	var args amqp.Table
	if kind == "x-message-deduplication" {
		args = amqp.Table{"x-cache-size": int32(1)}
	}
	if err := c.ExchangeDeclare(name, kind, false, true, false, false, args); err != nil {
		t.Skipf("the broker has no exchanges of type %s: %v", kind, err)
	}
	c.removeExchange(name)
}

// spreads publishes n messages, each with another key, and returns which queue got how many. Each goes to one queue.
func (c *client) spreads(x string, queues []string, n int, message func(i int) amqp.Publishing) map[string]int {
	c.t.Helper()
	p := c.channel()
	p.must(p.Confirm(false))
	all := make([]*amqp.DeferredConfirmation, n)
	for i := range all {
		d, err := p.PublishWithDeferredConfirm(x, "key."+strconv.Itoa(i), true, false, message(i))
		c.must(err)
		all[i] = d
	}
	// Each waits for another queue.
	for _, d := range all {
		if !d.Wait() {
			c.t.Fatal("publish not confirmed")
		}
	}
	got, sum := map[string]int{}, 0
	for _, q := range queues {
		info, err := c.QueueInspect(q) //nolint:staticcheck // a passive declare of the same queue
		c.must(err)
		got[q] = info.Messages
		sum += info.Messages
	}
	if sum != n {
		c.t.Errorf("%d messages came to the queues, want %d", sum, n)
	}
	return got
}

func TestConsistentHashSpreads(t *testing.T) {
	t.Parallel()
	needType(t, "x-consistent-hash")
	c := open(t)
	for name, tt := range map[string]struct {
		args    amqp.Table
		message func(i int) amqp.Publishing
		one     bool // all to one queue
	}{
		"key":             {nil, func(int) amqp.Publishing { return amqp.Publishing{} }, false},
		"header":          {amqp.Table{"hash-header": "h"}, func(i int) amqp.Publishing { return amqp.Publishing{Headers: amqp.Table{"h": strconv.Itoa(i)}} }, false},
		"the same header": {amqp.Table{"hash-header": "h"}, func(int) amqp.Publishing { return amqp.Publishing{Headers: amqp.Table{"h": "1"}} }, true},
		"message id":      {amqp.Table{"hash-property": "message_id"}, func(i int) amqp.Publishing { return amqp.Publishing{MessageId: strconv.Itoa(i)} }, false},
		"correlation id":  {amqp.Table{"hash-property": "correlation_id"}, func(i int) amqp.Publishing { return amqp.Publishing{CorrelationId: strconv.Itoa(i)} }, false},
		"no property":     {amqp.Table{"hash-property": "message_id"}, func(i int) amqp.Publishing { return amqp.Publishing{CorrelationId: strconv.Itoa(i)} }, true},
	} {
		x := c.exchange("x-consistent-hash", tt.args)
		q1, q2, q3 := c.queue(), c.queue(), c.queue()
		c.bind(q1, "10", x, nil)
		c.bind(q2, "10", x, nil)
		c.bind(q3, "20", x, nil)
		const n = 2000
		got := c.spreads(x, []string{q1, q2, q3}, n, tt.message)
		if tt.one {
			if got[q1] != n && got[q2] != n && got[q3] != n {
				t.Errorf("%s: %v", name, got)
			}
			continue
		}
		for q, want := range map[string]int{q1: n / 4, q2: n / 4, q3: n / 2} {
			if got[q] < want-150 || got[q] > want+150 {
				t.Errorf("%s: %d messages with a weight for %d", name, got[q], want)
			}
		}
	}
}

func TestConsistentHashChecks(t *testing.T) {
	t.Parallel()
	needType(t, "x-consistent-hash")
	c := open(t)
	const failed = "PRECONDITION_FAILED - "
	for _, tt := range []struct {
		args amqp.Table
		text string
	}{
		{amqp.Table{"hash-header": "h", "hash-property": "message_id"}, "hash-header and hash-property are mutually exclusive"},
		{amqp.Table{"hash-property": "app_id"}, "Unsupported property: app_id"},
	} {
		wantError(t, c.channel().ExchangeDeclare(unique(t), "x-consistent-hash", false, true, false, false, tt.args), 406, failed+tt.text)
	}
	x, q := c.exchange("x-consistent-hash", nil), c.queue()
	for key, text := range map[string]string{
		"0":  "The binding key must be greater than 0",
		"-1": "The binding key must be greater than 0",
		"a":  `The binding key must be an integer: <<"a">>`,
		"":   `The binding key must be an integer: <<>>`,
		" 5": `The binding key must be an integer: <<" 5">>`,
	} {
		err := c.channel().QueueBind(q, key, x, false, nil)
		if strings.Trim(key, " ") == "" && err == nil {
			t.Errorf("bound with key %q", key)
		}
		wantError(t, err, 406, failed+text)
	}
	for _, key := range []string{"1", "10000", "+5", "007"} {
		c.bind(q, key, x, nil)
	}
	if os.Getenv("AMQP_URL") == "" { // as from RabbitMQ 4.0 on
		wantError(t, c.channel().QueueBind(q, "10001", x, false, nil), 406, failed+"The binding key must not exceed 10000")
	}
}

func TestRandomSpreads(t *testing.T) {
	t.Parallel()
	needType(t, "x-random")
	c := open(t)
	x, q1, q2 := c.exchange("x-random", nil), c.queue(), c.queue()
	c.bind(q1, "whatever", x, nil)
	c.bind(q2, "", x, nil)
	p := c.channel()
	p.must(p.Confirm(false))
	for range 400 {
		d, err := p.PublishWithDeferredConfirm(x, "always the same", true, false, amqp.Publishing{})
		c.must(err)
		if !d.Wait() {
			t.Fatal("not confirmed")
		}
	}
	n1, n2 := len(c.drain(q1)), len(c.drain(q2))
	if n1+n2 != 400 || n1 < 100 || n2 < 100 {
		t.Errorf("%d and %d messages", n1, n2)
	}
}

func TestModulusHashSpreads(t *testing.T) {
	t.Parallel()
	needType(t, "x-modulus-hash")
	c := open(t)
	x, q1, q2 := c.exchange("x-modulus-hash", nil), c.queue(), c.queue()
	c.bind(q1, "a", x, nil)
	c.bind(q2, "b", x, nil)
	got := c.spreads(x, []string{q1, q2}, 1000, func(int) amqp.Publishing { return amqp.Publishing{} })
	if got[q1] < 350 || got[q2] < 350 {
		t.Errorf("got %v", got)
	}
	_, err := c.QueuePurge(q1, false)
	c.must(err)
	_, err = c.QueuePurge(q2, false)
	c.must(err)
	for range 50 {
		c.publish(x, "the same", "m")
	}
	if n1, n2 := len(c.drain(q1)), len(c.drain(q2)); n1+n2 != 50 || n1 != 0 && n2 != 0 {
		t.Errorf("%d and %d messages of one key", n1, n2)
	}
}

func TestLocalRandom(t *testing.T) {
	t.Parallel()
	needType(t, "x-local-random")
	c := open(t)
	x, q := c.exchange("x-local-random", nil), c.queue()
	c.bind(q, "", x, nil)
	c.publish(x, "any", "m")
	c.wantDrained(q, "m")
	const failed = "PRECONDITION_FAILED - "
	wantError(t, c.channel().QueueBind(q, "k", x, false, nil), 406, failed+"Non empty binding 'k' key not permitted")
	wantError(t, c.channel().ExchangeBind("amq.fanout", "", x, false, nil), 406, failed+"Destination not found")
	quorum := c.shared(amqp.Table{"x-queue-type": "quorum"})
	wantError(t, c.channel().QueueBind(quorum, "", x, false, nil), 406, failed+"Queue type rabbit_quorum_queue not valid for this exchange type")
}
