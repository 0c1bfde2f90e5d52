package session

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/vhost"
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
	from      *vhost.Flow // the exchange by which it came
	queues    []*queue.Queue
	replies   []vhost.Replier
	mandatory bool
	late      postponed // if it is to wait at exchanges, too
	// remembered says that exchanges are to remember it.
	remembered bool
	// since is when it was published, in Unix milliseconds, if it expires: it
	// lives from the commit on.
	since int64
}

// txSettle is deliveries that were settled and can still be taken back.
type txSettle struct {
	unacked
	how fate
}

func (t *transaction) publish(to *vhost.Route, p queue.Publication, mandatory bool) {
	var since int64
	if p.Expires != 0 {
		since = time.Now().UnixMilli()
	}
	t.published = append(t.published, txPublish{
		Publication: p, from: to.Flow, queues: slices.Clone(to.Queues), replies: slices.Clone(to.Replies), mandatory: mandatory,
		remembered: to.Remembers(), since: since,
	})
}

// postpone has the message that was published last wait at exchanges.
func (t *transaction) postpone(late postponed) {
	late.keep()
	t.published[len(t.published)-1].late = late
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
		t.published[i].late.message.Release()
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
	for i := range held {
		held[i].each(ch.unacked.putBack)
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
	var refused atomic.Bool // an original of a duplicate
	done := commitWait{answer: func() {
		if group.Refused() || refused.Load() {
			ch.answer(nil, amqp.PartialCommit(), amqp.TxCommitID)
			return
		}
		ch.answer(&amqp.TxCommitOk{}, nil, amqp.TxCommitID)
	}}
	done.left.Store(1 << 32) // until all are counted
	waits := 1
	for i := range ch.tx.published {
		p := &ch.tx.published[i]
		if p.since != 0 {
			p.Expires += time.Now().UnixMilli() - p.since
		}
		if p.remembered {
			waits += ch.commitRemembered(&group, p, func(no bool) {
				if no {
					refused.Store(true)
				}
				done.came()
			})
			continue
		}
		ch.commitPublish(&group, p)
		if len(p.late.at) > 0 {
			p.late.join(&group)
		}
	}
	counted := 0
	var back [failed + 1][]unacked // by fate, of those that go back
	for i := range ch.tx.settled {
		u := &ch.tx.settled[i]
		switch u.how {
		case acked:
			group.Ack(u.from.queue, u.settlement())
			ch.sent.Ack += uint64(u.count())
			u.from.acked += uint64(u.count())
		case rejected:
			group.Reject(u.from.queue, u.settlement())
		default:
			back[u.how] = append(back[u.how], u.unacked)
			continue
		}
		if !u.free {
			counted += u.count()
		}
	}
	ch.tx = transaction{}
	ch.ask()
	done.left.Add(int64(waits) - 1<<32)
	group.Commit(ch.s.vhost.NewGroup, done.came)
	ch.s.notePressure(nil)
	ch.settle(back[returned], returned)
	ch.settle(back[failed], failed)
	if counted > 0 {
		ch.window.settled(counted)
	}
	return nil
}

// commitPublish adds one message to the group, or does with it what is done
// without a queue.
func (ch *channel) commitPublish(group *queue.Group, p *txPublish) {
	if len(p.queues) == 0 || p.mandatory && ch.s.vhost.Gone(p.queues) {
		ch.withoutQueue(&p.Publication, p.replies, p.mandatory && len(p.late.at) == 0)
		return
	}
	ch.s.reply(p.replies, &p.Message)
	durable := 0
	for _, q := range p.queues {
		if q.Durable() {
			durable++
		}
	}
	addTo(group, p.from, p.queues, durable, &p.Publication)
}

// commitWait answers a tx.commit when its group is durable, and the originals of
// its duplicates are safe.
type commitWait struct {
	left   atomic.Int64
	answer func()
}

func (w *commitWait) came() {
	if w.left.Add(-1) == 0 {
		w.answer()
	}
}
