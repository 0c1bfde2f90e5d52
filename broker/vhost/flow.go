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
	dropped := byReason(func(why queue.Reason) uint64 { return f.Dropped[why] })
	to.Messages.Add(m)
	if e.queue.Quorum() {
		to.Quorum.Add(m)
		to.QuorumDead.Disabled.Add(&dropped)
	} else {
		to.ClassicDead.Disabled.Add(&dropped)
	}
}

// deaths counts what became of messages that died in queues of one type with a
// dead letter exchange. Those of other queues the queues count.
type deaths struct {
	disabled, atMostOnce, atLeastOnce reasons
	confirmed                         atomic.Uint64
}

// deaths is where those of a queue are counted.
func (v *VHost) deaths(q *queue.Queue) *deaths {
	if q.Quorum() {
		return &v.quorumDeaths
	}
	return &v.classicDeaths
}

// count counts letters that go to an exchange, if it is there.
func (d *deaths) count(letters []queue.Dead, to *queue.DeadLetter, there bool) {
	switch {
	case to.AtLeastOnce:
		d.atLeastOnce.count(letters)
	case there:
		d.atMostOnce.count(letters)
	default:
		d.disabled.count(letters)
	}
}

func (d *deaths) counts() stats.Deaths {
	return stats.Deaths{
		Disabled: d.disabled.counts(), AtMostOnce: d.atMostOnce.counts(), AtLeastOnce: d.atLeastOnce.counts(),
		Confirmed: d.confirmed.Load(),
	}
}

// reasons counts messages by why they have died.
type reasons [queue.DeliveryLimit + 1]atomic.Uint64

func (r *reasons) count(letters []queue.Dead) {
	var n [queue.DeliveryLimit + 1]uint64
	for i := range letters {
		n[letters[i].Reason]++
	}
	for why := range n {
		if n[why] > 0 {
			r[why].Add(n[why])
		}
	}
}

func (r *reasons) counts() stats.Dead {
	return byReason(func(why queue.Reason) uint64 { return r[why].Load() })
}

func byReason(n func(queue.Reason) uint64) stats.Dead {
	return stats.Dead{
		Expired: n(queue.Expired), MaxLength: n(queue.MaxLen),
		Rejected: n(queue.Rejected), DeliveryLimit: n(queue.DeliveryLimit),
	}
}
