package integration

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

const replyQueue = "amq.rabbitmq.reply-to"

// requests starts a consumer of direct replies.
func (c *client) requests(tag string) <-chan amqp.Delivery {
	c.t.Helper()
	replies, err := c.Consume(replyQueue, tag, true, false, false, false, nil)
	c.must(err)
	return replies
}

// request publishes something that asks for a direct reply.
func (c *client) request(queue, body string) {
	c.t.Helper()
	c.send("", queue, amqp.Publishing{ReplyTo: replyQueue, CorrelationId: body, Body: []byte(body), AppId: "app"})
}

// address makes a request and returns where its reply is to go.
func (c *client) address() string {
	c.t.Helper()
	q := c.queue()
	c.request(q, "request")
	d := c.get(q)
	c.must(d.Ack(false))
	return d.ReplyTo
}

func TestDirectReply(t *testing.T) {
	t.Parallel()
	c := open(t)
	server := c.other()
	q := c.shared(nil)
	replies := c.requests("")
	c.request(q, "question")
	c.wantReady(q, 1)
	d := server.get(q)
	if !strings.HasPrefix(d.ReplyTo, replyQueue+".") || len(d.ReplyTo) < len(replyQueue)+20 {
		t.Errorf("reply to %q", d.ReplyTo)
	}
	if string(d.Body) != "question" || d.CorrelationId != "question" || d.AppId != "app" {
		t.Errorf("the request became %+v", d)
	}
	for i := range 3 {
		server.send("", d.ReplyTo, amqp.Publishing{CorrelationId: fmt.Sprint(i), Body: []byte("answer")})
	}
	for i := range 3 {
		r := receive(t, replies, "a reply")
		if string(r.Body) != "answer" || r.CorrelationId != fmt.Sprint(i) || r.Exchange != "" || r.RoutingKey != d.ReplyTo || r.Redelivered {
			t.Errorf("reply %d is %+v", i, r)
		}
	}
}

// Requests and replies may be of any size; other properties and later messages are not disturbed.
func TestDirectReplySizes(t *testing.T) {
	t.Parallel()
	c := open(t)
	server := c.other()
	q := c.shared(nil)
	replies := c.requests("")
	for _, size := range []int{0, 1, 15 << 10, 17 << 10, 300 << 10, 2 << 20} {
		body := bytes.Repeat([]byte("lepus"), size/5+1)[:size]
		c.send("", q, amqp.Publishing{
			Headers: amqp.Table{"h": "v"}, ContentType: "text/plain", ContentEncoding: "identity", Priority: 3, MessageId: "id",
			ReplyTo: replyQueue, CorrelationId: "c", Body: body,
		})
		c.publish("", q, "plain")
		c.wantReady(q, 2)
		d := server.get(q)
		if !bytes.Equal(d.Body, body) || d.Headers["h"] != "v" || d.ContentType != "text/plain" || d.ContentEncoding != "identity" ||
			d.Priority != 3 || d.MessageId != "id" || d.CorrelationId != "c" {
			t.Fatalf("a request of %d bytes came with %d, %+v", size, len(d.Body), d.Headers)
		}
		if p := server.get(q); string(p.Body) != "plain" || p.ReplyTo != "" {
			t.Fatalf("after a request of %d bytes: %q, reply to %q", size, p.Body, p.ReplyTo)
		}
		server.send("", d.ReplyTo, amqp.Publishing{Body: body})
		if r := receive(t, replies, "a reply"); !bytes.Equal(r.Body, body) {
			t.Fatalf("a reply of %d bytes came with %d", size, len(r.Body))
		}
	}
}

// Many requesters, many requests at a time, one server: everybody gets theirs, in order.
func TestDirectRepliesInParallel(t *testing.T) {
	t.Parallel()
	c := open(t)
	q := c.shared(nil)
	server := c.other()
	work, err := server.Consume(q, "", true, false, false, false, nil)
	c.must(err)
	const requesters, each = 5, 500
	served := make(chan error, 1)
	go func() {
		for range requesters * each {
			d := <-work
			if err := server.PublishWithContext(t.Context(), "", d.ReplyTo, false, false, amqp.Publishing{Body: d.Body}); err != nil {
				served <- err
				return
			}
		}
		served <- nil
	}()
	for r := range requesters {
		t.Run(fmt.Sprint(r), func(t *testing.T) {
			c := connect(t, c.url)
			replies := c.requests("r")
			for i := range each {
				c.request(q, fmt.Sprintf("%d.%d", r, i))
			}
			for i := range each {
				if d := receive(t, replies, "a reply"); string(d.Body) != fmt.Sprintf("%d.%d", r, i) {
					t.Fatalf("reply %d is %q", i, d.Body)
				}
			}
		})
	}
	if err := receive(t, served, "the server's end"); err != nil {
		t.Error(err)
	}
}

