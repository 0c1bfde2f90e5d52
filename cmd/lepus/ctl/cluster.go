package ctl

import (
	"context"
	"fmt"
	"strings"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

func clusterCommands() []*command {
	const group = "Cluster"
	alone := func(name, args, doc string, min, max int) *command {
		return &command{
			name: name, tools: Ctl, group: group, args: args, min: min, max: max, doc: doc,
			run: func(_ context.Context, c *call) (any, error) {
				return nil, fail(exitUnavailable, "%s: LepusMQ runs as a single node, there is no cluster to change", c.cmd.name)
			},
		}
	}
	return []*command{
		{
			name: "await_online_nodes", tools: Ctl, group: group, args: "<count>", min: 1, max: 1,
			doc: "Waits for so many nodes; there is one",
			banner: func(c *call) string {
				return fmt.Sprintf("Will wait for at least %s nodes to join the cluster of %s. Timeout: %.0f seconds.", c.args[0], c.node, c.timeout.Seconds())
			},
			run: func(ctx context.Context, c *call) (any, error) {
				if c.args[0] != "1" {
					return nil, fail(exitUnavailable, "LepusMQ runs as a single node: %s will never be there", c.args[0])
				}
				return nil, c.awaitRunning(ctx, nil)
			},
		},
		{
			name: "cluster_status", tools: Ctl | Diagnostics, group: group,
			doc:    "Shows the nodes: there is one",
			banner: func(c *call) string { return fmt.Sprintf("Cluster status of node %s ...", c.node) },
			run:    clusterStatus,
		},
		alone("change_cluster_node_type", "<disc|ram>", "Is refused: there is one node", 1, 1),
		alone("force_boot", "", "Is refused: there is one node, which never waits for others", 0, 0),
		{
			name: "forget_cluster_node", tools: Ctl, group: group, args: "<node>", min: 1, max: 1,
			flags:  []flag{{name: "offline", doc: "ignored"}},
			doc:    "Is refused: there is one node",
			banner: func(c *call) string { return fmt.Sprintf("Removing node %s from the cluster", c.args[0]) },
			run: func(context.Context, *call) (any, error) {
				return nil, fail(exitUnavailable, "{:not_a_cluster_node, 'The node selected is not in the cluster.'}")
			},
		},
		alone("join_cluster", "<existing_cluster_member>", "Is refused: there is one node", 1, 1),
		alone("rename_cluster_node", "<old_node> <new_node> [...]", "Is refused: there is one node", 2, -1),
		alone("update_cluster_nodes", "<seed_node>", "Is refused: there is one node", 1, 1),
		alone("sync_queue", "<queue>", "Is refused: there are no mirrored queues", 1, 1),
		alone("cancel_sync_queue", "<queue>", "Is refused: there are no mirrored queues", 1, 1),
	}
}

func clusterStatus(ctx context.Context, c *call) (any, error) {
	s, err := c.readStatus(ctx)
	if err != nil {
		return nil, err
	}
	var flags []object
	if err := c.api.Get(ctx, api.Path("feature-flags"), &flags); err != nil {
		return nil, err
	}
	name := s.overview.Node
	maintenance := "not under maintenance"
	if s.node.BeingDrained {
		maintenance = "marked for maintenance"
	}
	var listeners, states strings.Builder
	for _, l := range s.listeners() {
		fmt.Fprintf(&listeners, "Node: %s, %s\n", name, lower(l.String()))
	}
	for _, f := range flags {
		fmt.Fprintf(&states, "Flag: %s, state: %s\n", text(f["name"]), text(f["state"]))
	}
	sections := []section{
		{"Basics", "Cluster name: " + s.overview.ClusterName},
		{"Disk Nodes", name},
		{"Running Nodes", name},
		{"Versions", fmt.Sprintf("%s: RabbitMQ %s on Erlang %s", name, s.overview.Version, s.overview.Erlang)},
		{"Maintenance status", fmt.Sprintf("Node: %s, status: %s", name, maintenance)},
		{"Alarms", s.alarmText()},
		{"Network Partitions", "(none)"},
		{"Listeners", listeners.String()},
		{"Feature flags", states.String()},
	}
	return report{text: joinSections(sections), value: object{
		"alarms": s.alarms(), "cluster_name": s.overview.ClusterName, "disk_nodes": []string{name}, "ram_nodes": []string{},
		"running_nodes": []string{name}, "partitions": object{}, "feature_flags": flags,
		"listeners":          object{name: s.listeners()},
		"maintenance_status": object{name: maintenance},
		"versions": object{name: object{
			"rabbitmq_name": s.product(), "rabbitmq_version": s.overview.Version, "erlang_version": s.overview.Erlang,
		}},
	}}, nil
}

func lower(s string) string { return strings.ToLower(s[:1]) + s[1:] }
