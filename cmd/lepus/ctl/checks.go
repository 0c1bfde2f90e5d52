package ctl

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

func checkCommands() []*command {
	asks := func(format string, args ...func(*call) any) func(*call) string {
		return func(c *call) string {
			values := []any{c.node}
			for _, a := range args {
				values = append(values, a(c))
			}
			return fmt.Sprintf(format, values...)
		}
	}
	arg := func(c *call) any { return c.args[0] }
	return []*command{
		{
			name: "ping", tools: Ctl | Diagnostics, group: monitoringGroup,
			doc: "Checks that the broker's process answers, whether or not it serves clients yet",
			banner: func(c *call) string {
				return fmt.Sprintf("Will ping %s. This only checks if the OS process is running and answers. Timeout: %d ms.", c.node, c.timeout.Milliseconds())
			},
			run: ping,
		},
		{
			name: "check_alarms", tools: Diagnostics, group: monitoringGroup,
			doc:    "Fails while an alarm blocks publishers",
			banner: asks("Asking node %s to report any local resource alarms ..."), run: checkAlarms("alarms", "no alarms, local or clusterwide"),
		},
		{
			name: "check_local_alarms", tools: Diagnostics, group: monitoringGroup,
			doc:    "Fails while an alarm of this node blocks publishers",
			banner: asks("Asking node %s to report any local resource alarms ..."), run: checkAlarms("local-alarms", "no local alarms"),
		},
		{
			name: "check_certificate_expiration", tools: Diagnostics, group: monitoringGroup, args: "--within <period> --unit <unit>",
			flags: []flag{
				{name: "within", value: true, number: true, doc: "how long the certificates must be good at least"},
				{name: "unit", value: true, doc: "days, weeks, months or years"},
			},
			doc:    "Fails if a certificate of the broker's expires soon",
			banner: asks("Checking certificate expiration on node %s ..."),
			run: func(ctx context.Context, c *call) (any, error) {
				within, unit := c.option("within", "4"), c.option("unit", "weeks")
				err := c.api.Get(ctx, api.Path("health", "checks", "certificate-expiration", within, unit), nil)
				return fmt.Sprintf("No certificates are expiring within %s %s.", within, unit), err
			},
		},
		{
			name: "check_port_connectivity", tools: Diagnostics, group: monitoringGroup, args: "[--timeout <timeout>]",
			flags:  []flag{{name: "address", value: true, doc: "where to connect to, if not to what the broker listens on"}},
			doc:    "Fails unless a TCP connection to each of the broker's ports can be opened",
			banner: asks("Testing TCP connections to all active listeners on node %s ..."), run: checkPorts,
		},
		{
			name: "check_port_listener", tools: Diagnostics, group: monitoringGroup, args: "<port>", min: 1, max: 1,
			doc: "Fails unless the broker listens on a port",
			check: func(c *call) error {
				if n, err := strconv.Atoi(c.args[0]); err != nil || n <= 0 {
					return badArgument("Argument must be a positive integer")
				}
				return nil
			},
			banner: func(c *call) string {
				return fmt.Sprintf("Asking node %s if there's an active listener on port %s ...", c.node, c.args[0])
			},
			run: checkPort,
		},
		{
			name: "check_protocol_listener", tools: Diagnostics, group: monitoringGroup, args: "<protocol>", min: 1, max: 1,
			doc:    "Fails unless the broker serves a protocol",
			banner: asks("Asking node %s if there's an active listener for protocol %s ...", arg), run: checkProtocol,
		},
		{
			name: "check_running", tools: Diagnostics, group: monitoringGroup,
			doc:    "Fails unless the broker serves clients",
			banner: asks("Checking if RabbitMQ is running on node %s ..."), run: checkRunning,
		},
		{
			name: "check_virtual_hosts", tools: Diagnostics, group: monitoringGroup,
			doc:    "Fails unless all virtual hosts are up",
			banner: asks("Checking if all vhosts are running on node %s ..."),
			run: func(ctx context.Context, c *call) (any, error) {
				return fmt.Sprintf("Node %s reported all vhosts as running", c.node), c.api.Get(ctx, api.Path("health", "checks", "virtual-hosts"), nil)
			},
		},
		{
			name: "is_booting", tools: Diagnostics, group: monitoringGroup,
			doc:    "Says whether the broker is about to serve clients",
			banner: asks("Asking node %s for its boot status ..."),
			run:    func(ctx context.Context, c *call) (any, error) { return c.whether(ctx, "starting") },
		},
		{
			name: "is_running", tools: Diagnostics, group: monitoringGroup,
			doc:    "Says whether the broker serves clients",
			banner: asks("Asking node %s for its status ..."),
			run:    func(ctx context.Context, c *call) (any, error) { return c.whether(ctx, "running") },
		},
		{
			name: "node_health_check", tools: Ctl | Diagnostics, group: "Deprecated",
			doc: "Checks what check_running and check_local_alarms do",
			banner: func(c *call) string {
				return fmt.Sprintf("Timeout: %.0f seconds ...\nChecking health of node %s ...", c.timeout.Seconds(), c.node)
			},
			run: func(ctx context.Context, c *call) (any, error) {
				if _, err := checkRunning(ctx, c); err != nil {
					return nil, err
				}
				if _, err := checkAlarms("local-alarms", "")(ctx, c); err != nil {
					return nil, err
				}
				return "Health check passed", nil
			},
		},
	}
}

