package broker_test

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker"
)

// hello is what a client sends to open a connection and a channel.
func hello() []byte {
	b := []byte(amqp.ProtocolHeader)
	b = amqp.AppendMethod(b, 0, &amqp.ConnectionStartOk{Mechanism: "PLAIN", Response: "\x00guest\x00guest", Locale: "en_US"})
	b = amqp.AppendMethod(b, 0, &amqp.ConnectionTuneOk{ChannelMax: 8, FrameMax: 4096})
	b = amqp.AppendMethod(b, 0, &amqp.ConnectionOpen{VirtualHost: "/"})
	return amqp.AppendMethod(b, 1, &amqp.ChannelOpen{})
}

// conversation is something of everything that a client may say then.
func conversation() []byte {
	var b []byte
	say := func(m amqp.Method) { b = amqp.AppendMethod(b, 1, m) }
	publish := func(exchange, body string) {
		say(&amqp.BasicPublish{Exchange: []byte(exchange), RoutingKey: []byte("q"), Mandatory: true})
		b = amqp.AppendHeader(b, 1, 60, uint64(len(body)), []byte{0x10, 0, 2})
		b = amqp.AppendBody(b, 1, []byte(body), 64)
	}
	say(&amqp.QueueDeclare{Queue: "q", Exclusive: true})
	say(&amqp.ExchangeDeclare{Exchange: "x", Type: "topic", AutoDelete: true})
	say(&amqp.QueueBind{Queue: "q", Exchange: "x", RoutingKey: "#"})
	say(&amqp.ConfirmSelect{})
	publish("x", "one")
	publish("", string(make([]byte, 300)))
	publish("x", "")
	say(&amqp.BasicQos{PrefetchCount: 1, Global: true})
	say(&amqp.BasicConsume{Queue: "q", ConsumerTag: "c"})
	say(&amqp.BasicAck{DeliveryTag: 1})
	say(&amqp.BasicNack{DeliveryTag: 2, Multiple: true, Requeue: true})
	say(&amqp.BasicGet{Queue: "q"})
	say(&amqp.BasicRecover{Requeue: true})
	say(&amqp.BasicCancel{ConsumerTag: "c"})
	say(&amqp.QueueUnbind{Queue: "q", Exchange: "x", RoutingKey: "#"})
	say(&amqp.QueuePurge{Queue: "q"})
	b = amqp.AppendMethod(b, 2, &amqp.ChannelOpen{})
	b = amqp.AppendMethod(b, 2, &amqp.TxSelect{})
	b = amqp.AppendMethod(b, 2, &amqp.TxCommit{})
	say(&amqp.QueueDelete{Queue: "q"})
	say(&amqp.ChannelClose{ReplyCode: 200})
	return amqp.AppendMethod(amqp.AppendHeartbeat(b), 0, &amqp.ConnectionClose{ReplyCode: 200})
}

// FuzzConnection sends anything to a broker, behind a proper handshake and
// without one. The connection must end when the client does, and the broker
// must be as it should be afterwards.
func FuzzConnection(f *testing.F) {
	f.Add(true, conversation())
	f.Add(false, append(hello(), conversation()...))
	f.Add(false, []byte("GET / HTTP/1.1\r\n\r\n"))
	for i := 0; i < len(conversation()); i += 37 {
		flipped := conversation()
		flipped[i] ^= 0x55
		f.Add(true, flipped)
	}
	b := broker.New(broker.Config{})
	if err := b.Start(); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := b.Shutdown(f.Context()); err != nil {
			f.Error(err)
		}
	})
	f.Fuzz(func(t *testing.T, proper bool, data []byte) {
		conn, err := net.Dial("tcp", b.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if proper {
			data = append(hello(), data...)
		}
		// The broker may hang up before it has got all.
		_, _ = io.Copy(conn, bytes.NewReader(data))
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, conn)
		if err := b.Check(); err != nil {
			t.Fatal(err)
		}
	})
}
