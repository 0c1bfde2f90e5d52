package metrics

import (
	"strconv"

	"github.com/lepusmq/lepus/broker/stats"
)

const (
	// prefix is that of all metrics but those of detailed scrapes.
	prefix       = "rabbitmq_"
	globalPrefix = prefix + "global_"
)

// The values of labels that RabbitMQ's global metrics have.
const (
	protocol = "amqp091"
	classic  = "rabbit_classic_queue"
	quorum   = "rabbit_quorum_queue"
)

// whole is what the broker comes to as a whole.
type whole struct {
	node     stats.Node
	totals   stats.Totals
	received stats.Received
	channels []stats.Channel
}

func look(from Source) *whole {
	w := &whole{node: from.Node(), received: from.Received(), channels: from.Channels()}
	w.totals, _ = from.Totals("") // there is no error for all virtual hosts
	return w
}

// tell tells what both the aggregated and the scrape of all objects do.
func (w *whole) tell(p *page) {
	n, t := &w.node, &w.totals
	tell(p, prefix, n, alarmMetrics(), nodeCoarse(), nodeMetrics(), fileMetrics())
	tell(p, prefix, t, storeMetrics(), churnMetrics(), totalMetrics())
	logins(p, prefix, n)
	w.tellGlobal(p)
	tellSizes(p, &w.received)
}

// tellGlobal tells what RabbitMQ counts over all, by protocol and type of queue.
func (w *whole) tellGlobal(p *page) {
	all := table[whole]{prefix: globalPrefix, labels: []string{"protocol"}, metrics: globalMetrics()}
	all.add(w, protocol)
	all.tell(p)

	t := &w.totals
	others := t.Messages
	others.Sub(&t.Quorum)
	given := table[stats.Messages]{prefix: globalPrefix, labels: []string{"protocol", "queue_type"}, metrics: globalDeliveries()}
	given.add(&others, protocol, classic)
	given.add(&t.Quorum, protocol, quorum)
	given.tell(p)

	dead := table[deaths]{prefix: globalPrefix, labels: []string{"queue_type", "dead_letter_strategy"}, metrics: globalDeaths()}
	for _, d := range []struct {
		of   string
		died *stats.Deaths
	}{{classic, &t.ClassicDead}, {quorum, &t.QuorumDead}} {
		dead.add(&deaths{Dead: d.died.AtMostOnce}, d.of, "at_most_once")
		dead.add(&deaths{Dead: d.died.Disabled}, d.of, "disabled")
	}
	dead.add(&deaths{t.QuorumDead.AtLeastOnce, &t.QuorumDead.Confirmed}, quorum, "at_least_once")
	dead.tell(p)
}

// logins tells of the attempts to log in, by protocol.
func logins(p *page, prefix string, n *stats.Node) {
	t := table[stats.Logins]{prefix: prefix, labels: []string{"protocol"}, metrics: authMetrics()}
	t.add(&n.Logins, protocol)
	t.add(&n.WebLogins, "http")
	t.tell(p)
}

// tellSizes tells how large messages were. Bounds are written as Prometheus 3 and
// RabbitMQ's dashboards have them: 100.0 and 1e+06.
func tellSizes(p *page, r *stats.Received) {
	const name = prefix + "message_size_bytes"
	p.family(name, histogram, "Size of the bodies of published messages")
	bounds := stats.SizeBounds()
	below := uint64(0)
	for class, n := range r.Sizes {
		below += n
		bound := "+Inf"
		if class < len(bounds) {
			if bound = strconv.FormatFloat(float64(bounds[class]), 'g', -1, 64); bounds[class] < 1e6 {
				bound += ".0"
			}
		}
		p.sample(name+"_bucket", appendLabels(nil, []string{"protocol", "le"}, []string{protocol, bound}), float64(below))
	}
	labels := appendLabels(nil, []string{"protocol"}, []string{protocol})
	p.sample(name+"_sum", labels, float64(r.Bytes))
	p.sample(name+"_count", labels, float64(below))
}
