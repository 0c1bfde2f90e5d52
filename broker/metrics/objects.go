package metrics

import (
	"math"

	"github.com/lepusmq/lepus/broker/stats"
)

// The metrics of queues, channels, connections and exchanges, in RabbitMQ's
// families. A sum of objects is told with the same tables.

// always is the value of what is all in the labels.
func always[T any](*T) float64 { return 1 }

func queueCoarse() []metric[stats.QueueCounts] {
	type q = stats.QueueCounts
	return []metric[q]{
		{"queue_messages_ready", gauge, "Messages that wait for a consumer", func(q *q) float64 { return float64(q.Ready) }},
		{"queue_messages_unacked", gauge, "Messages that were delivered and not acked yet", func(q *q) float64 { return float64(q.Unacked) }},
		{"queue_messages", gauge, "Messages, ready and unacked", func(q *q) float64 { return float64(q.Ready + q.Unacked) }},
	}
}

func queueConsumers() []metric[stats.QueueCounts] {
	return []metric[stats.QueueCounts]{
		{"queue_consumers", gauge, "Consumers of the queue", func(q *stats.QueueCounts) float64 { return float64(q.Consumers) }},
	}
}

// queueState has no meaning for a sum.
func queueState() []metric[stats.QueueCounts] {
	type q = stats.QueueCounts
	capacity := func(q *q) float64 { return q.Capacity }
	return []metric[q]{
		{"queue_consumer_capacity", gauge, "Share of the time in which a consumer could have taken a message at once", capacity},
		{"queue_consumer_utilisation", gauge, "The same as consumer capacity", capacity},
		{"queue_head_message_timestamp", gauge, "Timestamp of the message that is next", func(q *q) float64 {
			if q.HeadTimestamp == 0 {
				return math.NaN()
			}
			return float64(q.HeadTimestamp)
		}},
	}
}

func queueMetrics() []metric[stats.QueueCounts] {
	type q = stats.QueueCounts
	all := func(q *q) int { return q.Ready + q.Unacked }
	bytes := func(q *q) int64 { return q.ReadyBytes + q.UnackedBytes }
	return []metric[q]{
		{"queue_process_memory_bytes", gauge, "Memory that the queue takes, about", func(q *q) float64 { return float64(q.Memory) }},
		{"queue_messages_ram", gauge, "Messages in memory", func(q *q) float64 { return float64(q.Resident) }},
		{"queue_messages_ram_bytes", gauge, "Size of the messages in memory", func(q *q) float64 { return float64(q.ResidentBytes) }},
		{"queue_messages_persistent", gauge, "Messages that outlive a restart", func(q *q) float64 { return float64(q.Persistent) }},
		{"queue_messages_persistent_bytes", gauge, "Size of the messages that outlive a restart", func(q *q) float64 { return float64(q.PersistentBytes) }},
		{"queue_messages_bytes", gauge, "Size of all messages", func(q *q) float64 { return float64(bytes(q)) }},
		{"queue_messages_ready_bytes", gauge, "Size of the ready messages", func(q *q) float64 { return float64(q.ReadyBytes) }},
		{"queue_messages_unacked_bytes", gauge, "Size of the unacked messages", func(q *q) float64 { return float64(q.UnackedBytes) }},
		{"queue_messages_paged_out", gauge, "Messages that are on disk only", func(q *q) float64 { return float64(max(0, all(q)-q.Resident)) }},
		{"queue_messages_paged_out_bytes", gauge, "Size of the messages that are on disk only", func(q *q) float64 { return float64(max(0, bytes(q)-q.ResidentBytes)) }},
		{"queue_disk_reads_total", counter, "Messages read from disk", func(q *q) float64 { return float64(q.Messages.DiskReads) }},
		{"queue_disk_writes_total", counter, "Messages given to the disk", func(q *q) float64 { return float64(q.Messages.DiskWrites) }},
	}
}

func queueDelivery() []metric[stats.QueueCounts] {
	return of(func(q *stats.QueueCounts) *stats.Messages { return &q.Messages }, deliveries("queue"))
}

func queuePublished() []metric[stats.QueueCounts] {
	return []metric[stats.QueueCounts]{
		{"queue_messages_published_total", counter, "Messages published to the queue", func(q *stats.QueueCounts) float64 { return float64(q.Messages.Publish) }},
	}
}

func passages() []metric[stats.Passage] {
	return []metric[stats.Passage]{
		{"queue_exchange_messages_published_total", counter, "Messages that came to the queue by the exchange", func(p *stats.Passage) float64 { return float64(p.Publish) }},
	}
}

