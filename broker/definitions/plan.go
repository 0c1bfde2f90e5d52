package definitions

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/parameter"
	"github.com/lepusmq/lepus/broker/vhost"
)

// plan is what an import is to do. What the file leaves alone is not in it.
type plan struct {
	broker Broker
	only   string // the virtual host that all goes into; empty for a whole file

	vhosts     map[string]*plannedVHost
	vhostOrder []string
	users      map[string]*auth.User
	userOrder  []string
	globals    []parameter.Global
	parameters []parameter.Parameter
	policies   []plannedPolicy
	exchanges  []newExchange
	queues     []newQueue
	bindings   []newBinding

	// planned are the exchanges and queues that there will be besides those that
	// there are.
	planned map[endpoint]bool
}

type plannedVHost struct {
	settings     vhost.Settings
	new, changed bool
}

type plannedPolicy struct {
	vhost    string
	operator bool
	vhost.Policy
}

// endpoint is an exchange or a queue.
type endpoint struct {
	exchange    bool
	vhost, name string
}

func newPlan(b Broker, only string) *plan {
	return &plan{
		broker: b, only: only,
		vhosts: map[string]*plannedVHost{}, users: map[string]*auth.User{}, planned: map[endpoint]bool{},
	}
}

// vhost returns a virtual host that there is or will be.
func (p *plan) vhost(name string) (*plannedVHost, error) {
	if v := p.vhosts[name]; v != nil {
		return v, nil
	}
	s, err := p.broker.VHostSettings(name)
	if err != nil {
		return nil, fmt.Errorf("virtual host %q does not exist", name)
	}
	v := &plannedVHost{settings: s}
	p.vhosts[name] = v
	p.vhostOrder = append(p.vhostOrder, name)
	return v, nil
}

// place returns the virtual host that a definition is for.
func (p *plan) place(name string) (string, error) {
	if p.only != "" {
		return p.only, nil
	}
	_, err := p.vhost(name)
	return name, err
}

func (p *plan) addVHost(d *virtualHost) error {
	if d.Name == "" {
		return wrong("", errors.New("a virtual host must have a name"))
	}
	v, err := p.vhost(d.Name)
	if err != nil {
		v = &plannedVHost{new: true}
		p.vhosts[d.Name] = v
		p.vhostOrder = append(p.vhostOrder, d.Name)
	}
	v.changed = true
	take(&v.settings.Description, d.Metadata.Description)
	take(&v.settings.Description, d.Description)
	take(&v.settings.Tags, (*[]string)(d.Metadata.Tags))
	take(&v.settings.Tags, (*[]string)(d.Tags))
	take(&v.settings.DefaultQueueType, d.Metadata.DefaultQueueType)
	take(&v.settings.DefaultQueueType, d.DefaultQueueType)
	take(&v.settings.Tracing, d.Tracing)
	take(&v.settings.Protected, d.Metadata.Protected)
	if v.settings.DefaultQueueType == "undefined" {
		v.settings.DefaultQueueType = ""
	}
	if err := vhost.CheckQueueType(v.settings.DefaultQueueType); err != nil {
		return wrong(d.Name, err)
	}
	if d.Limits.MaxConnections != nil {
		v.settings.MaxConnections = d.Limits.MaxConnections
	}
	if d.Limits.MaxQueues != nil {
		v.settings.MaxQueues = d.Limits.MaxQueues
	}
	return nil
}

