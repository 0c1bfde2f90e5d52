package ctl

import (
	"context"
	"fmt"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

// streamCommands are about streams, which there are none of yet: lists are empty, and
// what needs a stream says that the queue is none.
func streamCommands() []*command {
	const group = "Stream plugin"
	replica := func(name, doc, banner string) *command {
		return &command{
			name: name, tools: Streams, group: "Replication", args: "[--vhost <vhost>] <queue> <node>", min: 2, max: 2, doc: doc,
			banner: func(c *call) string { return fmt.Sprintf(banner, c.args[0], c.args[1]) },
			run:    needStream("Cannot add replicas to a %s queue"),
		}
	}
	list := func(name, what, columns string, min int) *command {
		return &command{
			name: name, tools: Ctl | Diagnostics | Streams, group: group, min: min, max: -1, columns: words(columns), defaults: 2,
			doc:    "Lists " + what + "; there are no streams",
			banner: func(*call) string { return "Listing " + what + " ..." },
			run: func(ctx context.Context, c *call) (any, error) {
				return c.reached(ctx, &rows{columns: c.args, listing: true})
			},
		}
	}
	return []*command{
		replica("add_replica", "Adds a replica to a stream; there are none", "Adding a replica for queue %s on node %s..."),
		replica("delete_replica", "Removes a replica of a stream; there are none", "Removing a replica of queue %s on node %s..."),
		{
			name: "stream_status", tools: Streams | Queues | Diagnostics, group: monitoringGroup, args: "[--vhost <vhost>] [--tracking] <queue>", min: 1, max: 1,
			flags: []flag{{name: "tracking", doc: "what is known of its consumers"}},
			doc:   "Shows the state of a stream; there are none",
			banner: func(c *call) string {
				return fmt.Sprintf("Status of stream %s on node %s ...", c.args[0], c.node)
			},
			run: needStream("Cannot get stream status of a %s queue"),
		},
		{
			name: "restart_stream", tools: Streams, group: "Operations", args: "[--vhost <vhost>] [--preferred-leader-node <node>] <stream>", min: 1, max: 1,
			flags:  []flag{{name: "preferred-leader-node", value: true, doc: "ignored: there is one node"}},
			doc:    "Starts a stream anew; there are none",
			banner: func(c *call) string { return fmt.Sprintf("Restarting stream %s ...", c.args[0]) },
			run:    needStream("Cannot restart a %s queue"),
		},
		{
			name: "set_stream_retention_policy", tools: Streams, group: "Policies", args: "[--vhost <vhost>] <name> <policy>", min: 2, max: 2,
			doc: "Says for how long a stream is kept; there are none",
			banner: func(c *call) string {
				return fmt.Sprintf("Setting retention policy of stream queue %s to %s ...", c.args[0], c.args[1])
			},
			run: needStream("Cannot set the retention policy of a %s queue"),
		},
		{
			name: "add_super_stream", tools: Ctl | Streams, group: group, min: 1, max: 1,
			args: "<name> [--vhost <vhost>] [--partitions <partitions>] [--binding-keys <binding-keys>] [...]",
			flags: []flag{
				{name: "partitions", value: true, number: true, doc: "how many streams it has"}, {name: "binding-keys", value: true, doc: "keys with commas between them"},
				{name: "routing-keys", value: true, doc: "the older name of binding-keys"},
				{name: "max-length-bytes", value: true, doc: "how large each may become"}, {name: "max-age", value: true, doc: "how old their messages may become"},
				{name: "stream-max-segment-size-bytes", value: true, doc: "how large their files are"}, {name: "leader-locator", value: true, doc: "which node leads"},
				{name: "initial-cluster-size", value: true, number: true, doc: "on how many nodes they are"},
			},
			doc:    "Is refused: there are no streams yet",
			banner: func(*call) string { return "Adding a super stream ..." },
			run: func(context.Context, *call) (any, error) {
				return nil, fail(exitUnavailable, "LepusMQ has no streams yet")
			},
		},
		{
			name: "delete_super_stream", tools: Ctl | Streams, group: group, args: "<name> [--vhost <vhost>]", min: 1, max: 1,
			doc:    "Deletes a super stream; there are none",
			banner: func(*call) string { return "Deleting a super stream ..." },
			run: func(ctx context.Context, c *call) (any, error) {
				if _, err := c.reached(ctx, nil); err != nil {
					return nil, err
				}
				return nil, fail(exitSoftware, "stream_not_found")
			},
		},
		{
			name: "reset_offset", tools: Ctl | Streams, group: group, args: "[--vhost <vhost>] --stream <stream> --reference <reference>",
			flags:  []flag{{name: "stream", value: true, doc: "the stream"}, {name: "reference", value: true, doc: "whose offset it is"}},
			doc:    "Forgets the offset that is kept for a consumer of a stream; there are none",
			banner: func(*call) string { return "Resetting stored offset ..." },
			run:    needStreamOption,
		},
		{
			name: "activate_stream_consumer", tools: Ctl | Streams, group: group, args: "[--vhost <vhost>] --stream <stream> --reference <reference>",
			flags:  []flag{{name: "stream", value: true, doc: "the stream"}, {name: "reference", value: true, doc: "the name of the group of consumers"}},
			doc:    "Has a consumer of a group be the active one; there are no streams",
			banner: func(*call) string { return "Activating a consumer in the group ..." },
			run:    needStreamOption,
		},
		list("list_stream_connections", "stream connections", "conn_name user connection_state host port peer_host peer_port vhost", 0),
		list("list_stream_consumers", "stream consumers", "connection_pid stream subscription_id messages_consumed offset credits active properties", 0),
		list("list_stream_consumer_groups", "stream consumer groups", "stream reference partition_index consumers", 0),
		list("list_stream_group_consumers", "group consumers", "subscription_id connection_name state", 0),
		list("list_stream_publishers", "stream publishers", "stream connection_pid publisher_id reference messages_published", 0),
		{
			name: "list_stream_tracking", tools: Ctl | Streams, group: group, args: "<stream> [--vhost <vhost>]", min: 1, max: 1,
			flags: []flag{{name: "all", doc: "of publishers and consumers"}, {name: "writer", doc: "of publishers"}, {name: "offset", doc: "of consumers"}},
			doc:   "Lists what is kept of the publishers and consumers of a stream; there are none",
			banner: func(c *call) string {
				return fmt.Sprintf("Listing tracking information for stream %s ...", c.args[0])
			},
			run: needStream("Cannot list the tracking information of a %s queue"),
		},
	}
}

// needStream fails, since a queue is no stream or not there; other is what it says of
// one of another type.
func needStream(other string) func(context.Context, *call) (any, error) {
	return func(ctx context.Context, c *call) (any, error) {
		_, err := c.queue(ctx, "stream", other)
		return nil, err
	}
}

// needStreamOption is that for a stream that is named by an option.
func needStreamOption(ctx context.Context, c *call) (any, error) {
	if c.option("stream", "") == "" || c.option("reference", "") == "" {
		return nil, wrongUse(exitUsage, "--stream and --reference are needed")
	}
	c.args = []string{c.option("stream", "")}
	return needStream("This operation is not applicable to %s queues")(ctx, c)
}

// linkCommands are about federation, which there is none of.
func linkCommands() []*command {
	const group = "Federation"
	return []*command{
		{
			name: "federation_status", tools: Ctl | Diagnostics, group: group, flags: []flag{{name: "only-down", doc: "those that do not run"}},
			doc:    "Lists federation links; there are none",
			banner: func(c *call) string { return fmt.Sprintf("Listing federation links on node %s...", c.node) },
			run: func(ctx context.Context, c *call) (any, error) {
				return c.reached(ctx, &rows{columns: words("id name"), listing: true})
			},
		},
		{
			name: "restart_federation_link", tools: Ctl, group: group, args: "<link_id>", min: 1, max: 1,
			doc: "Restarts a federation link; there are none",
			banner: func(c *call) string {
				return fmt.Sprintf("Restarting federation link %s on node %s", c.args[0], c.node)
			},
			run: func(ctx context.Context, c *call) (any, error) {
				if err := c.api.Get(ctx, api.Path("whoami"), nil); err != nil {
					return nil, err
				}
				return nil, fail(exitUnavailable, "Link with the given ID was not found")
			},
		},
	}
}
