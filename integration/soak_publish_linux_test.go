package integration

import (
	"context"
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"
)

// spend says whether there is something left to publish in this tide, and takes a message's size off it.
func (s *soak) spend(msg amqp.Publishing) bool {
	return s.left.Add(-int64(len(msg.Body))-200) > 0
}

// publishConfirmed sends to the backlog, and by the fanout, with confirms. Every third message is transient.
func (s *soak) publishConfirmed(name string) error {
	conn, err := s.dial()
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	ch, err := confirming(conn)
	if err != nil {
		return err
	}
	type open struct {
		id      string
		queues  []string
		confirm *amqp.DeferredConfirmation
	}
	var window []open
	await := func(most int) error {
		for ; len(window) > most; window = window[1:] {
			ctx, cancel := context.WithTimeout(context.Background(), 3*patience)
			ok, err := window[0].confirm.WaitContext(ctx)
			cancel()
			if err != nil || !ok {
				return fmt.Errorf("%s: confirmed %v, %w", window[0].id, ok, err)
			}
			s.ledger.confirmed(window[0].id, window[0].queues...)
		}
		return nil
	}
	for n := 1; ; n++ {
		id, transient := newID(name, n), n%3 == 0
		msg := publishing(id, transient)
		if !s.spend(msg) {
			return await(0)
		}
		exchange, key, queues := "", backlogQueue, []string{backlogQueue}
		if n%4 == 0 {
			exchange, key, queues = "amq.fanout", "", []string{fan0, fan1}
		}
		s.ledger.sent(id, entry{transient: transient}, queues...)
		confirm, err := ch.PublishWithDeferredConfirm(exchange, key, false, false, msg)
		if err != nil {
			return err
		}
		window = append(window, open{id, queues, confirm})
		if err := await(200); err != nil {
			return err
		}
	}
}

// publishInTransactions sends to the backlog and to the queue that is not durable, and takes back every fourth transaction.
func (s *soak) publishInTransactions(name string) error {
	conn, err := s.dial()
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	if err := ch.Tx(); err != nil {
		return err
	}
	const size = 8
	for n := 1; ; n += size {
		rollback := n/size%4 == 3
		var ids [size]string
		for i := range ids {
			ids[i] = newID(name, n+i)
			msg := publishing(ids[i], i%3 == 0)
			if !s.spend(msg) && i == 0 {
				return nil
			}
			queue := []string{backlogQueue, plainQueue}[i%2]
			if !rollback {
				s.ledger.sent(ids[i], entry{}, queue)
			}
			if err := ch.Publish("", queue, false, false, msg); err != nil {
				return err
			}
		}
		if rollback {
			if err := ch.TxRollback(); err != nil {
				return err
			}
			continue
		}
		if err := ch.TxCommit(); err != nil {
			return err
		}
		for i, id := range ids {
			s.ledger.confirmed(id, []string{backlogQueue, plainQueue}[i%2])
		}
	}
}

// publishUnconfirmed sends transient messages and asks for nothing. Closing the connection makes sure they have arrived.
func (s *soak) publishUnconfirmed(name string) error {
	conn, err := s.dial()
	if err != nil {
		return err
	}
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	for n := 1; ; n++ {
		id := newID(name, n)
		msg := publishing(id, true)
		if !s.spend(msg) {
			return conn.Close()
		}
		queue := []string{backlogQueue, spilledQueue, spilledQueue, plainQueue}[n%4]
		s.ledger.sent(id, entry{transient: true}, queue)
		if err := ch.Publish("", queue, false, false, msg); err != nil {
			return err
		}
	}
}

// dropBacklog fills a queue of its connection's with messages that are not kept, a fifth of what the tide has, and
// leaves without taking any.
func (s *soak) dropBacklog() error {
	conn, err := s.dial()
	if err != nil {
		return err
	}
	ch, err := confirming(conn)
	if err != nil {
		return err
	}
	q, err := ch.QueueDeclare("", false, false, true, false, nil)
	if err != nil {
		return err
	}
	const size = 32 << 10
	n := int(s.swell / 5 / size)
	for range n {
		msg := amqp.Publishing{DeliveryMode: amqp.Transient, Body: make([]byte, size)}
		if err := ch.Publish("", q.Name, false, false, msg); err != nil {
			return err
		}
	}
	if q, err = ch.QueueDeclarePassive(q.Name, false, false, true, false, nil); err != nil {
		return err
	}
	if q.Messages != n {
		return fmt.Errorf("queue %s has %d messages, want %d", q.Name, q.Messages, n)
	}
	return conn.Close()
}
