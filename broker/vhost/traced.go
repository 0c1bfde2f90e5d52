package vhost

import (
	"math"
	"slices"

	"github.com/lepusmq/lepus/amqp"
)

// Actor is who has published a message or was given one, as a trace says it.
type Actor struct {
	Node, Connection string
	Channel          uint16
	User             string
}

// Traced is a message of which a copy goes to the trace exchange, in the parts that
// it has on the wire. Blind says that it has keys in its headers that are not for
// receivers, though they are for those who trace.
type Traced struct {
	Route, Head, Body []byte
	Blind             bool
	By                Actor
}

// Published adds a copy of a message that has come, and goes to these queues. The
// headers of copies are those of RabbitMQ's firehose, in its order.
func (t *Trace) Published(m *Traced, queues []string) {
	exchange := string(m.Route[1 : 1+m.Route[0]])
	headers, keys := m.headers()
	if exchange == "" {
		// RabbitMQ looks for these queues only afterwards.
		queues = slices.DeleteFunc(keys, IsReplyQueue)
	}
	slices.Sort(queues)
	headers = append(m.By.add(headers, t.vhost.name), amqp.Field{Key: "routed_queues", Value: stringArray(slices.Compact(queues))})
	t.Add("publish."+exchange, headers, m.Body)
}

// Delivered adds a copy of a message that somebody is given from a queue, unless it
// is such a copy itself.
func (t *Trace) Delivered(m *Traced, queue string, again bool) {
	if string(m.Route[1:1+m.Route[0]]) == TraceExchange {
		return
	}
	redelivered := int32(0)
	if again {
		redelivered = 1
	}
	headers, _ := m.headers()
	headers = append(headers, amqp.Field{Key: "redelivered", Value: amqp.Int32(redelivered)})
	t.Add("deliver."+queue, m.By.add(headers, t.vhost.name), m.Body)
}

// headers are what a trace says about a message itself; and its routing keys.
func (m *Traced) headers() (headers amqp.Table, keys []string) {
	n := 1 + int(m.Route[0])
	exchange, key := m.Route[1:n], m.Route[n+1:]
	var facts amqp.Facts
	var copies amqp.Copies
	_ = amqp.CheckProperties(m.Head, &facts) // as when the message came
	_ = copies.Parse(facts.Headers)
	keys = append(keys, string(key))
	for _, k := range copies.CC {
		keys = append(keys, string(k))
	}
	p, _ := amqp.ParseProperties(m.Head)
	if m.Blind {
		for _, k := range copies.BCC {
			keys = append(keys, string(k))
		}
		p.Headers = p.Headers.Without(amqp.BlindCopyHeader)
	}
	return amqp.Table{
		{Key: "exchange_name", Value: amqp.String(string(exchange))},
		{Key: "routing_keys", Value: stringArray(keys)},
		{Key: "properties", Value: amqp.TableValue(tracedProperties(&p))},
		{Key: "node", Value: amqp.String(m.By.Node)},
	}, keys
}

// add adds who it was.
func (a *Actor) add(headers amqp.Table, vhost string) amqp.Table {
	return append(headers, amqp.Table{
		{Key: "vhost", Value: amqp.String(vhost)},
		{Key: "connection", Value: amqp.String(a.Connection)},
		{Key: "channel", Value: amqp.Int32(int32(a.Channel))},
		{Key: "user", Value: amqp.String(a.User)},
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
