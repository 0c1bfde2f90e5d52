package metrics

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"

	"github.com/lepusmq/lepus/broker/stats"
)

const (
	// detailedPrefix is that of what is of this node, clusterPrefix that of what
	// would be the same on each.
	detailedPrefix = "rabbitmq_detailed_"
	clusterPrefix  = "rabbitmq_cluster_"
)

// detailed tells what a request asks for: families of metrics, of some virtual
// hosts and queues.
type detailed struct {
	from     Source
	families []string
	hosts    func(string) bool // which virtual hosts
	named    *regexp.Regexp    // only queues that are called like this; nil: all
}

// maxPattern is how long a pattern for names of queues may be, as in RabbitMQ.
const maxPattern = 2000

// newDetailed reads ?family=…&vhost=…&queue=…, the first two any number of times.
// Families and virtual hosts that are not known are passed over, as by RabbitMQ. The
// error is the request's.
func newDetailed(from Source, query url.Values) (*detailed, error) {
	d := &detailed{from: from, families: query["family"]}
	hosts, some := query["vhost"]
	d.hosts = func(host string) bool { return !some || slices.Contains(hosts, host) }
	var err error
	d.named, err = pattern(query["queue"])
	return d, err
}

func pattern(asked []string) (*regexp.Regexp, error) {
	switch {
	case len(asked) > 1:
		return nil, errors.New("only one pattern for queues can be asked for")
	case len(asked) == 0 || asked[0] == "":
		return nil, nil
	case len(asked[0]) > maxPattern:
		return nil, fmt.Errorf("the pattern for queues is longer than %d bytes", maxPattern)
	}
	named, err := regexp.Compile(asked[0])
	if err != nil {
		return nil, fmt.Errorf("the pattern for queues: %w", err)
	}
	return named, nil
}

func (d *detailed) wants(family string) bool { return slices.Contains(d.families, family) }

// family is metrics that are asked for by one name.
type family[T any] struct {
	name    string
	metrics []metric[T]
}

// pick returns those of some families that are wanted; nil if none is.
func pick[T any](d *detailed, families ...family[T]) []metric[T] {
	var all []metric[T]
	for _, f := range families {
		if d.wants(f.name) {
			all = append(all, f.metrics...)
		}
	}
	return all
}

func (d *detailed) tell(p *page) {
	n := d.from.Node()
	identify(p, &n, "detailed")
	type node = family[stats.Node]
	tell(p, detailedPrefix, &n, pick(d, node{"node_coarse_metrics", nodeCoarse()}, node{"node_metrics", nodeMetrics()},
		node{"node_persister_metrics", fileMetrics()}))
	if d.wants("auth_attempt_metrics") {
		logins(p, detailedPrefix, &n)
	}
	sums := pick(d, family[stats.Totals]{"node_persister_metrics", storeMetrics()}, family[stats.Totals]{"connection_churn_metrics", churnMetrics()})
	if sums != nil {
		t, _ := d.from.Totals("") // there is no error for all virtual hosts
		tell(p, detailedPrefix, &t, sums)
	}
	hosts := slices.DeleteFunc(slices.Clone(d.from.VHosts()), func(host string) bool { return !d.hosts(host) })
	d.tellEach(p, hosts)
	d.tellExchanges(p, hosts)
	if d.wants("vhost_status") {
		up := table[string]{prefix: clusterPrefix, labels: []string{"vhost"}, metrics: vhostStatus()}
		for _, host := range hosts {
			up.add(&host, host)
		}
		up.tell(p)
	}
}

func (d *detailed) tellEach(p *page, hosts []string) {
	type queue = family[stats.QueueCounts]
	type channel = family[stats.Channel]
	type connection = family[stats.Connection]
	consumers := queue{"queue_consumer_count", queueConsumers()}
	if d.wants("queue_metrics") { // which has them, too
		consumers.metrics = nil
	}
	e := each{
		from: d.from, page: p, prefix: detailedPrefix, hosts: hosts, named: d.named,
		info: d.wants("queue_coarse_metrics") || d.wants("queue_consumer_count") || d.wants("queue_metrics"),
		queues: pick(d, queue{"queue_coarse_metrics", queueCoarse()}, consumers,
			queue{"queue_metrics", slices.Concat(queueConsumers(), queueState(), queueMetrics())},
			queue{"channel_queue_exchange_metrics", queuePublished()}, queue{"queue_delivery_metrics", queueDelivery()}),
		exchanges:   pick(d, family[stats.Messages]{"exchange_metrics", publishes("exchange")}),
		passages:    pick(d, family[stats.Passage]{"queue_exchange_metrics", passages()}),
		channels:    pick(d, channel{"channel_metrics", channelMetrics()}, channel{"channel_exchange_metrics", channelMessages(confirms("channel"))}),
		outlets:     pick(d, family[stats.Part]{"channel_exchange_metrics", partMessages(publishes("channel"))}),
		dealings:    pick(d, family[stats.Part]{"channel_queue_metrics", partMessages(deliveries("channel"))}),
		connections: pick(d, connection{"connection_coarse_metrics", connectionCoarse()}, connection{"connection_metrics", connectionMetrics()}),
	}
	e.tell()
}

// bound is an exchange and how many bindings lead from it.
type bound struct{ bindings int }

// tellExchanges tells of those that clients can publish to by name, as RabbitMQ.
func (d *detailed) tellExchanges(p *page, hosts []string) {
	names, bindings := d.wants("exchange_names"), d.wants("exchange_bindings")
	if !names && !bindings {
		return
	}
	t := table[bound]{prefix: clusterPrefix, labels: []string{"vhost", "exchange", "type"}, metrics: pick(d,
		family[bound]{"exchange_bindings", exchangeBindings()}, family[bound]{"exchange_names", exchangeNames()})}
	for _, host := range hosts {
		eachExchange(d.from, host, func(x *stats.Exchange) {
			if x.Name == "" || x.Internal {
				return
			}
			var b bound
			if bindings {
				from, _ := d.from.ExchangeBindings(host, x.Name, true) // none if it has gone
				b.bindings = len(from)
			}
			t.add(&b, host, x.Name, x.Type)
		})
	}
	t.tell(p)
}
