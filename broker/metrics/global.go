package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lepusmq/lepus/broker/stats"
)

// The values of labels that RabbitMQ's global metrics have.
const (
	protocol = "amqp091"
	classic  = "rabbit_classic_queue"
	quorum   = "rabbit_quorum_queue"
)

// global is what the broker counts over all, in RabbitMQ's words.
type global struct {
	publishers, consumers *prometheus.Desc

	received *group[stats.Messages] // by protocol
	given    *group[stats.Messages] // by protocol and type of queue
	dead     *group[stats.Dead]     // by strategy and type of queue
}

func newGlobal() *global {
	const prefix = "rabbitmq_global_"
	type m = stats.Messages
	type d = stats.Dead
	return &global{
		publishers: prometheus.NewDesc(prefix+"publishers", "Channels that have published", []string{"protocol"}, nil),
		consumers:  prometheus.NewDesc(prefix+"consumers", "Consumers", []string{"protocol"}, nil),
		received: describe(prefix, []string{"protocol"}, []metric[m]{
			{"messages_received_total", counter, "Messages published", func(m *m) float64 { return float64(m.Publish) }},
			{"messages_received_confirm_total", counter, "Messages published and confirmed", func(m *m) float64 { return float64(m.Confirm) }},
			{"messages_confirmed_total", counter, "Messages confirmed", func(m *m) float64 { return float64(m.Confirm) }},
			{"messages_routed_total", counter, "Messages that went to queues, once for each", func(m *m) float64 { return float64(m.PublishOut) }},
			{"messages_unroutable_returned_total", counter, "Mandatory messages returned since no queue wanted them", func(m *m) float64 { return float64(m.ReturnUnroutable) }},
			{"messages_unroutable_dropped_total", counter, "Messages dropped since no queue wanted them", func(m *m) float64 { return float64(m.DropUnroutable) }},
		}),
		given: describe(prefix, []string{"protocol", "queue_type"}, []metric[m]{
			{"messages_delivered_total", counter, "Messages given to clients", func(m *m) float64 { return float64(m.DeliverGet()) }},
			{"messages_delivered_consume_manual_ack_total", counter, "Messages delivered to be acked", func(m *m) float64 { return float64(m.Deliver) }},
			{"messages_delivered_consume_auto_ack_total", counter, "Messages delivered without ack", func(m *m) float64 { return float64(m.DeliverNoAck) }},
			{"messages_delivered_get_manual_ack_total", counter, "Messages fetched to be acked", func(m *m) float64 { return float64(m.Get) }},
			{"messages_delivered_get_auto_ack_total", counter, "Messages fetched without ack", func(m *m) float64 { return float64(m.GetNoAck) }},
			{"messages_get_empty_total", counter, "Fetches that found no message", func(m *m) float64 { return float64(m.GetEmpty) }},
			{"messages_redelivered_total", counter, "Messages delivered again", func(m *m) float64 { return float64(m.Redeliver) }},
			{"messages_acknowledged_total", counter, "Messages acked", func(m *m) float64 { return float64(m.Ack) }},
		}),
		dead: describe(prefix, []string{"queue_type", "dead_letter_strategy"}, []metric[d]{
			{"messages_dead_lettered_expired_total", counter, "Dead letters whose time had run out", func(d *d) float64 { return float64(d.Expired) }},
			{"messages_dead_lettered_maxlen_total", counter, "Dead letters of queues that were too long", func(d *d) float64 { return float64(d.MaxLength) }},
			{"messages_dead_lettered_rejected_total", counter, "Dead letters that nobody wanted", func(d *d) float64 { return float64(d.Rejected) }},
			{"messages_dead_lettered_delivery_limit_total", counter, "Dead letters whose deliveries had failed too often", func(d *d) float64 { return float64(d.DeliveryLimit) }},
		}),
	}
}

// tell tells what all comes to. Dead letters are not told apart by the type of
// their queue: all are told as those of classic queues.
func (g *global) tell(to chan<- prometheus.Metric, t *stats.Totals, n *stats.Node, channels []stats.Channel) {
	publishers := 0
	for i := range channels {
		if channels[i].Messages.Publish > 0 {
			publishers++
		}
	}
	to <- prometheus.MustNewConstMetric(g.publishers, gauge, float64(publishers), protocol)
	to <- prometheus.MustNewConstMetric(g.consumers, gauge, float64(t.Consumers), protocol)
	g.received.tell(to, &t.Messages, protocol)
	others := t.Messages
	others.Sub(&t.Quorum)
	g.given.tell(to, &others, protocol, classic)
	g.given.tell(to, &t.Quorum, protocol, quorum)
	g.dead.tell(to, &n.Dead, classic, "at_most_once")
}
