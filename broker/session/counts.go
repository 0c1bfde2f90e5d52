package session

import (
	"github.com/lepusmq/lepus/broker/stats"
	"github.com/lepusmq/lepus/broker/vhost"
	"github.com/lepusmq/lepus/queue"
)

// run is what a channel has published and the exchange has not been told. That
// happens once for what is read together, or when another exchange comes.
type run struct {
	to  *vhost.Flow
	out *outlet // of that exchange
	vhost.Passed
	noted bool // among the session's runs
}

// passed counts a message that was published and goes to so many queues. Called
// with work held.
func (ch *channel) passed(queues int) {
	r := &ch.run
	if r.to != ch.route.Flow {
		ch.endRun()
		r.to, r.out = ch.route.Flow, ch.outlet(ch.route.Flow)
	}
	r.In++
	r.Out += uint64(queues)
	if !r.noted {
		r.noted = true
		ch.s.runs = append(ch.s.runs, ch)
	}
}

// endRun tells the exchange. Called with work held.
func (ch *channel) endRun() {
	r := &ch.run
	if r.to == nil || r.Passed == (vhost.Passed{}) {
		return
	}
	r.to.Add(&r.Passed)
	ch.sent.Publish += r.In
	ch.sent.ReturnUnroutable += r.Returned
	ch.sent.DropUnroutable += r.Dropped
	r.out.count(&r.Passed)
	r.Passed = vhost.Passed{}
}

// endRuns tells the exchanges what was published since the last call. Called with
// work held.
func (s *Session) endRuns() {
	for i, ch := range s.runs {
		ch.endRun()
		ch.run.noted = false
		s.runs[i] = nil
	}
	s.runs = s.runs[:0]
}

// sent is what a client has done on a channel. Guarded by the session's work.
type sent struct{ Publish, ReturnUnroutable, DropUnroutable, Ack uint64 }

// given is what a client was given on a channel. Guarded by the channel's mu.
type given struct{ Deliver, DeliverNoAck, Get, GetNoAck, GetEmpty, Redeliver uint64 }

// delivered counts what was pushed to consumers.
func (g *given) delivered(ack, noAck, again uint64) {
	g.Deliver += ack
	g.DeliverNoAck += noAck
	g.Redeliver += again
}

// gave counts what was fetched.
func (g *given) gave(d *queue.Delivery) {
	if d.Slot == 0 {
		g.GetNoAck++
	} else {
		g.Get++
	}
	if d.Redelivered() {
		g.Redeliver++
	}
}

func (g *given) messages() stats.Messages {
	return stats.Messages{
		Deliver: g.Deliver, DeliverNoAck: g.DeliverNoAck,
		Get: g.Get, GetNoAck: g.GetNoAck, GetEmpty: g.GetEmpty, Redeliver: g.Redeliver,
	}
}

// messages is what the channel has counted. Called with work and mu held.
func (ch *channel) messages() stats.Messages {
	m := ch.given.messages()
	m.Publish, m.Confirm, m.Ack = ch.sent.Publish, ch.confirms.done, ch.sent.Ack
	m.ReturnUnroutable, m.DropUnroutable = ch.sent.ReturnUnroutable, ch.sent.DropUnroutable
	return m
}
