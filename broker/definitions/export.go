package definitions

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/vhost"
)

// clusterIDParameter is a broker's own: it is not for others.
const clusterIDParameter = "internal_cluster_id"

// Export returns the definitions of a virtual host, or of the whole broker if host is
// empty. The error is that there is no such virtual host.
func Export(b Broker, host string) ([]byte, error) {
	n := b.Node()
	f := &file{
		RabbitVersion: n.Version, RabbitMQVersion: n.Version, ProductName: "RabbitMQ", ProductVersion: n.Version,
		Format: "cluster", ClusterName: b.ClusterName(),
	}
	hosts := []string{host}
	if host == "" {
		hosts = b.VHosts()
		f.addUsers(b.Users())
	} else {
		f.Format = "single_virtual_host"
	}
	for _, h := range hosts {
		settings, err := b.VHostSettings(h)
		if err != nil && host == "" {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("export virtual host %q: %w", h, err)
		}
		if host == "" {
			f.VHosts = append(f.VHosts, vhostOf(h, &settings))
		}
		f.addTopology(b, h)
	}
	if host == "" {
		f.addGlobals(b)
		f.Permissions, f.TopicPermissions = listed(f.Permissions), listed(f.TopicPermissions)
		f.GlobalParameters = listed(f.GlobalParameters)
	} else {
		f.anonymous()
	}
	return f.encode()
}

// encode writes the file. Nothing in it is left out because it is empty, but what
// only a whole broker has.
func (f *file) encode() ([]byte, error) {
	f.Queues, f.Exchanges, f.Bindings = listed(f.Queues), listed(f.Exchanges), listed(f.Bindings)
	f.Parameters, f.Policies = listed(f.Parameters), listed(f.Policies)
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(f); err != nil {
		return nil, fmt.Errorf("encode definitions: %w", err)
	}
	return bytes.TrimSpace(text.Bytes()), nil
}

func listed[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}

func (f *file) addUsers(users []auth.User) {
	for _, u := range users {
		tags := words(listed(u.Tags))
		algorithm := u.HashingAlgorithm
		if algorithm == "" {
			algorithm = auth.SHA256
		}
		f.Users = append(f.Users, user{
			Name: u.Name, PasswordHash: u.PasswordHash, HashingAlgorithm: algorithm, Tags: &tags, Limits: u.Limits,
		})
		for _, host := range slices.Sorted(maps.Keys(u.Permissions)) {
			f.Permissions = append(f.Permissions, permission{u.Name, host, u.Permissions[host]})
		}
		for _, host := range slices.Sorted(maps.Keys(u.TopicPermissions)) {
			byExchange := u.TopicPermissions[host]
			for _, x := range slices.Sorted(maps.Keys(byExchange)) {
				f.TopicPermissions = append(f.TopicPermissions, topicPermission{u.Name, host, x, byExchange[x]})
			}
		}
	}
}

func vhostOf(name string, s *vhost.Settings) virtualHost {
	tags := words(listed(s.Tags))
	v := virtualHost{Name: name, Description: &s.Description, Tags: &tags}
	v.Metadata = metadata{Description: &s.Description, Tags: &tags}
	if s.DefaultQueueType != "" {
		v.DefaultQueueType, v.Metadata.DefaultQueueType = &s.DefaultQueueType, &s.DefaultQueueType
	}
	if s.Protected {
		v.Metadata.Protected = &s.Protected
	}
	return v
}

// addTopology adds what is in a virtual host, and the rules for it. What is deleted
// meanwhile is left out.
func (f *file) addTopology(b Broker, host string) {
	policies, _ := b.Policies(host)
	for _, p := range policies {
		f.Policies = append(f.Policies, policy{host, p.Name, p.Pattern, p.ApplyTo, p.Definition, p.Priority})
	}
	parameters, _ := b.Parameters("", host)
	f.Parameters = append(f.Parameters, parameters...)
	private := f.addQueues(b, host)
	names, _ := b.ExchangeNames(host)
	for _, name := range names {
		x, err := b.Exchange(host, name)
		if err != nil || vhost.Predeclared(name) {
			continue
		}
		f.Exchanges = append(f.Exchanges, exchange{
			Name: name, VHost: host, Type: x.Type, Durable: x.Durable, AutoDelete: x.AutoDelete, Internal: x.Internal,
			Arguments: x.Arguments,
		})
	}
	bindings, _ := b.Bindings(host)
	for _, one := range bindings {
		if one.Source == "" || !one.ToExchange && private[one.Destination] {
			continue
		}
		to := toQueue
		if one.ToExchange {
			to = toExchange
		}
		f.Bindings = append(f.Bindings, binding{one.Source, host, one.Destination, to, one.RoutingKey, one.Arguments})
	}
}

// The types of destinations.
const (
	toQueue    = "queue"
	toExchange = "exchange"
)

// addQueues adds the queues of a virtual host, and returns those that it does not
// add: they belong to connections.
func (f *file) addQueues(b Broker, host string) map[string]bool {
	private := map[string]bool{}
	names, _ := b.QueueNames(host)
	for _, name := range names {
		q, err := b.Queue(host, name)
		if err != nil || q.Exclusive {
			private[name] = true
			continue
		}
		f.Queues = append(f.Queues, queue{
			Name: name, VHost: host, Type: q.Type, Durable: q.Durable, AutoDelete: q.AutoDelete, Arguments: q.Arguments,
		})
	}
	return private
}

func (f *file) addGlobals(b Broker) {
	for _, p := range b.GlobalParameters() {
		if p.Name != clusterIDParameter {
			f.GlobalParameters = append(f.GlobalParameters, p)
		}
	}
}

// anonymous takes the virtual host's name out of its file, which may be imported
// under another. Parameters keep the field, as RabbitMQ's do.
func (f *file) anonymous() {
	for i := range f.Policies {
		f.Policies[i].VHost = ""
	}
	for i := range f.Queues {
		f.Queues[i].VHost = ""
	}
	for i := range f.Exchanges {
		f.Exchanges[i].VHost = ""
	}
	for i := range f.Bindings {
		f.Bindings[i].VHost = ""
	}
}
