package ctl

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

// status is what status and its kin tell, as the API has it.
type status struct {
	overview struct {
		Node        string `json:"node"`
		ClusterName string `json:"cluster_name"`
		Version     string `json:"rabbitmq_version"`
		Product     string `json:"product_name"`
		ProductVer  string `json:"product_version"`
		Erlang      string `json:"erlang_version"`
		ErlangFull  string `json:"erlang_full_version"`
		Crypto      string `json:"crypto_lib_version"`
		Totals      struct {
			Connections int `json:"connections"`
			Queues      int `json:"queues"`
		} `json:"object_totals"`
		Listeners []struct {
			Node     string `json:"node"`
			Protocol string `json:"protocol"`
			Address  string `json:"ip_address"`
			Port     int    `json:"port"`
		} `json:"listeners"`
	}
	node struct {
		Name          string   `json:"name"`
		PID           string   `json:"os_pid"`
		Uptime        int64    `json:"uptime"` // in ms
		FDUsed        int      `json:"fd_used"`
		FDTotal       int      `json:"fd_total"`
		SocketsUsed   int      `json:"sockets_used"`
		SocketsTotal  int      `json:"sockets_total"`
		MemoryUsed    int64    `json:"mem_used"`
		MemoryLimit   int64    `json:"mem_limit"`
		MemoryAlarm   bool     `json:"mem_alarm"`
		DiskFree      any      `json:"disk_free"`
		DiskFreeLimit any      `json:"disk_free_limit"`
		DiskAlarm     bool     `json:"disk_free_alarm"`
		Processes     int      `json:"proc_used"`
		ProcessLimit  int      `json:"proc_total"`
		RunQueue      int      `json:"run_queue"`
		Processors    int      `json:"processors"`
		BeingDrained  bool     `json:"being_drained"`
		Plugins       []string `json:"enabled_plugins"`
		LogFiles      []string `json:"log_files"`
		ConfigFiles   []string `json:"config_files"`
		DataDir       string   `json:"db_dir"`
	}
	memory object
	vhosts int
}

// readStatus asks the API for all of it.
func (c *call) readStatus(ctx context.Context) (*status, error) {
	s := new(status)
	if err := c.api.Get(ctx, api.Path("overview"), &s.overview); err != nil {
		return nil, err
	}
	if err := c.api.Get(ctx, api.Path("nodes", s.overview.Node), &s.node); err != nil {
		return nil, err
	}
	var memory struct {
		Memory object `json:"memory"`
	}
	err := c.api.Get(ctx, api.Path("nodes", s.overview.Node, "memory"), &memory)
	if err != nil && !api.Is(err, http.StatusNotFound) {
		return nil, err
	}
	s.memory = memory.Memory
	hosts, err := c.vhosts(ctx)
	s.vhosts = len(hosts)
	return s, err
}

// product is what the broker calls itself.
func (s *status) product() string { return cmp.Or(s.overview.Product, "RabbitMQ") }

// listener is where a protocol is served.
type listener struct {
	Interface string `json:"interface"`
	Node      string `json:"node"`
	Port      int    `json:"port"`
	Protocol  string `json:"protocol"`
	Purpose   string `json:"purpose"`
}

// String is how RabbitMQ's tools print it.
func (l listener) String() string {
	return fmt.Sprintf("Interface: %s, port: %d, protocol: %s, purpose: %s", l.Interface, l.Port, l.Protocol, l.Purpose)
}

func (s *status) listeners() []listener {
	all := make([]listener, 0, len(s.overview.Listeners))
	for _, l := range s.overview.Listeners {
		address := l.Address
		if strings.Contains(address, ":") {
			address = "[" + address + "]"
		}
		all = append(all, listener{Interface: address, Node: l.Node, Port: l.Port, Protocol: l.Protocol, Purpose: purpose(l.Protocol)})
	}
	return all
}

func purpose(protocol string) string {
	switch protocol {
	case "amqp":
		return "AMQP 0-9-1 and AMQP 1.0"
	case "amqp/ssl":
		return "AMQP 0-9-1 and AMQP 1.0 over TLS"
	case "http":
		return "HTTP API"
	case "https":
		return "HTTP API over TLS (HTTPS)"
	case "http/prometheus":
		return "Prometheus exporter API over HTTP"
	case "https/prometheus":
		return "Prometheus exporter API over TLS (HTTPS)"
	case "clustering":
		return "inter-node and CLI tool communication"
	}
	return protocol
}

