package metrics

import (
	"math"

	"github.com/lepusmq/lepus/broker/stats"
)

// The metrics that RabbitMQ calls global. They count what was ever done, also on
// channels that are gone.

func globalMetrics() []metric[whole] {
	type w = whole
	return []metric[w]{
		{"publishers", gauge, "Channels that have published", func(w *w) float64 {
			n := 0
			for i := range w.channels {
				if w.channels[i].Messages.Publish > 0 {
					n++
				}
			}
			return float64(n)
		}},
		{"consumers", gauge, "Consumers", func(w *w) float64 { return float64(w.totals.Consumers) }},
		{"messages_received_total", counter, "Messages published", func(w *w) float64 { return float64(w.totals.Messages.Publish) }},
		{"messages_received_confirm_total", counter, "Messages published on channels in confirm mode", func(w *w) float64 { return float64(w.received.ToConfirm) }},
		{"messages_confirmed_total", counter, "Messages confirmed", func(w *w) float64 { return float64(w.totals.Messages.Confirm) }},
		{"messages_routed_total", counter, "Messages that went to queues, once for each", func(w *w) float64 { return float64(w.totals.Messages.PublishOut) }},
		{"messages_unroutable_returned_total", counter, "Mandatory messages returned since no queue wanted them", func(w *w) float64 { return float64(w.totals.Messages.ReturnUnroutable) }},
		{"messages_unroutable_dropped_total", counter, "Messages dropped since no queue wanted them", func(w *w) float64 { return float64(w.totals.Messages.DropUnroutable) }},
	}
}

func globalDeliveries() []metric[stats.Messages] {
	type m = stats.Messages
	return []metric[m]{
		{"messages_delivered_total", counter, "Messages given to clients", func(m *m) float64 { return float64(m.DeliverGet()) }},
		{"messages_delivered_consume_manual_ack_total", counter, "Messages delivered to be acked", func(m *m) float64 { return float64(m.Deliver) }},
		{"messages_delivered_consume_auto_ack_total", counter, "Messages delivered without ack", func(m *m) float64 { return float64(m.DeliverNoAck) }},
		{"messages_delivered_get_manual_ack_total", counter, "Messages fetched to be acked", func(m *m) float64 { return float64(m.Get) }},
		{"messages_delivered_get_auto_ack_total", counter, "Messages fetched without ack", func(m *m) float64 { return float64(m.GetNoAck) }},
		{"messages_get_empty_total", counter, "Fetches that found no message", func(m *m) float64 { return float64(m.GetEmpty) }},
		{"messages_redelivered_total", counter, "Messages delivered again", func(m *m) float64 { return float64(m.Redeliver) }},
		{"messages_acknowledged_total", counter, "Messages acked", func(m *m) float64 { return float64(m.Ack) }},
	}
}

// deaths are those of one type of queue and one strategy.
type deaths struct {
	stats.Dead
	confirmed *uint64 // nil where nobody waits for that
}

func globalDeaths() []metric[deaths] {
	type d = deaths
	return []metric[d]{
		{"messages_dead_lettered_expired_total", counter, "Messages that died since their time had run out", func(d *d) float64 { return float64(d.Expired) }},
		{"messages_dead_lettered_maxlen_total", counter, "Messages that died in queues that were too long", func(d *d) float64 { return float64(d.MaxLength) }},
		{"messages_dead_lettered_rejected_total", counter, "Messages that died since their consumer did not want them", func(d *d) float64 { return float64(d.Rejected) }},
		{"messages_dead_lettered_delivery_limit_total", counter, "Messages that died since their deliveries had failed too often", func(d *d) float64 { return float64(d.DeliveryLimit) }},
		{"messages_dead_lettered_confirmed_total", counter, "Dead letters that have arrived", func(d *d) float64 {
			if d.confirmed == nil {
				return math.NaN()
			}
			return float64(*d.confirmed)
		}},
	}
}
