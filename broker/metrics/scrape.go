package metrics

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lepusmq/lepus/broker/stats"
)

// aggregated tells of all objects of a kind together. It makes nothing for each
// queue.
func aggregated(p *page, from Source, process prometheus.Gatherer) {
	w := look(from)
	t := &w.totals
	identify(p, &w.node, "aggregated")
	w.tell(p)
	queues := stats.QueueCounts{
		Ready: t.Ready, Unacked: t.Unacked, ReadyBytes: t.ReadyBytes, UnackedBytes: t.UnackedBytes,
		Persistent: t.Persistent, PersistentBytes: t.PersistentBytes, Resident: t.Resident, ResidentBytes: t.ResidentBytes,
		Consumers: t.Consumers, Memory: t.Memory, Messages: t.Messages,
	}
	queues.Messages.Publish = t.Messages.PublishOut
	tell(p, prefix, &queues, queueCoarse(), queueConsumers(), queueMetrics(), queuePublished(), queueDelivery())
	tell(p, prefix, &t.Messages, publishes("exchange"), confirms("exchange"))
	tell(p, prefix, &stats.Passage{Publish: t.Messages.PublishOut}, passages())
	w.tellChannels(p)
	connections := sum(from.Connections())
	tell(p, prefix, &connections, connectionCoarse(), connectionMetrics())
	p.gathered(process)
}

// tellChannels tells what all channels come to. What channels have counted that
// are gone counts, too: a sum must not fall.
func (w *whole) tellChannels(p *page) {
	all := stats.Channel{Messages: w.totals.Messages}
	for i := range w.channels {
		c := &w.channels[i]
		all.Consumers += c.Consumers
		all.Unacked += c.Unacked
		all.Unconfirmed += c.Unconfirmed
		all.Uncommitted += c.Uncommitted
		all.AcksUncommitted += c.AcksUncommitted
		all.Prefetch += c.Prefetch
		all.GlobalPrefetch += c.GlobalPrefetch
	}
	tell(p, prefix, &all, channelMetrics(), channelMessages(publishes("channel")), channelMessages(confirms("channel")), channelMessages(deliveries("channel")))
}

func sum(connections []stats.Connection) (all stats.Connection) {
	for i := range connections {
		all.Channels += connections[i].Channels
		all.Traffic.Add(&connections[i].Traffic)
	}
	return all
}

// perObject tells of each queue, exchange, channel and connection.
func perObject(p *page, from Source, process prometheus.Gatherer) {
	w := look(from)
	identify(p, &w.node, "per-object")
	w.tell(p)
	e := each{
		from: from, page: p, prefix: prefix, hosts: from.VHosts(), info: true,
		queues:      slices.Concat(queueCoarse(), queueConsumers(), queueState(), queueMetrics(), queuePublished(), queueDelivery()),
		exchanges:   publishes("exchange"),
		passages:    passages(),
		channels:    slices.Concat(channelMetrics(), channelMessages(confirms("channel"))),
		outlets:     partMessages(publishes("channel")),
		dealings:    partMessages(deliveries("channel")),
		connections: slices.Concat(connectionCoarse(), connectionMetrics()),
	}
	e.tell()
	p.gathered(process)
}
