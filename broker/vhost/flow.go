package vhost

import (
	"sync/atomic"

	"github.com/lepusmq/lepus/broker/stats"
	"github.com/lepusmq/lepus/exchange"
	"github.com/lepusmq/lepus/queue"
)

// Flow counts what goes through an exchange. Channels count for themselves first,
// and tell it once for what they have read together. Any goroutine may use it.
type Flow struct {
	// Origin is what queues know the exchange by.
	Origin queue.Origin

	in, out, returned, dropped atomic.Uint64
}

func newFlow(exchange string) *Flow { return &Flow{Origin: queue.Origin{Name: exchange}} }

// Passed is messages that were published to an exchange: how many came, to how
// many queues they went, and how many had none, with the mandatory flag and
// without.
type Passed struct{ In, Out, Returned, Dropped uint64 }

// Add adds to the counts.
func (f *Flow) Add(p *Passed) {
	f.in.Add(p.In)
	if p.Out > 0 {
		f.out.Add(p.Out)
	}
	if p.Returned > 0 {
		f.returned.Add(p.Returned)
	}
	if p.Dropped > 0 {
		f.dropped.Add(p.Dropped)
	}
}

// counts returns what was counted; in is also what was published.
func (f *Flow) counts() *stats.Messages {
	in := f.in.Load()
	return &stats.Messages{
		Publish: in, PublishIn: in, PublishOut: f.out.Load(),
		ReturnUnroutable: f.returned.Load(), DropUnroutable: f.dropped.Load(),
	}
}

func flowOf(x *exchange.Exchange) *Flow { return x.Flow.(*Flow) }

// Confirmed counts publishes that were confirmed, of which no exchange knows.
func (v *VHost) Confirmed(n uint64) { v.confirmed.Add(n) }

// counted returns what a queue counts, but for what was published: that is counted
// by the exchanges, once for each message.
func counted(f queue.Flow) *stats.Messages {
	return &stats.Messages{
		Deliver: f.Deliver, DeliverNoAck: f.DeliverNoAck, Get: f.Get, GetNoAck: f.GetNoAck, GetEmpty: f.GetEmpty,
		Redeliver: f.Redeliver, Ack: f.Ack, DiskReads: f.DiskReads, DiskWrites: f.DiskWrites,
	}
}

// tally adds what a queue has counted to totals.
func (e *entry) tally(f queue.Flow, to *stats.Totals) {
	m := counted(f)
	to.Messages.Add(m)
	if e.queue.Quorum() {
		to.Quorum.Add(m)
	}
}

// dead counts messages that died in queues with a dead letter exchange, by their
// reason.
type dead [queue.DeliveryLimit + 1]atomic.Uint64

func (d *dead) count(letters []queue.Dead) {
	var n [queue.DeliveryLimit + 1]uint64
	for i := range letters {
		n[letters[i].Reason]++
	}
	for why := range n {
		if n[why] > 0 {
			d[why].Add(n[why])
		}
	}
}

// Dead returns how many messages have died in queues with a dead letter exchange.
func (v *VHost) Dead() stats.Dead {
	return stats.Dead{
		Expired: v.dead[queue.Expired].Load(), MaxLength: v.dead[queue.MaxLen].Load(),
		Rejected: v.dead[queue.Rejected].Load(), DeliveryLimit: v.dead[queue.DeliveryLimit].Load(),
	}
}
