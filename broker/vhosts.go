package broker

import (
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/event"
	"github.com/lepusmq/lepus/broker/session"
	"github.com/lepusmq/lepus/broker/vhost"
	"github.com/lepusmq/lepus/store"
)

// ErrVHostExists is the addition of a virtual host that there is already.
var ErrVHostExists = errors.New("virtual host exists")

// ErrVHostProtected is the deletion of a virtual host whose settings protect it.
var ErrVHostProtected = errors.New("virtual host is protected from deletion")

// ErrVHostLimit is the addition of one more than there may be.
var ErrVHostLimit = errors.New("too many virtual hosts")

// AddVHost adds a virtual host. Nobody has permissions in it. It is there, and
// durable, when AddVHost returns. Errors: ErrVHostExists, ErrVHostLimit, and what is wrong with
// the settings.
func (b *Broker) AddVHost(name string, o vhost.Settings) error {
	if name == "" {
		return errors.New("a virtual host must have a name")
	}
	if err := vhost.CheckQueueType(o.DefaultQueueType); err != nil {
		return fmt.Errorf("virtual host %q: %w", name, err)
	}
	return b.administer(func() error {
		if b.residents.host(name) != nil {
			return fmt.Errorf("virtual host %q: %w", name, ErrVHostExists)
		}
		if most := b.cfg.MaxVHosts; most > 0 && len(b.residents.all()) >= most {
			return fmt.Errorf("cannot create vhost '%s': vhost limit of %d is reached: %w", name, most, ErrVHostLimit)
		}
		def := vhostDefinition{Name: name, Settings: o}
		b.limit(&def)
		value, err := def.encode()
		if err != nil {
			return err
		}
		h := b.newHost(b.store.NewID(), def)
		if err := b.define(store.Definition{Kind: store.KindVHost, ID: h.id, Value: value}); err != nil {
			return err
		}
		b.residents.add(h)
		b.vhostCreated(name, o)
		b.log.Info("virtual host added", zap.String("vhost", name))
		return b.furnish(h)
	})
}

// SetVHost changes the settings of a virtual host. Errors: ErrNoVHost, and what
// is wrong with the settings.
func (b *Broker) SetVHost(name string, o vhost.Settings) error {
	return b.changeVHost(name, func(s *vhost.Settings) { *s = o })
}

// SetVHostLimits bounds the connections and queues of a virtual host; nil or
// negative is any number. What there is stays. Errors: ErrNoVHost.
func (b *Broker) SetVHostLimits(name string, maxConnections, maxQueues *int) error {
	return b.changeVHost(name, func(s *vhost.Settings) { s.MaxConnections, s.MaxQueues = maxConnections, maxQueues })
}

// SetTracing has each message of a virtual host that is published or delivered
// traced from now on, until it is turned off again: a copy goes to the exchange
// amq.rabbitmq.trace, as of RabbitMQ's firehose. Errors: ErrNoVHost.
func (b *Broker) SetTracing(name string, on bool) error {
	return b.changeVHost(name, func(s *vhost.Settings) { s.Tracing = on })
}

func (b *Broker) changeVHost(name string, change func(*vhost.Settings)) error {
	return b.administer(func() error {
		h := b.residents.host(name)
		if h == nil {
			return fmt.Errorf("virtual host %q: %w", name, ErrNoVHost)
		}
		was := h.Settings()
		o := was
		change(&o)
		value, err := vhostDefinition{Name: name, Settings: o}.encode()
		if err != nil {
			return err
		}
		if err := h.SetSettings(o); err != nil {
			return fmt.Errorf("virtual host %q: %w", name, err)
		}
		b.vhostChanged(name, was, o)
		return b.define(store.Definition{Kind: store.KindVHost, ID: h.id, Value: value})
	})
}

// VHosts returns the names of all virtual hosts, sorted.
func (b *Broker) VHosts() []string {
	var names []string
	for _, h := range b.residents.all() {
		names = append(names, h.Name())
	}
	return names
}

// VHostSettings returns the settings of a virtual host. Errors: ErrNoVHost.
func (b *Broker) VHostSettings(name string) (vhost.Settings, error) {
	v, err := b.find(name)
	if err != nil {
		return vhost.Settings{}, err
	}
	return v.Settings(), nil
}

// DeleteVHost closes the connections of a virtual host and deletes it with all
// that is in it, and all permissions there. When it returns nothing is left.
// Errors: ErrNoVHost, ErrVHostProtected.
func (b *Broker) DeleteVHost(name string) error {
	return b.administer(func() error {
		if h := b.residents.host(name); h != nil && h.Settings().Protected {
			return fmt.Errorf("virtual host %q: %w", name, ErrVHostProtected)
		}
		h, there := b.residents.remove(name)
		if h == nil {
			return fmt.Errorf("virtual host %q: %w", name, ErrNoVHost)
		}
		parameters := b.withoutParameters(name)
		b.evict(h, there)
		deleted := make(chan []store.Definition, 1)
		h.Delete(func(rest []store.Definition) { deleted <- rest })
		var defs []store.Definition
		select {
		case defs = <-deleted:
		case <-b.failed:
			h.Close()
			b.residents.forget(h)
			return b.Err()
		}
		h.Close()
		b.residents.forget(h)
		defs = append(append(defs, parameters...), store.Definition{Kind: store.KindVHost, ID: h.id, Deleted: true})
		users, err := b.withoutVHost(name)
		if err != nil {
			return err
		}
		b.log.Info("virtual host deleted", zap.String("vhost", name))
		if name == defaultVHost {
			b.events.Want(false) // until there is one again with somebody who does
		}
		if name == b.cfg.Seed.VHost && b.cfg.LogRecords != nil {
			b.cfg.LogRecords.Want(false) // as above
		}
		b.emit("vhost.deleted", event.Text("name", name))
		return b.define(append(defs, users...)...)
	})
}

// evict ends the sessions in a virtual host that is not there any more, and
// returns when they have ended.
func (b *Broker) evict(h *host, there []*session.Session) {
	for _, s := range there {
		s.Close(amqp.Forced("vhost '" + h.Name() + "' is deleted"))
	}
	late := time.AfterFunc(shutdownGrace, func() { b.sessions.cutOff(there) })
	defer late.Stop()
	h.sessions.Wait()
}

// withoutVHost takes from all users what they may do in a virtual host, and
// returns the definitions that say so. Called with admin held.
func (b *Broker) withoutVHost(name string) ([]store.Definition, error) {
	var defs []store.Definition
	for _, u := range b.users.All() {
		_, may := u.Permissions[name]
		_, topics := u.TopicPermissions[name]
		if !may && !topics {
			continue
		}
		was := b.formerUser(u.Name)
		delete(u.Permissions, name)
		delete(u.TopicPermissions, name)
		def, err := b.userDefinition(u)
		if err != nil {
			return nil, err
		}
		if err := b.users.Put(u); err != nil {
			return nil, err
		}
		b.userChanged(was, u)
		defs = append(defs, def)
	}
	return defs, nil
}
