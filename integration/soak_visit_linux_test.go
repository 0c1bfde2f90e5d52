package integration

import (
	"errors"
	"fmt"
	"net"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// visit has connections come and go, each with a queue of its own, until the tide has ebbed.
func (s *soak) visit(first int) {
	for n := first; ; n++ {
		select {
		case <-s.ebbed:
			return
		default:
		}
		if err := s.visitOnce(n); err != nil {
			s.t.Errorf("a visitor failed: %v", err)
			return
		}
		s.visits.Add(1)
	}
}

// visitOnce declares a queue, sends to it through an exchange, consumes part of it and leaves in one of several ways.
func (s *soak) visitOnce(n int) error {
	var socket net.Conn
	conn, err := amqp.DialConfig(s.url, amqp.Config{Locale: "en_US", Dial: func(network, addr string) (net.Conn, error) {
		var err error
		socket, err = amqp.DefaultDial(3*patience)(network, addr)
		return socket, err
	}})
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	ch, err := confirming(conn)
	if err != nil {
		return err
	}
	durable, autoDelete, exclusive := n%4 == 0, n%4 == 1, n%4 > 1
	name := unique(s.t)
	if _, err := ch.QueueDeclare(name, durable, autoDelete, exclusive, false, nil); err != nil {
		return err
	}
	if err := ch.QueueBind(name, name+".*", "amq.topic", false, nil); err != nil {
		return err
	}
	const messages, consumed = 40, 30
	var confirm *amqp.DeferredConfirmation
	for i := range messages {
		confirm, err = ch.PublishWithDeferredConfirm("amq.topic", name+".key", false, false,
			amqp.Publishing{DeliveryMode: uint8(1 + i%2), Body: fmt.Append(nil, i)})
		if err != nil {
			return err
		}
	}
	if !confirm.Wait() {
		return errors.New("not confirmed")
	}
	deliveries, err := ch.Consume(name, name, false, exclusive, false, false, nil)
	if err != nil {
		return err
	}
	for i := range consumed {
		select {
		case d, ok := <-deliveries:
			if got := string(d.Body); !ok || got != fmt.Sprint(i) || d.Redelivered {
				return fmt.Errorf("queue %s delivered %q in place of %d", name, got, i)
			}
			if err := d.Ack(false); err != nil {
				return err
			}
		case <-time.After(3 * patience):
			return fmt.Errorf("queue %s does not deliver", name)
		}
	}
	switch {
	case durable:
		_, err = ch.QueueDelete(name, false, false, false)
		return err
	case autoDelete:
		return ch.Cancel(name, false)
	case n%4 == 2:
		return conn.Close()
	default:
		return socket.Close() // without a word
	}
}
