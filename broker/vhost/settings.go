package vhost

import (
	"fmt"
	"slices"

	"github.com/lepusmq/lepus/amqp"
)

// Settings are what an administrator decides about a virtual host. The zero
// Settings leave everything as it is without.
type Settings struct {
	// Description and Tags are for people.
	Description string   `json:"description,omitempty"`
	Tags        []string `json:"tags,omitempty"`
	// MaxConnections is how many connections there may be; nil or negative is
	// any number, 0 none. Those that there are stay.
	MaxConnections *int `json:"max_connections,omitempty"`
	// DefaultQueueType is "classic" or "quorum": what a queue is whose
	// declaration does not say, if its flags allow it. Empty is what the broker
	// has for all virtual hosts.
	DefaultQueueType string `json:"default_queue_type,omitempty"`
	// MaxQueues is how many queues there may be, exclusive ones included; nil or
	// negative is any number. Those that there are stay.
	MaxQueues *int `json:"max_queues,omitempty"`
	// Tracing sends a copy of each message that is published or delivered to
	// [TraceExchange].
	Tracing bool `json:"tracing,omitempty"`
	// Protected refuses to delete the virtual host.
	Protected bool `json:"protected_from_deletion,omitempty"`
}

// Settings returns what is set at the moment.
func (v *VHost) Settings() Settings { return *v.settings.Load() }

// SetSettings sets what counts from now on. It does not record it. The error is
// that of [CheckQueueType].
func (v *VHost) SetSettings(s Settings) error {
	if err := CheckQueueType(s.DefaultQueueType); err != nil {
		return err
	}
	v.settings.Store(&s)
	v.tracing.on.Store(s.Tracing)
	return nil
}

// CheckQueueType returns an error for a type that queues cannot have by default.
// Empty is the broker's own choice.
func CheckQueueType(name string) error {
	switch name {
	case "", classic.String(), quorum.String():
		return nil
	}
	return fmt.Errorf("unsupported queue type '%s'", name)
}

// full says that there may be no more queues. The caller holds the lock.
func (v *VHost) full() bool {
	limit := v.settings.Load().MaxQueues
	return limit != nil && *limit >= 0 && len(v.queues) >= *limit
}

// fillType gives the default type to the queue of a declaration that names none
// and asks for nothing that only classic queues have. As in RabbitMQ it is then
// as if the client had named it, also when there is such a queue already.
func (v *VHost) fillType(d *declaration) {
	byDefault := v.settings.Load().DefaultQueueType
	if byDefault == "" {
		byDefault = v.defaultType
	}
	spec := &d.spec
	if byDefault == "" || byDefault == classic.String() || spec.Generated || !spec.Durable || spec.Exclusive || spec.AutoDelete {
		return
	}
	if _, named := spec.Arguments.Get(typeArgument); !named {
		spec.Arguments = append(slices.Clip(spec.Arguments), amqp.Field{Key: typeArgument, Value: amqp.String(byDefault)})
	}
}
