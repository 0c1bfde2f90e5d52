package vhost

import (
	"time"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/event"
	"github.com/lepusmq/lepus/exchange"
)

// EventExchange is where messages go that tell what happens in the broker, see
// [Config].
const EventExchange = "amq.rabbitmq.event"

// LogExchange is where the lines of the log go, see [Config].
const LogExchange = "amq.rabbitmq.log"

// withOwn returns a new graph with an exchange to which only the broker publishes.
func withOwn(g *exchange.Graph, name string) *exchange.Graph {
	next, err := g.AddExchange(exchange.Exchange{
		Name: name, Type: "topic", Durable: true, Internal: true, Flow: newFlow(name),
	})
	if err != nil {
		panic("vhost: " + err.Error()) // a new graph has no such exchange, and knows the type
	}
	return next
}

// noticeEvents tells whether anybody wants events, or lines of the log.
func (v *VHost) noticeEvents(g *exchange.Graph) {
	bound := func(name string) bool {
		x := g.Exchange(name)
		return x != nil && x.Bindings() > 0
	}
	if v.hasEvents {
		v.events.Want(bound(EventExchange))
	}
	if v.records != nil {
		v.records.Want(bound(LogExchange))
	}
}

// Announce publishes an event to the event exchange, if it is in this virtual
// host. It waits for nobody.
func (v *VHost) Announce(key string, at time.Time, headers amqp.Table) {
	v.announce(EventExchange, key, amqp.Properties{
		Flags:   amqp.HasHeaders | amqp.HasDeliveryMode | amqp.HasTimestamp,
		Headers: headers, DeliveryMode: 2, Timestamp: at.Unix(),
	}, nil)
}

// AnnounceRecord publishes a line of the log of a node to the log exchange, if it
// is in this virtual host. It waits for nobody.
func (v *VHost) AnnounceRecord(r *event.Record, node string) {
	v.announce(LogExchange, r.Level, amqp.Properties{
		Flags:       amqp.HasHeaders | amqp.HasContentType | amqp.HasTimestamp,
		ContentType: r.ContentType, Headers: amqp.Table{event.Text("node", node)}, Timestamp: r.At.Unix(),
	}, r.Text)
}

func (v *VHost) announce(exchange, key string, p amqp.Properties, body []byte) {
	if t := v.NewTrace(); t != nil {
		t.add(exchange, key, p, body)
		t.Post()
	}
}

func (v *VHost) queueCreated(by OwnerID, spec *QueueSpec) {
	if v.events.Wanted() {
		v.events.Emit("queue.created", uint64(by), event.Text("name", spec.Name), event.Text("vhost", v.name),
			event.Flag("durable", spec.Durable), event.Flag("auto_delete", spec.AutoDelete), event.Flag("exclusive", spec.Exclusive),
			event.Table("arguments", spec.Arguments))
	}
}

func (v *VHost) queueDeleted(name string) {
	if v.events.Wanted() {
		v.events.Emit("queue.deleted", 0, event.Text("name", name), event.Text("vhost", v.name))
	}
}

func (v *VHost) exchangeCreated(x *exchange.Exchange) {
	if v.events.Wanted() {
		v.events.Emit("exchange.created", 0, event.Text("name", x.Name), event.Text("vhost", v.name), event.Text("type", x.Type),
			event.Flag("durable", x.Durable), event.Flag("auto_delete", x.AutoDelete), event.Flag("internal", x.Internal),
			event.Table("arguments", x.Arguments))
	}
}

func (v *VHost) bindingCreated(by OwnerID, b *exchange.Binding) {
	v.bindingEvent("binding.created", by, b)
}

// removed tells of what went with a change.
func (v *VHost) removed(gone *exchange.Removed) {
	if !v.events.Wanted() {
		return
	}
	for _, b := range gone.Bindings {
		v.bindingEvent("binding.deleted", 0, b)
	}
	for _, x := range gone.Exchanges {
		v.events.Emit("exchange.deleted", 0, event.Text("name", x.Name), event.Text("vhost", v.name))
	}
}

func (v *VHost) bindingEvent(key string, by OwnerID, b *exchange.Binding) {
	if !v.events.Wanted() {
		return
	}
	kind := "queue"
	if b.ToExchange {
		kind = "exchange"
	}
	v.events.Emit(key, uint64(by), event.Text("vhost", v.name), event.Text("source_name", b.Source), event.Text("source_kind", "exchange"),
		event.Text("destination_name", b.Destination), event.Text("destination_kind", kind), event.Text("routing_key", b.Key),
		event.Table("arguments", b.Arguments))
}