// A reply counts as confirmed, also between messages for queues.
func TestDirectReplyConfirms(t *testing.T) {
	t.Parallel()
	c := open(t)
	replies := c.requests("")
	to := c.address()
	q := c.shared(nil)
	server := c.other()
	server.must(server.Confirm(false))
	confirms := server.NotifyPublish(make(chan amqp.Confirmation, 100))
	for i := range 10 {
		server.send("", q, amqp.Publishing{DeliveryMode: amqp.Persistent})
		server.publish("", to, fmt.Sprint(i))
	}
	for i := range 20 {
		if n := receive(t, confirms, "a confirm"); n.DeliveryTag != uint64(i+1) || !n.Ack {
			t.Fatalf("confirm %d is %+v", i, n)
		}
	}
	for i := range 10 {
		if d := receive(t, replies, "a reply"); string(d.Body) != fmt.Sprint(i) {
			t.Fatalf("reply %d is %q", i, d.Body)
		}
	}
}

// The address of a reply may be among other keys, and be one of the copies.
func TestDirectReplyWithCopies(t *testing.T) {
	t.Parallel()
	c := open(t)
	replies := c.requests("")
	to, q := c.address(), c.queue()
	server := c.other()
	for _, tt := range []struct{ key, cc, bcc string }{{to, q, ""}, {q, to, ""}, {q, "", to}, {to, to, q}} {
		copies := amqp.Table{}
		for header, key := range map[string]string{"CC": tt.cc, "BCC": tt.bcc} {
			if key != "" {
				copies[header] = []any{key}
			}
		}
		server.send("", tt.key, amqp.Publishing{Headers: copies, Body: []byte("copied")})
		d := receive(t, replies, "a reply")
		if _, blind := d.Headers["BCC"]; string(d.Body) != "copied" || blind {
			t.Errorf("%+v: got %q with %v", tt, d.Body, d.Headers)
		}
		c.wantReady(q, 1)
		if got := c.drain(q); len(got) != 1 {
			t.Errorf("%+v: queued %q", tt, got)
		}
		server.settled("", to, "single")
		if d := receive(t, replies, "a reply"); string(d.Body) != "single" {
			t.Errorf("%+v: got a reply twice", tt)
		}
	}
}

// Clients ask by a declaration whether there are direct replies, and whether somebody waits for theirs.
func TestDirectReplyDeclare(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.requests("")
	to := c.address()
	for _, name := range []string{replyQueue, to} {
		for _, declare := range []func(string, bool, bool, bool, bool, amqp.Table) (amqp.Queue, error){
			c.channel().QueueDeclarePassive, c.channel().QueueDeclare, c.other().QueueDeclare,
		} {
			q, err := declare(name, false, false, false, false, nil)
			c.must(err)
			if q.Name != name || q.Messages != 0 || q.Consumers != 1 {
				t.Errorf("declare answers %+v", q)
			}
		}
	}
	missing := replyQueue + ".nobody"
	other := c.channel()
	_, err := other.QueueDeclarePassive(missing, false, false, false, false, nil)
	wantError(t, err, 404, "NOT_FOUND - no queue '"+missing+"' in vhost '/'")
	other = c.channel()
	_, err = other.QueueDeclare(missing, false, false, false, false, nil)
	wantError(t, err, 404, "NOT_FOUND - no queue '"+missing+"' in vhost '/'")

	// Each consumer has an address of its own.
	c.must(c.Cancel("", false))
	again := c.channel()
	again.requests("again")
	if next := again.address(); next == to {
		t.Error("two requesters have the same address")
	}
}

