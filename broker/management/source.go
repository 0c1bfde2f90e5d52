package management

import (
	"encoding/json"
	"net"

	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/parameter"
	"github.com/lepusmq/lepus/broker/stats"
	"github.com/lepusmq/lepus/broker/vhost"
)

// Broker is the broker as this API sees it. All methods may be called from any
// goroutine. Where a method takes the name of a user, by, it is done in its name and
// needs its permissions; an empty one is the broker's own administrator. Methods
// that list or show something fail only if that, or its virtual host, is not there.
type Broker interface {
	Topology
	Clients
	Administration
	Parameters
	Shovels

	Totals(vhost string) (stats.Totals, error) // "" is all
	Node() stats.Node
}

// Topology is what is in virtual hosts.
type Topology interface {
	VHosts() []string
	VHostSettings(name string) (vhost.Settings, error)

	QueueNames(vhost string) ([]string, error)
	QueueCounts(vhost string) ([]stats.QueueCounts, error)
	Queue(vhost, name string) (stats.Queue, error)
	ExchangeNames(vhost string) ([]string, error)
	Exchange(vhost, name string) (stats.Exchange, error)
	Bindings(vhost string) ([]stats.Binding, error)
	QueueBindings(vhost, queue string) ([]stats.Binding, error)
	ExchangeBindings(vhost, exchange string, asSource bool) ([]stats.Binding, error)

	// Passages is how many messages came by exchanges to a queue, or from an exchange
	// to all queues if queue is "".
	Passages(vhost, exchange, queue string) ([]stats.Passage, error)

	DeclareQueue(by, vhost string, spec vhost.QueueSpec) (created bool, err error)
	DeleteQueue(by, vhost, name string, ifUnused, ifEmpty bool) error
	PurgeQueue(by, vhost, name string) error
	DeclareExchange(by, vhost string, spec vhost.ExchangeSpec) (created bool, err error)
	DeleteExchange(by, vhost, name string, ifUnused bool) error
	Bind(by, vhost string, b vhost.Binding) error
	Unbind(by, vhost string, b vhost.Binding) error
	Publish(by, vhost string, m vhost.Post) (routed bool, err error)
	Fetch(by, vhost string, f vhost.Fetch) ([]vhost.Fetched, error)
}

// Clients is who is connected.
type Clients interface {
	Connections() []stats.Connection
	Channels() []stats.Channel
	Consumers(vhost string) ([]stats.Consumer, error) // "" is all
	// Breakdown is what channels have counted for each exchange and queue, as far as
	// that is wanted.
	Breakdown(wanted func(*stats.Part) bool) []stats.Part
	CloseConnection(id uint64, reason string) error
}

// Administration is who may do what, and under which rules.
type Administration interface {
	// Login returns the user who logs in. Of one whom the broker does not keep, and
	// kept is false, it has the tags, and a permission for each virtual host that it
	// may use, which says nothing else.
	Login(user, password string, remote net.Addr) (u auth.User, kept bool, err error)
	User(name string) (auth.User, bool)
	Users() []auth.User
	PutUser(auth.User) error
	DeleteUser(name string) error
	SetUserLimits(user string, l auth.Limits) error
	SetPermission(user, vhost string, p auth.Permission) error
	ClearPermission(user, vhost string) error
	SetTopicPermission(user, vhost, exchange string, p auth.TopicPermission) error
	ClearTopicPermission(user, vhost, exchange string) error

	AddVHost(name string, s vhost.Settings) error
	SetVHost(name string, s vhost.Settings) error
	DeleteVHost(name string) error
	SetVHostLimits(name string, maxConnections, maxQueues *int) error

	Policies(vhost string) ([]vhost.Policy, error)
	SetPolicy(vhost string, p vhost.Policy) error
	DeletePolicy(vhost, name string) error
	OperatorPolicies(vhost string) ([]vhost.Policy, error)
	SetOperatorPolicy(vhost string, p vhost.Policy) error
	DeleteOperatorPolicy(vhost, name string) error

	// ExportDefinitions returns what the definitions file of a virtual host, or of
	// the whole broker if that is empty, holds.
	ExportDefinitions(vhost string) ([]byte, error)
	// ImportDefinitions takes over what such a file defines, or nothing at all.
	ImportDefinitions(vhost string, file []byte) error
}

// Parameters are the runtime parameters of the broker. Errors of setters are for the
// client, in RabbitMQ's words; a user who sets one must be allowed what the broker
// then does by itself.
type Parameters interface {
	SetParameterAs(user, component, vhost, name string, value json.RawMessage) error
	ClearParameter(component, vhost, name string) error
	Parameters(component, vhost string) ([]parameter.Parameter, error) // "" is any
	SetGlobalParameter(name string, value json.RawMessage) error
	ClearGlobalParameter(name string) error
	GlobalParameters() []parameter.Global
	ClusterName() string
}

// Shovels is what moves messages between brokers.
type Shovels interface {
	Shovels(vhost string) ([]stats.Shovel, error) // "" is all
	RestartShovel(vhost, name string) error
}
