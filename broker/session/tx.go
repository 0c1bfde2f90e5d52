package session

import (
	"slices"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
)

// transaction is what a channel in tx mode has done since the last commit.
type transaction struct {
	published []txPublish
	settled   []txSettle
}

// txPublish is a message that was routed and not yet handed on.
type txPublish struct {
	queue.Publication
	queues    []*queue.Queue
	mandatory bool
}

// txSettle is a delivery that was settled and can still be taken back.
type txSettle struct {
	unacked
	how fate
}

func (t *transaction) publish(queues []*queue.Queue, p queue.Publication, mandatory bool) {
	t.published = append(t.published, txPublish{Publication: p, queues: slices.Clone(queues), mandatory: mandatory})
}

func (t *transaction) settle(taken []unacked, how fate) {
	for _, u := range taken {
		t.settled = append(t.settled, txSettle{unacked: u, how: how})
	}
}

// end drops the messages and returns the deliveries that were settled and are
// now to be returned to their queues.
func (t *transaction) end() []unacked {
	for i := range t.published {
		t.published[i].Release()
	}
	var held []unacked
	for i := range t.settled {
		held = append(held, t.settled[i].unacked)
	}
	*t = transaction{}
	return held
}

// txSelect puts the channel into tx mode.
func (ch *channel) txSelect() *amqp.Error {
	if ch.mode == confirming {
		return amqp.ConfirmToTx()
	}
	ch.mode = transactional
	ch.send(&amqp.TxSelectOk{})
	return nil
}

// txRollback forgets the publishes and makes settled deliveries outstanding
// again, under their old tags.
func (ch *channel) txRollback() *amqp.Error {
	if ch.mode != transactional {
		return amqp.NotTransactional()
	}
	held := ch.tx.end()
	ch.mu.Lock()
	for _, u := range held {
		ch.unacked.putBack(u)
	}
	ch.mu.Unlock()
	ch.send(&amqp.TxRollbackOk{})
	return nil
}

// txCommit hands everything on as one group. The client is told when the group
// is durable.
func (ch *channel) txCommit() *amqp.Error {
	if ch.mode != transactional {
		return amqp.NotTransactional()
	}
	var group queue.Group
	for i := range ch.tx.published {
		ch.commitPublish(&group, &ch.tx.published[i])
	}
	counted := 0
	var back [failed + 1][]unacked // by fate, of those that go back
	for i := range ch.tx.settled {
		u := &ch.tx.settled[i]
		switch u.how {
		case acked:
			group.Ack(u.queue, u.settlement())
		case rejected:
			group.Reject(u.queue, u.settlement())
		default:
			back[u.how] = append(back[u.how], u.unacked)
			continue
		}
		if !u.free {
			counted++
		}
	}
	ch.tx = transaction{}
	ch.ask()
	group.Commit(ch.s.vhost.NewGroup, func() {
		if group.Refused() {
			ch.answer(nil, amqp.PartialCommit(), amqp.TxCommitID)
			return
		}
		ch.answer(&amqp.TxCommitOk{}, nil, amqp.TxCommitID)
	})
	ch.settle(back[returned], returned)
	ch.settle(back[failed], failed)
	if counted > 0 {
		ch.window.settled(counted)
	}
	return nil
}

// commitPublish adds one message to the group, or returns it.
func (ch *channel) commitPublish(group *queue.Group, p *txPublish) {
	if len(p.queues) == 0 {
		if p.mandatory {
			ch.giveBack(&p.Message)
		}
		p.Release()
		return
	}
	durable := 0
	for _, q := range p.queues {
		if q.Durable() {
			durable++
		}
	}
	if p.Persistent && durable > 1 {
		p.Fanout = queue.NewFanout(durable)
	}
	p.Retain(len(p.queues) - 1)
	for _, q := range p.queues {
		group.Publish(q, p.Publication)
	}
}