// take replaces a value by what the file says, if it says something.
func take[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// user returns a user that there is or will be, to be changed.
func (p *plan) user(name string) (*auth.User, error) {
	if u := p.users[name]; u != nil {
		return u, nil
	}
	u, ok := p.broker.User(name)
	if !ok {
		return nil, fmt.Errorf("user %q does not exist", name)
	}
	return p.plan(u), nil
}

func (p *plan) plan(u auth.User) *auth.User {
	p.users[u.Name] = &u
	p.userOrder = append(p.userOrder, u.Name)
	return &u
}

func (p *plan) addUser(d *user) error {
	switch {
	case d.Name == "":
		return wrong("", errors.New("a user must have a name"))
	case d.Tags == nil:
		return wrong(d.Name, errors.New("tags_not_present"))
	}
	u, err := p.user(d.Name)
	if err != nil {
		u = p.plan(auth.User{Name: d.Name})
	}
	u.Tags, u.PasswordHash, u.HashingAlgorithm = *d.Tags, d.PasswordHash, d.HashingAlgorithm
	if d.Password != "" {
		u.PasswordHash, u.HashingAlgorithm = auth.HashPassword(d.Password), auth.SHA256
	}
	if d.Limits.MaxConnections != nil {
		u.Limits.MaxConnections = d.Limits.MaxConnections
	}
	if d.Limits.MaxChannels != nil {
		u.Limits.MaxChannels = d.Limits.MaxChannels
	}
	return p.checkUser(u)
}

// checkUser returns the error for a user that there cannot be.
func (p *plan) checkUser(u *auth.User) error {
	if _, err := base64.StdEncoding.DecodeString(u.PasswordHash); err != nil {
		return wrong(u.Name, errors.New("password_hash is not base64"))
	}
	if err := auth.NewUsers().Put(*u); err != nil {
		return wrong(u.Name, err)
	}
	return nil
}

// userIn returns a user who is to be given rights in a virtual host.
func (p *plan) userIn(name, host string) (*auth.User, error) {
	u, err := p.user(name)
	if err != nil {
		return nil, wrong("", err)
	}
	if _, err := p.vhost(host); err != nil {
		return nil, wrong("", err)
	}
	return u, nil
}

func (p *plan) addPermission(d *permission) error {
	u, err := p.userIn(d.User, d.VHost)
	if err != nil {
		return err
	}
	u.Permissions = with(u.Permissions, d.VHost, d.Permission)
	return p.checkUser(u)
}

func (p *plan) addTopicPermission(d *topicPermission) error {
	u, err := p.userIn(d.User, d.VHost)
	if err != nil {
		return err
	}
	u.TopicPermissions = with(u.TopicPermissions, d.VHost, with(u.TopicPermissions[d.VHost], d.Exchange, d.TopicPermission))
	return p.checkUser(u)
}

// with returns a copy of a map with one more entry.
func with[V any](m map[string]V, key string, v V) map[string]V {
	m = maps.Clone(m)
	if m == nil {
		m = map[string]V{}
	}
	m[key] = v
	return m
}

func (p *plan) addGlobal(d *parameter.Global) error {
	if d.Name == "" {
		return wrong("", errors.New("a global parameter must have a name"))
	}
	if len(d.Value) == 0 {
		return wrong(d.Name, errors.New("it has no value"))
	}
	if d.Name == clusterIDParameter {
		return nil // another broker's own
	}
	if err := p.broker.CheckParameter("", "", d.Name, d.Value); err != nil {
		return wrong(d.Name, err)
	}
	p.globals = append(p.globals, *d)
	return nil
}

func (p *plan) addParameter(d *parameter.Parameter) error {
	if string(d.Value) == "[]" {
		d.Value = json.RawMessage("{}") // as RabbitMQ 3.10 writes an object with nothing in it
	}
	host, err := p.place(d.VHost)
	if err != nil {
		return wrong(d.Name, err)
	}
	if d.Component == "operator_policy" {
		one := policy{VHost: host, Name: d.Name}
		if err := json.Unmarshal(d.Value, &one); err != nil {
			return wrong(d.Name, err)
		}
		return p.plannedPolicy(host, &one, true)
	}
	if err := p.broker.CheckParameter(d.Component, host, d.Name, d.Value); err != nil {
		return wrong(d.Name, err)
	}
	p.parameters = append(p.parameters, parameter.Parameter{Component: d.Component, VHost: host, Name: d.Name, Value: d.Value})
	return nil
}

func (p *plan) addPolicy(d *policy) error {
	host, err := p.place(d.VHost)
	if err != nil {
		return wrong(d.Name, err)
	}
	return p.plannedPolicy(host, d, false)
}

func (p *plan) plannedPolicy(host string, d *policy, operator bool) error {
	one := plannedPolicy{host, operator, vhost.Policy{
		Name: d.Name, Pattern: d.Pattern, ApplyTo: d.ApplyTo, Priority: d.Priority, Definition: d.Definition,
	}}
	check := vhost.CheckPolicy
	if operator {
		check = vhost.CheckOperatorPolicy
	}
	if err := check(one.Policy); err != nil {
		return wrong(d.Name, fmt.Errorf("validation failed: %w", err))
	}
	p.policies = append(p.policies, one)
	return nil
}
