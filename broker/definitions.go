package broker

import (
	"encoding/json"
	"errors"
	"fmt"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/broker/auth"
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
}

// seed defines what a new broker has and returns when it is durable.
func (b *Broker) seed() ([]store.Definition, error) {
	host, err := json.Marshal(vhostDefinition{Name: defaultVHost})
	if err != nil {
		return nil, fmt.Errorf("encode vhost: %w", err)
	}
	guest, err := auth.User{
		Name:             defaultUser,
		PasswordHash:     auth.HashPassword(defaultPassword),
		HashingAlgorithm: auth.SHA256,
		Tags:             []string{"administrator"},
		Permissions:      map[string]auth.Permission{defaultVHost: auth.Everything()},
	}.Encode()
	if err != nil {
		return nil, err
	}
	defs := []store.Definition{
		{Kind: store.KindVHost, ID: b.store.NewID(), Value: host},
		{Kind: store.KindUser, ID: b.store.NewID(), Value: guest},
	}
	durable := make(chan struct{})
	b.store.Define(defs, func() { close(durable) })
	select {
	case <-durable:
		return defs, nil
	case <-b.failed:
		return nil, fmt.Errorf("define vhost %q and user %q: %w", defaultVHost, defaultUser, b.Err())
	}
}

// restore makes users and virtual hosts of what the store has defined. An
// empty store gets the defaults first.
func (b *Broker) restore() error {
	defs := b.store.Definitions()
	if len(defs) == 0 {
		var err error
		if defs, err = b.seed(); err != nil {
			return err
		}
	}
	var topology []store.Definition
	for _, d := range defs {
		var err error
		switch d.Kind {
		case store.KindVHost:
			err = b.addVHost(d)
		case store.KindUser:
			err = b.addUser(d)
		default:
			topology = append(topology, d)
		}
		if err != nil {
			return fmt.Errorf("definition %d: %w", d.ID, err)
		}
	}
	for _, v := range b.vhosts {
		if err := v.Recover(topology); err != nil {
			return fmt.Errorf("recover vhost %q: %w", v.Name(), err)
		}
	}
	return nil
}

func (b *Broker) addVHost(d store.Definition) error {
	var def vhostDefinition
	if err := json.Unmarshal(d.Value, &def); err != nil {
		return fmt.Errorf("decode vhost: %w", err)
	}
	if def.Name == "" {
		return errors.New("decode vhost: it has no name")
	}
	b.vhosts[def.Name] = vhost.New(vhost.Config{
		Name: def.Name, ID: d.ID, Store: b.store, Budget: b.budget, Overflow: b.overflow, Clock: b.clock,
		Log: b.log.With(zap.String("vhost", def.Name)),
	})
	return nil
}

func (b *Broker) addUser(d store.Definition) error {
	user, err := auth.DecodeUser(d.Value)
	if err != nil {
		return err
	}
	return b.users.Put(user)
}
