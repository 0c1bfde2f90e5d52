package session

import (
	"math"
	"slices"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/vhost"
	"github.com/lepusmq/lepus/queue"
)

// tracePublish sends a copy of the message that was received, and routed, to the
// trace exchange. The headers of copies are those of RabbitMQ's firehose, in its
// order. Called with work held.
func (ch *channel) tracePublish(body []byte) {
	trace := ch.s.vhost.NewTrace()
	if trace == nil {
		return
	}
	c := &ch.content
	exchange := string(c.exchange())
	headers, keys := ch.s.traced(c.route, c.head, c.facts.Headers != nil && ch.route.Blind)
	var routed []string
	if exchange == "" {
		// RabbitMQ looks for these queues only afterwards.
		routed = slices.DeleteFunc(keys, vhost.IsReplyQueue)
	} else {
		for _, q := range ch.route.Queues {
			routed = append(routed, q.QueueName())
		}
	}
	slices.Sort(routed)
	headers = append(ch.tracedBy(headers), amqp.Field{Key: "routed_queues", Value: stringArray(slices.Compact(routed))})
	trace.Add("publish."+exchange, headers, body)
	trace.Post()
}

// traceDeliveries sends copies of messages that are delivered to the trace
// exchange, but those that are such copies themselves. Called by the strand of
// the queue, without mu.
func (ch *channel) traceDeliveries(q *queue.Queue, batch []queue.Delivery) {
	ch.mu.Lock()
	ended := ch.ended
	ch.mu.Unlock()
	if ended {
		return
	}
	trace := ch.s.vhost.NewTrace()
	if trace == nil {
		return
	}
	for i := range batch {
		d := &batch[i]
		route := d.Route()
		if string(route[1:1+route[0]]) == vhost.TraceExchange {
			continue
		}
		headers, _ := ch.s.traced(route, headOf(q, d), d.Has(queue.Blind))
		headers = append(headers, amqp.Field{Key: "redelivered", Value: amqp.Int32(int32(bit(d.Redelivered())))})
		trace.Add("deliver."+q.QueueName(), ch.tracedBy(headers), d.Body())
	}
	trace.Post()
}

// traced is what a trace says about a message itself, and its routing keys; blind
// says that it has some that are not for receivers, though for those who trace.
func (s *Session) traced(route, head []byte, blind bool) (headers amqp.Table, keys []string) {
	n := 1 + int(route[0])
	exchange, key := route[1:n], route[n+1:]
	var facts amqp.Facts
	var copies amqp.Copies
	_ = amqp.CheckProperties(head, &facts) // as when the message came
	_ = copies.Parse(facts.Headers)
	keys = append(keys, string(key))
	for _, k := range copies.CC {
		keys = append(keys, string(k))
	}
	p, _ := amqp.ParseProperties(head)
	if blind {
		for _, k := range copies.BCC {
			keys = append(keys, string(k))
		}
		p.Headers = p.Headers.Without(amqp.BlindCopyHeader)
	}
	return amqp.Table{
		{Key: "exchange_name", Value: amqp.String(string(exchange))},
		{Key: "routing_keys", Value: stringArray(keys)},
		{Key: "properties", Value: amqp.TableValue(tracedProperties(&p))},
		{Key: "node", Value: amqp.String(s.cfg.NodeName)},
	}, keys
}

// tracedBy adds whose channel it was.
func (ch *channel) tracedBy(headers amqp.Table) amqp.Table {
	return append(headers, amqp.Table{
		{Key: "vhost", Value: amqp.String(ch.s.vhost.Name())},
		{Key: "connection", Value: amqp.String(ch.s.name)},
		{Key: "channel", Value: amqp.Int32(int32(ch.id))},
		{Key: "user", Value: amqp.String(ch.s.user)},
	}...)
}

// tracedProperties are the properties that a message has, as a table.
func tracedProperties(p *amqp.Properties) amqp.Table {
	var t amqp.Table
	for _, f := range [...]struct {
		flag  uint16
		key   string
		value amqp.Value
	}{
		{amqp.HasClusterID, "cluster_id", amqp.String(p.ClusterID)},
		{amqp.HasAppID, "app_id", amqp.String(p.AppID)},
		{amqp.HasUserID, "user_id", amqp.String(p.UserID)},
		{amqp.HasType, "type", amqp.String(p.Type)},
		{amqp.HasTimestamp, "timestamp", smallInt(p.Timestamp)},
		{amqp.HasMessageID, "message_id", amqp.String(p.MessageID)},
		{amqp.HasExpiration, "expiration", amqp.String(p.Expiration)},
		{amqp.HasReplyTo, "reply_to", amqp.String(p.ReplyTo)},
		{amqp.HasCorrelationID, "correlation_id", amqp.String(p.CorrelationID)},
		{amqp.HasPriority, "priority", smallInt(int64(p.Priority))},
		{amqp.HasDeliveryMode, "delivery_mode", smallInt(int64(p.DeliveryMode))},
		{amqp.HasHeaders, "headers", amqp.TableValue(p.Headers)},
		{amqp.HasContentEncoding, "content_encoding", amqp.String(p.ContentEncoding)},
		{amqp.HasContentType, "content_type", amqp.String(p.ContentType)},
	} {
		if p.Flags&f.flag != 0 {
			t = append(t, amqp.Field{Key: f.key, Value: f.value})
		}
	}
	return t
}

// smallInt is a 32-bit integer, as RabbitMQ makes them here, if n is one: a
// timestamp may be none, of which RabbitMQ then shows the lower half.
func smallInt(n int64) amqp.Value {
	if n < math.MinInt32 || n > math.MaxInt32 {
		return amqp.Int64(n)
	}
	return amqp.Int32(int32(n))
}

func stringArray(texts []string) amqp.Value {
	values := make([]amqp.Value, len(texts))
	for i, s := range texts {
		values[i] = amqp.String(s)
	}
	return amqp.Array(values...)
}