// alarms are those in effect, with RabbitMQ's names.
func (s *status) alarms() []object {
	all := []object{}
	for resource, on := range map[string]bool{"memory": s.node.MemoryAlarm, "disk": s.node.DiskAlarm} {
		if on {
			all = append(all, object{"node": s.overview.Node, "resource": resource, "type": "resource_limit"})
		}
	}
	return all
}

func (s *status) alarmText() string {
	var lines []string
	if s.node.MemoryAlarm {
		lines = append(lines, "Memory alarm on node "+s.overview.Node)
	}
	if s.node.DiskAlarm {
		lines = append(lines, "Free disk space alarm on node "+s.overview.Node)
	}
	if lines == nil {
		return "(none)"
	}
	return strings.Join(lines, "\n")
}

// section is a part of a report under a heading.
type section struct{ title, body string }

func joinSections(all []section) string {
	parts := make([]string, len(all))
	for i, s := range all {
		parts[i] = bold(s.title) + "\n\n" + cmp.Or(strings.TrimRight(s.body, "\n"), "(none)")
	}
	return strings.Join(parts, "\n\n")
}

func bullets(items []string) string {
	var b strings.Builder
	for _, i := range items {
		fmt.Fprintf(&b, " * %s\n", i)
	}
	return b.String()
}

func statusCommands() []*command {
	return []*command{
		{
			name: "status", tools: Ctl | Diagnostics, group: monitoringGroup,
			flags:  []flag{{name: "unit", value: true, doc: "of memory and disk space: bytes, mb or gb"}},
			doc:    "Shows how the broker is",
			banner: func(c *call) string { return fmt.Sprintf("Status of node %s ...", c.node) },
			run:    runStatus,
		},
		{
			name: "report", tools: Ctl | Diagnostics, group: monitoringGroup,
			doc:    "Prints all there is to know, for those who are asked for help",
			banner: func(c *call) string { return fmt.Sprintf("Reporting server status of node %s ...\n", c.node) },
			run:    runReport,
		},
	}
}

func runStatus(ctx context.Context, c *call) (any, error) {
	s, err := c.readStatus(ctx)
	if err != nil {
		return nil, err
	}
	unit := strings.ToLower(c.option("unit", "gb"))
	if _, ok := units()[unit]; !ok {
		return nil, wrongUse(exitUsage, "unit %q is not one of bytes, mb, gb", unit)
	}
	return report{text: joinSections(s.sections(c, unit)), value: s.value()}, nil
}

func (s *status) sections(c *call, unit string) []section {
	n := &s.node
	var listeners strings.Builder
	for _, l := range s.listeners() {
		fmt.Fprintln(&listeners, l)
	}
	return []section{
		{"Runtime", fmt.Sprintf("OS PID: %s\nUptime (seconds): %d\nIs under maintenance?: %t\nRabbitMQ version: %s\nNode name: %s\n"+
			"Erlang configuration: %s\nCrypto library: %s\nErlang processes: %d used, %d limit\nScheduler run queue: %d\n",
			n.PID, n.Uptime/1000, n.BeingDrained, s.overview.Version, s.overview.Node, s.overview.ErlangFull, s.overview.Crypto, n.Processes, n.ProcessLimit, n.RunQueue)},
		{"Plugins", "Enabled plugin file: " + cmp.Or(c.getenv("RABBITMQ_ENABLED_PLUGINS_FILE"), "(none)") + "\nEnabled plugins:\n\n" + bullets(n.Plugins)},
		{"Data directory", "Node data directory: " + n.DataDir},
		{"Config files", bullets(n.ConfigFiles)},
		{"Log file(s)", bullets(n.LogFiles)},
		{"Alarms", s.alarmText()},
		{"Memory", fmt.Sprintf("Total memory used: %s\nMemory high watermark: %s\n\n%s",
			amount(n.MemoryUsed, unit), amount(n.MemoryLimit, unit), breakdown(s.memory, unit, " %)"))},
		{"File Descriptors", fmt.Sprintf("Total: %d, limit: %d\nSockets: %d, limit: %d", n.FDUsed, n.FDTotal, n.SocketsUsed, n.SocketsTotal)},
		{"Free Disk Space", fmt.Sprintf("Low free disk space watermark: %s\nFree disk space: %s", amount(bytesOf(n.DiskFreeLimit), unit), amount(bytesOf(n.DiskFree), unit))},
		{"Totals", fmt.Sprintf("Connection count: %d\nQueue count: %d\nVirtual host count: %d", s.overview.Totals.Connections, s.overview.Totals.Queues, s.vhosts)},
		{"Listeners", listeners.String()},
	}
}

