package broker

import (
	"encoding/json"
	"errors"
	"fmt"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/event"
	"github.com/lepusmq/lepus/broker/session"
	"github.com/lepusmq/lepus/broker/vhost"
	"github.com/lepusmq/lepus/store"
)

// What a new broker has, as RabbitMQ does.
const (
	defaultVHost    = "/"
	defaultUser     = "guest"
	defaultPassword = "guest"
)

// vhostDefinition is how a virtual host is recorded.
type vhostDefinition struct {
	Name string `json:"name"`
	vhost.Settings
}

func (d vhostDefinition) encode() ([]byte, error) {
	b, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("encode vhost %q: %w", d.Name, err)
	}
	return b, nil
}

// define records changes of definitions and waits until they are durable.
func (b *Broker) define(defs ...store.Definition) error {
	durable := make(chan struct{})
	b.store.Define(defs, func() { close(durable) })
	select {
	case <-durable:
		return nil
	case <-b.failed:
		return b.Err()
	}
}

// restore makes users and virtual hosts of what the store has defined. An
// empty store gets the defaults first.
func (b *Broker) restore() error {
	defs := b.store.Definitions()
	empty := len(defs) == 0
	if empty {
		var err error
		if defs, err = b.seed(); err != nil {
			return fmt.Errorf("define vhost %q and user %q: %w", b.cfg.Seed.VHost, b.cfg.Seed.User, err)
		}
	}
	var topology []store.Definition
	for _, d := range defs {
		var err error
		switch d.Kind {
		case store.KindVHost:
			err = b.restoreVHost(d)
		case store.KindUser:
			err = b.restoreUser(d)
		case store.KindParameter:
			err = b.restoreParameter(d)
		default:
			topology = append(topology, d)
		}
		if err != nil {
			return fmt.Errorf("definition %d: %w", d.ID, err)
		}
	}
	if err := b.identify(); err != nil {
		return fmt.Errorf("define %s: %w", clusterID, err)
	}
	b.announce()
	for _, h := range b.residents.all() {
		if err := h.Recover(topology); err != nil {
			return fmt.Errorf("recover vhost %q: %w", h.Name(), err)
		}
		if !empty {
			continue
		}
		if err := b.furnish(h); err != nil {
			return fmt.Errorf("furnish vhost %q: %w", h.Name(), err)
		}
	}
	return nil
}

func (b *Broker) restoreVHost(d store.Definition) error {
	var def vhostDefinition
	if err := json.Unmarshal(d.Value, &def); err != nil {
		return fmt.Errorf("decode vhost: %w", err)
	}
	if def.Name == "" {
		return errors.New("decode vhost: it has no name")
	}
	b.residents.add(b.newHost(d.ID, def))
	return nil
}

// newHost makes a virtual host of its definition.
func (b *Broker) newHost(id uint64, def vhostDefinition) *host {
	var records *event.Records
	if def.Name == b.cfg.Seed.VHost {
		records = b.cfg.LogRecords
	}
	return &host{id: id, inside: map[*session.Session]bool{}, VHost: vhost.New(vhost.Config{
		Name: def.Name, ID: id, Settings: def.Settings,
		Events: b.events, Ceiling: b.ceiling, HasEvents: def.Name == defaultVHost, Records: records,
		Store: b.store, Budget: b.budget, Overflow: b.overflow, Clock: b.clock,
		DefaultQueueType: b.cfg.DefaultQueueType, Before4: before4(b.cfg.Version),
		Log: b.log.With(zap.String("vhost", def.Name)),
	})}
}

func (b *Broker) restoreUser(d store.Definition) error {
	user, err := auth.DecodeUser(d.Value)
	if err != nil {
		return err
	}
	b.userIDs[user.Name] = d.ID
	return b.users.Put(user)
}
