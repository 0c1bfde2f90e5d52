package ctl

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/lepusmq/lepus/broker/pattern"
	"github.com/lepusmq/lepus/cmd/lepus/api"
)

// moreDiagnosticCommands look at the broker from outside, mostly by its health checks.
func moreDiagnosticCommands() []*command {
	about := func(format string) func(*call) string {
		return func(c *call) string { return fmt.Sprintf(format, c.node) }
	}
	healthy := func(said string, path ...string) func(context.Context, *call) (any, error) {
		return func(ctx context.Context, c *call) (any, error) {
			return fmt.Sprintf(said, c.node), c.api.Get(ctx, api.Path(append([]string{"health", "checks"}, path...)...), nil)
		}
	}
	return []*command{
		{
			name: "certificates", tools: Diagnostics, group: "Configuration and Environment",
			doc:    "Shows the certificates that the broker's TLS listeners show",
			banner: about("Certificates of node %s ..."), run: showCertificates,
		},
		{
			name: "check_if_metadata_store_is_initialized", tools: Diagnostics, group: monitoringGroup,
			doc:    "Fails unless the broker knows its virtual hosts and queues",
			banner: about("Checking if the metadata store of node %s is initialized ..."),
			run:    healthy("Metadata store on node %s has completed its initialization", "metadata-store", "initialized"),
		},
		{
			name: "check_if_metadata_store_is_initialized_with_data", tools: Diagnostics, group: monitoringGroup,
			doc:    "Fails unless the broker knows its virtual hosts and queues, and has some",
			banner: about("Checking if the metadata store of node %s is initialized and has data ..."),
			run:    healthy("Metadata store on node %s has completed its initialization and has data", "metadata-store", "initialized", "with-data"),
		},
		{
			name: "check_if_any_deprecated_features_are_used", tools: Ctl | Diagnostics, group: monitoringGroup,
			doc:    "Fails if something is used that will go",
			banner: func(*call) string { return "Checking if any deprecated features are used ..." },
			run: func(ctx context.Context, c *call) (any, error) {
				var used []object
				if err := c.api.Get(ctx, api.Path("deprecated-features", "used"), &used); err != nil {
					return nil, err
				}
				var names []string
				for _, f := range used {
					names = append(names, text(f["name"]))
				}
				if names != nil {
					return nil, fail(exitUnavailable, "Cluster reported deprecated features in use: %s", strings.Join(names, ", "))
				}
				return "Cluster reported no deprecated features in use", nil
			},
		},
		{
			name: "check_for_quorum_queues_without_an_elected_leader", tools: Diagnostics, group: monitoringGroup, min: 1, max: 1,
			args:  "[--vhost <vhost>] [--across-all-vhosts] <pattern>",
			flags: []flag{{name: "across-all-vhosts", doc: "in all virtual hosts"}},
			doc:   "Fails if a quorum queue has no leader",
			banner: func(c *call) string {
				where := "vhost " + c.vhost()
				if c.has("across-all-vhosts") {
					where = "all vhosts"
				}
				return fmt.Sprintf("Checking leader replicas of quorum queues matching '%s' in %s ...", c.args[0], where)
			},
			run: func(ctx context.Context, c *call) (any, error) {
				where := []string{"vhost", c.vhost()}
				if c.has("across-all-vhosts") {
					where = []string{"all-vhosts"}
				}
				return healthy("Node %s reported all quorum queue leaders as healthy",
					append([]string{"quorum-queues-without-elected-leaders"}, append(where, "pattern", c.args[0])...)...)(ctx, c)
			},
		},
		{
			name: "discover_peers", tools: Diagnostics, group: "Cluster",
			doc:    "Looks for other nodes; there are none",
			banner: func(*call) string { return "Discovering peers nodes ..." },
			run: func(ctx context.Context, c *call) (any, error) {
				return c.reached(ctx, report{text: "No peers discovered", value: object{"message": "No peers discovered"}})
			},
		},
		{
			name: "list_policies_that_match", tools: Ctl | Diagnostics, group: "Policies", args: "[--vhost <vhost>] [--object-type <queue|exchange>] <name>", min: 1, max: 1,
			flags: []flag{{name: "object-type", value: true, doc: "what has that name: a queue, which is assumed, or an exchange"}},
			doc:   "Lists the policies whose patterns fit a name; the first one applies",
			check: func(c *call) error {
				if kind := c.option("object-type", "queue"); kind != "queue" && kind != "exchange" {
					return badArgument("the type of the object is queue or exchange")
				}
				return nil
			},
			banner: func(c *call) string {
				return fmt.Sprintf("Listing policies that match %s '%s' in vhost '%s' ...", c.option("object-type", "queue"), c.args[0], c.vhost())
			},
			run: matchingPolicies,
		},
		{
			name: "message_size_stats", tools: Ctl | Diagnostics, group: monitoringGroup, pretty: true,
			doc:    "Shows how large the messages were that were published since the start",
			banner: about("Gathering message size statistics from cluster via %s ..."), run: messageSizes,
		},
		{
			name: "metadata_store_status", tools: Diagnostics, group: monitoringGroup, pretty: true,
			doc:    "Shows who keeps what the broker knows of its virtual hosts and queues: the one node",
			banner: about("Status of metadata store on node %s ..."),
			run: func(ctx context.Context, c *call) (any, error) {
				return c.reached(ctx, &rows{columns: []string{"Node Name", "Raft State"}, cells: [][]any{{c.node, "leader"}}})
			},
		},
		{
			name: "runtime_thread_stats", tools: Diagnostics, group: monitoringGroup, args: "[--sample-interval <interval>]",
			flags:  []flag{{name: "sample-interval", value: true, number: true, doc: "ignored: nothing is sampled"}},
			doc:    "Shows on how many processors how many goroutines run",
			banner: about("Reading runtime thread stats of %s ..."),
			run: func(ctx context.Context, c *call) (any, error) {
				s, err := c.readStatus(ctx)
				if err != nil {
					return nil, err
				}
				value := object{"processors": s.node.Processors, "goroutines": s.node.Processes, "run_queue": s.node.RunQueue}
				return report{text: keyValues(value), value: value}, nil
			},
		},
		{
			name: "resolver_info", tools: Diagnostics, group: "Configuration and Environment",
			doc:    "Says how host names are resolved: as the system does",
			banner: about("Asking node %s for its effective hostname resolver (inetrc) configuration..."),
			run: func(_ context.Context, c *call) (any, error) {
				value := object{"lookup": "native", "hosts_file": "/etc/hosts", "resolv_conf": "/etc/resolv.conf"}
				return report{
					text:  bold("Runtime Hostname Resolver (inetrc) Settings") + "\n\nLookup order: native\nHosts file: /etc/hosts\nResolver conf file: /etc/resolv.conf",
					value: object{"node": c.node, "result": "ok", "resolver": value},
				}, nil
			},
		},
	}
}

