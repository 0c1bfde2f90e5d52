package integration

import (
	"context"
	"math/rand/v2"

	amqp "github.com/rabbitmq/amqp091-go"
)

// emptied is the queue that is filled and then emptied at once, again and again.
const emptied = "emptied"

// empty fills that queue with confirmed messages and drops them all: by a purge or, now and then, by deleting the queue.
func (l *load) empty(conn *amqp.Connection, name string) error {
	ch, err := confirming(conn)
	if err != nil {
		return err
	}
	var purged []string
	for n, round := 0, 1; ; round++ {
		ids := make([]string, 1+rand.IntN(l.backlog/20))
		for i := range ids {
			ids[i] = newID(name, n+i)
		}
		n += len(ids)
		if err := l.settled(ch, emptied, ids); err != nil {
			return err
		}
		l.ledger.stored(emptied, purged...) // before these
		l.ledger.acked(emptied, ids...)
		dropped := 0
		if round%3 == 0 {
			if dropped, err = ch.QueueDelete(emptied, false, false, false); err != nil {
				return err
			}
			l.ledger.stored(emptied, ids...)
			_, err = ch.QueueDeclare(emptied, true, false, false, false, nil)
		} else {
			dropped, err = ch.QueuePurge(emptied, false)
		}
		if err != nil {
			return err
		}
		if dropped != len(ids) {
			l.ledger.complain(l.t, "queue %s had %d messages when it was emptied, want %d", emptied, dropped, len(ids))
		}
		purged = ids
	}
}

// settled publishes messages and returns when all are confirmed.
func (l *load) settled(ch *amqp.Channel, queue string, ids []string) error {
	confirms := make([]*amqp.DeferredConfirmation, len(ids))
	for i, id := range ids {
		l.ledger.sent(id, entry{}, queue)
		var err error
		if confirms[i], err = ch.PublishWithDeferredConfirm("", queue, false, false, publishing(id, false)); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for i, id := range ids {
		if ok, err := confirms[i].WaitContext(ctx); err != nil || !ok {
			return amqp.ErrClosed
		}
		l.ledger.confirmed(id, queue)
	}
	return nil
}
