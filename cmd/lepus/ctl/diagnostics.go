package ctl

import (
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

func diagnosticCommands() []*command {
	nodeAsk := func(format string) func(*call) string {
		return func(c *call) string { return fmt.Sprintf(format, c.node) }
	}
	return []*command{
		{
			name: "alarms", tools: Diagnostics, group: monitoringGroup, doc: "Lists the alarms in effect",
			banner: nodeAsk("Asking node %s to report any known resource alarms ..."), run: listAlarms,
		},
		{
			name: "command_line_arguments", tools: Diagnostics, group: "Configuration and Environment", doc: "Shows the settings in effect",
			banner: nodeAsk("Command line arguments of node %s ..."),
			run:    func(ctx context.Context, c *call) (any, error) { return find(Ctl, "environment").run(ctx, c) },
		},
		{
			name: "erlang_version", tools: Diagnostics, group: monitoringGroup, doc: "Says which Erlang version clients are told",
			banner: nodeAsk("Asking node %s for its Erlang/OTP version..."),
			flags:  []flag{{name: "details", doc: "ignored"}, {name: "offline", doc: "ignored"}},
			run: func(ctx context.Context, c *call) (any, error) {
				s, err := c.readStatus(ctx)
				if err != nil {
					return nil, err
				}
				return report{text: "Erlang/OTP " + s.overview.Erlang, value: object{"result": "ok", "value": s.overview.Erlang}}, nil
			},
		},
		{
			name: "listeners", tools: Diagnostics, group: monitoringGroup, doc: "Lists where which protocol is served",
			banner: nodeAsk("Asking node %s to report its protocol listeners ..."), run: listListeners,
		},
		{
			name: "list_network_interfaces", tools: Diagnostics, group: monitoringGroup, doc: "Lists the network interfaces of this machine",
			banner: nodeAsk("Asking node %s to report its network interfaces ..."), run: listInterfaces,
		},
		{
			name: "log_location", tools: Diagnostics, group: monitoringGroup, doc: "Says where the broker logs to",
			flags:  []flag{{name: "all", short: "a", doc: "all places"}},
			banner: nodeAsk("Log file location(s) on node %s ..."),
			run: func(ctx context.Context, c *call) (any, error) {
				s, err := c.readStatus(ctx)
				if err != nil {
					return nil, err
				}
				return report{text: strings.Join(s.node.LogFiles, "\n"), value: object{"paths": s.node.LogFiles, "node_name": c.node}}, nil
			},
		},
		{
			name: "memory_breakdown", tools: Diagnostics, group: monitoringGroup, args: "[--unit <unit>]",
			flags:  []flag{{name: "unit", value: true, doc: "bytes, mb or gb"}},
			doc:    "Says what the broker's memory is used for",
			banner: nodeAsk("Reporting memory breakdown on node %s..."), run: memoryBreakdown,
		},
		{
			name: "os_env", tools: Diagnostics, group: "Configuration and Environment", doc: "Lists the variables of this environment that tools and broker read",
			banner: nodeAsk("Listing RabbitMQ-specific environment variables defined on node %s..."), run: environmentVariables,
		},
		{
			name: "resolve_hostname", tools: Diagnostics, group: "Configuration and Environment", args: "<hostname> [--address-family <ipv4 | ipv6>]", min: 1, max: 1,
			flags: []flag{{name: "address-family", value: true, doc: "ipv4 or ipv6"}, {name: "offline", doc: "ignored: it is always resolved here"}},
			doc:   "Resolves a host name on this machine",
			run: func(ctx context.Context, c *call) (any, error) {
				family := strings.NewReplacer("ipv4", "ip4", "ipv6", "ip6").Replace(strings.ToLower(c.option("address-family", "ipv4")))
				found, err := net.DefaultResolver.LookupNetIP(ctx, family, c.args[0])
				if err != nil {
					return nil, fail(exitUnavailable, "%v", err)
				}
				var all []string
				for _, a := range found {
					all = append(all, a.Unmap().String())
				}
				return strings.Join(all, "\n"), nil
			},
		},
		{
			name: "server_version", tools: Diagnostics, group: monitoringGroup, doc: "Says which version of RabbitMQ the broker stands in for",
			banner: nodeAsk("Asking node %s for its RabbitMQ version..."),
			run: func(ctx context.Context, c *call) (any, error) {
				var o struct {
					Version string `json:"rabbitmq_version"`
				}
				err := c.api.Get(ctx, api.Path("overview"), &o)
				return report{text: o.Version, value: object{"result": "ok", "value": o.Version}}, err
			},
		},
	}
}

// runVersion says which RabbitMQ these tools are like. It needs no broker.
func runVersion(_ context.Context, c *call) (any, error) {
	return report{text: c.version, value: object{"node": c.node, "result": "ok", "value": object{"version": c.version}}}, nil
}

func listAlarms(ctx context.Context, c *call) (any, error) {
	s, err := c.readStatus(ctx)
	if err != nil {
		return nil, err
	}
	said := s.alarmText()
	if len(s.alarms()) == 0 {
		said = fmt.Sprintf("Node %s reported no alarms, local or clusterwide", c.node)
	}
	return report{text: said, value: object{"alarms": s.alarms(), "node": c.node, "result": "ok"}}, nil
}

func listListeners(ctx context.Context, c *call) (any, error) {
	s, err := c.readStatus(ctx)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, l := range s.listeners() {
		lines = append(lines, l.String())
	}
	return report{text: strings.Join(lines, "\n"), value: object{"listeners": s.listeners(), "node": c.node, "result": "ok"}}, nil
}

func listInterfaces(context.Context, *call) (any, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var sections []section
	value := object{}
	for _, i := range all {
		addresses, err := i.Addrs()
		if err != nil {
			return nil, err
		}
		lines := []string{"hwaddr: " + i.HardwareAddr.String()}
		for _, a := range addresses {
			lines = append(lines, "addr: "+a.String())
		}
		lines = append(lines, "flags: "+strings.ReplaceAll(i.Flags.String(), "|", ", "))
		sections = append(sections, section{"Interface " + i.Name, strings.Join(lines, "\n")})
		value[i.Name] = lines
	}
	return report{text: joinSections(sections), value: value}, nil
}

func memoryBreakdown(ctx context.Context, c *call) (any, error) {
	unit := strings.ToLower(c.option("unit", "gb"))
	if _, ok := units()[unit]; !ok {
		return nil, wrongUse(exitUsage, "unit %q is not one of bytes, mb, gb", unit)
	}
	var o struct {
		Node string `json:"node"`
	}
	if err := c.api.Get(ctx, api.Path("overview")+"?columns=node", &o); err != nil {
		return nil, err
	}
	var memory struct {
		Memory object `json:"memory"`
	}
	if err := c.api.Get(ctx, api.Path("nodes", o.Node, "memory"), &memory); err != nil {
		return nil, err
	}
	value := object{}
	for _, p := range parts(memory.Memory) {
		value[p.name] = object{"bytes": p.bytes, "percentage": p.percent}
	}
	return report{text: breakdown(memory.Memory, unit, "%)"), value: value}, nil
}

// environmentVariables lists them without those that are secret.
func environmentVariables(_ context.Context, c *call) (any, error) {
	value := object{}
	for _, e := range os.Environ() {
		name, v, _ := strings.Cut(e, "=")
		if !strings.HasPrefix(name, "RABBITMQ_") && !strings.HasPrefix(name, "LEPUS_") {
			continue
		}
		if strings.Contains(name, "PASS") || strings.Contains(name, "COOKIE") || strings.Contains(name, "URL") {
			v = "[redacted]"
		}
		value[name] = v
	}
	return report{text: keyValues(value), value: value}, nil
}

// keyValues prints an object by lines, sorted.
func keyValues(o object) string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(o)) {
		lines = append(lines, name+"="+text(o[name]))
	}
	return strings.Join(lines, "\n")
}
