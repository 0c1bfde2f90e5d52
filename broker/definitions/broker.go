package definitions

import (
	"encoding/json"

	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/parameter"
	"github.com/lepusmq/lepus/broker/stats"
	"github.com/lepusmq/lepus/broker/vhost"
)

// Broker is the broker whose definitions are exported, or added to.
type Broker interface {
	source
	target
}

// source is what an export asks.
type source interface {
	Node() stats.Node
	ClusterName() string
	Users() []auth.User
	User(name string) (auth.User, bool)
	VHosts() []string
	VHostSettings(name string) (vhost.Settings, error)
	Policies(vhost string) ([]vhost.Policy, error)
	Parameters(component, vhost string) ([]parameter.Parameter, error)
	GlobalParameters() []parameter.Global
	QueueNames(vhost string) ([]string, error)
	Queue(vhost, name string) (stats.Queue, error)
	ExchangeNames(vhost string) ([]string, error)
	Exchange(vhost, name string) (stats.Exchange, error)
	Bindings(vhost string) ([]stats.Binding, error)
}

// target is what an import does. CheckParameter returns the error that SetParameter
// would.
type target interface {
	AddVHost(name string, s vhost.Settings) error
	SetVHost(name string, s vhost.Settings) error
	PutUser(u auth.User) error
	CheckParameter(component, vhost, name string, value json.RawMessage) error
	SetParameter(component, vhost, name string, value json.RawMessage) error
	SetGlobalParameter(name string, value json.RawMessage) error
	SetPolicy(vhost string, p vhost.Policy) error
	SetOperatorPolicy(vhost string, p vhost.Policy) error
	DeclareExchange(by, vhost string, spec vhost.ExchangeSpec) (created bool, err error)
	DeclareQueue(by, vhost string, spec vhost.QueueSpec) (created bool, err error)
	Bind(by, vhost string, b vhost.Binding) error
}
