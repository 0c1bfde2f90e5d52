package integration

import (
	"context"
	"fmt"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// confirmed publishes and waits for the confirm, which must be an ack.
func (c *client) confirmed(exchange, key string, msg amqp.Publishing) uint64 {
	c.t.Helper()
	d, err := c.PublishWithDeferredConfirm(exchange, key, false, false, msg)
	c.must(err)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if ok, err := d.WaitContext(ctx); err != nil || !ok {
		c.t.Fatalf("publish %d: ack %v, %v", d.DeliveryTag, ok, err)
	}
	return d.DeliveryTag
}

// Every publish is confirmed, wherever it goes: to durable and other queues, to many, to none.
func TestConfirm(t *testing.T) {
	t.Parallel()
	c := open(t)
	durable, transient := c.shared(nil), c.queue()
	x := c.exchange("fanout", nil)
	c.bind(durable, "", x, nil)
	c.bind(transient, "", x, nil)
	alone := c.exchange("direct", nil)
	c.must(c.Confirm(false))
	tag := uint64(0)
	for _, mode := range []uint8{amqp.Transient, amqp.Persistent} {
		for _, to := range [][2]string{{"", durable}, {"", transient}, {x, ""}, {"", "nowhere " + durable}, {alone, "k"}} {
			tag++
			if got := c.confirmed(to[0], to[1], amqp.Publishing{DeliveryMode: mode, Body: []byte("x")}); got != tag {
				t.Errorf("confirmed %d, want %d", got, tag)
			}
		}
	}
	if got := len(c.drain(durable)); got != 4 {
		t.Errorf("%d messages in the durable queue, want 4", got)
	}
}

// Numbering starts with the first publish after confirm.select, and a second select does not start it again.
func TestConfirmNumbering(t *testing.T) {
	t.Parallel()
	p := openPeer(t)
	q := p.queue()
	p.send(message(1, "", q, "not counted"), message(1, "", q, "not counted"))
	p.call(confirmSelect, confirmSelectOk, bits{})
	for tag := uint64(1); tag <= 3; tag++ {
		p.send(message(1, "", q, "x"))
		if got := p.expect(1, basicAck).uint64(); got != tag {
			t.Errorf("confirmed %d, want %d", got, tag)
		}
		p.call(confirmSelect, confirmSelectOk, bits{})
	}
	// Another channel counts for itself.
	p.openChannel(2)
	p.send(methodFrame(2, confirmSelect, bits{}))
	p.expect(2, confirmSelectOk)
	p.send(message(2, "", q, "x"))
	if got := p.expect(2, basicAck).uint64(); got != 1 {
		t.Errorf("confirmed %d on channel 2, want 1", got)
	}
}

// A stream of publishes is confirmed completely, each number once.
func TestConfirmStream(t *testing.T) {
	t.Parallel()
	p := openPeer(t)
	q := unique(t)
	p.call(queueDeclare, queueDeclareOk, uint16(0), q, bits{false, true}, table{})
	p.call(confirmSelect, confirmSelectOk, bits{})
	const publishes = 5000
	go func() {
		for n := range publishes {
			mode := byte(1 + n%2)
			if err := p.write(publishFrame(1, "", q), headerFrame(1, 4, properties(fieldDeliveryMode, mode)),
				frame(frameBody, 1, []byte("body"))); err != nil {
				return
			}
		}
	}()
	confirmed := make([]bool, publishes+1)
	lowest := 1 // not confirmed yet
	for lowest <= publishes {
		args := p.expect(1, basicAck)
		tag, multiple := int(args.uint64()), args.octet() == 1
		if tag > publishes || confirmed[tag] {
			t.Fatalf("publish %d confirmed again, or never sent", tag)
		}
		for n := tag; n >= lowest && (n == tag || multiple); n-- {
			confirmed[n] = true
		}
		for lowest <= publishes && confirmed[lowest] {
			lowest++
		}
	}
	if ready := p.ready(q); ready != publishes {
		t.Errorf("%d messages in the queue, want %d", ready, publishes)
	}
	p.call(queueDelete, queueDeleteOk, uint16(0), q, bits{})
}

// A lone publisher that waits for each confirm is not kept waiting for company: then none would be prompt.
func TestConfirmIsPrompt(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(nil)
	c.must(c.Confirm(false))
	prompt := 0
	eventually(t, func() bool {
		start := time.Now()
		c.confirmed("", q, amqp.Publishing{DeliveryMode: amqp.Persistent})
		if time.Since(start) < 20*time.Millisecond {
			prompt++
		}
		return prompt == 10
	}, func() string { return fmt.Sprintf("only %d publishes were confirmed within 20 ms", prompt) })
}

// A consumer's ack, a purge or the end of the queue does not leave a publish unconfirmed.
func TestConfirmWhenMessageGoes(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(nil)
	deliveries, err := c.channel().Consume(q, "", true, false, false, false, nil)
	c.must(err)
	c.must(c.Confirm(false))
	var last *amqp.DeferredConfirmation
	const publishes = 500
	for range publishes {
		last, err = c.PublishWithDeferredConfirm("", q, false, false, amqp.Publishing{DeliveryMode: amqp.Persistent})
		c.must(err)
	}
	_, err = c.channel().QueueDelete(q, false, false, false)
	c.must(err)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if ok, err := last.WaitContext(ctx); err != nil || !ok {
		t.Fatalf("publish not confirmed: ack %v, %v", ok, err)
	}
	for range deliveries {
		continue
	}
}