// What is answered when nobody waits any more gets lost, without an error.
func TestDirectReplyToNobody(t *testing.T) {
	t.Parallel()
	c := open(t)
	replies := c.requests("tag")
	to := c.address()
	c.must(c.Cancel("tag", false))
	if _, ok := <-replies; ok {
		t.Error("got a reply")
	}
	server := c.other()
	_, err := server.channel().QueueDeclarePassive(to, false, false, false, false, nil)
	wantError(t, err, 404, "NOT_FOUND - no queue '"+to+"' in vhost '/'")
	server.settled("", to, "lost")
	server.settled("", replyQueue+".nobody", "lost")
	server.settled("", replyQueue, "lost")
	fresh := c.requests("tag")
	server.settled("", to, "lost")
	server.settled("", c.address(), "found")
	if d := receive(t, fresh, "a reply"); string(d.Body) != "found" {
		t.Errorf("got %q", d.Body)
	}
}

func TestDirectReplyErrors(t *testing.T) {
	t.Parallel()
	c := open(t)
	for name, tt := range map[string]struct {
		do   func(*client)
		code int
		text string
	}{
		"request without a consumer": {func(c *client) { c.request("q", "lost") },
			406, "PRECONDITION_FAILED - fast reply consumer does not exist"},
		"consumer of another channel": {func(c *client) { c.channel().requests(""); c.request("q", "lost") },
			406, "PRECONDITION_FAILED - fast reply consumer does not exist"},
		"consumer that acks": {func(c *client) { _, _ = c.Consume(replyQueue, "", false, false, false, false, nil) },
			406, "PRECONDITION_FAILED - reply consumer cannot acknowledge"},
		"two consumers": {func(c *client) {
			c.requests("one")
			_, _ = c.Consume(replyQueue, "two", true, false, false, false, nil)
		}, 406, "PRECONDITION_FAILED - reply consumer already set"},
	} {
		t.Run(name, func(t *testing.T) {
			c := c.channel()
			tt.do(c)
			c.wantClosed(tt.code, tt.text)
		})
	}
}

// The tag of another consumer of the channel ends the connection.
func TestDirectReplyTagReused(t *testing.T) {
	t.Parallel()
	c := open(t)
	_, err := c.Consume(c.queue(), "tag", true, false, false, false, nil)
	c.must(err)
	_, _ = c.Consume(replyQueue, "tag", true, false, false, false, nil)
	c.wantClosed(530, "NOT_ALLOWED - attempt to reuse consumer tag 'tag'")
}

// What newer versions than 3.10 do: an address counts as a queue, and can be none for other purposes.
func TestDirectReplyIsNoQueue(t *testing.T) {
	t.Parallel()
	skipForeign(t)
	c := open(t)
	replies := c.requests("tag")
	to := c.address()
	server := c.other()
	server.must(server.Confirm(false))
	confirms := server.NotifyPublish(make(chan amqp.Confirmation, 3))
	server.sendMandatory("", to, "reply")
	receive(t, replies, "a reply")
	c.must(c.Cancel("tag", false))
	server.sendMandatory("", to, "to somebody who has gone")
	server.sendMandatory("", replyQueue+".x", "to what is no address")
	for range 3 {
		receive(t, confirms, "a confirm")
	}
	if r := receive(t, server.returns, "a return"); string(r.Body) != "to what is no address" || r.ReplyCode != 312 {
		t.Errorf("returned %+v", r)
	}
	if len(server.returns) > 0 {
		t.Error("more was returned")
	}

	tx := c.other()
	again := c.requests("again")
	to = c.address()
	tx.must(tx.Tx())
	tx.publish("", to, "rolled back")
	tx.must(tx.TxRollback())
	tx.publish("", to, "committed")
	tx.must(tx.TxCommit())
	if d := receive(t, again, "a reply"); string(d.Body) != "committed" {
		t.Errorf("got %q", d.Body)
	}

	const text = "ACCESS_REFUSED - cannot bind or unbind to a volatile (direct reply-to) queue"
	wantError(t, c.channel().QueueBind(to, "key", "amq.direct", false, nil), 403, text)
	wantError(t, c.channel().QueueUnbind(replyQueue, "key", "amq.direct", nil), 403, text)
	_, _, err := c.Get(replyQueue, true)
	wantError(t, err, 540, "NOT_IMPLEMENTED - basic.get not supported by volatile queue '"+replyQueue+"' in vhost '/'")
}