// value is the status for programs, with RabbitMQ's names.
func (s *status) value() object {
	n := &s.node
	return object{
		"pid": json.Number(cmp.Or(n.PID, "0")), "uptime": n.Uptime / 1000, "is_under_maintenance": n.BeingDrained, "rabbitmq_version": s.overview.Version,
		"product_name": s.overview.Product, "product_version": s.overview.ProductVer, "erlang_version": s.overview.ErlangFull,
		"crypto_lib_version": s.overview.Crypto, "run_queue": n.RunQueue,
		"processes":      object{"used": n.Processes, "limit": n.ProcessLimit},
		"active_plugins": n.Plugins, "data_directory": n.DataDir, "config_files": n.ConfigFiles, "log_files": n.LogFiles,
		"alarms": s.alarms(), "memory": s.memory, "vm_memory_high_watermark_limit": n.MemoryLimit,
		"file_descriptors": object{"total_used": n.FDUsed, "total_limit": n.FDTotal, "sockets_used": n.SocketsUsed, "sockets_limit": n.SocketsTotal},
		"disk_free":        n.DiskFree, "disk_free_limit": n.DiskFreeLimit, "listeners": s.listeners(),
		"totals": object{"connection_count": s.overview.Totals.Connections, "queue_count": s.overview.Totals.Queues, "virtual_host_count": s.vhosts},
	}
}

// bytesOf is a number of the API's; what is none is unknown.
func bytesOf(v any) int64 {
	n, err := strconv.ParseInt(text(v), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func units() map[string]float64 {
	return map[string]float64{"bytes": 1, "mb": 1e6, "gb": 1e9}
}

// amount is a number of bytes in a unit, with four digits after the point at
// most.
func amount(bytes int64, unit string) string {
	return decimal(float64(bytes)/units()[unit], 4) + " " + unit
}

// decimal prints a number with one digit after the point at least.
func decimal(f float64, digits int) string {
	scale := math.Pow10(digits)
	s := strconv.FormatFloat(math.Round(f*scale)/scale, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// part is a share of the memory.
type part struct {
	name    string
	bytes   int64
	percent float64
}

// parts are the shares of the memory, the largest first.
func parts(memory object) []part {
	var all []part
	var total int64
	for _, name := range slices.Sorted(maps.Keys(memory)) {
		n, err := strconv.ParseInt(text(memory[name]), 10, 64)
		if err != nil {
			continue // total and strategy
		}
		all = append(all, part{name: name, bytes: n})
		total += n
	}
	for i := range all {
		all[i].percent = 100 * float64(all[i].bytes) / float64(max(total, 1))
	}
	slices.SortStableFunc(all, func(a, b part) int { return cmp.Compare(b.bytes, a.bytes) })
	return all
}

func breakdown(memory object, unit, end string) string {
	var b strings.Builder
	for _, p := range parts(memory) {
		fmt.Fprintf(&b, "%s: %s (%s%s\n", p.name, amount(p.bytes, unit), decimal(p.percent, 2), end)
	}
	return b.String()
}

// runReport runs the commands that show something, one after the other.
func runReport(ctx context.Context, c *call) (any, error) {
	hosts, err := c.vhosts(ctx)
	if err != nil {
		return nil, err
	}
	once := words("status cluster_status environment list_connections list_channels list_users list_vhosts list_global_parameters list_feature_flags")
	each := words("list_bindings list_consumers list_exchanges list_operator_policies list_permissions list_policies list_queues")
	for _, name := range once {
		if err := c.show(ctx, name, "/"); err != nil {
			return nil, err
		}
	}
	for _, h := range hosts {
		for _, name := range each {
			if err := c.show(ctx, name, h.Name); err != nil {
				return nil, err
			}
		}
	}
	return silent{}, nil
}

// show runs another command and prints what it shows. What cannot be had is
// told in its place.
func (c *call) show(ctx context.Context, name, vhost string) error {
	sub := *c
	sub.cmd, sub.args, sub.options = find(Ctl, name), nil, map[string]string{"vhost": vhost}
	if sub.cmd.columns != nil {
		sub.args = sub.cmd.columns[:sub.cmd.defaults]
	}
	if sub.cmd.banner != nil {
		fmt.Fprintln(c.stdout, sub.cmd.banner(&sub))
	}
	result, err := sub.cmd.run(ctx, &sub)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		result = sub.failed(err).text
	}
	if err := sub.print(c.stdout, result); err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.stdout)
	return err
}