// ping takes any answer for one: also a refusal is a sign of life.
func ping(ctx context.Context, c *call) (any, error) {
	err := c.api.Get(ctx, api.Path("lepus", "node"), nil)
	var refused *api.Error
	if err != nil && !errors.As(err, &refused) {
		return nil, err
	}
	return "Ping succeeded", nil
}

func checkRunning(ctx context.Context, c *call) (any, error) {
	running, err := c.running(ctx)
	if err != nil {
		return nil, err
	}
	if !running {
		return nil, failBare(exitUnavailable, "Error:\nRabbitMQ on node %s is not running or has not fully booted yet (check with is_booting)", c.node)
	}
	return fmt.Sprintf("RabbitMQ on node %s is fully booted and running", c.node), nil
}

// whether reports on the state of the broker; it is never an error.
func (c *call) whether(ctx context.Context, state string) (any, error) {
	var n node
	err := c.api.Get(ctx, api.Path("lepus", "node"), &n)
	if notOffered(err) {
		n.State, err = "running", nil // what answers serves
	}
	if err != nil {
		return nil, err
	}
	said := map[string]string{
		"running": "is fully booted and running", "starting": "is booting", "stopped": "is fully booted (check with is_running), stopped or has not started booting yet",
	}[n.State]
	if state == "starting" && n.State == "running" {
		said = "is fully booted (check with is_running), stopped or has not started booting yet"
	}
	message := fmt.Sprintf("RabbitMQ on node %s %s", c.node, said)
	return report{text: message, value: map[string]any{"message": message, "result": n.State == state}}, nil
}

func checkAlarms(which, none string) func(context.Context, *call) (any, error) {
	return func(ctx context.Context, c *call) (any, error) {
		err := c.api.Get(ctx, api.Path("health", "checks", which), nil)
		if api.Is(err, http.StatusServiceUnavailable) {
			s, statusErr := c.readStatus(ctx)
			if statusErr != nil {
				return nil, statusErr
			}
			return nil, fail(exitUnavailable, "Node %s reported alarms:\n%s", c.node, s.alarmText())
		}
		return fmt.Sprintf("Node %s reported %s", c.node, none), err
	}
}

// ports are those that the broker listens on, sorted.
func (s *status) ports() []string {
	var numbers []int
	for _, l := range s.overview.Listeners {
		numbers = append(numbers, l.Port)
	}
	slices.Sort(numbers)
	var all []string
	for _, n := range slices.Compact(numbers) {
		all = append(all, strconv.Itoa(n))
	}
	return all
}

func checkPorts(ctx context.Context, c *call) (any, error) {
	s, err := c.readStatus(ctx)
	if err != nil {
		return nil, err
	}
	for _, l := range s.overview.Listeners {
		address := net.JoinHostPort(c.option("address", connectable(l.Address)), strconv.Itoa(l.Port))
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err != nil {
			return nil, fail(exitUnavailable, "Connection to ports of the following listeners on node %s failed:\nInterface: %s, port: %d, protocol: %s: %v",
				c.node, l.Address, l.Port, l.Protocol, err)
		}
		_ = conn.Close()
	}
	return fmt.Sprintf("Successfully connected to ports %s on node %s.", strings.Join(s.ports(), ", "), c.node), nil
}

// connectable is where to connect to what listens at an address: an address of
// every interface is found on this machine's own.
func connectable(address string) string {
	if ip := net.ParseIP(address); ip == nil || ip.IsUnspecified() {
		return "localhost"
	}
	return address
}

func checkPort(ctx context.Context, c *call) (any, error) {
	s, err := c.readStatus(ctx)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(s.ports(), c.args[0]) {
		return nil, failBare(exitUnavailable, "No listener for port %s is active on node %s. Found listeners that use the following ports: %s",
			c.args[0], c.node, strings.Join(s.ports(), ", "))
	}
	return fmt.Sprintf("A listener for port %s is running on node %s.", c.args[0], c.node), nil
}

func checkProtocol(ctx context.Context, c *call) (any, error) {
	s, err := c.readStatus(ctx)
	if err != nil {
		return nil, err
	}
	var protocols []string
	for _, l := range s.overview.Listeners {
		protocols = append(protocols, l.Protocol)
	}
	slices.Sort(protocols)
	asked := map[string]string{"amqp091": "amqp", "amqp0.9.1": "amqp", "amqp10": "amqp", "amqp1.0": "amqp", "amqps": "amqp/ssl"}[c.args[0]]
	if asked == "" {
		asked = c.args[0]
	}
	if !slices.Contains(protocols, asked) {
		return nil, fail(exitUnavailable, "No listener for protocol %s is active on node %s. Found listeners for the following protocols: %s",
			c.args[0], c.node, strings.Join(slices.Compact(protocols), ", "))
	}
	return fmt.Sprintf("A listener for protocol %s is running on node %s.", c.args[0], c.node), nil
}
