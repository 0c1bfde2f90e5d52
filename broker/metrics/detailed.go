package metrics

import (
	"net/url"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lepusmq/lepus/broker/stats"
)

const (
	// detailedPrefix is that of what is of this node, clusterPrefix that of what
	// would be the same on each.
	detailedPrefix = "rabbitmq_detailed_"
	clusterPrefix  = "rabbitmq_cluster_"
)

// detailed tells what a request asks for: families of metrics, of some virtual
// hosts.
type detailed struct {
	unchecked
	from     Source
	families []string
	hosts    []string // nil: all
}

// newDetailed reads ?family=…&vhost=…, each any number of times. Families that are
// not known are passed over, as by RabbitMQ.
func newDetailed(from Source, query url.Values) *detailed {
	d := &detailed{from: from, families: query["family"], hosts: query["vhost"]}
	if d.wants("queue_metrics") { // which are those of queue_consumer_count, and more
		d.families = slices.DeleteFunc(slices.Clone(d.families), func(f string) bool { return f == "queue_consumer_count" })
	}
	return d
}

func (d *detailed) wants(family string) bool { return slices.Contains(d.families, family) }

func (d *detailed) concerns(host string) bool {
	return d.hosts == nil || slices.Contains(d.hosts, host)
}

// pick describes those of some families that are wanted; nil if none is.
func pick[T any](d *detailed, labels []string, families map[string][]metric[T]) *group[T] {
	var tables [][]metric[T]
	for name, table := range families {
		if d.wants(name) {
			tables = append(tables, table)
		}
	}
	if tables == nil {
		return nil
	}
	return describe(detailedPrefix, labels, tables...)
}

// Collect implements prometheus.Collector.
func (d *detailed) Collect(to chan<- prometheus.Metric) {
	n := d.from.Node()
	newInfo().tell(to, &n, "detailed")
	if g := pick(d, nil, map[string][]metric[stats.Node]{"node_coarse_metrics": nodeCoarse(), "node_metrics": nodeMetrics()}); g != nil {
		g.tell(to, &n)
	}
	if g := pick(d, []string{"protocol"}, map[string][]metric[stats.Node]{"auth_attempt_metrics": authMetrics()}); g != nil {
		g.tell(to, &n, protocol)
	}
	if g := pick(d, nil, map[string][]metric[stats.Totals]{"connection_churn_metrics": churnMetrics()}); g != nil {
		t, _ := d.from.Totals("") // there is no error for all virtual hosts
		g.tell(to, &t)
	}
	d.queues(to)
	d.exchanges(to)
	d.clients(to)
	if d.wants("vhost_status") {
		up := prometheus.NewDesc(clusterPrefix+"vhost_status", "Whether the virtual host is there", []string{"vhost"}, nil)
		for _, host := range d.vhosts() {
			to <- prometheus.MustNewConstMetric(up, gauge, 1, label(host))
		}
	}
}

// vhosts are the virtual hosts that were asked for.
func (d *detailed) vhosts() []string {
	return slices.DeleteFunc(slices.Clone(d.from.VHosts()), func(host string) bool { return !d.concerns(host) })
}

func (d *detailed) queues(to chan<- prometheus.Metric) {
	g := pick(d, queueLabels(), map[string][]metric[stats.QueueCounts]{
		"queue_coarse_metrics":           queueCoarse(),
		"queue_consumer_count":           queueConsumers(),
		"queue_metrics":                  slices.Concat(queueConsumers(), queueState(), queueMetrics()),
		"queue_delivery_metrics":         queueDelivery(),
		"channel_queue_exchange_metrics": queuePublished(),
	})
	if g == nil {
		return
	}
	for _, host := range d.vhosts() {
		tellQueues(to, d.from, host, g)
	}
}

func (d *detailed) exchanges(to chan<- prometheus.Metric) {
	var published *group[stats.Messages]
	if d.wants("exchange_metrics") {
		published = describe(detailedPrefix, []string{"vhost", "exchange"}, publishes("exchange"))
	}
	labels := []string{"vhost", "exchange", "type"}
	named := prometheus.NewDesc(clusterPrefix+"exchange_name", "The exchanges that there are", labels, nil)
	bound := prometheus.NewDesc(clusterPrefix+"exchange_bindings", "Bindings that lead from the exchange", labels, nil)
	names, bindings := d.wants("exchange_names"), d.wants("exchange_bindings")
	if published == nil && !names && !bindings {
		return
	}
	for _, host := range d.vhosts() {
		d.eachExchange(host, func(x *stats.Exchange) {
			if published != nil {
				m := x.Messages
				m.Publish = m.PublishIn
				published.tell(to, &m, host, x.Name)
			}
			if names {
				to <- prometheus.MustNewConstMetric(named, gauge, 1, label(host), label(x.Name), label(x.Type))
			}
			if bindings {
				from, _ := d.from.ExchangeBindings(host, x.Name, true) // none if it has gone
				to <- prometheus.MustNewConstMetric(bound, gauge, float64(len(from)), label(host), label(x.Name), label(x.Type))
			}
		})
	}
}

// eachExchange calls f for the exchanges of a virtual host. The default one is
// none of them, as in RabbitMQ.
func (d *detailed) eachExchange(host string, f func(*stats.Exchange)) {
	names, err := d.from.ExchangeNames(host)
	if err != nil {
		return
	}
	for _, name := range names {
		if x, err := d.from.Exchange(host, name); err == nil && name != "" {
			f(&x)
		}
	}
}

// clients tells of connections and channels.
func (d *detailed) clients(to chan<- prometheus.Metric) {
	channel := pick(d, channelLabels(), map[string][]metric[stats.Channel]{
		"channel_metrics":          channelMetrics(),
		"channel_exchange_metrics": channelMessages(publishes("channel")),
		"channel_queue_metrics":    channelMessages(deliveries("channel")),
	})
	if channel != nil {
		for _, c := range d.from.Channels() {
			if d.concerns(c.VHost) {
				channel.tell(to, &c, c.Name)
			}
		}
	}
	connection := pick(d, connectionLabels(), map[string][]metric[stats.Connection]{
		"connection_coarse_metrics": connectionCoarse(),
		"connection_metrics":        connectionMetrics(),
	})
	if connection != nil {
		for _, c := range d.from.Connections() {
			if d.concerns(c.VHost) {
				connection.tell(to, &c, c.Name)
			}
		}
	}
}
