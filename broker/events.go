package broker

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/event"
	"github.com/lepusmq/lepus/broker/parameter"
	"github.com/lepusmq/lepus/broker/shovel"
	"github.com/lepusmq/lepus/broker/vhost"
)

// internalUser is who did what no user did, in events, as in RabbitMQ.
const internalUser = "rmq-internal"

// relayEvents publishes events to the event exchange until the broker stops.
func (b *Broker) relayEvents() {
	for {
		select {
		case <-b.events.Ready():
			events, lost := b.events.Take()
			if lost > 0 {
				b.log.Named("event").Warn("events were dropped: too many at a time", zap.Uint64("events", lost))
			}
			b.announceEvents(events)
		case <-b.stopping:
			return
		}
	}
}

func (b *Broker) announceEvents(events []event.Event) {
	h := b.residents.host(defaultVHost)
	for _, e := range events {
		headers := append(slices.Clip(e.Headers), event.Number("timestamp_in_ms", e.At.UnixMilli()))
		if _, named := headers.Get("user_who_performed_action"); !named && !ofTheNode(e.Key) {
			headers = append(headers, event.Text("user_who_performed_action", b.residents.userOf(e.By)))
		}
		if h != nil {
			h.Announce(e.Key, e.At, headers)
		}
		b.watched.show(e.Key, headers)
	}
}

// ofTheNode says whether an event is one that no user stands behind, as in
// RabbitMQ.
func ofTheNode(key string) bool {
	kind, _, _ := strings.Cut(key, ".")
	return kind == "alarm" || kind == "shovel" || kind == "maintenance"
}

