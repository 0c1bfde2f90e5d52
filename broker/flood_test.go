package broker_test

import (
	"bytes"
	"context"
	"net"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/brokertest"
)

// TestFloodNews has a client write small parts as fast as it can: heartbeats, which
// are read faster than written on any machine. The end of the broker is the end of
// the flood.
func TestFloodNews(t *testing.T) {
	news := make(chan bool, 8)
	f := brokertest.Start(t, func(c *broker.Config) { c.FloodNews = func(on bool) { news <- on } })
	var socket net.Conn
	conn, err := amqp.DialConfig(f.URL, amqp.Config{Dial: func(network, address string) (net.Conn, error) {
		var err error
		socket, err = net.Dial(network, address)
		return socket, err
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	few := bytes.Repeat([]byte{8, 0, 0, 0, 0, 0, 0, 0xCE}, 6)
	for end, on := time.Now().Add(patience), false; !on; {
		select {
		case on = <-news:
			if !on {
				t.Fatal("told of the end of a flood that had not begun")
			}
		default:
			if time.Now().After(end) {
				t.Fatal("nobody is told of a flood")
			}
			if _, err := socket.Write(few); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := f.Broker.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	if await(t, news, "news of the end") {
		t.Error("told twice of the flood")
	}
}