// deliveries are the counts of what went to clients, of a queue or a channel.
func deliveries(of string) []metric[stats.Messages] {
	type m = stats.Messages
	return []metric[m]{
		{of + "_get_ack_total", counter, "Messages fetched to be acked", func(m *m) float64 { return float64(m.Get) }},
		{of + "_get_total", counter, "Messages fetched without ack", func(m *m) float64 { return float64(m.GetNoAck) }},
		{of + "_messages_delivered_ack_total", counter, "Messages delivered to be acked", func(m *m) float64 { return float64(m.Deliver) }},
		{of + "_messages_delivered_total", counter, "Messages delivered without ack", func(m *m) float64 { return float64(m.DeliverNoAck) }},
		{of + "_messages_redelivered_total", counter, "Messages delivered again", func(m *m) float64 { return float64(m.Redeliver) }},
		{of + "_messages_acked_total", counter, "Messages acked", func(m *m) float64 { return float64(m.Ack) }},
		{of + "_get_empty_total", counter, "Fetches that found no message", func(m *m) float64 { return float64(m.GetEmpty) }},
	}
}

// publishes are the counts of what came from clients, of a channel or an exchange.
func publishes(of string) []metric[stats.Messages] {
	type m = stats.Messages
	return []metric[m]{
		{of + "_messages_published_total", counter, "Messages published", func(m *m) float64 { return float64(m.Publish) }},
		{of + "_messages_unroutable_returned_total", counter, "Mandatory messages returned since no queue wanted them", func(m *m) float64 { return float64(m.ReturnUnroutable) }},
		{of + "_messages_unroutable_dropped_total", counter, "Messages dropped since no queue wanted them", func(m *m) float64 { return float64(m.DropUnroutable) }},
	}
}

// confirms is not counted by exchange.
func confirms(of string) []metric[stats.Messages] {
	return []metric[stats.Messages]{
		{of + "_messages_confirmed_total", counter, "Messages confirmed", func(m *stats.Messages) float64 { return float64(m.Confirm) }},
	}
}

func channelMetrics() []metric[stats.Channel] {
	type c = stats.Channel
	return []metric[c]{
		{"channel_consumers", gauge, "Consumers on the channel", func(c *c) float64 { return float64(c.Consumers) }},
		{"channel_messages_unacked", gauge, "Messages delivered and not acked yet", func(c *c) float64 { return float64(c.Unacked) }},
		{"channel_messages_unconfirmed", gauge, "Messages published and not confirmed yet", func(c *c) float64 { return float64(c.Unconfirmed) }},
		{"channel_messages_uncommitted", gauge, "Messages published in a transaction that goes on", func(c *c) float64 { return float64(c.Uncommitted) }},
		{"channel_acks_uncommitted", gauge, "Messages acked in a transaction that goes on", func(c *c) float64 { return float64(c.AcksUncommitted) }},
		{"consumer_prefetch", gauge, "Unacked messages that a consumer may have", func(c *c) float64 { return float64(c.Prefetch) }},
		{"channel_prefetch", gauge, "Unacked messages that the channel may have", func(c *c) float64 { return float64(c.GlobalPrefetch) }},
	}
}

// partMessages are what a channel has counted for an exchange, or for a queue.
func partMessages(metrics []metric[stats.Messages]) []metric[stats.Part] {
	return of(func(p *stats.Part) *stats.Messages { return &p.Messages }, metrics)
}

// channelMessages are those of the messages of a channel.
func channelMessages(metrics []metric[stats.Messages]) []metric[stats.Channel] {
	return of(func(c *stats.Channel) *stats.Messages { return &c.Messages }, metrics)
}

func connectionCoarse() []metric[stats.Connection] {
	type c = stats.Connection
	return []metric[c]{
		{"connection_incoming_bytes_total", counter, "Bytes received", func(c *c) float64 { return float64(c.Traffic.ReceivedBytes) }},
		{"connection_outgoing_bytes_total", counter, "Bytes sent", func(c *c) float64 { return float64(c.Traffic.SentBytes) }},
	}
}

func connectionMetrics() []metric[stats.Connection] {
	type c = stats.Connection
	return []metric[c]{
		{"connection_incoming_packets_total", counter, "Reads of the socket", func(c *c) float64 { return float64(c.Traffic.ReceivedPackets) }},
		{"connection_outgoing_packets_total", counter, "Writes of the socket", func(c *c) float64 { return float64(c.Traffic.SentPackets) }},
		{"connection_pending_packets", gauge, "Whether something waits to be sent", func(c *c) float64 { return one(c.Traffic.Pending > 0) }},
		{"connection_channels", gauge, "Channels of the connection", func(c *c) float64 { return float64(c.Channels) }},
	}
}

func vhostStatus() []metric[string] {
	return []metric[string]{{"vhost_status", gauge, "Whether the virtual host is there", always[string]}}
}

func exchangeBindings() []metric[bound] {
	return []metric[bound]{{"exchange_bindings", gauge, "Bindings that lead from the exchange", func(b *bound) float64 { return float64(b.bindings) }}}
}

func exchangeNames() []metric[bound] {
	return []metric[bound]{{"exchange_name", gauge, "The exchanges that there are", always[bound]}}
}
