package shovel

import (
	"maps"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// The headers in which a shovel says what it did.
const (
	shovelledHeader = "x-shovelled"
	timestampHeader = "x-shovelled-timestamp"
)

// forwarder makes of a message that was taken the one that is published.
type forwarder struct {
	destination *destination
	// track is what the shovel says of itself in the headers; nil if it says
	// nothing.
	track amqp.Table
}

// newForwarder needs the addresses that are in use and what the cluster is called.
func newForwarder(c *config, from, to address, cluster string) *forwarder {
	f := &forwarder{destination: &c.destination}
	if !c.destination.forward {
		return f
	}
	f.track = amqp.Table{
		"shovelled-by": cluster, "shovel-type": "dynamic", "shovel-name": c.name, "shovel-vhost": c.vhost,
		"src-uri": from.String(), "dest-uri": to.String(),
	}
	if c.source.fromQueue {
		f.track[srcQueue] = c.source.queue
	} else {
		f.track[srcExchange], f.track[srcExchangeKey] = c.source.exchange, c.source.key
	}
	if c.destination.toQueue {
		f.track[destQueue] = c.destination.queue
	}
	if x := c.destination.exchange; x != nil {
		f.track[destExchange] = *x
	}
	if key := c.destination.key; key != nil {
		f.track[destExchangeKey] = *key
	}
	return f
}

// route returns where a message is published.
func (f *forwarder) route(d *amqp.Delivery) (exchange, key string) {
	if f.destination.toQueue {
		return "", f.destination.queue
	}
	exchange, key = d.Exchange, d.RoutingKey
	if f.destination.exchange != nil {
		exchange = *f.destination.exchange
	}
	if f.destination.key != nil {
		key = *f.destination.key
	}
	return exchange, key
}

func (f *forwarder) message(d *amqp.Delivery, now time.Time) amqp.Publishing {
	p := amqp.Publishing{
		Headers: d.Headers, ContentType: d.ContentType, ContentEncoding: d.ContentEncoding,
		DeliveryMode: d.DeliveryMode, Priority: d.Priority, CorrelationId: d.CorrelationId, ReplyTo: d.ReplyTo,
		Expiration: d.Expiration, MessageId: d.MessageId, Timestamp: d.Timestamp, Type: d.Type, UserId: d.UserId,
		AppId: d.AppId, Body: d.Body,
	}
	if f.track != nil {
		been, _ := p.Headers[shovelledHeader].([]any)
		p.Headers = with(p.Headers, shovelledHeader, append([]any{f.track}, been...))
	}
	if f.destination.timestamp {
		p.Headers = with(p.Headers, timestampHeader, now.Unix())
	}
	for key, value := range f.destination.properties {
		setProperty(&p, key, value)
	}
	return p
}

func with(headers amqp.Table, key string, value any) amqp.Table {
	headers = maps.Clone(headers)
	if headers == nil {
		headers = amqp.Table{}
	}
	headers[key] = value
	return headers
}

// setProperty sets a property by RabbitMQ's name for it. The cluster-id is none
// that the client could send.
func setProperty(p *amqp.Publishing, name string, value any) {
	s, _ := value.(string)
	n, _ := value.(int64)
	switch name {
	case "content_type":
		p.ContentType = s
	case "content_encoding":
		p.ContentEncoding = s
	case "delivery_mode":
		p.DeliveryMode = uint8(n)
	case "priority":
		p.Priority = uint8(n)
	case "correlation_id":
		p.CorrelationId = s
	case "reply_to":
		p.ReplyTo = s
	case "expiration":
		p.Expiration = s
	case "message_id":
		p.MessageId = s
	case "timestamp":
		p.Timestamp = time.Unix(n, 0)
	case "type":
		p.Type = s
	case "user_id":
		p.UserId = s
	case "app_id":
		p.AppId = s
	}
}
