package integration

import (
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// received notes a delivery and returns its id. What a consumer gets for the first time must be in order.
func (s *soak) received(queue string, d *amqp.Delivery, order order) string {
	if wrong := s.ledger.delivered(queue, d); wrong != "" {
		s.ledger.complain(s.t, "%s", wrong)
	}
	id, _ := identify(d.Body)
	if !d.Redelivered {
		if wrong := order.next(id); wrong != "" {
			s.ledger.complain(s.t, "queue %s: %s", queue, wrong)
		}
	}
	return id
}

// open starts to consume on a new channel.
func (s *soak) open(conn *amqp.Connection, queue string, prefetch int, noAck bool) (*amqp.Channel, <-chan amqp.Delivery, error) {
	ch, err := conn.Channel()
	if err != nil {
		return nil, nil, err
	}
	if err := ch.Qos(prefetch, 0, false); err != nil {
		return nil, nil, err
	}
	deliveries, err := ch.Consume(queue, "", noAck, false, false, false, nil)
	return ch, deliveries, err
}

// consumeUnacked takes all without acks.
func (s *soak) consumeUnacked(conn *amqp.Connection, queue string) error {
	_, deliveries, err := s.open(conn, queue, 0, true)
	if err != nil {
		return err
	}
	order := order{}
	for d := range deliveries {
		s.ledger.acked(queue, s.received(queue, &d, order))
	}
	return nil
}

// consumeAcking acknowledges one by one.
func (s *soak) consumeAcking(conn *amqp.Connection, queue string) error {
	_, deliveries, err := s.open(conn, queue, 300, false)
	if err != nil {
		return err
	}
	order := order{}
	for d := range deliveries {
		s.ledger.acked(queue, s.received(queue, &d, order))
		if err := d.Ack(false); err != nil {
			return err
		}
	}
	return nil
}

// consumeReturning puts back part of what it gets for the first time, by nack or reject.
func (s *soak) consumeReturning(conn *amqp.Connection, queue string) error {
	_, deliveries, err := s.open(conn, queue, 50, false)
	if err != nil {
		return err
	}
	order := order{}
	for d := range deliveries {
		id := s.received(queue, &d, order)
		switch {
		case !d.Redelivered && d.DeliveryTag%5 == 0:
			s.ledger.returned(queue, id)
			err = d.Nack(false, true)
		case !d.Redelivered && d.DeliveryTag%5 == 1:
			s.ledger.returned(queue, id)
			err = d.Reject(true)
		default:
			s.ledger.acked(queue, id)
			err = d.Ack(false)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// consumeReopening acknowledges many at once, and now and then closes its channel on what it has.
func (s *soak) consumeReopening(conn *amqp.Connection, queue string) error {
	for {
		ch, deliveries, err := s.open(conn, queue, 100, false)
		if err != nil {
			return err
		}
		var held []string
		order := order{}
		settle := func(d amqp.Delivery) error {
			s.ledger.acked(queue, held...)
			held = nil
			return d.Ack(true)
		}
		var last amqp.Delivery
		for n := 0; n < 1017; {
			select {
			case d, ok := <-deliveries:
				if !ok {
					return nil
				}
				n++
				held, last = append(held, s.received(queue, &d, order)), d
				if len(held) == 30 {
					err = settle(d)
				}
			case <-time.After(50 * time.Millisecond): // what is held may be all there is
				if len(held) > 0 {
					err = settle(last)
				}
			}
			if err != nil {
				return err
			}
		}
		s.ledger.returned(queue, held...)
		if err := ch.Close(); err != nil {
			return err
		}
	}
}

// get polls, in turn with acks and without.
func (s *soak) get(conn *amqp.Connection, queue string) error {
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	order := order{}
	for noAck := false; ; noAck = !noAck {
		d, ok, err := ch.Get(queue, noAck)
		if err != nil {
			return err
		}
		if !ok {
			select {
			case <-time.After(20 * time.Millisecond):
				continue
			case <-s.ebbed:
				return nil
			}
		}
		s.ledger.acked(queue, s.received(queue, &d, order))
		if !noAck {
			if err := d.Ack(false); err != nil {
				return err
			}
		}
	}
}
