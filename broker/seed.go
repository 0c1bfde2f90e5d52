package broker

import (
	"cmp"
	"fmt"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/pattern"
	"github.com/lepusmq/lepus/broker/vhost"
	"github.com/lepusmq/lepus/store"
)

// Seed is what a broker has that starts with nothing: a virtual host and a user.
// On a data folder with definitions it means nothing.
type Seed struct {
	// Nothing leaves the broker empty, for definitions to fill.
	Nothing bool
	// VHost is the virtual host; empty is /.
	VHost string
	// User, with Password, is the user; empty is guest, whose password is guest.
	User, Password string
	// Tags are the user's; nil is administrator.
	Tags []string
	// Permission is what the user may do in the virtual host; the zero one is
	// everything.
	Permission auth.Permission
}

// VHostDefault is what new virtual hosts of some names have from the start,
// the first one included.
type VHostDefault struct {
	// Names is a pattern in the syntax of PCRE that a name matches if it is found
	// anywhere in it; empty is all.
	Names string
	// MaxConnections and MaxQueues are limits; nil is none.
	MaxConnections, MaxQueues *int
	// User is a user who is made, unless there is one of that name, and may do
	// there what Permission says. Without a name there is none.
	User       auth.User
	Permission auth.Permission
	// OperatorPolicy is a policy that is set; nil is none.
	OperatorPolicy *vhost.Policy
}

func (s Seed) withDefaults() Seed {
	s.VHost = cmp.Or(s.VHost, defaultVHost)
	if s.User == "" {
		s.User, s.Password = defaultUser, defaultPassword
	}
	if s.Tags == nil {
		s.Tags = []string{auth.Administrator}
	}
	if s.Permission == (auth.Permission{}) {
		s.Permission = auth.Everything()
	}
	return s
}

// seed defines what a new broker has and returns when it is durable.
func (b *Broker) seed() ([]store.Definition, error) {
	s := b.cfg.Seed
	if s.Nothing {
		return nil, nil
	}
	host := vhostDefinition{Name: s.VHost}
	b.limit(&host)
	value, err := host.encode()
	if err != nil {
		return nil, err
	}
	user := auth.User{
		Name: s.User, HashingAlgorithm: auth.SHA256, Tags: s.Tags,
		Permissions: map[string]auth.Permission{s.VHost: s.Permission},
	}
	if s.Password != "" {
		user.PasswordHash = auth.HashPassword(s.Password)
	}
	first, err := user.Encode()
	if err != nil {
		return nil, err
	}
	defs := []store.Definition{
		{Kind: store.KindVHost, ID: b.store.NewID(), Value: value},
		{Kind: store.KindUser, ID: b.store.NewID(), Value: first},
	}
	return defs, b.define(defs...)
}

// checkVHostDefaults returns what is wrong with the defaults of virtual hosts.
func (c *Config) checkVHostDefaults() error {
	for _, d := range c.VHostDefaults {
		if _, err := pattern.Compile(d.Names); err != nil {
			return fmt.Errorf("defaults of virtual hosts: %w", err)
		}
	}
	return nil
}

// defaultsOf returns what a new virtual host of a name is to have.
func (c *Config) defaultsOf(name string) []VHostDefault {
	var all []VHostDefault
	for _, d := range c.VHostDefaults {
		if p, err := pattern.Compile(d.Names); err == nil && p.Match(name) {
			all = append(all, d)
		}
	}
	return all
}

// limit sets the limits of a new virtual host that are not set.
func (b *Broker) limit(def *vhostDefinition) {
	for _, d := range b.cfg.defaultsOf(def.Name) {
		def.MaxConnections = cmp.Or(def.MaxConnections, d.MaxConnections)
		def.MaxQueues = cmp.Or(def.MaxQueues, d.MaxQueues)
	}
}

// furnish gives a new virtual host its users and policies. Called with admin
// held.
func (b *Broker) furnish(h *host) error {
	for _, d := range b.cfg.defaultsOf(h.Name()) {
		if d.User.Name != "" {
			u, ok := b.users.Get(d.User.Name)
			if !ok {
				u = d.User
			}
			set(&u.Permissions, h.Name(), d.Permission)
			if err := b.putUser(u); err != nil {
				return err
			}
		}
		if d.OperatorPolicy != nil {
			p := *d.OperatorPolicy
			if err := b.ask(h.VHost, func(v *vhost.VHost, reply func(error)) { v.SetOperatorPolicy(p, reply) }); err != nil {
				return fmt.Errorf("operator policy %q: %w", p.Name, err)
			}
		}
		b.log.Debug("virtual host has what the configuration says", zap.String("vhost", h.Name()), zap.String("pattern", d.Names))
	}
	return nil
}
