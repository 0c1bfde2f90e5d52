package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lepusmq/lepus/broker/stats"
)

// prefix is that of all metrics but those of detailed scrapes.
const prefix = "rabbitmq_"

// unchecked collectors do not say beforehand what they will tell.
type unchecked struct{}

// Describe implements prometheus.Collector.
func (unchecked) Describe(chan<- *prometheus.Desc) {}

// general is what each scrape of the whole broker tells.
type general struct {
	from     Source
	endpoint string

	info   *info
	node   *group[stats.Node]
	auth   *group[stats.Node] // by protocol
	totals *group[stats.Totals]
	global *global
}

func newGeneral(from Source, endpoint string) general {
	return general{
		from: from, endpoint: endpoint, info: newInfo(),
		node:   describe(prefix, nil, alarmMetrics(), nodeCoarse(), nodeMetrics()),
		auth:   describe(prefix, []string{"protocol"}, authMetrics()),
		totals: describe(prefix, nil, churnMetrics(), totalMetrics()),
		global: newGlobal(),
	}
}

// tell tells it, and returns what it was made of.
func (g *general) tell(to chan<- prometheus.Metric) (stats.Totals, []stats.Channel) {
	n, channels := g.from.Node(), g.from.Channels()
	t, _ := g.from.Totals("") // there is no error for all virtual hosts
	g.info.tell(to, &n, g.endpoint)
	g.node.tell(to, &n)
	g.auth.tell(to, &n, protocol)
	g.totals.tell(to, &t)
	g.global.tell(to, &t, &n, channels)
	return t, channels
}

// aggregated tells of all objects of a kind together. It makes nothing for each
// queue.
type aggregated struct {
	unchecked
	general

	queues      *group[stats.QueueCounts]
	channels    *group[stats.Channel]
	connections *group[stats.Connection]
}

func newAggregated(from Source) *aggregated {
	return &aggregated{
		general:     newGeneral(from, "aggregated"),
		queues:      describe(prefix, nil, queueCoarse(), queueConsumers(), queueMetrics(), queuePublished(), queueDelivery()),
		channels:    describe(prefix, nil, channelMetrics(), channelMessages(publishes("channel")), channelMessages(deliveries("channel"))),
		connections: describe(prefix, nil, connectionCoarse(), connectionMetrics()),
	}
}

// Collect implements prometheus.Collector.
func (a *aggregated) Collect(to chan<- prometheus.Metric) {
	t, channels := a.tell(to)
	queues := stats.QueueCounts{
		Ready: t.Ready, Unacked: t.Unacked, ReadyBytes: t.ReadyBytes, UnackedBytes: t.UnackedBytes,
		Persistent: t.Persistent, PersistentBytes: t.PersistentBytes, Resident: t.Resident, ResidentBytes: t.ResidentBytes,
		Consumers: t.Consumers, Memory: t.Memory, Messages: t.Messages,
	}
	queues.Messages.Publish = t.Messages.PublishOut
	a.queues.tell(to, &queues)
	// What channels have counted that are gone counts, too: a sum must not fall.
	sum := stats.Channel{Messages: t.Messages}
	for i := range channels {
		c := &channels[i]
		sum.Consumers += c.Consumers
		sum.Unacked += c.Unacked
		sum.Unconfirmed += c.Unconfirmed
		sum.Uncommitted += c.Uncommitted
		sum.AcksUncommitted += c.AcksUncommitted
		sum.Prefetch += c.Prefetch
		sum.GlobalPrefetch += c.GlobalPrefetch
	}
	a.channels.tell(to, &sum)
	all := a.from.Connections()
	var connections stats.Connection
	for i := range all {
		c := &all[i]
		connections.Channels += c.Channels
		connections.Traffic.Add(&c.Traffic)
	}
	a.connections.tell(to, &connections)
}

// perObject tells of each queue, channel and connection.
type perObject struct {
	unchecked
	general

	queues      *group[stats.QueueCounts]
	channels    *group[stats.Channel]
	connections *group[stats.Connection]
}

// The labels of objects.
func queueLabels() []string      { return []string{"vhost", "queue"} }
func channelLabels() []string    { return []string{"channel"} }
func connectionLabels() []string { return []string{"connection"} }

func newPerObject(from Source) *perObject {
	return &perObject{
		general:     newGeneral(from, "per-object"),
		queues:      describe(prefix, queueLabels(), queueCoarse(), queueConsumers(), queueState(), queueMetrics(), queuePublished(), queueDelivery()),
		channels:    describe(prefix, channelLabels(), channelMetrics(), channelMessages(publishes("channel")), channelMessages(deliveries("channel"))),
		connections: describe(prefix, connectionLabels(), connectionCoarse(), connectionMetrics()),
	}
}

// Collect implements prometheus.Collector.
func (p *perObject) Collect(to chan<- prometheus.Metric) {
	_, channels := p.tell(to)
	for _, host := range p.from.VHosts() {
		tellQueues(to, p.from, host, p.queues)
	}
	for i := range channels {
		p.channels.tell(to, &channels[i], channels[i].Name)
	}
	all := p.from.Connections()
	for i := range all {
		p.connections.tell(to, &all[i], all[i].Name)
	}
}

// tellQueues tells of the queues of a virtual host, unless that is gone.
func tellQueues(to chan<- prometheus.Metric, from Source, host string, groups ...*group[stats.QueueCounts]) {
	queues, err := from.QueueCounts(host)
	if err != nil {
		return
	}
	for i := range queues {
		for _, g := range groups {
			g.tell(to, &queues[i], host, queues[i].Name)
		}
	}
}
