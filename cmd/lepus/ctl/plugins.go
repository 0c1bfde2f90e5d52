package ctl

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// plugin is one of RabbitMQ's. What built-in ones do is part of the broker and
// cannot be switched off; the others are not there.
type plugin struct {
	name    string
	builtIn bool
	doc     string
}

// plugins are those that RabbitMQ comes with, and the community's that clients
// ask for most.
func plugins() []plugin {
	return []plugin{
		{"rabbitmq_amqp1_0", false, "AMQP 1.0 support"},
		{"rabbitmq_auth_backend_cache", false, "cache of users of other systems"},
		{"rabbitmq_auth_backend_http", false, "users of an HTTP service"},
		{"rabbitmq_auth_backend_ldap", false, "users of LDAP"},
		{"rabbitmq_auth_backend_oauth2", false, "users by OAuth 2 tokens"},
		{"rabbitmq_auth_mechanism_ssl", true, "log-in by certificate"},
		{"rabbitmq_consistent_hash_exchange", true, "x-consistent-hash exchanges"},
		{"rabbitmq_delayed_message_exchange", true, "x-delayed-message exchanges"},
		{"rabbitmq_event_exchange", true, "events of the broker as messages"},
		{"rabbitmq_federation", false, "federated exchanges and queues"},
		{"rabbitmq_federation_management", false, "page of the federation"},
		{"rabbitmq_jms_topic_exchange", false, "exchanges for JMS"},
		{"rabbitmq_management", true, "HTTP API and page"},
		{"rabbitmq_management_agent", true, "figures for the HTTP API"},
		{"rabbitmq_message_deduplication", true, "messages that come twice are dropped"},
		{"rabbitmq_mqtt", false, "MQTT"},
		{"rabbitmq_peer_discovery_aws", false, "clusters on AWS"},
		{"rabbitmq_peer_discovery_common", false, "clusters"},
		{"rabbitmq_peer_discovery_consul", false, "clusters by Consul"},
		{"rabbitmq_peer_discovery_etcd", false, "clusters by etcd"},
		{"rabbitmq_peer_discovery_k8s", false, "clusters on Kubernetes"},
		{"rabbitmq_prometheus", true, "figures for Prometheus"},
		{"rabbitmq_random_exchange", true, "x-random exchanges"},
		{"rabbitmq_recent_history_exchange", true, "x-recent-history exchanges"},
		{"rabbitmq_sharding", true, "x-modulus-hash exchanges"},
		{"rabbitmq_shovel", true, "messages moved between queues and brokers"},
		{"rabbitmq_shovel_management", true, "page of the shovels"},
		{"rabbitmq_stomp", false, "STOMP"},
		{"rabbitmq_stream", false, "stream protocol"},
		{"rabbitmq_stream_management", false, "page of the streams"},
		{"rabbitmq_top", false, "what the processes of Erlang do"},
		{"rabbitmq_tracing", false, "traces in files"},
		{"rabbitmq_trust_store", false, "certificates by folder"},
		{"rabbitmq_web_dispatch", true, "HTTP"},
		{"rabbitmq_web_mqtt", false, "MQTT over WebSocket"},
		{"rabbitmq_web_stomp", false, "STOMP over WebSocket"},
	}
}

func pluginNamed(name string) (plugin, bool) {
	i := slices.IndexFunc(plugins(), func(p plugin) bool { return p.name == name })
	if i < 0 {
		return plugin{}, false
	}
	return plugins()[i], true
}

func pluginCommands() []*command {
	const group = "Plugin Management"
	where := []flag{{name: "offline", doc: "ignored: nothing is written"}, {name: "online", doc: "ignored: nothing is changed"}, {name: "all", doc: "all plugins"}}
	enabling := func(c *call) string {
		return fmt.Sprintf("Enabling plugins on node %s:\n%s", c.node, strings.Join(c.args, "\n"))
	}
	return []*command{
		{
			name: "directories", tools: Plugins, group: monitoringGroup, flags: where,
			doc:    "Says where plugins are: in the program itself",
			banner: func(c *call) string { return "Listing plugin directories used by node " + c.node },
			run: func(_ context.Context, c *call) (any, error) {
				return fmt.Sprintf("Plugin archives directory: (built in)\nPlugin expansion directory: (built in)\nEnabled plugins file: %s",
					cmp.Or(c.getenv("RABBITMQ_ENABLED_PLUGINS_FILE"), "(none)")), nil
			},
		},
		{
			name: "is_enabled", tools: Plugins, group: monitoringGroup, args: "<plugin1> [ <plugin2>]", min: 1, max: -1, flags: where,
			doc: "Fails unless the broker does what the plugins do",
			banner: func(c *call) string {
				if len(c.args) == 1 {
					return fmt.Sprintf("Asking node %s if plugin %s is enabled...", c.node, c.args[0])
				}
				return fmt.Sprintf("Asking node %s if plugins %s are enabled...", c.node, strings.Join(c.args, ", "))
			},
			run: pluginsEnabled,
		},
		{
			name: "disable", tools: Plugins, group: group, args: "<plugin> [...] | --all", max: -1, flags: where, check: checkPlugins,
			doc: "Is accepted and leaves all as it is: what is built in stays on",
			banner: func(c *call) string {
				return fmt.Sprintf("Disabling plugins on node %s:\n%s", c.node, strings.Join(c.args, "\n"))
			},
			run: func(_ context.Context, c *call) (any, error) { return unchanged(c), nil },
		},
		{
			name: "enable", tools: Plugins, group: group, args: "<plugin1> [ <plugin2>] | --all [--offline] [--online]", max: -1, flags: where, check: checkPlugins,
			doc:    "Accepts the names of RabbitMQ's plugins: what they do is built in, or it says that it is not there",
			banner: enabling, run: enablePlugins(exitSoftware),
		},
		{
			name: "list", tools: Plugins, group: group, args: "[pattern] [--verbose] [--minimal] [--enabled] [--implicitly-enabled]", max: 1,
			flags: []flag{
				{name: "verbose", short: "v", doc: "with what they do"}, {name: "minimal", short: "m", doc: "names only"},
				{name: "enabled", short: "E", doc: "only what is built in"}, {name: "implicitly-enabled", short: "e", doc: "only what is built in"},
			},
			doc: "Lists RabbitMQ's plugins and whether what they do is built in",
			check: func(c *call) error {
				if _, err := regexp.Compile(strings.Join(c.args, "")); err != nil {
					return badArgument("%v", err)
				}
				return nil
			},
			banner: func(c *call) string {
				return fmt.Sprintf("Listing plugins with pattern %q ...", cmp.Or(strings.Join(c.args, ""), ".*"))
			},
			run: listPlugins,
		},
		{
			name: "set", tools: Plugins, group: group, args: "[<plugin> ...]", max: -1, flags: where,
			doc:    "Does what enable does",
			banner: enabling, run: enablePlugins(exitData),
		},
	}
}