// matchingPolicies lists them in the order of their priorities, as the broker
// chooses.
func matchingPolicies(ctx context.Context, c *call) (any, error) {
	var all []policy
	if err := c.api.Get(ctx, api.Path("policies", c.vhost()), &all); err != nil {
		return nil, c.missing(ctx, err, c.vhost(), "")
	}
	kinds, err := c.appliesTo(ctx)
	if err != nil {
		return nil, err
	}
	var found []policy
	r := &rows{columns: words("vhost name pattern apply-to definition priority")}
	for _, p := range all {
		fits, err := pattern.Compile(p.Pattern)
		if err != nil {
			return nil, err
		}
		if fits.Match(c.args[0]) && slices.Contains(kinds, p.ApplyTo) {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b policy) int {
		return cmp.Or(cmp.Compare(number(b.Priority), number(a.Priority)), cmp.Compare(a.Name, b.Name))
	})
	for _, p := range found {
		definition, err := asJSON(p.Definition)
		if err != nil {
			return nil, err
		}
		r.cells = append(r.cells, []any{p.VHost, p.Name, p.Pattern, p.ApplyTo, definition, p.Priority})
	}
	return r, nil
}

func number(n json.Number) int64 {
	i, err := n.Int64()
	if err != nil {
		return 0 // which no broker says
	}
	return i
}

// appliesTo returns to what those policies apply that can apply to the object that is
// named.
func (c *call) appliesTo(ctx context.Context) (kinds []string, err error) {
	if c.option("object-type", "queue") == "exchange" {
		return words("all exchanges"), nil
	}
	var q object
	err = c.api.Get(ctx, api.Path("queues", c.vhost(), c.args[0])+"?columns=type", &q)
	if api.Is(err, http.StatusNotFound) { // one that is to be
		return words("all queues classic_queues quorum_queues streams"), nil
	}
	return []string{"all", "queues", text(q["type"]) + "_queues"}, err
}

// messageSizes lists classes of sizes, each up to a number of bytes.
func messageSizes(ctx context.Context, c *call) (any, error) {
	var got []struct {
		Most     int    `json:"most"` // 0 is any
		Messages uint64 `json:"messages"`
	}
	if err := c.control(ctx, http.MethodGet, "message-sizes", nil, &got); err != nil {
		return nil, err
	}
	var total uint64
	for _, class := range got {
		total += class.Messages
	}
	r := &rows{columns: []string{"Message Size (bytes)", "Count", "Percentage"}}
	for _, class := range got {
		size := "more"
		if class.Most > 0 {
			size = fmt.Sprintf("up to %d", class.Most)
		}
		r.cells = append(r.cells, []any{size, class.Messages, decimal(100*float64(class.Messages)/float64(max(total, 1)), 2)})
	}
	return r, nil
}
