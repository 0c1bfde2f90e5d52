package ctl

import (
	"context"
	"io"
	"slices"
	"time"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

// Tool is one of RabbitMQ's programs for operators. A command belongs to one or
// several of them.
type Tool uint8

// The tools, as bits of a set.
const (
	Ctl Tool = 1 << iota
	Diagnostics
	Plugins
	Queues
	Streams
	Upgrade
)

const allTools = Ctl | Diagnostics | Plugins | Queues | Streams | Upgrade

// String returns the name of the program.
func (t Tool) String() string {
	switch t {
	case Diagnostics:
		return "rabbitmq-diagnostics"
	case Plugins:
		return "rabbitmq-plugins"
	case Queues:
		return "rabbitmq-queues"
	case Streams:
		return "rabbitmq-streams"
	case Upgrade:
		return "rabbitmq-upgrade"
	default:
		return "rabbitmqctl"
	}
}

// command is one row of the table: it feeds the parser, help and completion.
type command struct {
	name  string
	tools Tool
	group string // the section of help that it stands in
	args  string // what usage says after its name
	// min and max are how many arguments it takes; max below 0 is any number.
	min, max int
	flags    []flag
	columns  []string // that may be asked for; the first defaults are shown if none is
	defaults int
	doc      string
	// pretty tables are drawn with lines unless another form is asked for.
	pretty bool
	// patience is how long it may take unless a timeout is given; 0 is a minute, below
	// 0 as long as it likes.
	patience time.Duration

	// check says what is wrong with the arguments, a *usageError; nil is nothing.
	check func(*call) error
	// banner is what people are told before it is done.
	banner func(*call) string
	// run does it. The result is what print takes.
	run func(context.Context, *call) (any, error)
}

// flag is an option of a command.
type flag struct {
	name  string // without the dashes
	short string // the same by one letter; empty is none
	value bool   // it takes a value
	// number says that the value must be a whole number.
	number bool
	doc    string
}

// generalFlags are those that every command takes.
func generalFlags() []flag {
	return []flag{
		{name: "node", short: "n", value: true, doc: "the node's name, as RabbitMQ's tools want it; there is one node"},
		{name: "quiet", short: "q", doc: "print no informational messages"},
		{name: "silent", short: "s", doc: "print neither informational messages nor table headers"},
		{name: "timeout", short: "t", value: true, number: true, doc: "give up after so many seconds"},
		{name: "vhost", short: "p", value: true, doc: "the virtual host, for commands that work in one"},
		{name: "formatter", value: true, doc: "print as table, pretty_table, csv, json or erlang"},
		{name: "no-table-headers", doc: "print tables without a header"},
		{name: "longnames", short: "l", doc: "ignored: there are no distributed node names"},
		{name: "help", short: "?", doc: "print what the command does"},
		{name: "data-dir", value: true, doc: "reach the broker by the socket in its data folder"},
		{name: "url", value: true, doc: "reach the broker by its HTTP API, such as http://guest:guest@localhost:15672"},
	}
}

// call is a command with what it was given. It belongs to one goroutine.
type call struct {
	cmd     *command
	tool    Tool
	line    []string // all of it, as typed
	args    []string
	options map[string]string // by name; a flag without value is ""
	node    string
	api     *api.Client
	stdin   io.Reader
	stdout  io.Writer // for what is printed while the command goes on
	timeout time.Duration
	getenv  func(string) string
	version string // of RabbitMQ, that these tools are like
}

// has says whether a flag was given.
func (c *call) has(name string) bool {
	_, ok := c.options[name]
	return ok
}

// option returns the value of a flag, or fallback.
func (c *call) option(name, fallback string) string {
	if v, ok := c.options[name]; ok {
		return v
	}
	return fallback
}

// vhost returns the virtual host in which the command works.
func (c *call) vhost() string { return c.option("vhost", "/") }

// quiet says that people are told nothing but results.
func (c *call) quiet() bool { return c.has("quiet") || c.has("silent") }

// headers says whether tables have any.
func (c *call) headers() bool { return !c.has("silent") && !c.has("no-table-headers") }

// formatter returns how the result is printed.
func (c *call) formatter() string {
	if c.cmd.pretty {
		return c.option("formatter", "pretty_table")
	}
	return c.option("formatter", "table")
}

// commands returns the table of all tools, in the order of help.
func commands() []*command {
	return slices.Concat(
		helpCommands(), nodeCommands(), clusterCommands(), userCommands(), permissionCommands(), topicPermissionCommands(),
		limitCommands(), listCommands(), connectionCommands(), queueCommands(), parameterCommands(), policyCommands(),
		vhostCommands(), settingCommands(), shovelCommands(), definitionCommands(), featureCommands(), evalCommands(), secretCommands(), encryptCommands(),
		statusCommands(), checkCommands(), diagnosticCommands(), followCommands(), attemptCommands(), memberCommands(), streamCommands(), linkCommands(),
		moreDiagnosticCommands(), foreignCommands(), pluginCommands(), maintenanceCommands(),
	)
}

// find returns the command of that name; nil is none.
func find(tool Tool, name string) *command {
	for _, c := range commands() {
		if c.name == name && c.tools&tool != 0 {
			return c
		}
	}
	return nil
}