func checkPlugins(c *call) error {
	if len(c.args) == 0 && !c.has("all") {
		return wrongUse(exitUsage, "not enough arguments.")
	}
	return nil
}

// enablePlugins succeeds for what there is in RabbitMQ. What is not built in is
// named, so that nobody waits for it to work.
func enablePlugins(code int) func(context.Context, *call) (any, error) {
	return func(_ context.Context, c *call) (any, error) {
		var unknown, absent []string
		for _, name := range c.args {
			p, ok := pluginNamed(name)
			switch {
			case !ok:
				unknown = append(unknown, name)
			case !p.builtIn:
				absent = append(absent, name)
			}
		}
		switch {
		case unknown != nil && code == exitData:
			return nil, fail(code, "The following plugins were not found: %s", strings.Join(unknown, ", "))
		case unknown != nil:
			return nil, fail(code, "{:plugins_not_found, [:%s]}", strings.Join(unknown, ", :"))
		}
		said := unchanged(c)
		for _, name := range absent {
			said += fmt.Sprintf("\nNote: LepusMQ does not have what %s does.", name)
		}
		return said, nil
	}
}

func unchanged(c *call) string {
	var names []string
	for _, p := range plugins() {
		if p.builtIn {
			names = append(names, "  "+p.name)
		}
	}
	return fmt.Sprintf("The following plugins have been configured:\n%s\nApplying plugin configuration to %s...\nPlugin configuration unchanged.",
		strings.Join(names, "\n"), c.node)
}

func pluginsEnabled(_ context.Context, c *call) (any, error) {
	var off []string
	for _, name := range c.args {
		if p, ok := pluginNamed(name); !ok || !p.builtIn {
			off = append(off, name)
		}
	}
	word, verb := "Plugin", "is"
	if len(c.args) > 1 {
		word, verb = "Plugins", "are"
	}
	if off == nil {
		return fmt.Sprintf("%s %s %s enabled on node %s", word, strings.Join(c.args, ", "), verb, c.node), nil
	}
	var on []string
	for _, p := range plugins() {
		if p.builtIn {
			on = append(on, p.name)
		}
	}
	return nil, fail(exitUnavailable, "%s %s %s not enabled on node %s. Enabled plugins and dependencies: %s",
		word, strings.Join(off, ", "), verb, c.node, strings.Join(on, ", "))
}

func listPlugins(_ context.Context, c *call) (any, error) {
	pattern := regexp.MustCompile(strings.Join(c.args, "")) // it has been checked
	onlyOn := c.has("enabled") || c.has("implicitly-enabled")
	var shown []plugin
	widest := 0
	for _, p := range plugins() {
		if pattern.MatchString(p.name) && (p.builtIn || !onlyOn) {
			shown = append(shown, p)
			widest = max(widest, len(p.name))
		}
	}
	var lines []string
	if !c.has("minimal") && !c.has("silent") {
		lines = append(lines, " Configured: E = explicitly enabled; e = implicitly enabled", " | Status: * = running on "+c.node, " |/")
	}
	value := []object{}
	for _, p := range shown {
		mark, enabled := "  ", "not_enabled"
		if p.builtIn {
			mark, enabled = "E*", "enabled"
		}
		value = append(value, object{"name": p.name, "enabled": enabled, "running": p.builtIn, "version": c.version})
		switch {
		case c.has("minimal"):
			lines = append(lines, p.name)
		case c.has("verbose"):
			lines = append(lines, fmt.Sprintf("[%s] %s\n     Version:     \t%s\n     Description: \t%s", mark, p.name, c.version, p.doc))
		default:
			lines = append(lines, fmt.Sprintf("[%s] %-*s %s", mark, widest, p.name, c.version))
		}
	}
	return report{text: strings.Join(lines, "\n"), value: object{"format": "normal", "plugins": value, "status": "running"}}, nil
}