// userOf returns the user of a connection, or the broker itself if that has
// gone or is none.
func (r *residents) userOf(connection uint64) string {
	if connection == 0 {
		return internalUser
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for s, p := range r.places {
		if s.ID() == connection {
			return p.user
		}
	}
	return internalUser
}

// emit tells of something that the broker itself has done, or an administrator.
func (b *Broker) emit(key string, headers ...amqp.Field) { b.events.Emit(key, 0, headers...) }

func (b *Broker) vhostCreated(name string, s vhost.Settings) {
	b.emit("vhost.created", event.Text("name", name), event.Text("description", s.Description), event.List("tags", s.Tags),
		event.Text("default_queue_type", s.DefaultQueueType), event.Flag("tracing", s.Tracing))
}

// vhostChanged tells of new limits.
func (b *Broker) vhostChanged(name string, was, is vhost.Settings) {
	if same(was.MaxConnections, is.MaxConnections) && same(was.MaxQueues, is.MaxQueues) {
		return
	}
	if is.MaxConnections == nil && is.MaxQueues == nil {
		b.emit("vhost.limits.cleared", event.Text("name", limitsName), event.Text("vhost", name))
		return
	}
	headers := []amqp.Field{event.Text("name", limitsName), event.Text("vhost", name)}
	headers = appendLimit(headers, "max-connections", is.MaxConnections)
	headers = appendLimit(headers, "max-queues", is.MaxQueues)
	b.emit("vhost.limits.set", headers...)
}

// userChanged tells how a user is another now; was is nil if it is new.
func (b *Broker) userChanged(was *auth.User, is auth.User) {
	if !b.events.Wanted() {
		return
	}
	name := event.Text("name", is.Name)
	if was == nil {
		b.emit("user.created", name)
		was = &auth.User{PasswordHash: is.PasswordHash}
	}
	if was.PasswordHash != is.PasswordHash {
		key := "user.password.changed"
		if is.PasswordHash == "" {
			key = "user.password.cleared"
		}
		b.emit(key, name)
	}
	if !slices.Equal(was.Tags, is.Tags) {
		b.emit("user.tags.set", name, event.List("tags", is.Tags))
	}
	b.limitsChanged(was.Limits, is)
	b.permissionsChanged(was, is)
	b.topicPermissionsChanged(was, is)
}

func (b *Broker) limitsChanged(was auth.Limits, is auth.User) {
	if same(was.MaxConnections, is.Limits.MaxConnections) && same(was.MaxChannels, is.Limits.MaxChannels) {
		return
	}
	headers := []amqp.Field{event.Text("name", limitsName), event.Text("username", is.Name)}
	if is.Limits == (auth.Limits{}) {
		b.emit("user.limits.cleared", headers...)
		return
	}
	headers = appendLimit(headers, "max-connections", is.Limits.MaxConnections)
	b.emit("user.limits.set", appendLimit(headers, "max-channels", is.Limits.MaxChannels)...)
}

func (b *Broker) permissionsChanged(was *auth.User, is auth.User) {
	for _, host := range slices.Sorted(maps.Keys(is.Permissions)) {
		p := is.Permissions[host]
		if before, ok := was.Permissions[host]; !ok || before != p {
			b.emit("permission.created", event.Text("user", is.Name), event.Text("vhost", host),
				event.Text("configure", p.Configure), event.Text("write", p.Write), event.Text("read", p.Read))
		}
	}
	for _, host := range slices.Sorted(maps.Keys(was.Permissions)) {
		if _, ok := is.Permissions[host]; !ok {
			b.emit("permission.deleted", event.Text("user", is.Name), event.Text("vhost", host))
		}
	}
}

func (b *Broker) topicPermissionsChanged(was *auth.User, is auth.User) {
	for _, host := range slices.Sorted(maps.Keys(is.TopicPermissions)) {
		for _, exchange := range slices.Sorted(maps.Keys(is.TopicPermissions[host])) {
			p := is.TopicPermissions[host][exchange]
			if before, ok := was.TopicPermissions[host][exchange]; !ok || before != p {
				b.emit("topic.permission.created", event.Text("user", is.Name), event.Text("vhost", host),
					event.Text("exchange", exchange), event.Text("write", p.Write), event.Text("read", p.Read))
			}
		}
	}
	for _, host := range slices.Sorted(maps.Keys(was.TopicPermissions)) {
		for _, exchange := range slices.Sorted(maps.Keys(was.TopicPermissions[host])) {
			if _, ok := is.TopicPermissions[host][exchange]; !ok {
				b.emit("topic.permission.deleted", event.Text("user", is.Name), event.Text("vhost", host), event.Text("exchange", exchange))
			}
		}
	}
}

func same(a, b *int) bool { return a == b || a != nil && b != nil && *a == *b }

func appendLimit(headers []amqp.Field, key string, most *int) []amqp.Field {
	if most == nil {
		return headers
	}
	return append(headers, event.Number(key, int64(*most)))
}

func (b *Broker) policySet(host string, p vhost.Policy) {
	b.emit("policy.set", event.Text("name", p.Name), event.Text("vhost", host), event.Text("pattern", p.Pattern),
		event.Text("apply-to", p.ApplyTo), event.Number("priority", int64(p.Priority)), event.JSON("definition", p.Definition))
}

// parameterSet tells of a parameter, without the passwords that may be in it.
func (b *Broker) parameterSet(p parameter.Parameter) {
	if !b.events.Wanted() {
		return
	}
	headers := []amqp.Field{event.Text("component", p.Component), event.Text("name", p.Name)}
	if p.VHost != "" {
		headers = append(headers, event.Text("vhost", p.VHost))
	}
	var value any
	if p.Component == shovel.Component {
		value = shovel.Masked(p.Value)
	} else if err := json.Unmarshal(p.Value, &value); err != nil {
		value = nil
	}
	b.emit("parameter.set", append(headers, event.JSON("value", value))...)
}

func (b *Broker) parameterCleared(k parameter.Key) {
	headers := []amqp.Field{event.Text("component", k.Component), event.Text("name", k.Name)}
	if k.VHost != "" {
		headers = append(headers, event.Text("vhost", k.VHost))
	}
	b.emit("parameter.cleared", headers...)
}

// alarmChanged tells of the alarms that are on now and were not, or the other way
// round.
func (b *Broker) alarmChanged(was, is Alarm) {
	for a, source := range map[Alarm]string{MemoryAlarm: "memory", DiskAlarm: "disk"} {
		switch {
		case is&a != 0 && was&a == 0:
			b.emit("alarm.set", event.Text("source", source), event.Text("node", b.cfg.NodeName))
		case is&a == 0 && was&a != 0:
			b.emit("alarm.cleared", event.Text("source", source), event.Text("node", b.cfg.NodeName))
		}
	}
}
